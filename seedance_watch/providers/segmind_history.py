"""Segmind's request history: where a lost answer is found again. Looking never pays.

Source: Segmind's SDK 1.3.0. Rows hold the request's body as sent; the name of the list around
them is not documented, so several are accepted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Intended, Ready
from seedance_watch.providers.dialect import Call, Flow, Reply
from seedance_watch.providers.segmind_answers import failed, refuse, row_cost, says_failed
from seedance_watch.providers.verdicts import fault, segment, text_at

K = FaultKind
_PER_PAGE = 100
_PAGES_MOST = 10
_DAY_S = 86_400.0
# The dashboard speaks of delays of up to two hours until a request is listed.
_LANDED_S = 3 * 3600.0
_ENVELOPES = ("requests", "data", "items", "results", "history")


@dataclass(frozen=True, slots=True)
class History:
    """The history on one host."""

    url: str

    def find(self, intent: Intended, intended_at: float) -> Flow[Accepted | None]:
        """Find the request of an intent by its marker.

        Raises:
            Fault: UNSURE when several requests carry the marker: a person has to look.
        """
        if not intent.marker:
            return None
        found: set[str] = set()
        for page in range(1, _PAGES_MOST + 1):
            call = self._page(intent, intended_at, page)
            reply = yield call
            if not 200 <= reply.status < 300:
                raise refuse(call, reply)
            rows = list(_rows(reply.json))
            found |= {number for row in rows if (number := _carries(row, intent.marker))}
            if len(rows) < _PER_PAGE:
                break
        if len(found) > 1:
            words = f"{len(found)} requests carry this job's image: {', '.join(sorted(found))}"
            raise Fault(K.UNSURE, f"Segmind's request history: {words}; adopt one by hand")
        return Accepted(found.pop(), via="reconcile") if found else None

    def _page(self, intent: Intended, intended_at: float, page: int) -> Call:
        """Ask for one page around the day of the intent."""
        query = {
            "page": str(page),
            "per_page": str(_PER_PAGE),
            "model_name": intent.url.rsplit("/", 1)[-1],
            "from_date": _day(intended_at - _DAY_S),
            "to_date": _day(intended_at + 2 * _DAY_S),
        }
        return Call("GET", f"{self.url}/inference-request/request-history", query=query)

    def result(self, task_id: str, accepted_at: float = 0.0) -> Flow[Ready | None]:
        """Ask how one request ended, however old it is; None: not finished or not listed yet.

        Args:
            task_id: The request's number.
            accepted_at: When it was accepted, UTC seconds: a young one may be listed late.

        Raises:
            Fault: GONE for an old request that is not listed; as the answer says otherwise.
        """
        call = self._row(task_id)
        reply = yield call
        if reply.status == 404 and reply.at - accepted_at < _LANDED_S:
            return None
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        rows = list(_rows(reply.json)) or [reply.json]
        row = next((row for row in rows if text_at(row, "request_id") in {"", task_id}), None)
        if says_failed(reply, text_at(row, "model_status")):
            raise failed(call, Reply(reply.status, {}, json=row, at=reply.at))
        url = text_at(row, "generation_url")
        return Ready(url, cost=row_cost(row)) if url else None

    def _row(self, task_id: str) -> Call:
        """Ask for one request."""
        path = f"inference-request/request-history/{segment(task_id)}"
        return Call("GET", f"{self.url}/{path}")

    def not_yet(self, task_id: str, words: str) -> Fault:
        """Say that a request is not finished; asked again later."""
        call = self._row(task_id)
        return fault(K.BUSY, call, Reply(200, {}), provider="Segmind", words=words)


def _rows(body: Any) -> Iterator[Mapping[str, Any]]:
    """Give the rows of a page, whatever the list around them is called."""
    if isinstance(body, dict):
        lists = (body[name] for name in _ENVELOPES if name in body)
        body = next(lists, [])
    if isinstance(body, dict):
        yield body
    elif isinstance(body, list):
        yield from (row for row in body if isinstance(row, dict))


def _carries(row: Mapping[str, Any], marker: str) -> str:
    """Give a row's request number when its body carries the marker, "" when not."""
    body = row.get("request_body")
    text = body if isinstance(body, str) else json.dumps(body)
    return text_at(row, "request_id") if marker in text.replace("\\/", "/") else ""


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%d")

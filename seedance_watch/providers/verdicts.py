"""What providers' answers have in common: words for people, waits, and kinds by HTTP class."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Money
from seedance_watch.providers.dialect import Call, Reply

_SAID_CHARACTERS = 300

# By HTTP status where the provider's own words do not decide.
BY_STATUS: Mapping[int, FaultKind] = {
    401: FaultKind.DENIED,
    402: FaultKind.DENIED,
    403: FaultKind.DENIED,
    408: FaultKind.UNSURE,
    425: FaultKind.BUSY,
    429: FaultKind.BUSY,
}


def by_class(status: int, *, paid: bool) -> FaultKind:
    """Give the kind of an answer that only its status explains.

    A paid call's 5xx may come from something in front of the service that did take the job;
    any other call is simply made again.
    """
    if status in BY_STATUS:
        return BY_STATUS[status]
    if 400 <= status < 500:
        return FaultKind.REFUSED
    if paid:
        return FaultKind.UNSURE
    return FaultKind.BUSY if status >= 500 else FaultKind.GARBLED


def trusted(kind: FaultKind, call: Call, status: int) -> FaultKind:
    """Give the kind that an answer is believed where money hangs on it.

    Words of refusal under a success, a server's error or a conflict do not prove that a paid
    call was not taken; only what is said of key, account or model is believed in any case. And
    that a question was refused says nothing about the task that was asked about.
    """
    proof = 400 <= status < 500 and status not in {408, 409}
    if call.paid and not proof and kind is not FaultKind.DENIED:
        return FaultKind.UNSURE
    if call.method == "GET" and kind is FaultKind.REFUSED:
        return FaultKind.GONE if status in {404, 410} else FaultKind.GARBLED
    return kind


def said(reply: Reply) -> str:
    """Give the beginning of what the provider said, in one line; "" for nothing."""
    return " ".join(reply.text.split())[:_SAID_CHARACTERS]


def fault(  # noqa: PLR0913 - the facts of a sentence
    kind: FaultKind,
    call: Call,
    reply: Reply,
    *,
    provider: str,
    words: str = "",
    code: str = "",
    act: str = "",
    after_s: float | None = None,
    charged: Money | None = None,
) -> Fault:
    """Say what was asked, what was answered and what to do."""
    told = words or said(reply)
    reason = f"{provider} answered {reply.status} to {call.method} {path_of(call.url)}"
    reason += f": {told}" if told else ""
    reason += f"; {act}" if act else ""
    return Fault(kind, reason, after_s=after_s, code=code, charged=charged)


def segment(task_id: str) -> str:
    """Write a name that others chose as one part of a path, whatever is in it."""
    return quote(task_id, safe="")


def path_of(url: str) -> str:
    """Give an address without its query, which may hold secrets."""
    return url.split("?", 1)[0].split("#", 1)[0]


def wait_s(reply: Reply) -> float | None:
    """Read how long to wait from Retry-After or x-rate-limit-reset-at-utc; None: not told.

    A date is meant by the clock that wrote it, which may be far from ours.
    """
    text = reply.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    told_at = http_date(reply.headers.get("date", ""))
    for name, read in (("retry-after", http_date), ("x-rate-limit-reset-at-utc", _iso_date)):
        at = read(reply.headers.get(name, ""))
        if at is not None:
            return max(0.0, at - (reply.at if told_at is None else told_at))
    return None


def http_date(text: str) -> float | None:
    """Read a date as HTTP writes it, UTC seconds since 1970; None when it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _iso_date(text: str) -> float | None:
    """Read a date that is UTC by its header's name."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float(text) if text.strip().isdecimal() else None


def text_at(json: Any, *path: str) -> str:
    """Give a non-empty text inside a JSON object, "" where there is none."""
    for name in path:
        json = json.get(name) if isinstance(json, dict) else None
    return json.strip() if isinstance(json, str) else ""


def number_at(json: Any, *path: str) -> float | None:
    """Give a number inside a JSON object; None where there is none."""
    for name in path:
        json = json.get(name) if isinstance(json, dict) else None
    sound = isinstance(json, int | float) and not isinstance(json, bool)
    return float(json) if sound and abs(json) < 1e15 else None

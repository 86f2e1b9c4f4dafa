"""Segmind's way of talking: version 2 (submit, then poll), or version 1 (one long call). No I/O.

Source: Segmind's docs and model pages, its official SDK's source and a dated capture of its
conventions, stored copies seen 2026-08 to 2026-11. There is no idempotency key: every accepted
call is billed. What makes a lost answer findable is the image's address, new for each attempt,
which the request history shows as it was sent.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import Accepted, Event, Intended, Ready
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money
from seedance_watch.ports import Doubts
from seedance_watch.providers.dialect import Call, Flow, Upload
from seedance_watch.providers.segmind_answers import (
    UNIT,
    cost_of,
    failed,
    number_of,
    refuse,
    remaining,
    says_failed,
    sync_ready,
    video_of,
)
from seedance_watch.providers.segmind_history import History
from seedance_watch.providers.verdicts import fault, number_at, segment, text_at

K = FaultKind

# A status or result may answer 404 for a moment after the submission, and for good one hour
# after it; the history knows a request of any age.
_YOUNG_S = 120.0
_FILE_LIFE_S = 7 * 86_400.0
_SYNC_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Segmind:
    """The dialect; addresses without a slash at their end.

    Attributes:
        base_url: The gateway.
        storage_url: Where images are lent from.
        history_url: Where past requests are listed.
        api: "v2" or "v1".
        image_fields: "auto": as the model's row says; else the field of a single image.
    """

    base_url: str = "https://api.segmind.com"
    storage_url: str = "https://workflows-api.segmind.com"
    history_url: str = "https://api.spotprod.segmind.com"
    api: str = "v2"
    image_fields: str = "auto"

    # Rows may land late; the dashboard speaks of up to two hours. Looking never pays.
    doubts = Doubts(looks_s=(10.0, 60.0, 300.0, 1800.0, 7200.0), window_s=6 * 86_400.0)

    @property
    def paid_s(self) -> float:
        """Longest time for the whole paid call, seconds."""
        return _SYNC_DEADLINE_S if self.api == "v1" else 120.0

    @property
    def name(self) -> str:
        """The provider's name in the configuration."""
        return "segmind"

    @property
    def hosts(self) -> frozenset[str]:
        """Origins that may be given the credentials."""
        return frozenset({self.base_url, self.storage_url, self.history_url})

    @property
    def _history(self) -> History:
        return History(self.history_url)

    def credentials(self, key: str) -> Mapping[str, str]:
        """Give the headers that prove who we are; a bearer token is refused."""
        return {"x-api-key": key}

    def stage(self, upload: Upload, spec: JobSpec) -> Flow[str]:
        """Lend one picture from Segmind's storage; no cost is documented."""
        data = base64.b64encode(upload.content).decode()
        body = json.dumps({"data_urls": [f"data:{upload.picture.media_type};base64,{data}"]})
        call = Call(
            "POST",
            f"{self.storage_url}/upload-asset",
            headers={"content-type": "application/json"},
            body=body.encode(),
            timeout_s=60.0,
        )
        reply = yield call
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        match reply.json:
            case {"file_urls": [str() as url, *_]} | {"urls": [str() as url, *_]} if url.strip():
                return url.strip()
            case _:
                words = "no address of the upload"
                raise fault(K.GARBLED, call, reply, provider="Segmind", words=words)

    def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call; its marker is the address of the first picture."""
        assert job.prepared is not None, job.id
        assert job.staged is not None, job.id
        spec, urls = job.prepared.spec, job.staged.urls
        body = {"prompt": spec.prompt, **_params(spec), **self._images(spec, urls)}
        return Intended(
            attempt=attempt,
            key=key,
            url=f"{self.base_url}/{self.api}/{spec.model}",
            body=json.dumps(body, sort_keys=True, separators=(",", ":")).encode(),
            marker=urls[0] if urls else "",
            cost=spec.cost,
            deadline_s=self.paid_s,
        )

    def _images(self, spec: JobSpec, urls: Sequence[str]) -> dict[str, str]:
        """Name the pictures' fields: `image_url` excludes the frame fields."""
        if not urls:
            return {}
        style = CATALOGUE[spec.provider, spec.model].image_style
        single = "first_frame_url" if style == "frames" else "image_url"
        if self.image_fields != "auto" and style == "either":
            single = self.image_fields
        if len(urls) == 1:
            return {single: urls[0]}
        return {"first_frame_url": urls[0], "last_frame_url": urls[1]}

    def submit(self, intent: Intended) -> Flow[Sequence[Event]]:
        """Send the paid call; version 1 answers with the video itself."""
        sync = "/v1/" in intent.url
        call = Call(
            "POST",
            intent.url,
            headers={"content-type": "application/json"},
            body=intent.body,
            timeout_s=intent.deadline_s,
            deadline_s=intent.deadline_s,
            paid=True,
            media=sync,
        )
        reply = yield call
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        task_id = number_of(reply)
        if not task_id:
            words = "it took the job, but gave no number for it"
            raise fault(K.UNSURE, call, reply, provider="Segmind", words=words)
        accepted = Accepted(task_id, remaining=remaining(reply))
        return [accepted, sync_ready(call, reply)] if sync else [accepted]

    def reconcile(self, intent: Intended, intended_at: float) -> Flow[Accepted | None]:
        """Look in the request history for this attempt's image; exactly one match is adopted."""
        return (yield from self._history.find(intent, intended_at))

    def poll(self, task_id: str, accepted_at: float) -> Flow[Ready | None]:
        """Ask once how a task stands."""
        if self.api == "v1":
            return (yield from self._history.result(task_id, accepted_at))
        call = Call("GET", f"{self.base_url}/v2/requests/{segment(task_id)}/status")
        reply = yield call
        status = text_at(reply.json, "status").upper()
        if says_failed(reply, status):
            raise failed(call, reply)
        if reply.status == 404:
            if reply.at - accepted_at < _YOUNG_S:
                return None
            return (yield from self._history.result(task_id, accepted_at))
        if not 200 <= reply.status < 300 and status != "COMPLETED":
            raise refuse(call, reply)
        if not status:
            raise fault(K.GARBLED, call, reply, provider="Segmind")
        return (yield from self._result(task_id)) if status == "COMPLETED" else None

    def _result(self, task_id: str) -> Flow[Ready | None]:
        """Read where a finished task's video is."""
        call = Call("GET", f"{self.base_url}/v2/requests/{segment(task_id)}")
        reply = yield call
        if says_failed(reply, text_at(reply.json, "status")):
            raise failed(call, reply)
        if reply.status == 404:
            return (yield from self._history.result(task_id))
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        url = video_of(reply.json)
        if not url:
            return None
        seed = number_at(reply.json, "seed")
        return Ready(
            url,
            expires_at=reply.at + _FILE_LIFE_S,
            cost=cost_of(number_at(reply.json, "metrics", "cost")),
            seed=None if seed is None else int(seed),
        )

    def refresh(self, task_id: str) -> Flow[Ready]:
        """Ask for a fresh link of a finished task."""
        # The result is there for an hour; the history has it for longer, but may have it late.
        known = self._history.result(task_id) if self.api == "v1" else self._result(task_id)
        ready = yield from known
        if ready is None:
            reason = "the task is not listed as finished yet"
            raise self._history.not_yet(task_id, reason)
        return ready

    def balance(self) -> Flow[Money]:
        """Ask what is left on the account: bought and free credits together."""
        call = Call("GET", f"{self.base_url}/v1/get-user-credits")
        reply = yield call
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        parts = [number_at(reply.json, name) for name in ("credits", "free-credits")]
        known = [Decimal(str(part)) for part in parts if part is not None]
        if not known:
            raise fault(K.GARBLED, call, reply, provider="Segmind")
        return Money(sum(known, Decimal(0)), UNIT)

    def offered(self) -> Flow[frozenset[str] | None]:
        """Give None: the gateway has no list of models."""
        return None
        yield  # makes this a flow that asks nothing


def _params(spec: JobSpec) -> dict[str, Any]:
    """Write the parameters as the model's row says."""
    model = CATALOGUE[spec.provider, spec.model]
    return {
        param.wire: param.on_wire(spec.params[name])
        for name, param in model.params.items()
        if name in spec.params
    }

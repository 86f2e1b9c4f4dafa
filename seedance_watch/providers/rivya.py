"""Rivya's way of talking, version 1 of its public API. No I/O.

Source: Rivya's API pages (files, generations, generation status, credits, errors and limits),
stored copies seen 2026-11. What they leave open is defended against: any 2xx with an id is an
acceptance, an unknown status is "not finished", an unknown error code is judged by its status.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Event, Intended, Ready
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money
from seedance_watch.ports import Doubts
from seedance_watch.providers.dialect import Call, Flow, Reply, Upload
from seedance_watch.providers.rivya_answers import UNIT, charged_for, failed, listed, refuse
from seedance_watch.providers.verdicts import fault, number_at, segment, text_at

K = FaultKind
_TRACE_MOST = 128


@dataclass(frozen=True, slots=True)
class Rivya:
    """The dialect; `base_url` without a slash at its end."""

    base_url: str = "https://rivya.ai"

    # How long a key is remembered is not documented: a replay is believed safe for half an hour,
    # after that a person decides. The paid call itself may take 120 s to be given up.
    doubts = Doubts(looks_s=(5.0, 30.0, 130.0, 300.0, 600.0, 1500.0), window_s=1800.0)

    paid_s = 120.0

    @property
    def name(self) -> str:
        """The provider's name in the configuration."""
        return "rivya"

    @property
    def hosts(self) -> frozenset[str]:
        """Origins that may be given the credentials."""
        return frozenset({self.base_url})

    def credentials(self, key: str) -> Mapping[str, str]:
        """Give the headers that prove who we are."""
        return {"authorization": f"Bearer {key}"}

    def stage(self, upload: Upload, spec: JobSpec) -> Flow[str]:
        """Upload one picture; costs nothing, at worst an orphan file is left."""
        form = {"kind": "image", "model": spec.model}
        picture = upload.picture
        file = ("file", f"image{_ending(picture.media_type)}", picture.media_type, upload.content)
        call = Call("POST", self._url("files"), form=form, upload=file)
        reply = yield call
        url = text_at(reply.json, "url") or text_at(reply.json, "data", "url")
        if not 200 <= reply.status < 300:
            raise (yield from self._about(spec.model, refuse(call, reply)))
        if not url:
            raise fault(K.GARBLED, call, reply, provider="Rivya", words="no address of the upload")
        return url

    def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call; the same job and key always give the same bytes."""
        assert job.prepared is not None, job.id
        assert job.staged is not None, job.id
        spec = job.prepared.spec
        body = {
            "model": spec.model,
            "prompt": spec.prompt,
            "params": _params(job, spec),
            "client_request_id": job.id[:_TRACE_MOST],
        }
        return Intended(
            attempt=attempt,
            key=key,
            url=self._url("generations"),
            body=json.dumps(body, sort_keys=True, separators=(",", ":")).encode(),
            marker=key,
            cost=spec.cost,
            deadline_s=self.paid_s,
        )

    def submit(self, intent: Intended) -> Flow[Sequence[Event]]:
        """Send the paid call."""
        return [(yield from self._create(intent, via="submit"))]

    def reconcile(self, intent: Intended, intended_at: float) -> Flow[Accepted | None]:
        """Replay the same bytes with the same key: the first acceptance is answered again.

        A conflict says that the first call is still at work, or that the key means another
        body, which cannot be: it is asked again later.
        """
        return (yield from self._create(intent, via="reconcile"))

    def _create(self, intent: Intended, *, via: str) -> Flow[Accepted]:
        """Post the intent's exact bytes under its key."""
        headers = {"content-type": "application/json", "idempotency-key": intent.key}
        call = Call(
            "POST",
            intent.url,
            headers=headers,
            body=intent.body,
            deadline_s=intent.deadline_s,
            timeout_s=60.0,
            paid=True,
        )
        reply = yield call
        task_id = text_at(reply.json, "id")
        if 200 <= reply.status < 300 and task_id:
            return Accepted(task_id, via=via)
        model = text_at(json.loads(intent.body), "model")
        raise (yield from self._about(model, refuse(call, reply)))

    def _about(self, model: str, found: Fault) -> Flow[Fault]:
        """Find out whether a refusal is about the wish, or about a model that is not served.

        There is no code for a model that was withdrawn, but a list of those that are served. A
        refusal for that reason must not fail one job after the other.
        """
        if found.kind not in {K.REFUSED, K.GONE}:
            return found
        call = Call("GET", self._url("models"))
        served = listed((yield call).json)
        if not served or model in served:
            return found
        reason = f"{found.reason}; Rivya does not list {model!r} any more: choose another model"
        return Fault(K.DENIED, reason, code="model_withdrawn")

    def poll(self, task_id: str, accepted_at: float) -> Flow[Ready | None]:
        """Ask once how a task stands; a status that is not known is "not finished"."""
        call = Call("GET", self._url(f"generations/{segment(task_id)}"))
        reply = yield call
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        match text_at(reply.json, "status").lower():
            case "succeeded":
                return self._ready(call, reply)
            case "failed":
                raise failed(call, reply)
            case "":
                raise fault(K.GARBLED, call, reply, provider="Rivya")
            case _:
                return None

    def _ready(self, call: Call, reply: Reply) -> Ready:
        """Read where the video is."""
        url = text_at(reply.json, "result", "primary_url")
        match reply.json:
            case {"result": {"urls": [str() as first, *_]}} if not url:
                url = first
            case _:
                pass
        if not url:
            words = "the task succeeded but names no video"
            raise fault(K.GARBLED, call, reply, provider="Rivya", words=words)
        return Ready(url, cost=charged_for(reply))

    def refresh(self, task_id: str) -> Flow[Ready]:
        """Ask for a fresh link of a finished task."""
        ready = yield from self.poll(task_id, 0.0)
        if ready is None:
            call = Call("GET", self._url(f"generations/{segment(task_id)}"))
            words = "the task is not finished, though it was"
            raise fault(K.BUSY, call, Reply(200, {}), provider="Rivya", words=words)
        return ready

    def balance(self) -> Flow[Money]:
        """Ask what is left on the account."""
        call = Call("GET", self._url("credits"))
        reply = yield call
        left = number_at(reply.json, "current_credits")
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        if left is None:
            raise fault(K.GARBLED, call, reply, provider="Rivya")
        return Money(Decimal(str(left)), UNIT)

    def offered(self) -> Flow[frozenset[str] | None]:
        """Ask which models are served."""
        call = Call("GET", self._url("models"))
        reply = yield call
        if not 200 <= reply.status < 300:
            raise refuse(call, reply)
        served = listed(reply.json)
        if served is None:
            raise fault(K.GARBLED, call, reply, provider="Rivya")
        return served

    def _url(self, path: str) -> str:
        return f"{self.base_url}/api/v1/{path}"


def _params(job: Job, spec: JobSpec) -> dict[str, Any]:
    """Write the parameters as the model's row says, and the pictures in their order."""
    assert job.prepared is not None, job.id
    assert job.staged is not None, job.id
    model = CATALOGUE[spec.provider, spec.model]
    params: dict[str, Any] = {
        param.wire: param.on_wire(spec.params[name])
        for name, param in model.params.items()
        if name in spec.params
    }
    items = [
        {"url": url, "kind": "image", "mimeType": picture.media_type}
        for url, picture in zip(job.staged.urls, job.prepared.pictures, strict=True)
    ]
    if model.image_style == "scene":
        params["seedance_scene"] = "frames" if items else "text"
    return params | ({"referenceMediaItems": items} if items else {})


def _ending(media_type: str) -> str:
    """Give a file's ending; Rivya judges by the content, so this is for people."""
    return {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}.get(media_type, "")

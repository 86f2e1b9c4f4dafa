"""Answers to fuzz with: those that the sandbox gives, spoiled, and those that nobody gives."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import flows
import httpx
import studios
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault
from seedance_watch.core.events import Intended, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Picture, Role
from seedance_watch.providers.dialect import Call, Dialect, Flow, Reply, Upload
from seedance_watch.providers.replies import excerpt, is_video, parsed
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.server import Sandbox, threaded

NOW = 1_800_000_000.0
MARKER = "https://files.example/0.png"
MODELS = {"rivya": "seedance-1-0-lite", "segmind": "seedance-v1-lite-image-to-video"}
FLOWS = ("stage", "submit", "reconcile", "poll", "refresh", "balance", "offered")
DIALECTS: dict[str, Dialect] = {
    "rivya": Rivya(),
    "segmind-v2": Segmind(),
    "segmind-v1": Segmind(api="v1"),
}


def picture(content: bytes = b"x") -> Upload:
    """Give something to stage."""
    one = Picture(Role.IMAGE, "0.png", "image/png", 640, 360, len(content), "ab" * 32)
    return Upload(one, content)


def staged(dialect: Dialect, urls: tuple[str, ...] = (MARKER,)) -> Job:
    """Give a job that may be submitted."""
    return replace(flows.job(dialect.name, MODELS[dialect.name]), staged=Staged(urls))


def intent(dialect: Dialect, urls: tuple[str, ...] = (MARKER,)) -> Intended:
    """Give the intent of that job."""
    return dialect.intend(staged(dialect, urls), "k" * 32, 1)


def flow(dialect: Dialect, name: str, *, accepted_at: float = NOW - 60, task: str = "t-1") -> Any:
    """Begin one of a dialect's flows."""
    job = staged(dialect)
    assert job.prepared is not None
    starts: dict[str, Flow[Any]] = {
        "stage": dialect.stage(picture(), job.prepared.spec),
        "submit": dialect.submit(intent(dialect)),
        "reconcile": dialect.reconcile(intent(dialect), NOW - 60),
        "poll": dialect.poll(task, accepted_at),
        "refresh": dialect.refresh(task),
        "balance": dialect.balance(),
        "offered": dialect.offered(),
    }
    return starts[name]


# What the sandbox says


@dataclass
class Recorder:
    """Runs flows over HTTP and keeps every answer, with the flow that it was given to."""

    sandbox: Sandbox
    kept: list[tuple[str, str, Reply]]

    def run(self, dialect: Dialect, kind: str, name: str, begun: Flow[Any]) -> Any:
        """Run a flow to its end; a fault is an end like any other."""
        key = RIVYA_KEY if dialect.name == "rivya" else SEGMIND_KEY
        try:
            call = next(begun)
            while True:
                reply = self._ask(call, dict(dialect.credentials(key)))
                self.kept.append((kind, name, reply))
                call = begun.send(reply)
        except StopIteration as done:
            return done.value
        except Fault as fault:
            return fault

    def _ask(self, call: Call, credentials: dict[str, str]) -> Reply:
        upload = call.upload
        files = {upload[0]: (upload[1], upload[3], upload[2])} if upload else None
        got = httpx.request(
            call.method,
            call.url,
            headers={**credentials, **call.headers},
            params=dict(call.query) or None,
            content=call.body,
            data=dict(call.form) or None,
            files=files,
        )
        kind = got.headers.get("content-type", "")
        if call.media and got.is_success and is_video(kind):
            return Reply(got.status_code, dict(got.headers), saved_bytes=len(got.content), at=NOW)
        return answered(got.status_code, dict(got.headers), got.content)


def answered(status: int, headers: dict[str, str], body: bytes) -> Reply:
    """Read an answer as the gateway reads it."""
    kind = headers.get("content-type", "")
    value = parsed(body, kind, "POST https://x.example")
    return Reply(status, headers, json=value, text=excerpt(body, kind), at=NOW)


@cache
def recorded() -> tuple[tuple[str, str, Reply], ...]:
    """Give what the sandbox answers, well and badly: dialect, flow, answer."""
    with threaded(studios.KNOBS, time_factor=0) as sandbox:
        recorder = Recorder(sandbox, [])
        for kind, dialect in _here(sandbox.url).items():
            _life(recorder, kind, dialect)
            for fault in ("task_failed", "throttled", "error_before", "html_after", "not_found"):
                sandbox.fault(fault, "*.create", times=1)
                sandbox.fault(fault, "segmind.submit", times=1)
                sandbox.fault(fault, "segmind.v1", times=1)
                sandbox.fault(fault, "*.status", times=1)
                _life(recorder, kind, dialect)
                sandbox.clear_faults()
        sandbox.turn(rivya_credits=0, segmind_credits=0)
        return tuple(recorder.kept)


def _here(url: str) -> dict[str, Dialect]:
    hosts = {"base_url": url, "storage_url": url, "history_url": url}
    return {
        "rivya": Rivya(url),
        "segmind-v2": Segmind(**hosts),
        "segmind-v1": Segmind(**hosts, api="v1"),
    }


def _life(recorder: Recorder, kind: str, dialect: Dialect) -> None:
    """Let one job go all its way."""
    job = staged(dialect)
    assert job.prepared is not None
    run = recorder.run
    content = studio_png()
    url = run(dialect, kind, "stage", dialect.stage(picture(content), job.prepared.spec))
    wish = dialect.intend(staged(dialect, (str(url),)), f"key-{len(recorder.kept)}", 1)
    events = run(dialect, kind, "submit", dialect.submit(wish))
    run(
        dialect, kind, "reconcile", dialect.reconcile(wish, recorder.sandbox._state.clock.now_at())
    )
    task = events[0].task_id if isinstance(events, list) else "no-such-task"
    run(dialect, kind, "poll", dialect.poll(task, NOW))
    run(dialect, kind, "refresh", dialect.refresh(task))
    run(dialect, kind, "balance", dialect.balance())
    run(dialect, kind, "offered", dialect.offered())


@cache
def studio_png() -> bytes:
    from fuzz.people import picture as painted

    return painted(7)


# What nobody says

STATUSES = (
    200, 200, 200, 201, 202, 204, 206, 301, 302, 307, 400, 401, 402, 403, 404, 405, 406, 408, 409,
    410, 413, 415, 418, 422, 425, 429, 451, 499, 500, 502, 503, 504, 520, 599,
)  # fmt: skip
NAMES = (
    "id", "status", "error", "code", "message", "requestId", "result", "primary_url", "urls",
    "final_credits", "current_credits", "data", "url", "request_id", "output", "video",
    "video_url", "metrics", "cost", "seed", "requests", "items", "results", "history",
    "request_body", "model_status", "generation_url", "credits_deduction", "credits",
    "free-credits", "file_urls", "error_description",
)  # fmt: skip
WORDS = (
    "", " ", "succeeded", "failed", "SUCCEEDED", "FAILED", "COMPLETED", "queued", "QUEUED",
    "processing", "rate_limited", "insufficient_credits", "validation_failed", "not_found",
    "idempotency_conflict", "api_key_invalid", "public_api_disabled", "t-1", "x", MARKER,
    "https://v.example/a.mp4", f'{{"image_url": "{MARKER}"}}', "no credit", "spend limit",
)  # fmt: skip
plain = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=8)
)
names = st.sampled_from(NAMES) | st.text(max_size=5)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)
headers = st.dictionaries(
    st.sampled_from((
        "retry-after", "x-rate-limit-reset-at-utc", "x-request-id", "x-remaining-credits",
        "x-cost", "x-seed-value", "content-type",
    )),
    st.sampled_from((
        "", "0", "7", "-1", "1e3", "nan", "inf", "9" * 400, "\u0663", "\u00b2", "t-9", "text/html",
        "Wed, 21 Oct 2026 07:28:00 GMT", "Wed, 99 Oct 2026 07:28:00 GMT", "2026-11-21T06:00:00Z",
        "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "-", ",", "Mon, ", "1 1 1 1 1",
    ))
    | st.text(max_size=12),
    max_size=3,
)  # fmt: skip


def _places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the path of every part of a value."""
    yield above
    parts: Any = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for name, below in parts:
        yield from _places(below, (*above, name))


def spoiled(value: Any, path: tuple[Any, ...], new: Any, act: str) -> Any:
    """Give a copy with one part replaced, left out, doubled or put into a list."""
    if not path:
        return [new, value] if act == "wrap" else new
    found = copy.deepcopy(value)
    around = found
    for name in path[:-1]:
        around = around[name]
    last = path[-1]
    match act:
        case "drop":
            del around[last]
        case "wrap":
            around[last] = [around[last]]
        case "number" if isinstance(around[last], str):
            around[last] = len(around[last])
        case _:
            around[last] = new
    return found


@st.composite
def real(draw: st.DrawFn, kind: str, name: str) -> Reply:
    """Draw an answer of the sandbox, spoiled in up to three places."""
    known = [reply for who, what, reply in recorded() if who == kind and (what == name)]
    reply = draw(st.sampled_from(known or [Reply(200, {}, json={}, at=NOW)]))
    value = reply.json
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(_places(value))))
        act = draw(st.sampled_from(("replace", "drop", "wrap", "number")))
        value = spoiled(value, path, draw(values), act)
    status = draw(st.just(reply.status) | st.sampled_from(STATUSES))
    more = draw(headers) if draw(st.booleans()) else {}
    return replace(reply, status=status, json=value, headers={**reply.headers, **more})


@st.composite
def odd(draw: st.DrawFn) -> Reply:
    """Draw an answer that nobody gives; its body has come as bytes."""
    told = draw(headers)
    body = draw(st.binary(max_size=60) | values.map(lambda each: json.dumps(each).encode()))
    cut = draw(st.integers(0, len(body))) if draw(st.booleans()) else len(body)
    return answered(draw(st.sampled_from(STATUSES)), told, body[:cut])


@st.composite
def made(draw: st.DrawFn) -> Reply:
    """Draw an answer that holds the right words in the wrong places."""
    saved = draw(st.none() | st.none() | st.integers(0, 10**9))
    value = None if saved is not None else draw(values)
    status = draw(st.sampled_from(STATUSES))
    return Reply(status, draw(headers), json=value, saved_bytes=saved, at=NOW)

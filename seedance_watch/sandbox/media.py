"""Uploaded images and finished videos, served without a key, with ranges and strong ETags."""

import hashlib
import re

from starlette.requests import Request
from starlette.routing import Route

from seedance_watch.sandbox.render import signed
from seedance_watch.sandbox.replies import Reply, html
from seedance_watch.sandbox.serving import fated, route
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.tasks import Phase, Task

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_GONE = b"<Error><Code>%b</Code></Error>"


def routes() -> list[Route]:
    """Return the media paths of both services."""
    return [
        route("/media/files/{name:path}", image, "GET"),
        route("/assets/{name:path}", image, "GET"),
        route("/media/videos/{name}", video, "GET"),
        route("/generations/{name}", video, "GET"),
    ]


async def image(request: Request, state: State) -> Reply:
    """Serve an uploaded image."""
    upload = state.upload_at(request.url.path)
    if upload is None:
        return html(404, _GONE % b"NoSuchKey")
    return _served(request, upload.content, upload.mime_type)


async def video(request: Request, state: State) -> Reply:
    """Serve a finished video for as long as its link lives."""
    task = state.by_video.get(request.path_params["name"])
    if task is None or task.phase(state.clock.now_at()) is not Phase.SUCCEEDED:
        return html(404, _GONE % b"NoSuchKey")
    if state.clock.now_at() > task.ends_at + _life_s(task, state):
        status = int(state.knobs.provider(task.provider, "expired_status"))
        return html(status, _GONE % b"AccessDenied")
    if fated(request, "etag_changed"):
        state.versions[task.video] = state.versions.get(task.video, 0) + 1
    return _served(request, await content_of(task, state), "video/mp4")


async def content_of(task: Task, state: State) -> bytes:
    """Return the bytes of a task's video; no two tasks have the same."""
    made = await state.studio.video(task.spec)
    version = state.versions.get(task.video, 0)
    return signed(made, f"{task.id} {version}")


def video_url(task: Task) -> str:
    """Return where a task's video is, as its provider would name it."""
    folder = "media/videos" if task.provider == "rivya" else "generations"
    return f"{task.base_url}/{folder}/{task.video}"


def _life_s(task: Task, state: State) -> float:
    knob = "result_ttl_s" if task.provider == "rivya" else "output_ttl_s"
    return float(state.knobs.provider(task.provider, knob))


def _served(request: Request, content: bytes, content_type: str) -> Reply:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": etag, "accept-ranges": "bytes", "cache-control": "private"}
    whole = Reply(status=200).with_body(content, content_type).with_headers(headers)
    wanted = _RANGE.fullmatch(request.headers.get("range", ""))
    stale = request.headers.get("if-range", etag) != etag
    if wanted is None or stale or fated(request, "range_ignored"):
        return whole
    span = _span(wanted[1], wanted[2], len(content))
    if span is None:
        return whole.with_body(b"", content_type, status=416).with_headers(
            {"content-range": f"bytes */{len(content)}"}
        )
    first, last = span
    partial = whole.with_body(content[first : last + 1], content_type, status=206)
    return partial.with_headers({"content-range": f"bytes {first}-{last}/{len(content)}"})


def _span(first: str, last: str, length: int) -> tuple[int, int] | None:
    """Return first and last byte of a range; None when it cannot be satisfied."""
    if not first:
        start, end = max(0, length - int(last or 0)), length - 1
    else:
        start, end = int(first), min(int(last or length), length - 1)
    return (start, end) if 0 <= start <= end else None

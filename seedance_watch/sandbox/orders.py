"""From a checked request to a stored task."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from seedance_watch.sandbox.clock import lost_within
from seedance_watch.sandbox.render import VideoSpec
from seedance_watch.sandbox.serving import fated, fates_of, origin
from seedance_watch.sandbox.state import State, new_id
from seedance_watch.sandbox.studio import decodable, fetched
from seedance_watch.sandbox.tasks import Failure, Task, fated_failure, timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asked for, in the words that both services share."""

    provider: str
    account: str
    model: str
    body: dict[str, Any]
    urls: tuple[str, ...]
    price: Decimal
    unit: str
    prompt: str
    duration_s: float
    resolution: str
    ratio: str | None
    seed: int
    still: bool = False
    api: str = ""
    failure: Failure | None = None
    idempotency_key: str | None = None
    client_request_id: str | None = None


async def place(order: Order, request: Request, state: State) -> Task:
    """Store the task; from then on it exists, also when the client is gone."""
    slow = fated(request, "slow_create")
    if slow is not None:
        await lost_within(state.closing, slow.args["seconds"])
    images, broken = await _images(order.urls, state)
    failure = order.failure or broken or fated_failure(fates_of(request))
    spec = _spec(order, images, state)
    task = _task(order, request, state, spec)
    task.failure = failure
    state.accept(task)
    return task


def _task(order: Order, request: Request, state: State, spec: VideoSpec) -> Task:
    fates = fates_of(request)
    times = timeline(state.knobs, order.provider, fates, state.chance)
    created_at = state.clock.now_at()
    late = fated(request, "late_history")
    return Task(
        id=new_id("task_" if order.provider == "rivya" else ""),
        provider=order.provider,
        account=order.account,
        model=order.model,
        body=order.body,
        images=order.urls,
        price=order.price,
        unit=order.unit,
        created_at=created_at,
        starts_at=created_at + times.queue_s,
        ends_at=created_at + times.queue_s + times.processing_s,
        video=f"{new_id()}.mp4",
        base_url=origin(request),
        spec=spec,
        failed_status=200 if fated(request, "failed_200") else None,
        history_delay_s=float(late.args["seconds"]) if late else 0.0,
        api=order.api,
        idempotency_key=order.idempotency_key,
        client_request_id=order.client_request_id,
    )


def _spec(order: Order, images: tuple[bytes, ...], state: State) -> VideoSpec:
    knobs = state.knobs
    wide, _, high = (order.ratio or "").partition(":")
    ratio = (int(wide), int(high)) if high else None
    return VideoSpec(
        images=images,
        prompt="" if images else order.prompt,  # the same picture is drawn once
        duration_s=order.duration_s,
        short_side_px=int(order.resolution.removesuffix("p")),
        ratio=ratio or (None if images else (16, 9)),
        fps=knobs.fps,
        scale=knobs.video_scale * (0.1 if knobs.tiny_videos == "yes" else 1.0),
        seed=order.seed % 2 if images else order.seed,
        still=order.still,
    )


async def _images(urls: tuple[str, ...], state: State) -> tuple[tuple[bytes, ...], Failure | None]:
    """Return the images behind the links, or why the model could not read one."""
    contents: list[bytes] = []
    for url in urls:
        content = await _image(url, state)
        if content is None:
            return (), Failure("generation_failed", f"could not fetch {url}")
        if content and not await asyncio.to_thread(decodable, content):
            return (), Failure("generation_failed", "the image could not be decoded")
        contents += [content] if content else []
    return tuple(contents), None


async def _image(url: str, state: State) -> bytes | None:
    upload = state.upload_at(url)
    if upload is not None:
        return upload.content
    if url.startswith("data:") or state.knobs.foreign_images == "ignore":
        return b""
    return await asyncio.to_thread(fetched, url)

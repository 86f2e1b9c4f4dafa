"""Segmind's gateway: asynchronous v2, synchronous v1, credits."""

from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from seedance_watch.sandbox.keys import account_of
from seedance_watch.sandbox.media import content_of, video_url
from seedance_watch.sandbox.orders import Order, place
from seedance_watch.sandbox.replies import Refused, Reply, html, json_reply, segmind_error
from seedance_watch.sandbox.segmind_checks import (
    admit,
    admit_to_model,
    check_body,
    image_urls,
    model_body,
    model_complaint,
    refuse,
)
from seedance_watch.sandbox.serving import fated, route
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.tasks import Failure, Phase, Task
from seedance_watch.sandbox.wire import wire_of

_GATEWAY = b"<html><head><title>504 Gateway Time-out</title></head></html>"
_STATUS = {
    Phase.QUEUED: "QUEUED",
    Phase.PROCESSING: "PROCESSING",
    Phase.SUCCEEDED: "COMPLETED",
    Phase.FAILED: "FAILED",
}


def routes() -> list[Route]:
    """Return the gateway's paths; the model routes come last, they take any name."""
    return [
        route("/v1/get-user-credits", credits_left, "GET"),
        route("/v1/requests/{id}", result, "GET"),
        route("/v2/requests/{id}/status", status, "GET"),
        route("/v2/requests/{id}", result, "GET"),
        route("/v2/{slug}", submit),
        route("/v1/{slug}", synchronous),
    ]


async def credits_left(request: Request, state: State) -> Reply:
    """Tell the balance; an account without a record has none."""
    account = admit(request, state)
    if account.credits is None and state.knobs.segmind_credits < 0:
        raise refuse(404, "No credits found for the user")
    return json_reply(200, {"credits": float(state.balance(account)), "free-credits": 0.0})


async def submit(request: Request, state: State) -> Reply:
    """Accept a request; every accepted one is a new task."""
    task, reset = await _ordered(request, state, api="v2")
    base = f"{task.base_url}/v2/requests/{task.id}"
    body = {
        "request_id": task.id,
        "status": "QUEUED",
        "poll_url": f"{task.base_url}/v1/requests/{task.id}",
        "status_url": f"{base}/status",
        "response_url": base,
    }
    return json_reply(200, body, {"x-rate-limit-reset-at-utc": reset})


async def synchronous(request: Request, state: State) -> Reply:
    """Make a video while the client waits."""
    task, reset = await _ordered(request, state, api="v1")
    lost = wire_of(request.scope).lost
    gateway_s = state.knobs.segmind_v1_gateway_s * state.knobs.time_factor
    until = task.ends_at
    if fated(request, "gateway_timeout"):
        return html(504, _GATEWAY)
    if 0 < gateway_s < task.ends_at - task.created_at:
        until = task.created_at + gateway_s
    await state.clock.reached(until, lost=lost)
    if until < task.ends_at:
        return html(504, _GATEWAY)
    state.settle()
    if task.failure:
        return segmind_error(500, task.failure.message)
    return (await _delivered(task, state)).with_headers({"x-rate-limit-reset-at-utc": reset})


async def _delivered(task: Task, state: State) -> Reply:
    headers = {
        "x-cost": str(task.price),
        "x-remaining-credits": str(_left(task, state)),
        "x-request-id": task.id,
        "x-generation-time": f"{task.ends_at - task.starts_at:.2f}",
        "x-seed-value": str(task.body.get("seed", -1)),
    }
    if state.knobs.segmind_v1_body == "json":
        return json_reply(200, {"output": video_url(task)}, headers)
    video = await content_of(task, state)
    return Reply(status=200).with_body(video, "video/mp4").with_headers(headers)


async def _ordered(request: Request, state: State, *, api: str) -> tuple[Task, str]:
    slug = request.path_params["slug"]
    account, model, price = admit_to_model(request, state, slug)
    body = await model_body(request)
    anything = api == "v2" and state.knobs.segmind_accept_anything == "yes"
    complaint = model_complaint(body, state.knobs)
    try:
        check_body(body, model, state.knobs)
    except Refused as refused:
        if not anything:
            raise
        complaint = str(refused.reply.json()["error"])
    failure = Failure("generation_failed", complaint) if complaint else None
    order = _order(body, failure, (account.key, slug, price), api=api)
    task = await place(order, request, state)
    reset_at = state.rates.full_at(
        account.key, per_min=state.knobs.segmind_rate_rpm, time_factor=state.knobs.time_factor
    )
    return task, state.clock.text(reset_at)


def _order(
    body: dict[str, Any], failure: Failure | None, who: tuple[str, str, Decimal], *, api: str
) -> Order:
    account, slug, price = who
    readable = {} if failure else body
    ratio = readable.get("aspect_ratio")
    return Order(
        provider="segmind",
        account=account,
        model=slug,
        body=body,
        urls=tuple(str(url) for url in image_urls(body)),
        price=price,
        unit="usd",
        prompt=str(body.get("prompt", "")),
        duration_s=float(readable.get("duration", 5)),
        resolution=str(readable.get("resolution", "720p")),
        ratio=None if ratio in {None, "adaptive"} else str(ratio),
        seed=int(readable.get("seed", 1)),
        still=readable.get("camera_fixed", False),
        api=api,
        failure=failure,
    )


def _record(request: Request, state: State) -> Task:
    """Return the caller's own, young request, or refuse with 404."""
    account = admit(request, state)
    request_id, now_at = request.path_params["id"], state.clock.now_at()
    task = state.own_task(request_id, account)
    knobs = state.knobs
    if (
        task is None
        or now_at > task.created_at + knobs.segmind_retention_s
        or now_at < task.created_at + knobs.segmind_early_404_s
    ):
        raise refuse(404, f"Request {request_id} not found")
    return task


async def status(request: Request, state: State) -> Reply:
    """Tell how a request stands."""
    task = _record(request, state)
    phase = task.phase(state.clock.now_at())
    if phase is Phase.FAILED:
        return _failed(task, state)
    body: dict[str, Any] = {"status": _STATUS[phase], "request_id": task.id}
    if phase is Phase.SUCCEEDED:
        return json_reply(200, {**body, "metrics": {"inference_time": _inference_s(task)}})
    base = f"{task.base_url}/v2/requests/{task.id}"
    links = {"status_url": f"{base}/status", "response_url": base}
    return json_reply(200, {**body, **links, "metrics": {}})


async def result(request: Request, state: State) -> Reply:
    """Give the result of a request."""
    task = _record(request, state)
    phase = task.phase(state.clock.now_at())
    if phase is Phase.FAILED:
        return _failed(task, state)
    if phase is not Phase.SUCCEEDED:
        if state.knobs.segmind_early_result == "404":
            raise refuse(404, f"Request {task.id} not found")
        return json_reply(200, {"status": "PROCESSING"})
    return json_reply(200, await _completed(task, state))


def _failed(task: Task, state: State) -> Reply:
    assert task.failure is not None
    code = task.failed_status or int(state.knobs.segmind_failed_status)
    metrics = {"queue_time": round(task.starts_at - task.created_at, 2)}
    return json_reply(
        code, {"status": "FAILED", "error": task.failure.message, "metrics": metrics}
    )


async def _completed(task: Task, state: State) -> dict[str, Any]:
    url = video_url(task)
    output = {"string": url, "list": [url], "object": {"url": url}}[state.knobs.segmind_output]
    return {
        "status": "COMPLETED",
        "error": None,
        "output": output,
        "video": {
            "url": url,
            "content_type": "video/mp4",
            "file_name": task.video,
            "file_size": len(await content_of(task, state)),
        },
        "seed": task.body.get("seed", 1),
        "prompt": task.body.get("prompt"),
        "metrics": {
            "inference_time": _inference_s(task),
            "queue_time": round(task.starts_at - task.created_at, 2),
            "total_time": round(task.ends_at - task.created_at, 2),
            "cost": float(task.price),
            "remaining_credits": float(_left(task, state)),
        },
    }


def _inference_s(task: Task) -> float:
    return round(task.ends_at - task.starts_at, 2)


def _left(task: Task, state: State) -> Decimal:
    account = account_of(task.account, provider="segmind", knobs=state.knobs)
    return state.balance(account) if account else Decimal()

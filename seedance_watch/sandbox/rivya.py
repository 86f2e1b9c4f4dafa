"""Rivya's public API v1, as far as a client that makes videos can see it."""

from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from seedance_watch.sandbox.catalogue import RIVYA, RivyaModel
from seedance_watch.sandbox.keys import Account
from seedance_watch.sandbox.knobs import words
from seedance_watch.sandbox.media import video_url
from seedance_watch.sandbox.orders import Order, place
from seedance_watch.sandbox.replies import Refused, Reply, html, json_reply, rivya_error
from seedance_watch.sandbox.rivya_checks import (
    admit,
    check_generation,
    limited,
    refuse,
)
from seedance_watch.sandbox.rivya_files import upload, uploaded
from seedance_watch.sandbox.rivya_keys import KeyBook
from seedance_watch.sandbox.serving import json_body, route
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.tasks import Failure, Phase, Task

_API_VERSION = "2026-05-11"


def routes(state: State) -> list[Route]:
    """Return the paths under /api/v1."""
    book = KeyBook(state)

    async def create(request: Request, state: State) -> Reply:
        return await _create(request, state, book)

    return [
        route("/api/v1/models", models, "GET"),
        route("/api/v1/credits", credits_left, "GET"),
        route("/api/v1/files", upload, "POST"),
        route("/api/v1/files/{id}", uploaded, "GET"),
        route("/api/v1/generations", create, "POST"),
        route("/api/v1/generations/{id}", generation, "GET"),
        route("/api/v1/webhook-events", webhook_events, "GET"),
        route("/api/{rest:path}", unknown_path),
    ]


async def models(request: Request, state: State) -> Reply:
    """List what is served today; public unless the knob says otherwise."""
    if state.knobs.rivya_models_auth == "required":
        admit(request, state, "models:read")
    else:
        limited("nobody", state)
    hidden = words(state.knobs.rivya_unlisted) | words(state.knobs.rivya_retired)
    rows = [
        {"id": name, "api_status": "available", "supported_api_inputs": ["text", "file"]}
        for name in RIVYA
        if name not in hidden
    ]
    return json_reply(200, {"data": rows})


async def credits_left(request: Request, state: State) -> Reply:
    """Tell the balance."""
    account = admit(request, state, "credits:read")
    return json_reply(200, {"current_credits": int(state.balance(account))})


async def _create(request: Request, state: State, book: KeyBook) -> Reply:
    account = admit(request, state, "generations:create")
    invalid = rivya_error("validation_failed", "the body must be JSON")
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(invalid)
    body = await json_body(request, otherwise=invalid)

    async def make() -> tuple[Task, Reply]:
        model = check_generation(body, state.knobs, lambda url: state.upload_at(url) is not None)
        order = _order(request, state, (account, body, model))
        task = await place(order, request, state)
        status = int(state.knobs.rivya_create_status)
        return task, json_reply(status, shown(task, state, at=task.created_at, fresh=True))

    key = request.headers.get("idempotency-key", "")
    if not key:
        return (await make())[1]
    return await book.once(
        (account.key, key),
        await request.body(),
        make=make,
        show=lambda task: json_reply(200, shown(task, state, at=state.clock.now_at())),
    )


def _order(
    request: Request, state: State, asked: tuple[Account, dict[str, Any], RivyaModel]
) -> Order:
    account, body, model = asked
    params = {name: param.default for name, param in model.params.items()}
    params |= body.get("params", {})
    items: list[dict[str, Any]] = body.get("params", {}).get("referenceMediaItems", [])
    ratio = str(params.get("aspect_ratio", params.get("aspectRatio", "16:9")))
    return Order(
        provider="rivya",
        account=account.key,
        model=body["model"],
        body=body,
        urls=tuple(item["url"] for item in items),
        price=Decimal(model.credits),
        unit="credits",
        prompt=body["prompt"],
        duration_s=float(params["duration"]),
        resolution=str(params["resolution"]),
        ratio=None if ratio == "adaptive" else ratio,
        seed=int(params.get("seed", -1)),
        still=params.get("camera_fixed") == "true" or params.get("fixed_lens") == "true",
        failure=_affordable(account, model, state),
        idempotency_key=request.headers.get("idempotency-key"),
        client_request_id=body.get("client_request_id"),
    )


def _affordable(account: Account, model: RivyaModel, state: State) -> Failure | None:
    """Refuse without credit, or return the failure that the task will end with."""
    if state.balance(account) >= model.credits:
        return None
    message = f"needs {model.credits} credits, has {state.balance(account)}"
    if state.knobs.rivya_no_credits == "402":
        raise refuse("insufficient_credits", message)
    return Failure("insufficient_credits", message, free=True)


async def generation(request: Request, state: State) -> Reply:
    """Tell how a task stands."""
    account = admit(request, state, "generations:read")
    task = state.own_task(request.path_params["id"], account)
    if task is None:
        raise refuse("not_found", "no such generation")
    return json_reply(200, shown(task, state, at=state.clock.now_at()))


async def webhook_events(request: Request, state: State) -> Reply:
    """List what would have been delivered."""
    account = admit(request, state, "webhooks:manage")
    now_at = state.clock.now_at()
    done = [
        task
        for task in state.tasks.values()
        if task.account == account.key and task.ends_at <= now_at
    ]
    return json_reply(200, {"data": [_event(task, state) for task in done]})


def _event(task: Task, state: State) -> dict[str, Any]:
    return {
        "id": f"evt_{task.id.removeprefix('task_')}",
        "type": f"generation.{task.phase(task.ends_at)}",
        "api_version": _API_VERSION,
        "created_at": state.clock.text(task.ends_at),
        "data": shown(task, state, at=task.ends_at),
    }


async def unknown_path(request: Request, state: State) -> Reply:
    """Answer for a path that is not there."""
    if state.knobs.rivya_unknown_path == "html":
        return html(404, b"<html><body>404: This page could not be found.</body></html>")
    return rivya_error("not_found", f"no such path: {request.url.path}")


def shown(task: Task, state: State, *, at: float, fresh: bool = False) -> dict[str, Any]:
    """Return a task as JSON as it stands at a time; a fresh one is always queued."""
    phase = Phase.QUEUED if fresh else task.phase(at)
    done, failed = phase is Phase.SUCCEEDED, phase is Phase.FAILED
    url, failure = video_url(task), task.failure
    body: dict[str, Any] = {
        "id": task.id,
        "status": str(phase),
        "model": task.model,
        "reserved_credits": int(task.price),
        "final_credits": int(task.price) if done else 0,
        "created_at": state.clock.text(task.created_at),
        "updated_at": state.clock.text(task.created_at if fresh else task.updated_at(at)),
        "result": {"primary_url": url, "urls": [url]} if done else None,
        "error": {"code": failure.code, "message": failure.message}
        if failed and failure
        else None,
    }
    if state.knobs.rivya_echo_request_id == "yes":
        body["client_request_id"] = task.client_request_id
    return body

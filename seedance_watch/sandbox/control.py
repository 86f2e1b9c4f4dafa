"""The control endpoint: knobs, faults, clock, and what happened. No key is needed."""

import dataclasses
import json
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seedance_watch.sandbox.faults import FaultError, injection_from
from seedance_watch.sandbox.keys import ACCOUNTS
from seedance_watch.sandbox.knob_text import KnobError, changed
from seedance_watch.sandbox.knobs import shown
from seedance_watch.sandbox.listener import Listener
from seedance_watch.sandbox.replies import Reply, json_reply
from seedance_watch.sandbox.serving import route, state_of
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.tasks import Task


def routes(listener: Listener) -> list[Route]:
    """Return the paths under /_sandbox."""

    async def inject(request: Request) -> Response:
        return await _inject(request, listener)

    return [
        route("/_sandbox", about, "GET"),
        route("/_sandbox/knobs", knobs, "GET", "PATCH"),
        Route("/_sandbox/faults", inject, methods=["POST"]),
        route("/_sandbox/faults", faults, "GET", "DELETE"),
        route("/_sandbox/ledger", ledger, "GET"),
        route("/_sandbox/tasks", tasks, "GET"),
        route("/_sandbox/calls", calls, "GET"),
        route("/_sandbox/clock", clock, "GET", "POST"),
    ]


async def about(request: Request, state: State) -> Reply:
    """List keys and paths."""
    keys = [{"key": one.key, "provider": one.provider, "note": one.note} for one in ACCOUNTS]
    return json_reply(200, {"sandbox": True, "keys": keys, "knobs": shown(state.knobs)})


async def knobs(request: Request, state: State) -> Reply:
    """Show or change knobs."""
    if request.method == "PATCH":
        try:
            state.knobs = changed(state.knobs, await _object(request))
        except (KnobError, ValueError) as error:
            return json_reply(400, {"error": str(error)})
    return json_reply(200, shown(state.knobs))


async def _inject(request: Request, listener: Listener) -> Response:
    """Queue one fault; the one for the listener begins after this answer."""
    state = state_of(request)
    try:
        injection = injection_from(await _object(request))
    except (FaultError, ValueError) as error:
        return Response(json.dumps({"error": str(error)}), 400)
    body = json.dumps(dataclasses.asdict(injection))
    if injection.row.stage == "server":
        later = BackgroundTask(listener.refuse, injection.args["seconds"])
        return Response(body, 201, headers={"connection": "close"}, background=later)
    state.faults.add(injection)
    return Response(body, 201, media_type="application/json")


async def faults(request: Request, state: State) -> Reply:
    """Show what is queued, or forget it."""
    if request.method == "DELETE":
        state.faults.clear()
    rows = [dataclasses.asdict(injection) for injection in state.faults.pending()]
    return json_reply(200, {"faults": rows})


async def ledger(request: Request, state: State) -> Reply:
    """Show every submission, charge and refund so far."""
    state.settle()
    return json_reply(200, {"lines": [line.as_json() for line in state.ledger]})


async def tasks(request: Request, state: State) -> Reply:
    """Show every task as it stands."""
    state.settle()
    rows = [task_row(task, state) for task in state.tasks.values()]
    return json_reply(200, {"tasks": rows})


async def calls(request: Request, state: State) -> Reply:
    """Show the requests that came, oldest first."""
    return json_reply(200, {"calls": [dataclasses.asdict(call) for call in state.calls]})


async def clock(request: Request, state: State) -> Reply:
    """Show the virtual time, or move it forward."""
    if request.method == "POST":
        seconds = (await _object(request)).get("advance_s")
        if not isinstance(seconds, int | float) or seconds < 0:
            return json_reply(400, {"error": "advance_s: seconds, not negative"})
        state.clock.advance(float(seconds))
        state.settle()
    now_at = state.clock.now_at()
    return json_reply(200, {"now_at": now_at, "shown": state.clock.text(now_at)})


def task_row(task: Task, state: State) -> dict[str, Any]:
    """Return what a test wants to know about a task."""
    return {
        "id": task.id,
        "provider": task.provider,
        "api": task.api,
        "account": task.account,
        "model": task.model,
        "phase": str(task.phase(state.clock.now_at())),
        "created_at": task.created_at,
        "ends_at": task.ends_at if task.ends_at < float("inf") else None,
        "images": list(task.images),
        "idempotency_key": task.idempotency_key,
        "client_request_id": task.client_request_id,
        "price": str(task.price),
        "video": task.video,
        "body": task.body,
    }


async def _object(request: Request) -> dict[str, Any]:
    body = json.loads(await request.body())
    if not isinstance(body, dict):
        raise ValueError("expected a JSON object")  # noqa: TRY004 - told to the client as 400
    return body

"""What every emulated endpoint shares: reading the request, answering with a Reply."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seedance_watch.sandbox.faults import Injection
from seedance_watch.sandbox.replies import Refused, Reply
from seedance_watch.sandbox.state import State

Handler = Callable[[Request, State], Awaitable[Reply]]
_VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def route(path: str, handler: Handler, *verbs: str) -> Route:
    """Return a route to a handler; no verbs means all of them."""

    async def endpoint(request: Request) -> Response:
        try:
            reply = await handler(request, state_of(request))
        except Refused as refused:
            reply = refused.reply
        headers = dict(reply.headers) | {"date": state_of(request).clock.http_date()}
        return Response(reply.body, reply.status, headers=headers)

    return Route(path, endpoint, methods=list(verbs) or _VERBS)


def state_of(request: Request) -> State:
    """Return the sandbox's memory."""
    state = request.scope["state"]["sandbox"]
    assert isinstance(state, State)
    return state


def fates_of(request: Request) -> list[Injection]:
    """Return the injections that the handler itself must act on."""
    fates: list[Injection] = request.scope["state"]["fates"]
    return fates


def fated(request: Request, kind: str) -> Injection | None:
    """Return the injection of that kind, if the request meets one."""
    return next((fate for fate in fates_of(request) if fate.kind == kind), None)


def origin(request: Request) -> str:
    """Return this server as the client calls it, without a slash at the end."""
    return str(request.base_url).rstrip("/")


async def json_body(request: Request, *, otherwise: Reply) -> Any:
    """Return the body as JSON, or refuse with the given answer."""
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise Refused(otherwise) from error

"""One request that meets a fault, and the ways to answer it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedance_watch.sandbox.faults import Injection
from seedance_watch.sandbox.replies import Reply
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.wire import Wire


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request that meets a fault."""

    state: State
    app: ASGIApp
    scope: Scope
    receive: Receive
    send: Send
    endpoint: str
    injection: Injection
    wire: Wire
    kept: Reply | None = field(default=None)

    @property
    def args(self) -> Mapping[str, Any]:
        """Return the injection's arguments."""
        return self.injection.args

    async def handled(self) -> Reply:
        """Let the service handle the request; return its answer instead of sending it."""
        if self.kept is None:
            self.kept = await _handled(self.app, self.scope, self.receive)
        return self.kept

    async def answer(self, reply: Reply) -> None:
        """Send an ordinary answer; like every answer it is dated."""
        if "date" not in dict(reply.headers):
            reply = reply.with_headers({"date": self.state.clock.http_date()})
        await send_reply(self.send, reply)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an ordinary answer."""
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": reply.raw_headers}
    )
    await send({"type": "http.response.body", "body": reply.body})


async def _handled(app: ASGIApp, scope: Scope, receive: Receive) -> Reply:
    start: Message = {"status": 500, "headers": []}
    body = bytearray()

    async def keep(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    headers = tuple(Headers(raw=start["headers"]).items())
    return Reply(status=start["status"], headers=headers, body=bytes(body))

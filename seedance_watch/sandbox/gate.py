"""The one place where faults happen: between the connection and the emulated services."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from seedance_watch.sandbox.acts import ACTS
from seedance_watch.sandbox.calls import Call, endpoint_of
from seedance_watch.sandbox.exchange import Exchange, send_reply
from seedance_watch.sandbox.replies import Reply
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.wire import wire_of

_TERMINAL = {"succeeded", "failed", "COMPLETED", "FAILED"}


class Gate:
    """ASGI application in front of the services that applies queued faults."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, spoiled where an injection says so."""
        endpoint = endpoint_of(scope["method"], scope["path"])
        scope["state"]["fates"] = []
        call = Call(self._state.clock.now_at(), endpoint, scope["method"], scope["path"])

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
            await send(message)

        if endpoint == "control":
            await self._app(scope, receive, send)
            return
        self._state.calls.append(call)
        self._state.settle()
        await self._meet(scope, receive, noted, call)

    async def _meet(self, scope: Scope, receive: Receive, send: Send, call: Call) -> None:
        kept: Reply | None = None
        for injection in self._state.faults.fitting(call.endpoint, call.path):
            exchange = Exchange(
                state=self._state, app=self._app, scope=scope, receive=receive, send=send,
                endpoint=call.endpoint, injection=injection, wire=wire_of(scope), kept=kept,
            )  # fmt: skip
            if await self._strikes(exchange):
                call.faults.append(injection.kind)
                await ACTS.get(injection.kind, _given_to_handler)(exchange)
                if injection.row.stage != "fate":
                    return
            kept = exchange.kept
        if kept is None:
            await self._app(scope, receive, send)
        else:
            await send_reply(send, kept)

    async def _strikes(self, exchange: Exchange) -> bool:
        if exchange.injection.row.terminal and not _finished(await exchange.handled()):
            return False
        return self._state.faults.strikes(exchange.injection)


async def _given_to_handler(exchange: Exchange) -> None:
    exchange.scope["state"]["fates"].append(exchange.injection)


def _finished(reply: Reply) -> bool:
    body = reply.json()
    return isinstance(body, dict) and body.get("status") in _TERMINAL

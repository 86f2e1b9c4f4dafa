"""`/metrics` and `/healthz` over HTTP, for monitoring.

Only what is asked for here is answered; nothing can be changed. On loopback only requests that
call this machine by such a name are answered: a page in a browser must not read figures by
letting its own name point here.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from seedance_watch.core.errors import SeedanceWatchError

Page = Callable[[], Awaitable[bytes]]
Health = Callable[[], tuple[bool, Mapping[str, object]]]

_AT_ONCE = 16  # requests; one monitor asks a few times a minute
_KEEP_ALIVE_S = 30
_HEAD_S, _HEAD_BYTES = 15.0, 16_384  # who asks more slowly, or at more length, is let go
_FRESH = {"cache-control": "no-store"}
_LOCAL = ["127.0.0.1", "localhost", "::1", "[::1]"]


def application(page: Page, health: Health, *, media_type: str, local: bool) -> Starlette:
    """Make what answers.

    Args:
        page: Writes the figures.
        health: Says whether all is well, and what is not.
        media_type: The figures' media type.
        local: Whether only this machine is answered.
    """

    async def metrics(_request: Request) -> Response:
        try:
            return Response(await page(), headers={"content-type": media_type, **_FRESH})
        except SeedanceWatchError as error:
            return Response(str(error), 503, headers=_FRESH, media_type="text/plain")

    async def healthz(_request: Request) -> Response:
        well, facts = health()
        return JSONResponse(facts, 200 if well else 503, headers=_FRESH)

    return Starlette(
        routes=[Route("/metrics", metrics), Route("/healthz", healthz)],
        middleware=[
            Middleware(
                TrustedHostMiddleware,
                allowed_hosts=_LOCAL if local else ["*"],
                www_redirect=False,
            )
        ],
    )


@asynccontextmanager
async def serving(
    listen: str, app: ASGIApp, *, at_once: int = _AT_ONCE, proxied: bool = False
) -> AsyncIterator[str]:
    """Answer for the length of the block.

    Args:
        listen: "HOST:PORT"; port 0 is chosen by the system.
        app: What answers.
        at_once: Connections at the same time; more are turned away.
        proxied: Whether a reverse proxy on this machine says who asks.

    Returns:
        Where it listens, as an address.

    Raises:
        OSError: The address is taken, or not this machine's.
    """
    config = uvicorn.Config(
        app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False,
        server_header=False, limit_concurrency=at_once, timeout_keep_alive=_KEEP_ALIVE_S,
        proxy_headers=proxied, h11_max_incomplete_event_size=_HEAD_BYTES,
    )  # fmt: skip
    config.load()
    # Strangers must not fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    state, listening = ServerState(), _bound(listen)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Patient(config, state, {}), sock=listening
    )
    try:
        host, port = listening.getsockname()[:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()


class _Patient(H11Protocol):
    """Waits for a request's head, but not for ever."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._late = self.loop.call_later(_HEAD_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of a head; what follows a whole one is the application's."""
        if self._late is None and not self._answering():
            self._late = self.loop.call_later(_HEAD_S, self.transport.abort)
        super().data_received(data)
        if self._late is not None and self._answering():
            self._late.cancel()
            self._late = None

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._late is not None:
            self._late.cancel()
        super().connection_lost(exc)


def _bound(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host.strip("[]"), int(port)), family=family, backlog=64)

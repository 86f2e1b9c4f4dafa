"""The listening socket: opened, closed, and for a while not there."""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from seedance_watch.sandbox.clock import lost_within
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.wire import OpenProtocol

_KEEP_ALIVE_S = 30
_END_S = 5.0  # how long an unfinished handler may take once its client is cut off


class Listener:
    """uvicorn's protocol on a socket of our own, without its signal handlers."""

    def __init__(self, state: State, *, host: str, port: int) -> None:
        self._state = state
        self._address = (host, port)
        self._uvicorn = ServerState()
        self._server: asyncio.Server | None = None
        self._factory: Callable[[], OpenProtocol] | None = None

    @property
    def url(self) -> str:
        """Return where it listens."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def open(self, app: ASGIApp) -> None:
        """Begin to listen; a port of 0 is chosen here and kept.

        Raises:
            OSError: The address is taken or not ours.
        """
        config = uvicorn.Config(
            app, http=OpenProtocol, ws="none", lifespan="off", log_config=None,
            access_log=False, date_header=False, server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )  # fmt: skip
        config.load()
        shared = {"sandbox": self._state}
        self._factory = lambda: OpenProtocol(config, self._uvicorn, shared)
        await self._listen()

    async def refuse(self, seconds: float) -> None:
        """Cut every connection and let nothing connect for so long."""
        await self._shut()
        await lost_within(self._state.closing, seconds)
        if not self._state.closing.is_set():
            await self._listen()

    async def close(self) -> None:
        """Stop listening, cut connections, and wait until handlers have ended."""
        self._state.closing.set()
        await self._shut()
        current = asyncio.current_task()
        left = {task for task in self._uvicorn.tasks if task is not current}
        if left:
            _, late = await asyncio.wait(left, timeout=_END_S)
            for task in late:
                task.cancel()

    async def _listen(self) -> None:
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=512)
        self._address = (host, listening.getsockname()[1])
        assert self._factory is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._factory, sock=listening)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._uvicorn.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

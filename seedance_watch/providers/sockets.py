"""Connections on asyncio's own transports, for httpcore, with an end to every call.

httpcore bounds each read and write, not the whole: a server that drips a byte a second is never
too slow for it. Cancelling the whole call would not tell whether anything was sent. So the
deadline is applied here, to each connect, read and write, where it is an ordinary timeout.
"""

# ruff: noqa: ASYNC109 - the signatures are httpcore's

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

from seedance_watch.providers.links import address_of

_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))

_AHEAD_BYTES = 256 * 1024  # what may have arrived and not been asked for; then the sender waits
_NEXT_S = 0.25  # after so long without an answer the name's next address is tried too (RFC 8305)

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


@contextmanager
def deadline(seconds: float) -> Iterator[float]:
    """Give every connect, read and write inside an end; yields it in monotonic seconds."""
    ends_at = time.monotonic() + seconds
    token = _ends_at.set(ends_at)
    try:
        yield ends_at
    finally:
        _ends_at.reset(token)


def left_s(timeout: float | None, expired: type[Exception]) -> float | None:
    """Shorten a timeout to what is left until the deadline.

    Raises:
        Exception: `expired`: nothing is.
    """
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise expired("the deadline of the whole call has passed")
    if timeout is None:
        return None if left == float("inf") else left
    return min(left, timeout)


@contextmanager
def _as(expired: type[Exception], failed: type[Exception]) -> Iterator[None]:
    """Say in httpcore's words what went wrong."""
    try:
        yield
    except TimeoutError as error:
        raise expired(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error


class _Arrived(asyncio.Protocol):
    """What has arrived on a connection, and how the connection is.

    What arrived stays readable when the connection breaks afterwards: a server that answers and
    then resets has answered.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.content = bytearray()
        self.error: Exception | None = None
        self.ended = False
        self.readable = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.content += data
        self.readable.set()
        if len(self.content) >= _AHEAD_BYTES:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.error, self.ended = exc, True
        self.readable.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def take(self, max_bytes: int) -> bytes:
        """Take what has arrived; nothing at the end of the connection."""
        taken = bytes(self.content[:max_bytes])
        del self.content[:max_bytes]
        if not taken and self.error is not None:
            raise self.error
        if not self.content and not self.ended:
            self.readable.clear()
            self.transport.resume_reading()
        return taken


class Stream(httpcore.AsyncNetworkStream):
    """A connection whose every step ends at the deadline of the call it works for."""

    def __init__(self, arrived: _Arrived) -> None:
        self._arrived = arrived

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes; none at the end of the connection."""
        left = left_s(timeout, httpcore.ReadTimeout)
        with _as(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(left):
                await self._arrived.readable.wait()
            return self._arrived.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes."""
        left = left_s(timeout, httpcore.WriteTimeout)
        if not buffer:
            return
        if self._closing():
            raise httpcore.WriteError("the connection has ended")
        self._arrived.transport.write(buffer)
        with _as(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(left):
                await self._arrived.writable.wait()
        if self._arrived.ended:
            raise httpcore.WriteError("the connection has ended") from self._arrived.error

    async def aclose(self) -> None:
        """Close the connection at once; what is not sent by now never is."""
        self._arrived.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Go on encrypted, with somebody who proves to be that host."""
        arrived, loop = self._arrived, asyncio.get_running_loop()
        left = left_s(timeout, httpcore.ConnectTimeout)
        if self._closing():
            raise httpcore.ConnectError("the connection has ended")
        try:
            with _as(httpcore.ConnectTimeout, httpcore.ConnectError):
                async with asyncio.timeout(left):
                    encrypted = await loop.start_tls(
                        arrived.transport, arrived, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:  # cancelled, too: nobody else knows of it yet
            await self.aclose()
            raise
        if encrypted is None:  # it ended in the handshake, without a word
            raise httpcore.ConnectError("the connection has ended")
        arrived.transport = encrypted
        return self

    def get_extra_info(self, info: str) -> Any:
        """Give what the connection knows about itself."""
        if info == "is_readable":
            return bool(self._arrived.content) or self._closing() or self._has_news()
        return self._arrived.transport.get_extra_info(info)

    def _closing(self) -> bool:
        return self._arrived.ended or self._arrived.transport.is_closing()

    def _has_news(self) -> bool:
        """Whether there is something to read, or an end, that the loop has not seen yet."""
        look = select.poll()
        look.register(self._arrived.transport.get_extra_info("socket"), select.POLLIN)
        return bool(look.poll(0))


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens connections to anywhere."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> Stream:
        """Open a connection to an address, or to the first address of a name that answers."""
        loop = asyncio.get_running_loop()
        with _as(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                _, arrived = await loop.create_connection(
                    _Arrived,
                    host,
                    port,
                    local_addr=None if local_address is None else (local_address, 0),
                    happy_eyeballs_delay=None if address_of(host) else _NEXT_S,
                )
        for option in socket_options or ():
            connection: socket.socket = arrived.transport.get_extra_info("socket")
            connection.setsockopt(*option)
        return Stream(arrived)

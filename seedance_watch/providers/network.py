"""What lies below HTTP: an end to every call, and no connection into a private network.

httpcore bounds each read and write, not the whole: a server that drips a byte a second is never
too slow for it. Cancelling the whole call would not tell whether anything was sent. So the
deadline is applied here, to each connect, read and write, where it is an ordinary timeout.

Names from foreign links are resolved here, every address is judged, and the connection goes to
an address that was judged. TLS and the Host header still see the name.
"""

# ruff: noqa: ASYNC109 - the signatures are httpcore's

import asyncio
import select
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import httpcore

from seedance_watch.providers.links import LinkRule, Resolve, all_public, refused

_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


@contextmanager
def deadline(seconds: float) -> Iterator[float]:
    """Give every read and write inside an end; yields the end in monotonic seconds."""
    ends_at = time.monotonic() + seconds
    token = _ends_at.set(ends_at)
    try:
        yield ends_at
    finally:
        _ends_at.reset(token)


def _left(timeout: float | None, expired: type[Exception]) -> float | None:
    """Shorten a timeout to what is left until the deadline."""
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise expired("the deadline of the whole call has passed")
    return min(left, float("inf") if timeout is None else timeout)


class Stream(httpcore.AsyncNetworkStream):
    """A connection whose every step ends at the deadline of the call it works for."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket: socket.socket | None = stream.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes; none at the end of the connection."""
        return await self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all bytes."""
        await self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Go on encrypted, with somebody who proves to be that host."""
        left = _left(timeout, httpcore.ConnectTimeout)
        try:
            return Stream(await self._stream.start_tls(ssl_context, server_hostname, left))
        except BaseException:  # cancelled, too: nobody else knows of it yet
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        """Give what the connection knows about itself."""
        if info == "is_readable" and self._socket:
            return _readable(self._socket)
        return self._stream.get_extra_info(info)


def _readable(connection: socket.socket) -> bool:
    """Whether there is something to read, or an end; asked of each idle one before each call.

    httpcore's own way asks the system for both addresses each time.
    """
    if connection.fileno() < 0:
        return True
    look = select.poll()
    look.register(connection, select.POLLIN)
    return bool(look.poll(0))


class Network(httpcore.AsyncNetworkBackend):
    """Opens connections: to trusted places plainly, to others only when they are public.

    Args:
        rule: The link rule of the provider.
        trusted: Hosts and ports that the user configured: the provider's own and a proxy.
        resolve: Asks for a name's addresses.
    """

    def __init__(
        self, rule: LinkRule, trusted: frozenset[tuple[str, int]], resolve: Resolve
    ) -> None:
        self._rule = rule
        self._trusted = trusted
        self._resolve = resolve
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection.

        Raises:
            Fault: GARBLED: the name leads into a private network.
            httpcore.ConnectError: Nobody answers, or there is no such name.
        """
        left = _left(timeout, httpcore.ConnectTimeout)
        targets = [host] if self._trusts(host, port) else await self._judged(host, port, left)
        return await self._first(targets, port, left, (local_address, socket_options))

    def _trusts(self, host: str, port: int) -> bool:
        return (host, port) in self._trusted or self._rule.is_own(host, port)

    async def _judged(self, host: str, port: int, timeout: float | None) -> list[str]:
        """Resolve a name; all of its addresses must be public."""
        try:
            async with asyncio.timeout(timeout):
                addresses = list(await self._resolve(host, port))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no address in time") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if not all_public(addresses):
            raise refused(
                "connecting", f"https://{host}:{port}", "it leads into a private network"
            )
        return addresses

    async def _first(
        self,
        targets: list[str],
        port: int,
        timeout: float | None,
        how: tuple[str | None, Iterable[SocketOption] | None],
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; each gets its share of the time."""
        share = None if timeout is None else timeout / len(targets)
        for target in targets[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return Stream(await self._plain.connect_tcp(target, port, share, *how))
        try:
            return Stream(await self._plain.connect_tcp(targets[-1], port, share, *how))
        except UnicodeError as error:  # a configured host with an empty or overlong label
            raise httpcore.ConnectError("not a host name") from error

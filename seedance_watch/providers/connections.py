"""Connections to one provider: kept for a while, or made for one paid call and then closed.

httpcore makes them and speaks HTTP on them, httpx composes the requests and reads the answers.
The pools of neither are used: they look at every connection and every call at each step, and
lose a connection whenever a call is cancelled. Here a call takes the connection that was used
last, and only one that is idle again is kept, so a call that breaks off costs its own alone.
"""

import asyncio
import ssl
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore
import httpx

from seedance_watch.core.errors import ConfigError
from seedance_watch.providers.links import LinkRule, Place, Resolve, place
from seedance_watch.providers.messages import core_url, opened
from seedance_watch.providers.network import Network
from seedance_watch.providers.proxies import host_of, proxy_at, proxy_for
from seedance_watch.providers.settings import GatewaySettings
from seedance_watch.providers.trust import trust

_KEPT_S = 10.0  # a server may close an idle connection at any time; most wait longer than this


def _context() -> ssl.SSLContext:
    """Give what a connection trusts.

    Raises:
        httpcore.ConnectError: That cannot be read, so nothing was sent.
    """
    try:
        return trust()
    except ConfigError as error:
        raise httpcore.ConnectError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Idle:
    """A connection that nobody uses, and since when, monotonic seconds."""

    connection: httpcore.AsyncConnectionInterface
    since_s: float


class Connections:
    """Makes and keeps the connections of one provider.

    Args:
        hosts: Origins of the provider, which the user configured and which are trusted.
        rule: The link rule, for everything else.
        settings: Times and limits.
        resolve: Asks for a name's addresses.
        keeps: Whether connections are kept; not after the end.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        rule: LinkRule,
        settings: GatewaySettings,
        resolve: Resolve,
        *,
        keeps: bool,
    ) -> None:
        self._hosts = [each for each in map(place, hosts) if each is not None]
        self._rule = rule
        self._settings = settings
        self._resolve = resolve
        self._seats = asyncio.Semaphore(settings.max_connections)
        # By origin, and whether it was connected to unjudged; used last at the end.
        self._idle: defaultdict[tuple[str, bool], deque[_Idle]] = defaultdict(deque)
        self._keeps = keeps

    @asynccontextmanager
    async def alone(self, request: httpx.Request, target: Place) -> AsyncIterator[httpx.Response]:
        """Send a request on a connection of its own, closed afterwards; lend the answer."""
        connection = self._made(request, target, trusting=True)
        try:
            async with opened(connection, request, target) as response:
                yield response
        finally:
            await connection.aclose()

    @asynccontextmanager
    async def together(
        self, request: httpx.Request, target: Place
    ) -> AsyncIterator[httpx.Response]:
        """Send a request as `again` does, when there are not too many under way.

        Raises:
            httpcore.PoolTimeout: There are, for too long.
        """
        await self._seat()
        try:
            async with self.again(request, target, trusting=True) as response:
                yield response
        finally:
            self._seats.release()

    @asynccontextmanager
    async def again(
        self, request: httpx.Request, target: Place, *, trusting: bool
    ) -> AsyncIterator[httpx.Response]:
        """Send a request on a connection that others may have used before; lend the answer.

        Args:
            request: What to send.
            target: Where it goes.
            trusting: Whether the provider's own hosts are connected to unjudged; a download
                never does, nor takes a connection that was.
        """
        idle = self._idle[target.origin, trusting]
        connection = await _usable(idle) or self._made(request, target, trusting=trusting)
        try:
            async with opened(connection, request, target) as response:
                yield response
        finally:
            await self._back(connection, idle)

    async def close(self) -> None:
        """Let go of the idle connections, and keep none from now on; may be called twice."""
        self._keeps = False
        for idle in list(self._idle.values()):
            await _close(idle, before_s=float("inf"))

    async def _seat(self) -> None:
        """Wait for the right to use one connection more."""
        try:
            async with asyncio.timeout(self._settings.pool_s):
                await self._seats.acquire()
        except TimeoutError as error:
            raise httpcore.PoolTimeout from error

    async def _back(
        self, connection: httpcore.AsyncConnectionInterface, idle: deque[_Idle]
    ) -> None:
        """Keep a connection that is idle again; close it, and all idle too long, otherwise."""
        now_s = time.monotonic()
        if self._keeps and connection.is_available():
            idle.append(_Idle(connection, now_s))
        else:
            await connection.aclose()
        for each in list(self._idle.values()):
            await _close(each, before_s=now_s - _KEPT_S)

    def _made(
        self, request: httpx.Request, target: Place, *, trusting: bool
    ) -> httpcore.AsyncConnectionInterface:
        """Make a connection, or one through a proxy; it connects when it is first used."""
        proxy = proxy_for(target)
        trusted = {(each.host, each.port) for each in self._hosts if trusting}
        if proxy is not None:
            trusted.add(host_of(proxy))
        maker = httpcore.AsyncConnectionPool(
            ssl_context=_context(),
            proxy=None if proxy is None else proxy_at(proxy),
            keepalive_expiry=_KEPT_S,
            network_backend=Network(self._rule, frozenset(trusted), self._resolve),
        )
        return maker.create_connection(core_url(request.url).origin)


async def _usable(idle: deque[_Idle]) -> httpcore.AsyncConnectionInterface | None:
    """Take the connection that was used last, unless its server has ended it meanwhile."""
    while idle:
        connection = idle.pop().connection
        if not connection.has_expired():
            return connection
        await connection.aclose()
    return None


async def _close(idle: deque[_Idle], *, before_s: float) -> None:
    """Close the connections that have been idle since before a time."""
    while idle and idle[0].since_s < before_s:
        await idle.popleft().connection.aclose()

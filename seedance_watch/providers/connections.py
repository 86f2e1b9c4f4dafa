"""Connections to one provider: kept for its short calls, or made for one call and then closed.

httpcore makes them and speaks HTTP on them, httpx composes the requests and reads the answers.
The pools of neither are used: they look at every connection and every call at each step, and
lose a connection whenever a call is cancelled. Here a call takes the connection that was used
last, and only one that is idle again is kept, so a call that breaks off costs its own alone.
"""

import asyncio
import os
import ssl
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx
import structlog

from seedance_watch.providers.links import LinkRule, Place, Resolve, place
from seedance_watch.providers.network import Network
from seedance_watch.providers.settings import GatewaySettings

log = structlog.get_logger()

_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_KEPT_S = 10.0  # a server may close an idle connection at any time; most wait longer than this


def _agent() -> str:
    """Say who calls."""
    try:
        return f"seedance-watch/{version('seedance-watch')}"
    except PackageNotFoundError:
        return "seedance-watch"


# No compression: a video has none to gain, and a small answer cannot unfold into a large one.
_HEADERS = {"accept": "*/*", "user-agent": _agent(), "accept-encoding": "identity"}


def proxy_for(target: Place) -> str | None:
    """Give the proxy that the environment names for a target; never one for loopback."""
    if target.on_loopback or proxy_bypass(target.host):
        return None
    known = getproxies()
    named = known.get(target.scheme) or known.get("all")
    return named if named is None or "://" in named else f"http://{named}"


@cache
def _trust(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Read whom to trust, once for all providers: it takes longer than most calls.

    httpx reads the two variables itself; here they only tell one reading from another.
    """
    return httpx.create_ssl_context()


def composed(
    method: str, url: str, *, headers: Mapping[str, str], timeout: httpx.Timeout, **body: Any
) -> httpx.Request:
    """Compose a request; `body` is as httpx.Request has it.

    Raises:
        httpx.InvalidURL: No usable address.
    """
    named = {**_HEADERS, **{name.lower(): value for name, value in headers.items()}}
    extensions = {"timeout": timeout.as_dict()}
    request = httpx.Request(method, url, headers=named, extensions=extensions, **body)
    request.read()  # each piece of a form would be sent by itself
    return request


class _Body(httpx.AsyncByteStream):
    """The body of an answer, still on its connection."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._answer.aclose()


def _url(request: httpx.Request) -> httpcore.URL:
    url = request.url
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


async def _answer(
    connection: httpcore.AsyncConnectionInterface, request: httpx.Request
) -> httpx.Response:
    """Send a request and read the head of its answer."""
    asked = httpcore.Request(
        request.method,
        _url(request),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
    answer = await connection.handle_async_request(asked)
    return httpx.Response(
        answer.status, headers=answer.headers, stream=_Body(answer), request=request
    )


@asynccontextmanager
async def _opened(
    connection: httpcore.AsyncConnectionInterface, request: httpx.Request, target: Place
) -> AsyncIterator[httpx.Response]:
    """Send a request, lend the answer with its body unread, say in the log how it went."""
    began = time.monotonic()
    status: int | None = None
    try:
        response = await _answer(connection, request)
        status = response.status_code
        try:
            yield response
        finally:
            await response.aclose()
    finally:
        log.debug(
            "provider.called",
            method=request.method,
            host=target.host,
            path=target.path,
            status=status,
            took_s=round(time.monotonic() - began, 3),
        )


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
    """

    def __init__(
        self, hosts: Iterable[str], rule: LinkRule, settings: GatewaySettings, resolve: Resolve
    ) -> None:
        self._hosts = [each for each in map(place, hosts) if each is not None]
        self._rule = rule
        self._settings = settings
        self._resolve = resolve
        self._tls = _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        self._seats = asyncio.Semaphore(settings.max_connections)
        self._idle: defaultdict[str, deque[_Idle]] = defaultdict(deque)  # by origin
        self._keeps = True

    @asynccontextmanager
    async def alone(
        self, request: httpx.Request, target: Place, *, trusting: bool
    ) -> AsyncIterator[httpx.Response]:
        """Send a request on a connection of its own, closed afterwards; lend the answer.

        Args:
            request: What to send.
            target: Where it goes.
            trusting: Whether the provider's own hosts are connected to unjudged; a download
                never does.
        """
        connection = self._made(request, target, trusting=trusting)
        try:
            async with _opened(connection, request, target) as response:
                yield response
        finally:
            await connection.aclose()

    @asynccontextmanager
    async def together(
        self, request: httpx.Request, target: Place
    ) -> AsyncIterator[httpx.Response]:
        """Send a request on a connection that others may have used before; lend the answer.

        Raises:
            httpcore.PoolTimeout: Too many are in use, for too long.
        """
        await self._seat()
        try:
            connection = await self._kept(target.origin)
            if connection is None:
                connection = self._made(request, target, trusting=True)
            try:
                async with _opened(connection, request, target) as response:
                    yield response
            finally:
                await self._back(target.origin, connection)
        finally:
            self._seats.release()

    async def close(self) -> None:
        """Let go of the idle connections, and keep none from now on; may be called twice."""
        self._keeps = False
        for idle in self._idle.values():
            await _close(idle, before_s=float("inf"))

    async def _seat(self) -> None:
        """Wait for the right to use one connection more."""
        try:
            async with asyncio.timeout(self._settings.pool_s):
                await self._seats.acquire()
        except TimeoutError as error:
            raise httpcore.PoolTimeout from error

    async def _kept(self, origin: str) -> httpcore.AsyncConnectionInterface | None:
        """Take the connection that was used last, unless its server has ended it meanwhile."""
        idle = self._idle[origin]
        while idle:
            connection = idle.pop().connection
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _back(self, origin: str, connection: httpcore.AsyncConnectionInterface) -> None:
        """Keep a connection that is idle again; close it, and those idle too long, otherwise."""
        now_s = time.monotonic()
        idle = self._idle[origin]
        if self._keeps and connection.is_available():
            idle.append(_Idle(connection, now_s))
        else:
            await connection.aclose()
        await _close(idle, before_s=now_s - _KEPT_S)

    def _made(
        self, request: httpx.Request, target: Place, *, trusting: bool
    ) -> httpcore.AsyncConnectionInterface:
        """Make a connection, or one through a proxy; it connects when it is first used."""
        proxy = proxy_for(target)
        trusted = {(each.host, each.port) for each in self._hosts if trusting}
        if proxy is not None:
            url = httpx.URL(proxy)
            trusted.add((url.host, url.port or _PROXY_PORTS.get(url.scheme, 80)))
        maker = httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            proxy=None if proxy is None else _proxy(httpx.Proxy(proxy)),
            keepalive_expiry=_KEPT_S,
            network_backend=Network(self._rule, frozenset(trusted), self._resolve),
        )
        return maker.create_connection(_url(request).origin)


def _proxy(told: httpx.Proxy) -> httpcore.Proxy:
    url = told.url
    return httpcore.Proxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        auth=told.raw_auth,
        headers=told.headers.raw,
    )


async def _close(idle: deque[_Idle], *, before_s: float) -> None:
    """Close the connections that have been idle since before a time."""
    while idle and idle[0].since_s < before_s:
        await idle.popleft().connection.aclose()

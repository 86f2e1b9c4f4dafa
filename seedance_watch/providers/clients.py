"""httpx clients: thrown away after one call, or shared by the short ones.

httpx 0.28 loses a connection for good whenever a call is cancelled. So nothing here is ever
cancelled through a shared client, and one whose connections have all gone astray is replaced.
"""

import os
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from urllib.request import getproxies, proxy_bypass

import httpx
import structlog

from seedance_watch.providers.links import LinkRule, Place, Resolve, place
from seedance_watch.providers.network import Network
from seedance_watch.providers.settings import GatewaySettings

log = structlog.get_logger()

_PROXY_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def _agent() -> str:
    """Say who calls."""
    try:
        return f"seedance-watch/{version('seedance-watch')}"
    except PackageNotFoundError:
        return "seedance-watch"


# No compression: a video has none to gain, and a small answer cannot unfold into a large one.
_HEADERS = {"user-agent": _agent(), "accept-encoding": "identity"}


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


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's own transport with our network below."""

    def __init__(
        self, network: Network, tls: ssl.SSLContext, *, limits: httpx.Limits, proxy: str | None
    ) -> None:
        super().__init__(verify=tls, trust_env=False, limits=limits, proxy=proxy)
        # httpx takes no network as an argument; its three kinds of pool all keep it here.
        self._pool._network_backend = network  # noqa: SLF001


@asynccontextmanager
async def opened(
    client: httpx.AsyncClient, request: httpx.Request, target: Place
) -> AsyncIterator[httpx.Response]:
    """Send a request, lend the answer with its body unread, say in the log how it went."""
    began = time.monotonic()
    status: int | None = None
    try:
        response = await client.send(request, stream=True)
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


@dataclass(slots=True)
class _Shared:
    """A client and how many calls are using it."""

    client: httpx.AsyncClient
    users: int = 0
    retired: bool = False


class Clients:
    """Makes and keeps the clients of one provider.

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
        self._shared: _Shared | None = None

    def alone(self, target: Place, *, trusting: bool) -> httpx.AsyncClient:
        """Make a client for one call to one place; close it afterwards.

        Args:
            target: Where the call goes.
            trusting: Whether the provider's own hosts are connected to unjudged; a download
                never does.
        """
        transport = self._transport(proxy_for(target), connections=1, trusting=trusting)
        return self._client(transport, {})

    @asynccontextmanager
    async def together(self) -> AsyncIterator[httpx.AsyncClient]:
        """Lend the shared client; a PoolTimeout that is not our own doing replaces it."""
        shared = self._shared = self._shared or _Shared(self._new_shared())
        shared.users += 1
        try:
            yield shared.client
        except httpx.PoolTimeout:
            if shared.users <= self._settings.max_connections:
                self._retire(shared)
            raise
        finally:
            shared.users -= 1
            if shared.retired and not shared.users:
                await shared.client.aclose()

    async def close(self) -> None:
        """Let go of the shared connections; may be called twice."""
        shared, self._shared = self._shared, None
        if shared is not None:
            await shared.client.aclose()

    def _retire(self, shared: _Shared) -> None:
        """Let the next call start afresh; the last user closes the old client."""
        shared.retired = True
        if self._shared is shared:
            self._shared = None

    def _new_shared(self) -> httpx.AsyncClient:
        connections = self._settings.max_connections
        mounts = {
            each.origin: self._transport(proxy, connections=connections, trusting=True)
            for each in self._hosts
            if (proxy := proxy_for(each)) is not None
        }
        direct = self._transport(None, connections=connections, trusting=True)
        return self._client(direct, mounts)

    def _client(self, transport: _Transport, mounts: dict[str, _Transport]) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=transport,
            mounts=mounts,
            headers=_HEADERS,
            trust_env=False,
            follow_redirects=False,
        )

    def _transport(self, proxy: str | None, *, connections: int, trusting: bool) -> _Transport:
        trusted = {(each.host, each.port) for each in self._hosts if trusting}
        if proxy is not None:
            url = httpx.URL(proxy)
            trusted.add((url.host, url.port or _PROXY_PORTS.get(url.scheme, 80)))
        network = Network(self._rule, frozenset(trusted), self._resolve)
        limits = httpx.Limits(max_connections=connections, keepalive_expiry=10.0)
        return _Transport(network, self._tls, limits=limits, proxy=proxy)

"""Where connections may lead: none goes into a private network.

Names from foreign links are resolved here, every address is judged, and the connection goes to
an address that was judged. TLS and the Host header still see the name.
"""

# ruff: noqa: ASYNC109 - the signatures are httpcore's

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import httpcore

from seedance_watch.providers.links import LinkRule, Resolve, all_public, refused
from seedance_watch.providers.sockets import SocketOption, Sockets, left_s


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
        self._plain: httpcore.AsyncNetworkBackend = Sockets()

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
        left = left_s(timeout, httpcore.ConnectTimeout)
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
                return await self._plain.connect_tcp(target, port, share, *how)
        try:
            return await self._plain.connect_tcp(targets[-1], port, share, *how)
        except UnicodeError as error:  # a configured host with an empty or overlong label
            raise httpcore.ConnectError("not a host name") from error

"""Addresses that are not the provider's own: judged before anything is sent there."""

import asyncio
from dataclasses import dataclass

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.links import LinkRule, Place, Resolve, all_public, refused, shown
from seedance_watch.providers.proxies import proxy_for


@dataclass(frozen=True, slots=True)
class Foreign:
    """Judges foreign addresses.

    Attributes:
        rule: What their text may be.
        resolve: Asks for a name's addresses.
        connect_s: Longest time for an answer to that.
    """

    rule: LinkRule
    resolve: Resolve
    connect_s: float

    async def vet(self, url: str, doing: str) -> Place:
        """Judge a foreign address: its text, and what its name resolves to.

        Behind a proxy a name may have no address here; then the proxy is left to judge.

        Raises:
            Fault: As the rule says; UNREACHED: the name has no address.
        """
        found = self.rule.check(url, doing)
        if self.rule.is_own(found.host, found.port):
            return found
        try:
            async with asyncio.timeout(self.connect_s):
                addresses = await self.resolve(found.host, found.port)
        except OSError as error:
            if proxy_for(found) is not None:
                return found
            reason = (
                f"{doing}: the name {found.host!r} has no address ({error}); check the network"
            )
            raise Fault(FaultKind.UNREACHED, reason) from error
        if not all_public(addresses):
            raise refused(doing, shown(url), "it leads into a private network")
        return found

"""Everything of a provider that speaks HTTP, put together; gateway.py loads it at its first call.

To load httpx, httpcore and what they stand on takes as long as to read thousands of jobs, and a
daemon is ready, and a command has said what it knows, without them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from aiolimiter import AsyncLimiter

from seedance_watch.ports import Clock
from seedance_watch.providers.connections import Connections
from seedance_watch.providers.download import Downloads
from seedance_watch.providers.foreign import Foreign
from seedance_watch.providers.links import LinkRule, Resolve
from seedance_watch.providers.settings import GatewaySettings
from seedance_watch.providers.wire import Wire


@dataclass(frozen=True, slots=True)
class Line:
    """The line to one provider.

    Attributes:
        wire: Sends calls.
        downloads: Fetches videos.
        foreign: Judges addresses that are not the provider's own.
        limiter: Gives each call its turn.
    """

    wire: Wire
    downloads: Downloads
    foreign: Foreign
    limiter: AsyncLimiter

    @classmethod
    def to(
        cls,
        hosts: Iterable[str],
        settings: GatewaySettings,
        clock: Clock,
        *,
        resolve: Resolve,
        keeps: bool,
    ) -> Self:
        """Give the line to these hosts, nothing is sent yet; `keeps` as for Connections."""
        rule = LinkRule.of(settings.base_url)
        connections = Connections(hosts, rule, settings, resolve, keeps=keeps)
        rate = settings.requests_per_s
        return cls(
            Wire(connections, settings, clock),
            Downloads(connections, rule, settings, clock),
            Foreign(rule, resolve, settings.connect_s),
            AsyncLimiter(max(1.0, rate), max(1.0, 1.0 / rate)),
        )

"""What is left on the providers' accounts, looked at now and then."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import structlog

from seedance_watch.core.errors import Fault
from seedance_watch.core.model import Money
from seedance_watch.ports import Clock, Provider

_CALL_S = 120.0  # the longest that one look may take


@dataclass(slots=True)
class Accounts:
    """The accounts that are looked at.

    Attributes:
        clock: Waits.
        providers: Whose accounts, by name.
        warn_below: By provider, in its unit; no warning where there is none.
        every_s: Seconds between two looks.
        left: What the last look found, by provider.
        beat: Told how long it rests at most, after each look.
    """

    clock: Clock
    providers: Mapping[str, Provider]
    warn_below: Mapping[str, Decimal]
    every_s: float
    left: dict[str, Money] = field(default_factory=dict)
    beat: Callable[[float], None] = lambda rest_s: None
    _low: set[str] = field(default_factory=set)

    async def watch(self, stop: asyncio.Event) -> None:
        """Look at the beginning and then at intervals, until stopped."""
        while not stop.is_set():
            for name, provider in self.providers.items():
                self.beat(_CALL_S)
                await self._look(name, provider)
            self.beat(self.every_s)
            await self.clock.pause(self.every_s, stop)

    async def _look(self, name: str, provider: Provider) -> None:
        """Look at one account; what cannot be read now is read the next time."""
        try:
            left = await provider.balance()
        except Fault as fault:
            structlog.get_logger().debug("account.unread", provider=name, reason=fault.reason)
            return
        if self.left.get(name) != left:
            structlog.get_logger().debug("account.read", provider=name, left=str(left))
        self.left[name] = left
        self._warn(name, left)

    def _warn(self, name: str, left: Money) -> None:
        """Say that an account runs low, once until it was filled up."""
        low = left.amount < self.warn_below.get(name, left.amount)
        if low and name not in self._low:
            cure = "fill it up, or the jobs will wait"
            structlog.get_logger().warning("account.low", provider=name, left=str(left), cure=cure)
        (self._low.add if low else self._low.discard)(name)

"""Providers that a person pauses: nothing new is paid there, across restarts, until resumed.

What a provider has in work is asked about and fetched all the same, and a call whose answer is
not known is settled: results perish.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import structlog

from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import Effect
from seedance_watch.core.machine import Job
from seedance_watch.core.orders import Act, Order, Refused
from seedance_watch.core.pauses import LaneOrder, Pause
from seedance_watch.core.words import meant
from seedance_watch.engine.daemon import Daemon
from seedance_watch.engine.lanes import PAUSED

_PAYING = frozenset({Effect.INTEND, Effect.SUBMIT})


@dataclass(slots=True)
class Pauses:
    """Pauses and resumes lanes.

    Attributes:
        daemon: Whose lanes.
        keep: Makes all pauses durable; blocking, raises OSError.
    """

    daemon: Daemon
    keep: Callable[[Iterable[Pause]], None]
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def obey(self, order: LaneOrder) -> str:
        """Do what a person orders of a lane; say what follows. Asked again, it changes nothing.

        Raises:
            Refused: There is no such provider, or the pause could not be made durable.
        """
        lanes = self.daemon.lanes
        if order.provider not in lanes.seats:
            raise Refused(f"there is no provider {order.provider}; {meant_of(order, lanes.seats)}")
        async with self._lock:
            try:
                return await (self._pause(order) if order.paused else self._resume(order))
            except OSError as error:
                said = f"that could not be written down: {error.strerror}"
                raise Refused(f"{said}, so a restart would not know of it") from error

    async def _pause(self, order: LaneOrder) -> str:
        lanes, provider = self.daemon.lanes, order.provider
        if provider in lanes.pauses:
            return f"{provider} is {lanes.pauses[provider]}"
        now = self.daemon.runner.tools.clock.now()
        # First here and then on disk: nothing may be begun while it is being written.
        lanes.pauses[provider] = pause = Pause(provider, now, order.by)
        structlog.get_logger().warning(
            PAUSED, provider=provider, reason=str(pause), code="by_person"
        )
        await asyncio.to_thread(self.keep, tuple(lanes.pauses.values()))
        return (
            f"{provider} is paused: nothing new is paid there before `seedance-watch resume "
            f"{provider}`, also after a restart; what it has in work is fetched{self._paying()}"
        )

    async def _resume(self, order: LaneOrder) -> str:
        lanes, provider = self.daemon.lanes, order.provider
        rest = [pause for name, pause in lanes.pauses.items() if name != provider]
        paused = provider in lanes.pauses
        if paused:
            await asyncio.to_thread(self.keep, rest)
            del lanes.pauses[provider]
            structlog.get_logger().info("lane.resumed", provider=provider)
        why = lanes.try_now(provider, self.daemon.runner.tools.clock.now())
        await self._wake(order)
        self.daemon.turns.nudge.set()
        if why:
            return f"{provider} is tried again at once; it took nothing because: {why}"
        return f"{provider} goes on" if paused else f"{provider} is not paused"

    async def _wake(self, order: LaneOrder) -> None:
        """Let those who were turned away by the provider try again now and not later."""
        for job in self.daemon.queue.jobs():
            if _turned_away(job, order.provider):
                with contextlib.suppress(Refused):  # it has gone on meanwhile
                    await self.daemon.obey(Order(Act.RELEASE, job.id, by=order.by, seq=job.seq))

    def _paying(self) -> str:
        """Say how many calls were being made at this moment; they are finished and recorded."""
        count = sum(effect in _PAYING for effect in self.daemon.runner.doing.values())
        return f"; paid calls under way just now are finished ({count})" if count else ""


def _turned_away(job: Job, provider: str) -> bool:
    """Whether a job waits since a provider took nothing: no key, no credits, no such model."""
    if job.hold or job.prepared is None or job.prepared.spec.provider != provider:
        return False
    last = (each for each in (job.deferred, job.unsent) if each and each.until == job.wake_at)
    return any(each.kind is FaultKind.DENIED for each in last)


def meant_of(order: LaneOrder, known: Iterable[str]) -> str:
    """Suggest the provider that was most likely meant."""
    return meant(order.provider, sorted(known))

"""Which jobs may go on, as far as their folders are concerned.

A job whose folders cannot be worked in is left where it waits: it fails at nothing, so nothing is
retried. What the provider alone knows (is it done?) is asked all the same, because links perish.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field

from seedance_watch.core.doubts import KEY_CHANGED
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Effect
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.why import TOO_LITTLE_ROOM
from seedance_watch.ports import ROOM, Ground

S = State

# What the steps from a state on need, up to the next gate.
NEEDS: Mapping[State, tuple[str, ...]] = {
    S.CLAIMING: ("inbox",),
    S.CLAIMED: ("inbox",),
    S.PREPARED: ("inbox", "outbox", ROOM),
    S.STAGED: ("inbox", "outbox", ROOM),
    S.SUBMITTING: (),
    S.RUNNING: (),
    S.READY: ("outbox",),
    S.FETCHED: ("outbox",),
    S.PLACING: ("outbox",),
    S.PLACED: ("inbox", "outbox", "done"),
    S.FAILING: ("inbox", "outbox", "failed"),
    S.CANCELLING: ("inbox", "outbox", "failed"),
}

# Effects that wait for the provider and not for our disk: they keep their seats.
_ELSEWHERE = frozenset({Effect.SUBMIT, Effect.RECONCILE, Effect.POLL})
# Local faults that say nothing about the folders: memory, processes, a budget, an equal wish, a
# new key.
_NO_DISK = frozenset({"memory", "process", "twin", "budget", KEY_CHANGED})


def _needs(job: Job) -> tuple[str, ...]:
    """Give the folders for the steps to come; a chained shot takes its frame out of the outbox."""
    chained = job.state is S.CLAIMED and job.claim.start_from
    return (*NEEDS[job.state], *(("outbox",) if chained else ()))


@dataclass(frozen=True, slots=True)
class Grounds:
    """The folders of all watch entries, by name; an entry without one is always open."""

    grounds: Mapping[str, Ground] = field(default_factory=dict)

    def open(self, job: Job) -> bool:
        """Whether the folders that a working job needs next can be worked in."""
        ground = self.grounds.get(job.claim.watch)
        return ground is None or ground.open(*_needs(job))

    def closed(self, job: Job) -> str:
        """Say why a working job cannot go on for the sake of its folders, "" where it can."""
        if self.open(job):
            return ""
        ground = self.grounds[job.claim.watch]
        return ground.closed or TOO_LITTLE_ROOM

    def troubles(self) -> Mapping[str, str]:
        """Say for each watch entry whose folders cannot be worked in why not."""
        return {watch: each.closed for watch, each in self.grounds.items() if each.closed}

    def can_note(self, job: Job) -> bool:
        """Whether a note about a held job can be written, as far as is known."""
        ground = self.grounds.get(job.claim.watch)
        return ground is None or ground.open("held")

    def frozen(self, watch: str) -> bool:
        """Whether a disk of a watch entry does not answer."""
        return watch in self.grounds and self.grounds[watch].frozen

    def holds_up(self, job: Job, effect: Effect | None) -> bool:
        """Whether a driven job may wait for a disk that does not answer."""
        ground = self.grounds.get(job.claim.watch)
        return ground is not None and ground.frozen and effect not in _ELSEWHERE

    def judged(self, job: Job, fault: Fault) -> Fault:
        """Take in a fault: one of our own disk has its folders tried out.

        Returns:
            The fault; a LOCAL one for a decoder that waited in vain for a disk.
        """
        ground = self.grounds.get(job.claim.watch)
        if ground and ground.frozen and fault.code == "crash":
            return Fault(FaultKind.LOCAL, fault.reason, code="frozen")
        if ground and fault.kind is FaultKind.LOCAL and fault.code not in _NO_DISK:
            ground.doubt()
        return fault

    # Running

    async def enter(self, stop: asyncio.Event) -> None:
        """Begin to work in all of them; asking may take a while, a stop ends it.

        Raises:
            SpoolError: Another daemon works in one.
        """
        entering = [asyncio.ensure_future(each.enter()) for each in self.grounds.values()]
        stopped = asyncio.ensure_future(stop.wait())
        waited = {*entering, stopped}
        try:
            while not (stopped.done() or all(each.done() for each in entering)):
                done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                waited -= done
        finally:
            for each in waited:
                each.cancel()
        for each in entering:
            if each.done() and not each.cancelled():
                each.result()

    async def leave(self) -> None:
        """Let others work in them."""
        await _all(ground.leave() for ground in self.grounds.values())

    def pulses(self, changed: Callable[[], None]) -> list[Coroutine[None, None, None]]:
        """Give what looks after each of them until cancelled."""
        return [ground.run(changed) for ground in self.grounds.values()]


async def _all(works: Iterable[Coroutine[None, None, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(work)

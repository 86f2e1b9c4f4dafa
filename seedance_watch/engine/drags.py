"""Notes dragged out of held/: to the inbox a job goes on, to failed/ it is given up.

Whoever has only the network drive orders by them. What may not be done is not done silently: the
note stands in held/ again and says why. Nothing is looked for while no job is held.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from seedance_watch.core import dragged, reasons
from seedance_watch.core.errors import Fault, IllegalMove, JournalError, Stale
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.orders import Order, Refused
from seedance_watch.engine.queue import Queue
from seedance_watch.ports import Clock, Dragged, Inbox, Journal, Spool

EVERY_S = 2.0
_SHARE = 20.0  # looking takes at most one part in so many of the time, however much lies there


@dataclass(slots=True)
class Drags:
    """Obeys the notes that lie where they were dragged to.

    Attributes:
        queue: The open jobs.
        inboxes: The watched folders, by watch name.
        spool: Finds and removes notes.
        journal: Knows the jobs that are over.
        clock: Waits.
        obey: Does what a person orders; raises Refused.
        refuse: Lets the note about a job stand in held/ again, with what is said first.
    """

    queue: Queue
    inboxes: Mapping[str, Inbox]
    spool: Spool
    journal: Journal
    clock: Clock
    obey: Callable[[Order], Awaitable[Job]]
    refuse: Callable[[str, str], Awaitable[None]]
    _passed: set[Dragged] = field(default_factory=set)  # said once that nothing is done with it

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds, until stopped; a drive that hangs holds up no other."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self.inboxes:
                tasks.create_task(self._watch(watch, stop))

    async def once(self) -> None:
        """Look into the folders of every watch entry."""
        for watch in self.inboxes:
            await self.tidy(watch)
            await self.look(watch)

    async def _watch(self, watch: str, stop: asyncio.Event) -> None:
        spent_s = 0.0
        await self.tidy(watch)
        while not await self.clock.pause(max(EVERY_S, spent_s * _SHARE), stop):
            begun_s = time.monotonic()
            await self.look(watch)
            spent_s = time.monotonic() - begun_s

    async def tidy(self, watch: str) -> None:
        """Take the notes away that a crash left in held/ about jobs that are held no more."""
        with suppress(Fault, JournalError, IllegalMove):  # one history may be unreadable
            for note in await asyncio.to_thread(self.spool.noted, watch):
                if await self._outlived(note):
                    await asyncio.to_thread(self.spool.take_away, note)

    async def _outlived(self, note: Dragged) -> bool:
        """Whether a note speaks of one of our jobs that is not held; others' are left alone."""
        order = dragged.wanted(note.name.rpartition("/")[2], note.text, to="inbox")
        if order is None:
            return False
        job = self.queue.job(order.job_id)
        if job is None and (history := await self.journal.history(order.job_id)):
            job = fold(order.job_id, history)
        return job is not None and job.claim.watch == note.watch and job.hold is None

    async def look(self, watch: str) -> None:
        """Obey what was dragged in the folders of a watch entry, if any of its jobs is held.

        Raises:
            JournalError: The journal cannot be written any more.
        """
        if not any(job.claim.watch == watch for job in self.queue.held()):
            return
        try:
            notes = await asyncio.to_thread(self.spool.dragged, watch, self.inboxes[watch].notes())
        except Fault:
            return  # the folder is away, which its ground tells
        self._passed = {note for note in self._passed if note.watch != watch or note in notes}
        for note in notes:
            if note not in self._passed:
                await self._take(note)

    async def _take(self, note: Dragged) -> None:
        """Obey one note, or leave it and say so once."""
        order = dragged.wanted(note.name.rpartition("/")[2], note.text, to=note.to)
        job = self.queue.job(order.job_id) if order else None
        if order is None or job is None or job.claim.watch != note.watch:
            self._leave(note, "it is not about an open job of this folder")
            return
        if await self._settled(job, order, note):
            try:
                await asyncio.to_thread(self.spool.take_away, note)
            except Fault as fault:
                self._leave(note, fault.reason)

    async def _settled(self, job: Job, order: Order, note: Dragged) -> bool:
        """Do what a note orders, or put it back with the reason why not; False: try again."""
        log = structlog.get_logger().bind(job=job.id, order=str(order.act), note=note.name)
        try:
            await self.obey(order)
            log.info("job.note_obeyed")
        except Stale:
            return False
        except Refused as refused:
            await self.refuse(job.id, reasons.refused(job, order, str(refused)))
            log.warning("job.note_refused", reason=str(refused))
        return True

    def _leave(self, note: Dragged, reason: str) -> None:
        self._passed.add(note)
        cure = "nothing is done with it; remove it, or move it back to held"
        structlog.get_logger().warning(
            "job.note_left",
            watch=note.watch,
            folder=note.to,
            note=note.name,
            reason=reason,
            cure=cure,
        )

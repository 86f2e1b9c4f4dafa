"""Who has a job in hand: its driver, an order, or the daemon itself; never two at once.

Of several who want the same job the driver goes first to the end of the effect that it is in.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

import structlog

from seedance_watch.core import reasons
from seedance_watch.core.errors import Fault, Stale
from seedance_watch.core.events import Event
from seedance_watch.core.machine import Job
from seedance_watch.core.orders import Refused
from seedance_watch.engine.queue import Queue
from seedance_watch.engine.runner import Runner

Change = Callable[[Job], Sequence[Event]]


@dataclass(slots=True)
class Hands:
    """Takes jobs out of the queue and puts them back.

    Attributes:
        runner: Drives and records.
        queue: Where jobs wait.
        put_back: Told each job that waits in the queue again.
        unnoted: Jobs whose note in held/ could not be looked after while the folder was away.
        said: Why something was not done that a note ordered, by job; stands first in its note.
    """

    runner: Runner
    queue: Queue
    put_back: Callable[[Job], None]
    unnoted: set[str] = field(default_factory=set)
    said: dict[str, str] = field(default_factory=dict)
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def drive(self, found: Job) -> None:
        """Drive a job to its next stand and put it where it waits."""
        async with self._hand(found.id):
            if self.queue.job(found.id) is not found:
                return  # somebody put it elsewhere meanwhile
            try:
                with structlog.contextvars.bound_contextvars(job=found.id):
                    job, at = await self.runner.drive(found)
                    await self._put(job, found, at)
            except Stale:
                structlog.get_logger().error("job.stale", job=found.id)
                self.queue.forget(found)
            finally:
                self.runner.unseated.discard(found.id)

    async def change(self, job_id: str, make: Change) -> Job:
        """Record what is made of a job as it is, as soon as its effect has ended.

        Args:
            job_id: Which open job.
            make: Gives the events from the job; none where nothing has to be done.

        Returns:
            The job as it is now.

        Raises:
            Refused: There is no such open job, or `make` says so.
            Stale: Somebody else wrote to its history.
            JournalError: The journal cannot be written.
        """
        self.runner.wanted.add(job_id)
        try:
            async with self._hand(job_id):
                return await self._changed(job_id, make)
        finally:
            self.runner.wanted.discard(job_id)

    async def _changed(self, job_id: str, make: Change) -> Job:
        before = self.queue.job(job_id)
        if before is None:
            raise Refused(f"there is no open job {job_id}; `status` lists them")
        job = await self.runner.record(before, make(before))
        if job is not before:
            now = self.runner.tools.clock.now()
            await self._put(job, before, job.hold.until if job.hold else job.wake_at or now)
        return job

    async def _put(self, job: Job, before: Job, at: float | None) -> None:
        """Put a job where it waits, with or without a note about its hold."""
        if job.hold != before.hold or (job.at_rest and job.id in self.said):
            self.said.pop(job.id, None)
            await self.note_hold(job)
        if job.at_rest:
            self.queue.forget(job)
        else:
            self.queue.put(job, at=at)
            self.put_back(job)

    async def refuse(self, job_id: str, said: str) -> None:
        """Let it stand in held/ why something was not done with a job, until that changes."""
        async with self._hand(job_id):
            if job := self.queue.job(job_id):
                self.said[job_id] = said
                await self.note_hold(job)

    def _note(self, job: Job) -> str:
        """Give what has to stand in held/ about a job, "" for nothing."""
        said = self.said.get(job.id, "")
        if job.hold:
            return reasons.held(job, refused=said)
        return reasons.goes_on(job, refused=said) if said else ""

    async def note_hold(self, job: Job) -> None:
        """Let a held job's reason stand in held/, and take it away when it goes on."""
        spool, text = self.runner.tools.spool, self._note(job)
        if not self.runner.tools.grounds.can_note(job):
            self.unnoted.add(job.id)
            return
        try:
            if text:
                await asyncio.to_thread(spool.write_note, job, "held", text)
            else:
                await asyncio.to_thread(spool.remove_note, job, "held")
        except Fault as fault:
            self.runner.tools.grounds.judged(job, fault)
            structlog.get_logger().warning("job.note_unwritten", job=job.id, reason=fault.reason)
            self.unnoted.add(job.id)

    async def note_again(self) -> None:
        """Look after the notes in held/ that could not be, where the folder is back."""
        unnoted, self.unnoted = self.unnoted, set()
        for job_id in unnoted:
            async with self._hand(job_id):
                if job := self.queue.job(job_id):
                    await self.note_hold(job)

    def _hand(self, job_id: str) -> asyncio.Lock:
        """Give the lock of whoever has a job in hand."""
        return self._locks.setdefault(job_id, asyncio.Lock())

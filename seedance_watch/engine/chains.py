"""Chained shots that wait for another one's video: who waits for whom, and who looks again.

The journal knows what became of a shot; here is only who has to be told. Nothing is asked again
and again: what happens to a shot is heard, and stirs those that wait for its name.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from seedance_watch.core import chain
from seedance_watch.core.chain import Name, Shot, Start, Video, Waits
from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.events import Event, Held, Released
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.ports import Journal, Spool

S = State
_WAITING = frozenset({S.CLAIMING, S.CLAIMED})
_TELLS = frozenset({S.CLAIMING, *chain.ENDED})  # what those want to know who wait for a shot
BY = "chain"


@dataclass(slots=True)
class Chains:
    """The chained jobs that have no first image yet.

    Attributes:
        journal: Knows all shots.
        spool: Knows their videos.
    """

    journal: Journal
    spool: Spool
    _waiting: dict[str, Job] = field(default_factory=dict)
    _by_name: dict[Name, set[str]] = field(default_factory=dict)
    _links: dict[Name, str] = field(default_factory=dict)  # the newest job, where that waits too
    _waits: dict[str, Waits] = field(default_factory=dict)
    _stirred: set[str] = field(default_factory=set)

    # News

    def loaded(self, job: Job) -> None:
        """Take in a job as a start finds it; the first claimed comes first."""
        self._keep(job, new=True)
        if job.id in self._waiting and held(job):
            self._stirred.add(job.id)

    def heard(self, before: Job, after: Job) -> None:
        """Take in a change of any job."""
        new, waited = before.state is S.NEW, before.id in self._waiting
        if new or waited or after.claim.start_from:
            self._keep(after, new=new)
        if new or (waited and after.id not in self._waiting):
            self._stir(job.id for job in self._waiting.values() if _looped(job))
        if after.state is not before.state and after.state in _TELLS:
            self._stir(self._by_name.get(chain.own_name(after.claim), ()))
        if new and after.id in self._waiting:
            self._stir(self._ring(after))

    def _keep(self, job: Job, *, new: bool) -> None:
        waits = bool(job.claim.start_from) and job.state in _WAITING
        if not waits and not self._waiting:
            return  # nobody waits, so nobody is linked
        name = chain.own_name(job.claim)
        if new or (not waits and self._links.get(name) == job.id):
            self._links.pop(name, None)
        if waits:
            self._waiting[job.id] = job
            self._links |= {name: job.id} if new else {}
        elif self._waiting.pop(job.id, None) is None:
            return
        else:
            self._stirred.discard(job.id)
            self._waits.pop(job.id, None)
        for wanted in chain.wanted(job.claim):
            self._wait(wanted, job.id) if waits else self._go(wanted, job.id)

    def _wait(self, name: Name, job_id: str) -> None:
        self._by_name.setdefault(name, set()).add(job_id)

    def _go(self, name: Name, job_id: str) -> None:
        waiting = self._by_name.get(name, set())
        waiting.discard(job_id)
        if not waiting:
            self._by_name.pop(name, None)

    def _stir(self, job_ids: Iterable[str]) -> None:
        self._stirred.update(job_ids)

    # Turns

    @property
    def stirred(self) -> bool:
        """Whether somebody has to look again."""
        return bool(self._stirred)

    def take(self, busy: Collection[str]) -> list[str]:
        """Give the jobs that have to look again; those that are busy later."""
        ready = [job_id for job_id in self._stirred if job_id not in busy]
        self._stirred.difference_update(ready)
        for job_id in ready:
            self._waits.pop(job_id, None)
        return ready

    def resume_at(self, job: Job, now: float) -> float | None:
        """Give when a claimed job may go on: a time, or None until something is heard."""
        waits = self._waits.get(job.id)
        return now if waits is None or job.id in self._stirred else waits.until

    def links(self) -> Mapping[str, str]:
        """Give the jobs that wait for nothing but another job's video, each with that job."""
        return {job_id: waits.on for job_id, waits in self._waits.items() if waits.on}

    # Looking

    async def look(self, job: Job, now: float) -> Start | Waits | Held:
        """Say whether a chained job may go on, and from what.

        Raises:
            Fault: LOCAL, a folder cannot be looked into.
        """
        while True:
            self._stirred.discard(job.id)
            self._waits.pop(job.id, None)
            found = await self._found(job, now)
            if job.id not in self._stirred:
                break  # else another shot of that name came meanwhile
        if isinstance(found, Waits):
            self._waits[job.id] = found
        return found

    async def _found(self, job: Job, now: float) -> Start | Waits | Held:
        shot, lying = await self._shot(job), ""
        if shot is None or shot.ended_at is not None:
            lying = await asyncio.to_thread(self.spool.lying, job)
        ring = self._ring(job)
        leads = shot is not None and len(ring) > 0 and ring[1 % len(ring)] == shot.job_id
        names = tuple(self._waiting[each].claim.stem for each in ring) if leads else ()
        found = chain.judge(job, shot, ring=names, lying=lying, now=now)
        return await self._start(job, found) if isinstance(found, Video) else found

    async def _start(self, job: Job, video: Video) -> Start | Held:
        """Look whether a video still is what was placed."""
        where = video.watch, video.path
        if path := await asyncio.to_thread(self.spool.video, *where, video.clip):
            return Start(video.job_id, str(path))
        changed = await asyncio.to_thread(self.spool.has_video, *where)
        return chain.no_video(job.claim.start_from, video.path, changed=changed)

    async def _shot(self, job: Job) -> Shot | None:
        """Find the newest job of the name that a job goes on from."""
        rows = await self.journal.named(job.claim.watch, chain.labels(job.claim))
        for row in chain.meant(job.claim, rows):
            if row.state not in chain.ENDED:
                return Shot(row.job_id, row.state)
            if shot := await self._ended(row):
                return shot
        return None

    async def _ended(self, row: Row) -> Shot | None:
        try:
            job = fold(row.job_id, await self.journal.history(row.job_id))
            of = job.duplicate.of if job.duplicate else ""
            maker = fold(of, await self.journal.history(of)) if of else None
        except (IllegalMove, JournalError):
            return Shot(row.job_id, row.state, row.changed_at, reason="its history is damaged")
        return chain.shot_of(job, maker)

    def _ring(self, job: Job) -> tuple[str, ...]:
        return chain.ring(job.id, self._before) if job.id in self._waiting else ()

    def _before(self, job_id: str) -> str:
        """Give the waiting job that a waiting one goes on from, "" for none."""
        names = chain.wanted(self._waiting[job_id].claim)
        return next((self._links[name] for name in names if name in self._links), "")


def held(job: Job) -> bool:
    """Whether a job is held because of what it goes on from."""
    return job.hold is not None and job.hold.code in chain.CODES


def _looped(job: Job) -> bool:
    return job.hold is not None and job.hold.code == chain.LOOP


def changed(job: Job, before: Job, found: Start | Waits | Held | None) -> Sequence[Event]:
    """Give what follows when a held job looked again; nothing where all is as it was.

    Args:
        job: The job as it is now.
        before: As it was when it looked.
        found: What it saw; None: it could not look.
    """
    if job.hold != before.hold or job.hold is None:
        return ()
    if not isinstance(found, Held):
        return (Released(BY),)
    same = (found.code, found.reason) == (job.hold.code, job.hold.reason)
    return () if same else (found,)

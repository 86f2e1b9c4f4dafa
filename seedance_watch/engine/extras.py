"""Makes what was wished for beside a placed video. Nothing here can endanger the video.

Whatever cannot be made is left out and said in the log; only a disk that cannot be written now
is waited for, a few times.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from seedance_watch.core import extras, machine, reactions
from seedance_watch.core.errors import Fault, FaultKind, IllegalMove, JournalError
from seedance_watch.core.events import Added
from seedance_watch.core.extras import Shot
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Extra, ExtraKind
from seedance_watch.ports import Journal, Putting, Spool, Studio

_GONE = "is not in the outbox any more as it was placed"
_COPIES = 3  # of the shots, while they are joined: encoded again, joined, its index moved
_LACKS = {
    Putting.TAKEN: "its name belongs to somebody else by now",
    Putting.MISSING: "what was made vanished",
}


@dataclass(frozen=True, slots=True)
class Adding:
    """Makes a job's extras.

    Attributes:
        journal: Knows the shots before.
        spool: The folders.
        studio: Makes them.
        min_free_bytes: Nothing large is made where less would be left.
    """

    journal: Journal
    spool: Spool
    studio: Studio
    min_free_bytes: int

    async def added(self, job: Job) -> Added:
        """Make all of them, each or why not.

        Raises:
            Fault: LOCAL, the disk cannot be written now; it is tried again.
        """
        assert job.placing is not None, job.id
        return Added(tuple([await self._one(job, each) for each in job.placing.extras]))

    async def _one(self, job: Job, extra: Extra) -> Extra:
        try:
            lacking = await self._made(job, extra)
        except Fault as fault:
            if fault.kind is FaultKind.LOCAL and reactions.waits_for_extras(job):
                raise
            lacking = fault.reason
        found = replace(extra, lacking=lacking)
        if lacking:
            log = structlog.get_logger()
            log.warning("extra.failed", job=job.id, file=extra.name, reason=lacking)
            await self._noted(job, found)
        return found

    async def _noted(self, job: Job, extra: Extra) -> None:
        """Say to those who see only folders why there is no joined video; or leave it."""
        if extra.kind is not ExtraKind.SEQUENCE:
            return
        try:
            await asyncio.to_thread(self.spool.say_unjoined, job, extra)
        except Fault as fault:
            log = structlog.get_logger()
            log.warning("extra.failed", job=job.id, file=extra.name, reason=fault.reason)

    async def _made(self, job: Job, extra: Extra) -> str:
        """Make one and put it into the outbox; say why not, "" when it is there."""
        if extra.kind is ExtraKind.SEQUENCE:
            return await self._joined(job, extra)
        shot, part = _own(job), self.spool.extra_part(job, extra.kind)
        video = await asyncio.to_thread(self.spool.video, shot.watch, shot.name, shot.clip)
        if video is None:
            return f"{shot.name} {_GONE}"
        if extra.kind is ExtraKind.POSTER:
            await asyncio.to_thread(self.studio.poster, video, part)
        else:
            kind = extra.name.rpartition(".")[2]
            await asyncio.to_thread(self.studio.preview, video, part, kind)
        return await self._put(job, extra)

    async def _put(self, job: Job, extra: Extra, receipt: str = "") -> str:
        """Put it into the outbox; say why not, "" when it is there."""
        outcome = await asyncio.to_thread(self.spool.add, job, extra, receipt.encode())
        return _LACKS.get(outcome, "")

    async def _joined(self, job: Job, extra: Extra) -> str:
        shots, lacking = await self._chain(job)
        if lacking:
            return lacking
        videos: list[Path] = []
        for each in shots:
            video = await asyncio.to_thread(self.spool.video, each.watch, each.name, each.clip)
            if video is None:
                return f"{each.name} {_GONE}"
            videos.append(video)
        await self._room(job, shots)
        part = self.spool.extra_part(job, extra.kind)
        joined = await asyncio.to_thread(self.studio.join, videos, part)
        if wrong := extras.mismatch(shots, joined.clip):
            return wrong
        if joined.why:
            log = structlog.get_logger()
            log.info("extra.encoded", job=job.id, file=extra.name, reason=joined.why)
        receipt = self.studio.sequence_receipt(job, extra.name, shots, joined)
        return await self._put(job, extra, receipt)

    async def _room(self, job: Job, shots: Sequence[Shot]) -> None:
        """Make sure that a joined video takes no room that a paid one needs.

        Raises:
            Fault: LOCAL, too little is free.
        """
        needed = _COPIES * sum(shot.clip.size_bytes for shot in shots) + self.min_free_bytes
        free = await asyncio.to_thread(self.spool.free_bytes, job)
        if free < needed:
            reason = f"only {free} bytes are free in the outbox, {needed} are needed to join there"
            raise Fault(FaultKind.LOCAL, reason, code="no_room")

    async def _chain(self, job: Job) -> tuple[list[Shot], str]:
        """Give the shots that lead to a job, itself the last, or say why they cannot be had."""
        shots, before = [_own(job)], _before(job)
        while before:
            if len(shots) == extras.CHAIN_MOST:
                return [], f"the chain has more than {extras.CHAIN_MOST} shots"
            try:
                earlier = await self._job(before)
                maker = await self._job(earlier.duplicate.of) if earlier.duplicate else earlier
            except (IllegalMove, JournalError) as error:  # an old history; this job goes on
                return [], str(error)
            shot = extras.shot_of(maker)
            if shot is None:
                return [], f"there is no video of {before}"
            shots.insert(0, shot)
            before = _before(earlier)
        return shots, "" if len(shots) > 1 else "there is no shot before this one"

    async def _job(self, job_id: str) -> Job:
        return machine.fold(job_id, await self.journal.history(job_id))


def _own(job: Job) -> Shot:
    shot = extras.shot_of(job)
    assert shot is not None, job.id
    return shot


def _before(job: Job) -> str:
    """Name the job whose video a job goes on from, "" for none."""
    return job.prepared.start if job.prepared else ""

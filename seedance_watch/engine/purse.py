"""What may be spent: the terms of an intent, and what becomes of a job that they stop.

The journal is the judge: it checks the terms in the transaction that records the intent. What is
asked here before only spares an upload and finds the words.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum

from seedance_watch.core import budget, hours
from seedance_watch.core.budget import Cap, Period
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Duplicate, Event, Held, Reused
from seedance_watch.core.hours import Hours
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.ports import Journal, Spool, Terms


class Twins(StrEnum):
    """What to do with a wish for a video that exists."""

    POINT = "point"  # say where it is
    PLACE = "place"  # put it into the outbox once more
    PAY = "pay"  # make another one


@dataclass(frozen=True, slots=True)
class Purse:
    """The limits that the operator set.

    Attributes:
        journal: Knows what was spent and bought.
        spool: Knows whether a video is still where it was placed.
        caps: All limits.
        zone: Whose days and months count.
        twins: By watch name; POINT for one that is not named.
        hours: When paid calls may be made, by watch name; always for one that is not named.
    """

    journal: Journal
    spool: Spool
    caps: Sequence[Cap] = ()
    zone: tzinfo = UTC
    twins: Mapping[str, Twins] = field(default_factory=dict)
    hours: Mapping[str, Sequence[Hours]] = field(default_factory=dict)

    def terms(self, job: Job, now: float) -> Terms:
        """Give what must hold when a job's intent is recorded."""
        ceilings = tuple(budget.ceiling(cap, now, self.zone) for cap in self._periodic(job))
        return Terms(ceilings, self._fingerprint(job))

    async def stopped(self, job: Job, now: float) -> Event | None:
        """Give what becomes of a prepared job that may not be paid for now; None: it may.

        Raises:
            Fault: LOCAL, an equal video is being made; this one waits for it.
        """
        return await self._twin(job) or self.not_now(job, now) or await self.over(job, now)

    def not_now(self, job: Job, now: float) -> Held | None:
        """Give the hold that the terms of an intent know nothing of; None: there is none.

        A job whose time has not come, or that costs more than one job may.
        """
        assert job.prepared is not None, job.id
        early = hours.too_early(job.prepared.spec.not_before, now, self.zone)
        return early or self.closed(job, now) or self._too_dear(job)

    def closed(self, job: Job, now: float) -> Held | None:
        """Give the hold of a job outside the hours of its folder; None: they are now."""
        return hours.closed(self.hours.get(job.claim.watch, ()), now, self.zone)

    def _too_dear(self, job: Job) -> Held | None:
        """Give the hold of a cap per job, which may be another one than at the upload."""
        caps = (cap for cap in self._caps(job) if cap.period is Period.JOB)
        over = (budget.over(cap, job, spent=budget.spent_by(job, cap), until=None) for cap in caps)
        return next(filter(None, over), None)

    async def over(self, job: Job, now: float) -> Held | None:
        """Give the hold of the cap that leaves no room for the longest time."""
        holds = [await self._over(cap, job, now) for cap in self._periodic(job)]
        lasting = [hold for hold in (self._too_dear(job), *holds) if hold]
        return max(lasting, key=_until, default=None)

    async def _over(self, cap: Cap, job: Job, now: float) -> Held | None:
        ceiling = budget.ceiling(cap, now, self.zone)
        spent = await self.journal.spent(ceiling)
        return budget.over(cap, job, spent=spent, until=ceiling.until, zone=self.zone)

    async def _twin(self, job: Job) -> Event | None:
        """Give what becomes of a wish for a video that exists."""
        twin = await self.journal.twin(self._fingerprint(job), job.id)
        if twin is None:
            return None
        if twin.state is not State.DONE:
            raise Fault(
                FaultKind.LOCAL,
                f"job {twin.job_id} is making the same video; this one waits for it, so that it "
                "is not paid twice (`again = true` in the sidecar asks for another)",
                code="twin",
            )
        places = self.twins.get(job.claim.watch) is Twins.PLACE
        if places and await asyncio.to_thread(self.spool.has_video, twin.watch, twin.video):
            return Reused(twin.job_id, twin.watch, twin.video)
        return Duplicate(twin.job_id, twin.video)

    def _caps(self, job: Job) -> list[Cap]:
        return budget.concerning(self.caps, job)

    def _periodic(self, job: Job) -> list[Cap]:
        """Give the caps that other jobs count under as well."""
        return [cap for cap in self._caps(job) if cap.period is not Period.JOB]

    def _fingerprint(self, job: Job) -> str:
        """Give what must be bought once; "" where paying again is wished for."""
        assert job.prepared is not None, job.id
        pays = self.twins.get(job.claim.watch) is Twins.PAY
        return "" if pays else job.prepared.fingerprint


def _until(hold: Held) -> float:
    return float("inf") if hold.until is None else hold.until

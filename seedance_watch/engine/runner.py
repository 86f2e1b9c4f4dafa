"""The one loop that acts: decide, perform, record, until the job rests or waits.

There is no recovery code. A job that a crash interrupted is driven like any other; what it was
in the middle of is its state, and every effect may be repeated. The paid call is the exception
that the permit guards: only the loop that made an intent durable may send it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from seedance_watch.core import doubts, machine, policy, polling, reactions
from seedance_watch.core.errors import Declined, Fault, FaultKind, JournalError
from seedance_watch.core.events import Effect, Event, Held, Intended, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.policy import Permit, Wait
from seedance_watch.engine.effects import PERFORM
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.queue import gate
from seedance_watch.engine.tools import Tools

Heard = Callable[[Job, Job, Record], None]

# Effects that talk to the provider, or need its key: their outcome says something about its lane.
_TALKS = frozenset(
    {
        *(Effect.STAGE, Effect.INTEND, Effect.SUBMIT),
        *(Effect.RECONCILE, Effect.POLL, Effect.DOWNLOAD),
    }
)


@dataclass(slots=True)
class Runner:
    """Drives jobs.

    Attributes:
        tools: The outside.
        lanes: Told how the providers answer.
        luck: Random numbers in [0, 1).
        stopping: Whether a stop was asked for; no effect is begun after that.
        listeners: Told each recorded event, after it is durable.
        doing: The effect that each driven job is in.
        wanted: Jobs that somebody waits for; they are let go of after the effect they are in.
        unseated: Jobs that waited for a disk for so long that their seats were given to others.
    """

    tools: Tools
    lanes: Lanes
    luck: Callable[[], float]
    stopping: Callable[[], bool]
    listeners: list[Heard] = field(default_factory=list)
    doing: dict[str, Effect] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    unseated: set[str] = field(default_factory=set)

    async def drive(self, job: Job) -> tuple[Job, float | None]:
        """Take a job as far as it goes from its gate.

        Returns:
            The job, and when it may go on: a time, or None when only somebody's act can move
            it. Returns when it is at rest, waits, reached another gate, or a stop was asked for.

        Raises:
            Stale: Somebody else wrote to its history.
            JournalError: The journal cannot be written; nothing may be sent any more.
        """
        here, permit = gate(job), None
        while True:
            now = self.tools.clock.now()
            step = policy.decide(job, now, permit)
            if step is None or isinstance(step, Wait):
                return job, step.until if step else None
            # An intent without its call would be a doubt for no reason: the two are one.
            if permit is None and (gate(job) != here or self._interrupted(job)):
                return job, self._resume_at(job, now)
            job, events = await self._step(job, step)
            if not events:
                return job, self._resume_at(job, self.tools.clock.now())
            permit = self._permit(job, events)

    def _interrupted(self, job: Job) -> bool:
        """Whether no further effect is to be begun for now."""
        wanted = job.id in self.wanted or job.id in self.unseated
        return self.stopping() or wanted or self._paused(job)

    def _paused(self, job: Job) -> bool:
        """Whether a person wants nothing new paid where the job would be paid next."""
        if job.prepared is None or job.state not in {State.PREPARED, State.STAGED}:
            return False
        return job.prepared.spec.provider in self.lanes.pauses

    async def _step(self, job: Job, effect: Effect) -> tuple[Job, Sequence[Event]]:
        """Perform one effect and record what came of it, or why it must not be."""
        events = await self._perform(job, effect)
        if effect is Effect.INTEND and self._paused(job):
            return job, ()  # while it was composed; nothing is recorded, so nothing is in doubt
        try:
            return await self.record(job, events), events
        except Declined:
            events = [await self._stopped(job)]
            return await self.record(job, events), events

    async def _stopped(self, job: Job) -> Event:
        """Give the event of a job whose intent was declined."""
        try:
            stopped = await self.tools.purse.stopped(job, self.tools.clock.now())
        except Fault as fault:
            return self._react(job, Effect.INTEND, fault)
        room = Fault(FaultKind.LOCAL, "there was no room in the budget a moment ago")
        return stopped or self._react(job, Effect.INTEND, room)

    async def _perform(self, job: Job, effect: Effect) -> Sequence[Event]:
        """Perform one effect; faults and our own bugs become events too."""
        self.doing[job.id] = effect
        try:
            events = await PERFORM[effect](job, self.tools)
        except Fault as found:
            fault = self.tools.grounds.judged(job, found)
            self._tell_lane(job, effect, fault)
            return [self._react(job, effect, fault)]
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001 - the one edge where a bug stops one job only
            structlog.get_logger().exception("job.bug", job=job.id, effect=str(effect))
            reason = f"a mistake in this program during {effect}: {error!r}; please report it"
            return [Held("bug", reason)]
        finally:
            self.doing.pop(job.id, None)
        self._tell_lane(job, effect, None)
        return events

    def _react(self, job: Job, effect: Effect, fault: Fault) -> Event:
        """Turn a fault into the event that says what follows."""
        now = self.tools.clock.now()
        provider = self.tools.providers.get(job.prepared.spec.provider) if job.prepared else None
        if provider is None or not doubts.in_doubt(effect, fault.kind):
            return reactions.react(job, effect, fault, now=now, luck=self.luck())
        pause_s = reactions.pause_s(effect, job.tries, fault=fault, luck=self.luck())
        return doubts.doubt(
            provider.doubts.looks_s,
            provider.doubts.window_s,
            intended_at=job.since[State.SUBMITTING],
            now=now,
            fault=fault,
            again_at=now + pause_s if fault.kind in doubts.UNANSWERED else None,
            looked=effect is Effect.RECONCILE,
        )

    def _tell_lane(self, job: Job, effect: Effect, fault: Fault | None) -> None:
        """Let the provider's lane know how it answered."""
        if effect in _TALKS and job.prepared and not job.reused:
            provider, now = job.prepared.spec.provider, self.tools.clock.now()
            self.lanes.heard(provider, effect, fault=fault, now=now)

    def _permit(self, job: Job, events: Iterable[Event]) -> Permit | None:
        """Give the permit for the paid call of an intent that was just made durable."""
        fresh = any(isinstance(event, Intended) for event in events)
        return Permit(job.id, job.seq) if fresh else None

    def _resume_at(self, job: Job, now: float) -> float | None:
        """Give when a job that is not waiting may go on; None: when something is heard."""
        if job.state is State.CLAIMED:
            return self.tools.chains.resume_at(job, now)
        if job.state is not State.RUNNING:
            return now
        pace = self.tools.studio.pace(job)
        return polling.poll_at(pace, accepted_at=job.since[State.RUNNING], now=now)

    async def record(self, job: Job, events: Sequence[Event]) -> Job:
        """Make events durable, then let the world know.

        Raises:
            Stale: Somebody else wrote to this job first; nothing was recorded.
            Declined: An intent that may not be paid for; nothing was recorded.
            JournalError: Nothing was recorded and nothing may be sent.
        """
        if not events:
            return job
        now, steps, records = self.tools.clock.now(), [job], []
        for event in events:
            records.append(Record(job.id, steps[-1].seq + 1, now, event))
            steps.append(machine.advance(steps[-1], event, now))
        intends = any(isinstance(event, Intended) for event in events)
        terms = self.tools.purse.terms(job, now) if intends else None
        await self.tools.journal.append(records, [steps[-1]], terms=terms)
        for before, after, record in zip(steps, steps[1:], records, strict=False):
            self.tell(before, after, record)
        return steps[-1]

    def tell(self, before: Job, after: Job, record: Record) -> None:
        """Tell every listener a recorded event; a listener cannot stop a job."""
        for heard in self.listeners:
            heard(before, after, record)

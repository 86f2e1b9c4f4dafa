"""What happened since the start, counted from recorded events; a listener of the runner."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Absent,
    Accepted,
    Archived,
    Cancelling,
    Deferred,
    Event,
    Failing,
    Fetched,
    GivenUp,
    Ready,
    Record,
    Rerouted,
    Unsent,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Live

# A video takes from half a minute to some minutes; the ends are for sandboxes and bad days.
BOUNDS_S: tuple[float, ...] = (
    *(0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 90.0, 120.0, 180.0, 300.0),
    *(600.0, 1200.0, 3600.0, 10800.0, 43200.0),
)

# What became of an intent, by the event that told.
OUTCOMES: Mapping[type[Event], str] = {
    Accepted: "accepted",
    Unsent: "unsent",
    Absent: "absent",
    Failing: "refused",
    Rerouted: "refused",
    GivenUp: "given_up",
    Cancelling: "cancelled",
}
# Where an intent may still turn out to be paid or not, and for how much.
_UNSETTLED = frozenset({State.SUBMITTING, State.RUNNING})


@dataclass(slots=True)
class Durations:
    """How often something took how long.

    Attributes:
        counts: By bound: how many took no longer than it, and longer than the one before.
        longer: How many took longer than every bound.
        sum_s: All together.
    """

    counts: list[int] = field(default_factory=lambda: [0] * len(BOUNDS_S))
    longer: int = 0
    sum_s: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one; a clock that was set back counts as no time."""
        seconds = max(0.0, seconds)
        self.sum_s += seconds
        for place, bound_s in enumerate(BOUNDS_S):
            if seconds <= bound_s:
                self.counts[place] += 1
                return
        self.longer += 1


PHASES = ("provider", "download", "whole")


@dataclass(slots=True)
class Tally:
    """Counts since the start; nothing in it ever falls.

    Attributes:
        submissions: By provider, model and outcome.
        faults: By provider ("" for our own disk) and kind.
        spent: By provider, watch and unit.
        durations: By phase.
        rebuilds: Watchers set up anew in lives before this one, by watch.
        missed: Drops that only a scan found, likewise.
    """

    submissions: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    spent: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    durations: Mapping[str, Durations] = field(
        default_factory=lambda: {phase: Durations() for phase in PHASES}
    )
    rebuilds: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def expect(self, providers: Iterable[str]) -> None:
        """Begin the counts of faults at nothing, so that the first one is seen to happen."""
        for provider in providers:
            for kind in FaultKind:
                self.faults[_fault(provider, kind)] += 0

    def heard(self, before: Job, after: Job, record: Record) -> None:
        """Take in a recorded event."""
        provider, model = _made_by(before)
        match record.event:
            case Deferred(kind=kind) | Unsent(kind=kind) | Failing(kind=kind):
                self.faults[_fault(provider, kind)] += 1
            case _:
                pass
        outcome = OUTCOMES.get(type(record.event))
        if outcome and before.state is State.SUBMITTING:
            self.submissions[provider, model, outcome] += 1
        self._spend(before, after)
        self._time(before, after, record)

    def outlived(self, live: Live) -> None:
        """Keep what a daemon counted itself that ends by a reload."""
        for each in live.inboxes:
            self.rebuilds[each.watch] += each.rebuilt
            self.missed[each.watch] += each.missed

    def _spend(self, before: Job, after: Job) -> None:
        """Count what is settled now: an intent under way may still cost nothing."""
        if after.spendings == before.spendings and after.state is before.state:
            return
        old = _settled(before)
        for place, amount in _settled(after).items():
            more = amount - old.get(place, Decimal(0))
            if more > 0:
                provider, unit = place
                key = (provider, after.claim.watch, unit)
                self.spent[key] = self.spent.get(key, Decimal(0)) + more

    def _time(self, before: Job, after: Job, record: Record) -> None:
        match record.event:
            case Ready() if before.state is State.RUNNING:
                self._took("provider", after, State.SUBMITTING, record.at)
            case Fetched():
                self._took("download", after, State.READY, record.at)
            case Archived() if after.state is State.DONE and after.fetched:
                self._took("whole", after, State.CLAIMING, record.at)
            case _:
                pass

    def _took(self, phase: str, job: Job, since: State, at: float) -> None:
        if since in job.since:
            self.durations[phase].add(at - job.since[since])


def _made_by(job: Job) -> tuple[str, str]:
    spec = job.prepared.spec if job.prepared else None
    return (spec.provider, spec.model) if spec else ("", "")


def _fault(provider: str, kind: FaultKind) -> tuple[str, str]:
    return ("" if kind is FaultKind.LOCAL else provider, str(kind))


def _settled(job: Job) -> dict[tuple[str, str], Decimal]:
    """Add up what a job's attempts cost for certain, by provider and unit."""
    counted = job.spendings[:-1] if job.state in _UNSETTLED else job.spendings
    found: dict[tuple[str, str], Decimal] = {}
    for each in counted:
        place = (each.provider, each.amount.unit)
        found[place] = found.get(place, Decimal(0)) + each.amount.amount
    return found

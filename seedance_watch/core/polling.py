"""When to ask how a task stands: often where it is likely to end, seldom elsewhere.

How long tasks took is learned. Durations scatter in proportion, so their logarithms are taken to
be normal: questions are put where a thirteenth of all tasks ends between two of them, which finds
the end soonest for a given number of questions. A task that takes longer than nearly all is
asked about at growing gaps.
"""

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import NormalDist, median

from seedance_watch.core.events import Accepted, Ready, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, State

QUESTIONS = 13
_NORMAL = NormalDist()
_Z = tuple(_NORMAL.inv_cdf((number + 0.5) / QUESTIONS) for number in range(QUESTIONS))
_MAD_TO_SIGMA = 1 / _NORMAL.inv_cdf(0.75)

# Before anything is known: most tasks take between half and twice the usual time.
_SPREAD = 0.35
_SPREAD_LEAST = 0.02
_KNOWN = 5  # durations from which on they count for more than the table of models
_KEPT = 64  # the last ones: services become faster and slower
_GAP_LEAST_S = 0.01  # no configuration may ask without pause
_STEP_LEAST_S = 1.0


@dataclass(frozen=True, slots=True)
class PollPace:
    """When to ask how a task stands.

    Attributes:
        asks_s: Seconds after acceptance of the first questions, ascending, at least one.
        step_s: Seconds to the one after these; each later gap is half as long again.
        most_s: Longest of those gaps.
    """

    asks_s: tuple[float, ...]
    step_s: float
    most_s: float


@dataclass(frozen=True, slots=True)
class Usual:
    """How long tasks take.

    Attributes:
        median_s: Half of them take longer.
        spread: Standard deviation of the logarithm.
    """

    median_s: float
    spread: float = _SPREAD


def poll_pace(usual: Usual, first_s: float | None, most_s: float) -> PollPace:
    """Fit the questions to how long tasks take; `first_s`, from a person, overrides."""
    if first_s is not None:
        return PollPace((first_s,), min(first_s, most_s), most_s)
    least_s = max(_STEP_LEAST_S, usual.median_s / 40)
    asks = [max(least_s, usual.median_s * math.exp(usual.spread * _Z[0]))]
    for z in _Z[1:]:
        asks.append(max(asks[-1] + least_s, usual.median_s * math.exp(usual.spread * z)))
    return PollPace(tuple(asks), min(max(least_s, asks[-1] - asks[-2]), most_s), most_s)


def poll_at(pace: PollPace, *, accepted_at: float, now: float) -> float:
    """Give the first time after `now` at which to ask; pure, so a restart asks on time.

    One that comes within half of its gap is left out: with each task that ends the pace moves a
    little, and a question that was just put would be put again.
    """
    # When the clock went back behind the acceptance, asking goes on: results perish.
    begun_at = min(accepted_at, now)
    gap_s = 0.0
    for before_s, ask_s in pairwise((0.0, *pace.asks_s)):
        gap_s = ask_s - before_s
        if begun_at + ask_s > now + gap_s / 2:
            return begun_at + ask_s
    return _later(pace, begun_at + pace.asks_s[-1], gap_s, now)


def _later(pace: PollPace, at: float, before_s: float, now: float) -> float:
    """Give the first time after `now`, at growing gaps behind a question and the gap before it."""
    gap_s, most_s = max(pace.step_s, _GAP_LEAST_S), max(pace.most_s, _GAP_LEAST_S)
    while at <= now + before_s / 2 and gap_s < most_s:
        at, before_s, gap_s = at + gap_s, gap_s, gap_s * 1.5
    if at <= now:
        at += (int((now - at) / most_s) + 1) * most_s
    return max(at, math.nextafter(now, math.inf))


def between(pace: PollPace, found_s: float) -> float:
    """Guess when a task ended that was found finished: in the middle since the question before."""
    asks_s = [ask_s for ask_s in pace.asks_s if ask_s <= found_s * 1.001]
    if len(asks_s) > 1:
        return math.sqrt(asks_s[-2] * found_s)
    return found_s * math.sqrt(pace.asks_s[0] / pace.asks_s[min(1, len(pace.asks_s) - 1)])


Kind = tuple[object, ...]


def kinds(spec: JobSpec) -> tuple[Kind, Kind]:
    """Give what tasks are alike in, the closest likeness first."""
    model = (spec.provider, spec.model)
    shape = tuple(spec.params.get(name) for name in ("duration", "resolution"))
    return (*model, *shape), model


@dataclass(slots=True)
class Durations:
    """How long the last tasks took, by what they are alike in.

    Only tasks whose way was followed from acceptance to end count: one that ended while nobody
    looked tells nothing.
    """

    _took: dict[Kind, deque[float]] = field(default_factory=dict)
    _followed: set[str] = field(default_factory=set)

    def usual(self, spec: JobSpec, otherwise_s: float) -> Usual:
        """Say how long a task takes; as the table of models says while too few are known."""
        for kind in kinds(spec):
            took = self._took.get(kind, ())
            if len(took) >= _KNOWN:
                return _usual(took)
        return Usual(otherwise_s)

    def add(self, spec: JobSpec, took_s: float) -> None:
        """Take in a duration, seconds."""
        if took_s > 0:
            for kind in kinds(spec):
                self._took.setdefault(kind, deque(maxlen=_KEPT)).append(math.log(took_s))

    def heard(self, after: Job, record: Record, pace: PollPace) -> None:
        """Take in an event; the pace is that by which its task is asked about."""
        if isinstance(record.event, Accepted):
            self._followed.add(after.id)
        elif isinstance(record.event, Ready) and after.id in self._followed:
            self._followed.discard(after.id)
            self.learn(after, pace)

    def learn(self, job: Job, pace: PollPace | None = None) -> None:
        """Take in how long a job's task took; no matter for one that had none, or has not ended.

        Args:
            job: The job.
            pace: By which it was asked about; None: not known any more.
        """
        if job.prepared and {State.RUNNING, State.READY} <= job.since.keys():
            found_s = job.since[State.READY] - job.since[State.RUNNING]
            took_s = between(pace, found_s) if pace else found_s
            self.add(job.prepared.spec, took_s)


def _usual(logs: Collection[float]) -> Usual:
    """Sum up; half of them may be far off without doing harm."""
    middle = median(logs)
    spread = median(abs(each - middle) for each in logs) * _MAD_TO_SIGMA
    return Usual(math.exp(middle), max(spread, _SPREAD_LEAST))

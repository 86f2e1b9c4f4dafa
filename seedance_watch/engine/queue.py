"""Which job may go on now: fair, bounded, and free for those that wait.

A job stands at a gate that its state names. A gate has a number of seats and lets jobs through
in fair order (priority, then natural order of names). A job that waits for a time is an entry in
a heap of times and costs nothing. What a provider has in work counts against its lane's seats.
Pure bookkeeping: no I/O, no tasks.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from seedance_watch.core import policy
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.naming import natural

S = State

Order = tuple[float, int, str, int]
Waiting = tuple[Order, int, str]  # its place, its ticket, the job's id

FILES, LANE, WATCH, FETCH, FINISH = "files", "lane", "watch", "fetch", "finish"
EXTRAS = "extras"
_OF_PROVIDERS = frozenset({LANE, WATCH})

GATES: Mapping[State, str] = {
    S.CLAIMING: FILES,
    S.CLAIMED: FILES,
    S.PREPARED: LANE,
    S.STAGED: LANE,
    S.SUBMITTING: WATCH,
    S.RUNNING: WATCH,
    S.READY: FETCH,
    S.FETCHED: FINISH,
    S.PLACING: FINISH,
    S.PLACED: FINISH,
    S.FAILING: FINISH,
    S.CANCELLING: FINISH,
}

# Local work is bounded by two cores of a NAS, asking and fetching by politeness. Extras may take
# minutes each, and no video that is paid waits for them.
SEATS: Mapping[str, int] = {FILES: 4, WATCH: 16, FETCH: 4, FINISH: 4, EXTRAS: 1}


def gate(job: Job) -> str:
    """Name the gate that a working job stands at; lanes and their watching are per provider."""
    if policy.lacks_extras(job):
        return EXTRAS
    name = GATES[job.state]
    if name in _OF_PROVIDERS and job.prepared:
        return f"{name}:{job.prepared.spec.provider}"
    return name


def in_work(job: Job) -> bool:
    """Whether the provider has the job in work, or may have."""
    return job.state in {S.SUBMITTING, S.RUNNING} and job.hold is None


def order(job: Job) -> Order:
    """Give what jobs at a gate are sorted by: perishing links, priority, natural order, take."""
    claim = job.claim
    path = natural(f"{claim.folder}/{claim.stem}")
    return (_perishes_at(job), -claim.priority, path, claim.take)


# How long results and links are believed to live where nobody tells: Segmind forgets a result
# after an hour; a day is what most services give a link.
_LIVES_S: Mapping[State, float] = {S.RUNNING: 3600.0, S.READY: 86_400.0}


def _perishes_at(job: Job) -> float:
    """Give when what a job waits for is lost, UTC seconds; 0.0 where nothing can be."""
    if job.state is S.READY and job.ready and job.ready.expires_at:
        return job.ready.expires_at
    if job.state not in _LIVES_S:
        return 0.0
    return job.since.get(job.state, job.at) + _LIVES_S[job.state]


@dataclass(slots=True)
class _Gate:
    """Those who wait for a seat, and who has one."""

    waiting: list[Waiting] = field(default_factory=list)
    seated: set[str] = field(default_factory=set)


class Queue:
    """All jobs that are not at rest.

    Args:
        lane_seats: How many jobs a provider may have in work at once, given how many it has in
            work that do not sit at its lane's gate.
        lane_open: Whether a lane lets jobs through at a time (UTC seconds).
        grounded: Whether the folders that a job needs next can be worked in.
    """

    def __init__(
        self,
        lane_seats: Callable[[str, int], int],
        lane_open: Callable[[str, float], bool],
        grounded: Callable[[Job], bool] = lambda _: True,
    ) -> None:
        self._lane_seats, self._lane_open, self._grounded = lane_seats, lane_open, grounded
        self._parked: list[tuple[int, str]] = []
        self._gates: defaultdict[str, _Gate] = defaultdict(_Gate)
        self._times: list[tuple[float, int, str]] = []
        self._jobs: dict[str, Job] = {}
        self._ticket: dict[str, int] = {}
        self._count = count()
        self._working: defaultdict[str, set[str]] = defaultdict(set)
        self._held: set[str] = set()

    def __len__(self) -> int:
        """Count the jobs, waiting or being driven."""
        return len(self._jobs)

    def put(self, job: Job, *, at: float | None) -> None:
        """Let a job wait until a time (None: until `put` again), then for a seat at its gate."""
        self.unseat(job.id)
        self._jobs[job.id] = job
        self._ticket[job.id] = ticket = next(self._count)
        self._note_work(job)
        (self._held.add if job.hold else self._held.discard)(job.id)
        if at is not None:
            heapq.heappush(self._times, (at, ticket, job.id))

    def forget(self, job: Job) -> None:
        """Let go of a job that is at rest or cannot be driven."""
        self.unseat(job.id)
        self._jobs.pop(job.id, None)
        self._ticket.pop(job.id, None)
        self._held.discard(job.id)
        for working in self._working.values():
            working.discard(job.id)

    def _note_work(self, job: Job) -> None:
        """Keep account of what the provider has in work."""
        if job.prepared:
            working = self._working[job.prepared.spec.provider]
            (working.add if in_work(job) else working.discard)(job.id)

    def due(self, now: float) -> Iterator[Job]:
        """Seat and give every job that may go on now, in fair order."""
        while self._times and self._times[0][0] <= now:
            _, ticket, job_id = heapq.heappop(self._times)
            if self._ticket.get(job_id) == ticket:
                self._stand(self._jobs[job_id], ticket)
        for name, each in list(self._gates.items()):
            yield from self._through(name, each, now)

    def _through(self, name: str, each: _Gate, now: float) -> Iterator[Job]:
        """Let jobs through one gate while it has seats."""
        while each.waiting and self._seats_left(name, each, now) > 0:
            _, ticket, job_id = heapq.heappop(each.waiting)
            if self._ticket.get(job_id) != ticket:
                continue
            if not self._grounded(self._jobs[job_id]):
                self._parked.append((ticket, job_id))
                continue
            each.seated.add(job_id)
            yield self._jobs[job_id]

    def unseat(self, job_id: str) -> None:
        """Give a job's seat to others, although it may still be driven."""
        for each in self._gates.values():
            each.seated.discard(job_id)

    def unpark(self) -> None:
        """Let those that waited for their folders stand at their gates again."""
        parked, self._parked = self._parked, []
        for ticket, job_id in parked:
            if self._ticket.get(job_id) == ticket:
                self._stand(self._jobs[job_id], ticket)

    def _stand(self, job: Job, ticket: int) -> None:
        heapq.heappush(self._gates[gate(job)].waiting, (order(job), ticket, job.id))

    def _seats_left(self, name: str, each: _Gate, now: float) -> int:
        """Count the free seats at a gate."""
        kind, _, provider = name.partition(":")
        if kind != LANE:
            return SEATS[kind] - len(each.seated)
        if not self._lane_open(provider, now):
            return 0
        elsewhere = len(self._working[provider] - each.seated)
        return self._lane_seats(provider, elsewhere) - elsewhere - len(each.seated)

    def in_work(self, provider: str) -> int:
        """Count the jobs that a provider has in work."""
        return len(self._working[provider]) if provider in self._working else 0

    def set_back(self, by_s: float) -> None:
        """Wait no longer than before although the clock was set back."""
        self._times = [(at - by_s, ticket, job_id) for at, ticket, job_id in self._times]

    def next_at(self) -> float | None:
        """Give when the next waiting time ends, None when none is waited for."""
        return self._times[0][0] if self._times else None

    def job(self, job_id: str) -> Job | None:
        """Give one job as it last was put, None when it is not here."""
        return self._jobs.get(job_id)

    def jobs(self) -> list[Job]:
        """Give all jobs, in no order."""
        return list(self._jobs.values())

    def held(self) -> list[Job]:
        """Give the held ones, in no order."""
        return [self._jobs[job_id] for job_id in self._held]

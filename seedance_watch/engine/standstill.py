"""What does not go on before somebody acts: a single run waits for everything else.

Pure bookkeeping.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import Deferred, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.engine.grounds import Grounds
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.queue import order

# Before the lane: a job here has nothing at the provider yet.
_BEFORE = frozenset({State.PREPARED, State.STAGED})
_UNPAID = _BEFORE | {State.CLAIMING, State.CLAIMED}
PROBES = 2  # once may be a moment's trouble


@dataclass(slots=True)
class Standstill:
    """Tells jobs that wait for somebody from those that wait for a time.

    What happened before this start does not count: somebody may have acted.

    Attributes:
        lanes: The providers' lanes.
        probes: How often in a row a provider must have turned all away to be waited for no more.
        links: Gives the jobs that wait for other jobs' videos, each with that other one.
        grounds: The folders; only what is paid waits for them to come back.
    """

    lanes: Lanes
    probes: int = PROBES
    links: Callable[[], Mapping[str, str]] = dict
    grounds: Grounds = field(default_factory=Grounds)
    _refused: Counter[str] = field(default_factory=Counter)

    def heard(self, after: Job, record: Record) -> None:
        """Take in an event: whether the provider turned the job away once more."""
        if isinstance(record.event, Deferred) and record.event.kind is FaultKind.DENIED:
            self._refused[after.id] += 1
        else:
            del self._refused[after.id]

    def reasons(self, jobs: Iterable[Job]) -> Mapping[str, str]:
        """Say for each job that does not go on by itself soon why not, by its name."""
        known = list(jobs)
        stuck = {job.id: why for job in known if (why := self._reason(job))}
        wishes = {_wish(job) for job in known if job.id in stuck} - {""}
        for job in known:
            if job.deferred and job.id not in stuck and _waits(job) and _wish(job) in wishes:
                stuck[job.id] = job.deferred.reason
        return self._chained(stuck, {job.id: job for job in known})

    def _chained(self, stuck: dict[str, str], known: Mapping[str, Job]) -> dict[str, str]:
        """Add those that wait for the video of one that does not go on."""
        after = defaultdict[str, list[str]](list)
        for job_id, on in self.links().items():
            after[on].append(job_id)
        halted = [*stuck, *(set(after) - set(known))]
        while halted:
            on = halted.pop()
            for job_id in (each for each in after.pop(on, ()) if each in known.keys() - stuck):
                start = known[job_id].claim.start_from
                stuck[job_id] = f"it starts from {start} (job {on}), which does not go on"
                halted.append(job_id)
        return stuck

    def waiting(self, jobs: Iterable[Job]) -> list[tuple[Job, str]]:
        """Give jobs in fair order, each with why it does not go on by itself, "" if it does."""
        known = sorted(jobs, key=order)
        stuck = self.reasons(known)
        return [(job, stuck.get(job.id, "")) for job in known]

    def _reason(self, job: Job) -> str:
        if job.hold:
            return job.hold.reason
        if job.deferred and self._refused[job.id] >= self.probes:
            return job.deferred.reason
        if job.state in _UNPAID and (closed := self.grounds.closed(job)):
            return closed
        if job.prepared and job.state in _BEFORE:
            return self.lanes.stuck(job.prepared.spec.provider, self.probes)
        return ""


def _waits(job: Job) -> bool:
    """Whether a job may be waiting for another one's equal video."""
    last = job.deferred if job.state in _BEFORE else None
    return last is not None and last.kind is FaultKind.LOCAL and last.until == job.wake_at


def _wish(job: Job) -> str:
    """Give what must be bought once, "" for nothing."""
    return job.prepared.fingerprint if job.prepared else ""

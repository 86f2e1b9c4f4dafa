"""Where a budget may have room again: one job that waits for it tries, and then the next.

Pure bookkeeping. One tries at a time, each once for what became free, the first in line first.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from seedance_watch.core.events import Intended, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.spending import total
from seedance_watch.engine.queue import order


@dataclass(slots=True)
class Room:
    """What became free since the last look, by provider."""

    _freed: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)
    _trying: set[str] = field(default_factory=set)

    def loaded(self, job: Job) -> None:
        """Take in a job as a start finds it: limits may have been raised meanwhile."""
        if _waits(job):
            self._freed.add(_provider(job))

    def heard(self, before: Job, after: Job, record: Record) -> None:
        """Take in an event: what counts less than before, or found room, lets another one try."""
        if not after.prepared:
            return
        provider = _provider(after)
        found_room = isinstance(record.event, Intended) and after.id in self._trying
        if total(after.spendings, provider) < total(before.spendings, provider):
            self._freed.add(provider)
            self._asked.clear()
        if found_room:
            self._freed.add(provider)
        if found_room or after.at_rest or after.hold:
            self._trying.discard(after.id)

    @property
    def trying(self) -> bool:
        """Whether any job that may try has not come to an answer yet."""
        return bool(self._trying)

    def asked(self, job: Job | None, job_id: str) -> None:
        """Take in what came of letting a job try: where it is still held the next one may."""
        if job is None or job.hold:
            self._trying.discard(job_id)
        if job and job.hold:
            self._freed.add(_provider(job))

    def next_of(self, jobs: Callable[[], Iterable[Job]]) -> Iterator[str]:
        """Give the job that may try at each provider with room, in fair order."""
        if not self._freed:
            return
        waiting = [job for job in jobs() if _waits(job) and job.id not in self._asked]
        for provider in self._freed:
            own = [job for job in waiting if _provider(job) == provider]
            if own:
                first = min(own, key=order).id
                self._trying.add(first)
                self._asked.add(first)
                yield first
        self._freed.clear()


def _waits(job: Job) -> bool:
    return job.hold is not None and job.hold.code == "budget"


def _provider(job: Job) -> str:
    assert job.prepared is not None, job.id
    return job.prepared.spec.provider

"""Where a budget may have room again: one job that waits for it tries, and then the next.

Pure bookkeeping. One tries at a time, each once for what became free, the first in line first.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from seedance_watch.core.events import Intended, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.spending import total
from seedance_watch.engine.queue import Order, order


@dataclass(slots=True)
class Room:
    """What became free since the last look, by provider, and who waits for it, in line."""

    _freed: set[str] = field(default_factory=set)
    _lines: defaultdict[str, list[tuple[Order, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _lined: set[str] = field(default_factory=set)
    _asked: dict[str, Job] = field(default_factory=dict)
    _trying: set[str] = field(default_factory=set)

    def loaded(self, job: Job) -> None:
        """Take in a job as a start finds it: limits may have been raised meanwhile."""
        if _waits(job):
            self._line_up(job)
            self._freed.add(_provider(job))

    def heard(self, before: Job, after: Job, record: Record) -> None:
        """Take in an event: what counts less than before, or found room, lets another one try."""
        if not after.prepared:
            return
        provider = _provider(after)
        found_room = isinstance(record.event, Intended) and after.id in self._trying
        if total(after.spendings, provider) < total(before.spendings, provider):
            self._freed.add(provider)
            self._ask_anew()
        if found_room:
            self._freed.add(provider)
        if found_room or after.at_rest or after.hold:
            self._trying.discard(after.id)
        if after.at_rest:
            self._asked.pop(after.id, None)
        if _waits(after):
            self._line_up(after)

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

    def next_of(self, job: Callable[[str], Job | None]) -> Iterator[str]:
        """Give the job that may try at each provider with room, in fair order.

        Args:
            job: Gives an open job as it is now.
        """
        freed, self._freed = self._freed, set()
        for provider in freed:
            if first := self._first(provider, job):
                self._trying.add(first.id)
                self._asked[first.id] = first
                yield first.id

    def _first(self, provider: str, job: Callable[[str], Job | None]) -> Job | None:
        """Take the first one out of a line; those who do not wait any more drop out of it."""
        line = self._lines[provider]
        while line:
            _, job_id = heapq.heappop(line)
            self._lined.discard(job_id)
            found = job(job_id)
            if found and _waits(found) and _provider(found) == provider:
                return found
        return None

    def _line_up(self, job: Job) -> None:
        if job.id not in self._lined and job.id not in self._asked:
            self._lined.add(job.id)
            heapq.heappush(self._lines[_provider(job)], (order(job), job.id))

    def _ask_anew(self) -> None:
        """Let those stand in line again who were asked for what became free before."""
        asked, self._asked = self._asked, {}
        for job in asked.values():
            self._line_up(job)


def _waits(job: Job) -> bool:
    return job.hold is not None and job.hold.code == "budget"


def _provider(job: Job) -> str:
    assert job.prepared is not None, job.id
    return job.prepared.spec.provider

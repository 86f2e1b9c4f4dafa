"""Jobs that need not wait for a provider that takes nobody's: another one is on their route.

Pure bookkeeping: which jobs stand before a paused lane, not yet paid, with somewhere else to go.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from seedance_watch.core.events import Event, Rerouted
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.engine.lanes import Lanes

_BEFORE = frozenset({State.PREPARED, State.STAGED})


@dataclass(slots=True)
class Detours:
    """Looks for such jobs when a lane is paused, and when one comes to a paused lane."""

    lanes: Lanes
    _waiting: set[str] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)

    def came(self, job: Job) -> None:
        """Take in a job that was put somewhere."""
        (self._waiting.add if self.events(job) else self._waiting.discard)(job.id)

    def take(self, jobs: Callable[[], Iterable[Job]]) -> set[str]:
        """Give the jobs that may go elsewhere since the last look."""
        paused = {name for name in self.lanes.seats if self.lanes.paused(name)}
        if paused - self._known:
            for job in jobs():
                self.came(job)
        self._known = paused
        found, self._waiting = self._waiting, set()
        return found

    def events(self, job: Job) -> list[Event]:
        """Give what sends a job elsewhere; nothing when it stays."""
        spec = job.prepared.spec if job.prepared else None
        if spec is None or not spec.route or job.state not in _BEFORE or job.hold:
            return []
        why = self.lanes.paused(spec.provider)
        return [Rerouted(spec.route[0], why)] if why else []

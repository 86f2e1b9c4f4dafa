"""What the jobs of one provider share: seats, and a pause when the provider turns all away.

A lane is closed by a fault that says something about the provider and not about the job: a bad
key, no credits, a withdrawn model, throttling. After the pause one job probes; when the provider
answers it the lane opens, else it stays closed for longer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from seedance_watch.core import policy
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Effect

_CLOSING = frozenset({FaultKind.DENIED, FaultKind.BUSY})


@dataclass(slots=True)
class Lane:
    """One provider's lane.

    Attributes:
        seats: Jobs that the provider may have in work at once.
        closed_until: When the next probe may go, UTC seconds; None: open.
        why: Reason of the pause, "" while open.
        closings: Pauses since the provider last answered.
    """

    seats: int
    closed_until: float | None = None
    why: str = ""
    closings: int = 0


@dataclass(slots=True)
class Lanes:
    """All lanes, by provider name."""

    seats: dict[str, int]
    luck: Callable[[], float]
    _lanes: dict[str, Lane] = field(default_factory=dict)

    def lane(self, provider: str) -> Lane:
        """Give a provider's lane."""
        return self._lanes.setdefault(provider, Lane(self.seats.get(provider, 1)))

    def seats_of(self, provider: str) -> int:
        """Count a lane's seats: one while it probes."""
        lane = self.lane(provider)
        return 1 if lane.closings else lane.seats

    def open(self, provider: str, now: float) -> bool:
        """Whether the lane lets jobs through."""
        until = self.lane(provider).closed_until
        return until is None or now >= until

    def next_at(self, now: float) -> float | None:
        """Give when the next closed lane may be probed, None when none is closed."""
        ends = [lane.closed_until for lane in self._lanes.values() if lane.closed_until]
        return min((at for at in ends if at > now), default=None)

    def heard(self, provider: str, fault: Fault | None, now: float) -> None:
        """Take in how an effect at the provider went; None: it answered."""
        lane = self.lane(provider)
        if fault is None:
            self._reopen(provider, lane)
        elif fault.kind in _CLOSING:
            self._close(provider, lane, fault, now)

    def _close(self, provider: str, lane: Lane, fault: Fault, now: float) -> None:
        """Pause the lane; said once, not for each job."""
        wait_s = policy.backoff(Effect.SUBMIT, lane.closings, self.luck())
        if lane.closed_until is not None and now < lane.closed_until:
            return  # the jobs that were under way when it closed
        if not lane.closings:
            name = "lane.paused" if fault.kind is FaultKind.DENIED else "lane.narrowed"
            structlog.get_logger().warning(
                name, provider=provider, reason=fault.reason, code=fault.code
            )
        lane.closings += 1
        lane.why = fault.reason
        lane.closed_until = now + max(wait_s, fault.after_s or 0.0)

    def _reopen(self, provider: str, lane: Lane) -> None:
        """Open the lane again when the provider answered."""
        if lane.closings:
            lane.closings, lane.closed_until, lane.why = 0, None, ""
            structlog.get_logger().info("lane.resumed", provider=provider)

"""What the jobs of one provider share: seats, and a pause when the provider turns all away.

A lane is closed by a fault that says something about the provider and not about the job: a bad
key, no credits, a withdrawn model, throttling, no way to reach it. After the pause one job
probes; when the provider takes it the lane opens, else it stays closed for longer. A provider
that takes jobs and gives them back unpaid has to bring one to its video first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from seedance_watch.core import reactions
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Effect
from seedance_watch.core.pauses import Pause

PAUSED = "lane.paused"
_SAID: Mapping[FaultKind | None, str] = {
    FaultKind.DENIED: PAUSED,
    FaultKind.RETURNED: PAUSED,
    FaultKind.BUSY: "lane.narrowed",
    FaultKind.UNREACHED: "lane.narrowed",
}

# What opens a lane, by what closed it. That an old task can be asked about says nothing about
# credits or limits for a new one, and staging a wish without pictures says nothing at all.
_OPENING: Mapping[FaultKind | None, frozenset[Effect]] = {
    FaultKind.DENIED: frozenset({Effect.SUBMIT}),
    FaultKind.RETURNED: frozenset({Effect.DOWNLOAD}),
    FaultKind.BUSY: frozenset({Effect.SUBMIT}),
    FaultKind.UNREACHED: frozenset({Effect.SUBMIT, Effect.RECONCILE, Effect.POLL}),
}


@dataclass(slots=True)
class Lane:
    """One provider's lane.

    Attributes:
        seats: Jobs that the provider may have in work at once.
        closed_until: When the next probe may go, UTC seconds; None: open.
        why: Reason of the pause, "" while open.
        closings: Pauses since the lane was last open.
        kind: What closed it, None while open.
        refusals: Those of the pauses in which the provider turned all away.
    """

    seats: int
    closed_until: float | None = None
    why: str = ""
    closings: int = 0
    kind: FaultKind | None = None
    refusals: int = 0


@dataclass(slots=True)
class Lanes:
    """All lanes, by provider name.

    Attributes:
        seats: Jobs that each provider may have in work at once.
        luck: Random numbers in [0, 1).
        pauses: What a person paused. Unlike a pause that the provider asked for, it sends no job
            elsewhere.
    """

    seats: dict[str, int]
    luck: Callable[[], float]
    pauses: dict[str, Pause] = field(default_factory=dict)
    _lanes: dict[str, Lane] = field(default_factory=dict)

    def lane(self, provider: str) -> Lane:
        """Give a provider's lane."""
        return self._lanes.setdefault(provider, Lane(self.seats.get(provider, 1)))

    def seats_of(self, provider: str, in_work: int) -> int:
        """Count a lane's seats: while it probes, one more than are in work already.

        Where jobs were given back, the probe is over only when its video is there.

        Args:
            provider: Whose lane.
            in_work: Jobs that sit elsewhere while the provider has them in work.
        """
        lane = self.lane(provider)
        if lane.kind is FaultKind.RETURNED:
            return 1
        return min(lane.seats, in_work + 1) if lane.closings else lane.seats

    def open(self, provider: str, now: float) -> bool:
        """Whether the lane lets jobs through."""
        if provider in self.pauses:
            return False
        until = self.lane(provider).closed_until
        return until is None or now >= until

    def paused(self, provider: str) -> str:
        """Say why a provider takes nobody's jobs for now, "" when it does.

        Being throttled or out of reach passes by itself and is no reason to go elsewhere.
        """
        lane = self.lane(provider)
        return lane.why if lane.closings and _SAID.get(lane.kind) == PAUSED else ""

    def stuck(self, provider: str, probes: int) -> str:
        """Say why a provider takes nobody's jobs when so many probes in a row found out, or ""."""
        if provider in self.pauses:
            return str(self.pauses[provider])
        return self.paused(provider) if self.lane(provider).refusals >= probes else ""

    def try_now(self, provider: str, now: float) -> str:
        """Let one job probe at once; say why the lane was closed, "" when it was not."""
        lane = self.lane(provider)
        if lane.closed_until is not None:
            lane.closed_until = min(now, lane.closed_until)
        return lane.why

    def set_back(self, by_s: float) -> None:
        """Pause no longer than before although the clock was set back."""
        for lane in self._lanes.values():
            if lane.closed_until is not None:
                lane.closed_until -= by_s

    def next_at(self, now: float) -> float | None:
        """Give when the next closed lane may be probed, None when none is closed."""
        ends = [lane.closed_until for lane in self._lanes.values() if lane.closed_until]
        return min((at for at in ends if at > now), default=None)

    def heard(self, provider: str, effect: Effect, *, fault: Fault | None, now: float) -> None:
        """Take in how an effect at the provider went; None: it answered."""
        lane = self.lane(provider)
        if fault is None:
            if lane.closings and effect in _OPENING[lane.kind]:
                self._reopen(provider, lane)
        elif fault.kind in _SAID and effect is not Effect.DOWNLOAD:
            self._close(provider, lane, fault, now)

    def _close(self, provider: str, lane: Lane, fault: Fault, now: float) -> None:
        """Pause the lane; said once, not for each job."""
        if lane.closed_until is not None and now < lane.closed_until:
            return  # the jobs that were under way when it closed
        if not lane.closings:
            structlog.get_logger().warning(
                _SAID[fault.kind], provider=provider, reason=fault.reason, code=fault.code
            )
        # A network that is gone as well does not bring the credits back.
        if fault.kind is not FaultKind.UNREACHED or lane.kind is None:
            lane.kind = fault.kind
        wait_s = reactions.pause_s(Effect.SUBMIT, lane.closings, fault=fault, luck=self.luck())
        lane.closings += 1
        lane.refusals += _SAID[fault.kind] == PAUSED
        lane.why = fault.reason
        lane.closed_until = now + wait_s

    def _reopen(self, provider: str, lane: Lane) -> None:
        """Open the lane again when the provider answered."""
        lane.closings, lane.closed_until, lane.why, lane.kind = 0, None, "", None
        lane.refusals = 0
        structlog.get_logger().info("lane.resumed", provider=provider)

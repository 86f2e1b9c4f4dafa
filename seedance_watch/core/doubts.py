"""What is done about a paid call whose outcome is not known.

Nothing is paid again before a look has settled it, or a person has.
"""

import math

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Deferred, Effect, Held

E, K = Effect, FaultKind

# Kinds of faults by which the provider certainly did not take a paid call.
UNSENT = frozenset({K.BUSY, K.UNREACHED, K.DENIED, K.LOCAL, K.RETURNED})


def in_doubt(effect: Effect, kind: FaultKind) -> bool:
    """Whether a fault leaves it unknown if the paid call was taken.

    While reconciling every fault does: a throttled or refused look says nothing about the
    submission itself.
    """
    return effect is E.RECONCILE or (
        effect is E.SUBMIT and kind not in UNSENT and kind is not K.REFUSED
    )


# A doubt about what was bought with another key: looking would be to pay again, or prove nothing.
KEY_CHANGED = "key_changed"
# Faults of a look that say nothing about what was looked for: it is made again.
UNANSWERED = frozenset({K.BUSY, K.UNREACHED, K.DENIED, K.LOCAL})
# Clocks are set by so much all the time.
_SLACK_S = 60.0
# A window this long says that looking never pays.
_HARMLESS_S = 86_400.0


def doubt(  # noqa: PLR0913 - the facts of a doubt, each named at the call
    looks_s: tuple[float, ...],
    window_s: float,
    *,
    intended_at: float,
    now: float,
    fault: Fault,
    again_at: float | None = None,
    looked: bool = True,
) -> Deferred | Held:
    """Give what follows a look that did not settle an unknown outcome.

    Args:
        looks_s: Seconds after the intent at which to look.
        window_s: Seconds after the intent beyond which looking is not allowed.
        intended_at: When the intent became durable.
        now: The time, UTC seconds.
        fault: What the last look said.
        again_at: When to look once more because the last look was not answered; None: it was.
        looked: Whether this was a look, and not the paid call itself: one is made in any case,
            although the machine stood still past all their times.
    """
    if again_at is not None and may_look(window_s, intended_at=intended_at, now=again_at):
        return Deferred(E.RECONCILE, fault.kind, fault.reason, again_at)
    if fault.code == KEY_CHANGED:
        return Held(KEY_CHANGED, fault.reason)
    age_s = max(0.0, now - intended_at)
    looks_s = looks_s if looked else (*looks_s, age_s + min(looks_s, default=0.0))
    later = sorted(look for look in looks_s if age_s < look <= window_s)
    if later and may_look(window_s, intended_at=intended_at, now=now):
        return Deferred(E.RECONCILE, K.UNSURE, fault.reason, now + later[0] - age_s)
    return Held("in_doubt", f"it is not known whether the provider took the job: {fault.reason}")


def may_look(window_s: float, *, intended_at: float, now: float) -> bool:
    """Whether an unknown outcome may still be looked into.

    When the clock went back behind the intent nobody knows how old it is: a look that could pay
    is not made any more, one that never pays is made at any time.
    """
    least_s = -math.inf if window_s >= _HARMLESS_S else -_SLACK_S
    return least_s <= now - intended_at <= window_s

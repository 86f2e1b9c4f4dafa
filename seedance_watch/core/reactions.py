"""How to react when the outside lets us down, and when to try again.

Arithmetic on plain data, with the luck of jitter as an argument. All retries of the program are
decided here and in doubts.py and recorded in the journal, so they survive a restart; no other
layer retries.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from seedance_watch.core import machine
from seedance_watch.core.doubts import UNSENT
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Deferred, Effect, Event, Failing, Held, Rerouted, Unsent
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money

E, K = Effect, FaultKind


@dataclass(frozen=True, slots=True)
class Pace:
    """First wait and longest wait of a growing series, in seconds."""

    first_s: float
    most_s: float


# Peers use 2 to 30 s first and minutes to an hour at most (field-notes); a person who mends a
# key or a folder should not wait longer than five minutes for the next try.
BACKOFF: Mapping[Effect, Pace] = {
    E.CLAIM: Pace(1, 60),
    E.PREPARE: Pace(2, 60),
    E.STAGE: Pace(5, 300),
    E.INTEND: Pace(5, 60),
    E.SUBMIT: Pace(5, 300),
    E.RECONCILE: Pace(5, 300),
    E.POLL: Pace(5, 60),
    E.DOWNLOAD: Pace(2, 300),
    E.NAME: Pace(2, 60),
    E.PLACE: Pace(2, 60),
    E.ADD: Pace(2, 60),
    E.ARCHIVE: Pace(2, 60),
}


def backoff(effect: Effect, tries: int, luck: float) -> float:
    """Give how long to wait after a failed try, in seconds.

    Args:
        effect: What failed.
        tries: Failed tries before this one, from 0.
        luck: A random number in [0, 1): spreads jobs that failed together.
    """
    pace = BACKOFF[effect]
    longest = min(pace.most_s, pace.first_s * 2.0 ** min(tries, 32))
    return longest * (0.5 + luck / 2)


# What is made beside a video is tried so often on a disk that can be written; then it is left out.
ADD_TRIES = 5


def waits_for_extras(job: Job) -> bool:
    """Whether extras are tried again after a fault of the disk; else they are left out."""
    return job.tries < ADD_TRIES


# The longest wait that the other side may wish for: until tomorrow, as a daily quota needs.
ASKED_MOST_S = 86_400.0


def pause_s(effect: Effect, tries: int, *, fault: Fault, luck: float) -> float:
    """Give how long to wait after a fault, in seconds: ours, or longer when it was asked for."""
    asked_s = min(fault.after_s or 0.0, ASKED_MOST_S)
    return max(backoff(effect, tries, luck), asked_s)


# After this many such faults in a row a person has to look; other kinds wait for ever, because
# what they wait for (network, disk, provider) comes back by itself.
HOLD_AFTER: Mapping[FaultKind, int] = {K.GARBLED: 5, K.GONE: 4}
# What is paid is looked after for about half an hour: pages of somebody's maintenance, and 404s
# of a task that is not known everywhere yet, pass. Asking is free.
_PAID_AFTER: Mapping[Effect, int] = {E.POLL: 30, E.DOWNLOAD: 12}

# A refusal ends the wish only where refusing is the provider's or the reader's to do; a paid
# video is never given up because a step after it was refused.
_MAY_REFUSE = frozenset({E.CLAIM, E.PREPARE, E.STAGE, E.INTEND, E.SUBMIT, E.POLL})
_PROVIDERS = frozenset({E.STAGE, E.SUBMIT, E.POLL})  # what a provider declines, and not we


def react(job: Job, effect: Effect, fault: Fault, *, now: float, luck: float) -> Event:
    """Give the event that records a fault; judged by the effect, not by the state.

    Faults that leave a doubt are not judged here: see doubts.py. One that comes
    here all the same leaves the job where it is.
    """
    until = now + pause_s(effect, job.tries, fault=fault, luck=luck)
    if fault.kind is K.REFUSED and effect in _MAY_REFUSE:
        if to := next_provider(job, effect, fault):
            return Rerouted(to, fault.reason, charged(job, effect, fault))
        return Failing(effect, fault.kind, fault.reason, fault.code, charged(job, effect, fault))
    if (effect is E.SUBMIT and fault.kind in UNSENT) or _came_back(effect, fault):
        return Unsent(fault.kind, fault.reason, until)
    alike = machine.alike(job, fault.kind)
    if fault.kind in HOLD_AFTER and alike >= hold_after(effect, fault.kind):
        return Held(str(fault.kind), f"{fault.reason}; tried {alike} times")
    return Deferred(effect, fault.kind, fault.reason, until)


def hold_after(effect: Effect, kind: FaultKind) -> int:
    """Give after how many faults of a kind in a row an effect is put before a person."""
    return _PAID_AFTER.get(effect, HOLD_AFTER[kind])


def next_provider(job: Job, effect: Effect, fault: Fault) -> str:
    """Give who is asked next when a provider declined, "" for nobody.

    Never after a task that was charged, and never for what is wrong with the wish itself.
    """
    route = job.prepared.spec.route if job.prepared else ()
    cost = charged(job, effect, fault)
    unpaid = effect in {E.STAGE, E.SUBMIT} or (cost is not None and not cost.amount)
    return route[0] if route and unpaid and effect in _PROVIDERS else ""


def charged(job: Job, effect: Effect, fault: Fault) -> Money | None:
    """Give what a refused attempt cost: nothing where the paid call itself was declined.

    A task that was accepted and failed costs what the provider says; when it says nothing, the
    reservation stays: refunds are never assumed.
    """
    if effect is E.SUBMIT and job.intended:
        return job.intended.cost.none()
    return fault.charged


def _came_back(effect: Effect, fault: Fault) -> bool:
    """Whether an accepted task ended unpaid and may be wished for again, under a new intent."""
    return effect is E.POLL and fault.kind is K.RETURNED


# No model takes nearly as long, and a task that never ends must not keep others from starting.
OVERDUE_S = 2 * 3600.0
_OVERDUE_AGAIN_S = 3600.0


def overdue(accepted_at: float, now: float) -> Held | None:
    """Give the hold of a task that does not end: it is asked about now and then; None: it may."""
    age_s = now - accepted_at
    if age_s < OVERDUE_S:
        return None
    reason = (
        f"the provider took it {age_s / 3600:.0f} hours ago and has not finished; it is asked "
        "again every hour, and others need not wait for it. Look at the provider's own page: if "
        "it says that the task is lost, `resubmit` pays for another"
    )
    return Held("overdue", reason, now + _OVERDUE_AGAIN_S)

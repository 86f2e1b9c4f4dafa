"""What to do next, how to react when the outside lets us down, and when to try again.

Arithmetic on plain data: the clock's time, the luck of jitter and the job come in as arguments.
All retries of the program are decided here and recorded in the journal, so they survive a
restart; no other layer retries.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seedance_watch.core import machine
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import (
    Deferred,
    Effect,
    Event,
    Failing,
    Held,
    Rerouted,
    Unsent,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State

E, K, S = Effect, FaultKind, State

# Promise 6: every working state has exactly one next effect; states at rest have none.
NEXT: Mapping[State, Effect | None] = {
    S.NEW: None,
    S.CLAIMING: E.CLAIM,
    S.CLAIMED: E.PREPARE,
    S.PREPARED: E.STAGE,
    S.STAGED: E.INTEND,
    S.SUBMITTING: E.RECONCILE,
    S.RUNNING: E.POLL,
    S.READY: E.DOWNLOAD,
    S.FETCHED: E.NAME,
    S.PLACING: E.PLACE,
    S.PLACED: E.ARCHIVE,
    S.FAILING: E.ARCHIVE,
    S.CANCELLING: E.ARCHIVE,
    S.DONE: None,
    S.FAILED: None,
    S.CANCELLED: None,
}

# An upload older than this is made again before money is spent on it: how long providers keep
# uploads is not documented.
STAGED_FRESH_S = 1800.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, UTC seconds; None: until somebody acts."""

    until: float | None


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to make one paid call: held only by the loop that just made this intent durable.

    A job found in SUBMITTING without its permit is reconciled, never submitted (promise 2).
    """

    job_id: str
    seq: int


def decide(job: Job, now: float, permit: Permit | None = None) -> Effect | Wait | None:
    """Give the one thing to do next.

    Returns:
        An effect; a Wait; or None when the job is at rest.
    """
    effect = NEXT[job.state]
    if effect is None:
        return None
    if permit == Permit(job.id, job.seq) and job.state is S.SUBMITTING:
        return E.SUBMIT
    until = job.hold.until if job.hold else job.wake_at
    # A wait that was recorded in the future says that the clock went back: it is over.
    if (job.hold and until is None) or (until is not None and job.at <= now < until):
        return Wait(until)
    shown = job.staged is not None and listed(job, job.staged.urls)
    if effect is E.INTEND and (shown or _old(job, now)):
        return E.STAGE
    return E.ADD if lacks_extras(job) else effect


def lacks_extras(job: Job) -> bool:
    """Whether something is yet to be made beside a placed video."""
    if job.state is not S.PLACED or job.duplicate or job.added:
        return False
    return job.placing is not None and bool(job.placing.extras)


def _old(job: Job, now: float) -> bool:
    """Whether an upload may be gone; one from the future, by a clock that went back, too."""
    return not 0 <= now - job.since[S.STAGED] <= STAGED_FRESH_S


def listed(job: Job, urls: Collection[str]) -> bool:
    """Whether the provider may list an attempt by whose upload the next one would be looked for.

    Also one that it turned away: a lost answer would then be taken for the old refusal.

    Args:
        job: Its last intent counts.
        urls: Addresses of an upload.
    """
    if job.intended is None or job.intended.marker not in urls:
        return False
    kept = job.unsent if job.state is S.STAGED else None
    return kept is None or kept.kind not in {K.UNREACHED, K.LOCAL}


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

_UNSENT = frozenset({K.BUSY, K.UNREACHED, K.DENIED, K.LOCAL, K.RETURNED})
# A refusal ends the wish only where refusing is the provider's or the reader's to do; a paid
# video is never given up because a step after it was refused.
_MAY_REFUSE = frozenset({E.CLAIM, E.PREPARE, E.STAGE, E.INTEND, E.SUBMIT, E.POLL})
_PROVIDERS = frozenset({E.STAGE, E.SUBMIT, E.POLL})  # what a provider declines, and not we


def in_doubt(effect: Effect, kind: FaultKind) -> bool:
    """Whether a fault leaves it unknown if the paid call was taken.

    While reconciling every fault does: a throttled or refused look says nothing about the
    submission itself.
    """
    return effect is E.RECONCILE or (
        effect is E.SUBMIT and kind not in _UNSENT and kind is not K.REFUSED
    )


def react(job: Job, effect: Effect, fault: Fault, *, now: float, luck: float) -> Event:
    """Give the event that records a fault; judged by the effect, not by the state.

    Faults that leave a doubt are not judged here: see `in_doubt` and `doubt`. One that comes
    here all the same leaves the job where it is.
    """
    until = now + pause_s(effect, job.tries, fault=fault, luck=luck)
    if fault.kind is K.REFUSED and effect in _MAY_REFUSE:
        if to := next_provider(job, effect, fault):
            return Rerouted(to, fault.reason, charged(job, effect, fault))
        return Failing(effect, fault.kind, fault.reason, fault.code, charged(job, effect, fault))
    if (effect is E.SUBMIT and fault.kind in _UNSENT) or _came_back(effect, fault):
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

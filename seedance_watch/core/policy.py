"""What to do next: for every job exactly one thing, or a wait, or nothing more.

Arithmetic on plain data: the clock's time and the job come in as arguments.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import Effect
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State

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
    if job.state is S.SUBMITTING and permit == Permit(job.id, job.seq):
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

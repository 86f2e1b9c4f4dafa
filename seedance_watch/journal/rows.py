"""A job as the table of jobs keeps it, and back."""

from decimal import Decimal
from typing import Any

from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State
from seedance_watch.ports import Row


def plain(text: str) -> str:
    """Give text that any database stores: undecodable bytes of names become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def values_of(job: Job) -> tuple[Any, ...]:
    """Give a job's row in the order of sql.COLUMNS."""
    claim, spec = job.claim, job.prepared.spec if job.prepared else None
    cost = (job.ready.cost if job.ready else None) or (spec.cost if spec else None)
    return (
        job.id,
        claim.drop_id,
        plain(claim.watch),
        plain(f"{claim.folder}/{claim.stem}".lstrip("/")),
        str(job.state),
        int(job.at_rest),
        job.hold.code if job.hold else "",
        spec.provider if spec else "",
        spec.model if spec else "",
        str(cost.amount) if cost else None,
        cost.unit if cost else None,
        job.hold.until if job.hold else job.wake_at,
        plain(reason_of(job)),
        job.since[State.CLAIMING],
        job.at,
        job.seq,
    )


def reason_of(job: Job) -> str:
    """Say why a job is held, ended without a video, or waits; "" when there is nothing to say."""
    if job.hold:
        return job.hold.reason
    if job.failing:
        return job.failing.reason
    if job.cancelling:
        return job.cancelling.reason
    waiting = job.deferred or job.unsent
    return waiting.reason if waiting and job.wake_at is not None else ""


def row_of(values: tuple[Any, ...]) -> Row:
    """Give the row of a stored line."""
    (job_id, drop_id, watch, label, state, _rest, held, provider, model, amount, unit, *rest) = (
        values
    )
    wake_at, reason, created_at, changed_at, seq = rest
    return Row(
        job_id=job_id,
        drop_id=drop_id,
        watch=watch,
        label=label,
        state=State(state),
        held=held,
        provider=provider,
        model=model,
        cost=Money(Decimal(amount), unit) if amount is not None else None,
        wake_at=wake_at,
        reason=reason,
        created_at=created_at,
        changed_at=changed_at,
        seq=seq,
    )

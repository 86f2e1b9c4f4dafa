"""What an append changes: the row of each job, checked against the records that go with it."""

from collections.abc import Sequence
from typing import NamedTuple

from seedance_watch.core.events import Record
from seedance_watch.core.machine import AT_REST, Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.spending import Spendings, moves

UNREADABLE = "journal"  # the hold's code of a job whose history cannot be read

_BUYING = frozenset(
    {
        *(State.SUBMITTING, State.RUNNING, State.READY),
        *(State.FETCHED, State.PLACING, State.PLACED, State.DONE),
    }
)


class Change(NamedTuple):
    """One job's part of an append.

    Attributes:
        row: The row as it is afterwards.
        before: Number of the event that must be the job's last one; 0: there is no such job.
        records: What is added.
        spendings: What its attempts count as spent afterwards; None: as before.
    """

    row: Row
    before: int
    records: Sequence[Record]
    spendings: Spendings | None


def changes(records: Sequence[Record], jobs: Sequence[Job]) -> list[Change]:
    """Sort an append's records by job.

    Raises:
        ValueError: Records and jobs do not belong together; our bug.
    """
    own: dict[str, list[Record]] = {job.id: [] for job in jobs}
    for record in records:
        own.setdefault(record.job_id, []).append(record)
    if len(own) != len(jobs) or not all(own.values()):
        names, found = [job.id for job in jobs], sorted({each.job_id for each in records})
        raise ValueError(f"an append of jobs {names} has records of jobs {found}")
    return [_change(job, own[job.id]) for job in jobs]


def _change(job: Job, records: Sequence[Record]) -> Change:
    """Check that the records end where the job stands."""
    seqs = [record.seq for record in records]
    before = job.seq - len(seqs)
    if before < 0 or seqs != [*range(before + 1, job.seq + 1)]:
        raise ValueError(f"job {job.id}: events {seqs} do not lead to event {job.seq}")
    spends = any(moves(record.event) for record in records)
    return Change(row_of(job), before, records, job.spendings if spends else None)


def row_of(job: Job) -> Row:
    """Give the row that shows a job."""
    claim = job.claim
    spec = job.prepared.spec if job.prepared else None
    return Row(
        job_id=job.id,
        drop_id=claim.drop_id,
        watch=plain(claim.watch),
        label=plain(f"{claim.folder}/{claim.stem}" if claim.folder else claim.stem),
        state=job.state,
        held=job.hold.code if job.hold else "",
        provider=spec.provider if spec else "",
        model=spec.model if spec else "",
        cost=_cost(job),
        wake_at=job.hold.until if job.hold else job.wake_at,
        reason=plain(_reason(job)),
        created_at=job.since[State.CLAIMING],
        changed_at=job.at,
        seq=job.seq,
        video=plain(_video(job)),
        fingerprint=_bought(job),
    )


def _video(job: Job) -> str:
    """Give where the video is, or will be."""
    if job.duplicate:
        return job.duplicate.video
    return job.placing.name if job.placing else ""


def _bought(job: Job) -> str:
    """Give the fingerprint of what the job bought or is buying, "" for nothing."""
    spared = job.duplicate or job.reused
    bought = job.prepared and job.state in _BUYING and not spared
    return job.prepared.fingerprint if job.prepared and bought else ""


def plain(text: str) -> str:
    """Give text that every database stores and every reader can show; for people, one way."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def at_rest(row: Row) -> bool:
    """Whether the story of a row's job is over."""
    return row.state in AT_REST


def _cost(job: Job) -> Money | None:
    """Give what was charged, else what is reserved, else what it will cost."""
    if (job.duplicate or job.reused) and job.prepared:
        return job.prepared.spec.cost.none()
    if job.ready and job.ready.cost:
        return job.ready.cost
    if job.intended:
        return job.intended.cost
    return job.prepared.spec.cost if job.prepared else None


def _reason(job: Job) -> str:
    """Say why a job ended badly, waits or cost nothing, "" when neither."""
    if job.failing or job.cancelling:
        ended = job.failing or job.cancelling
        return ended.reason if ended else ""
    if job.hold:
        return job.hold.reason
    return _put_off(job) or _spared(job) or _chained(job)


def _put_off(job: Job) -> str:
    """Say why a job waits for a time, "" where it does not."""
    if job.wake_at is None:
        return ""
    waits = (job.deferred, job.unsent)
    return next((each.reason for each in waits if each and each.until == job.wake_at), "")


def _chained(job: Job) -> str:
    """Say what a job waits for that has no first image yet, "" for nothing."""
    waits = job.state in {State.CLAIMING, State.CLAIMED} and job.claim.start_from
    return f"it starts from {job.claim.start_from}" if waits else ""


def _spared(job: Job) -> str:
    """Say why nothing was paid, "" where that was not so."""
    if job.duplicate:
        return f"the same video exists already: {job.duplicate.video} (job {job.duplicate.of})"
    return f"the same video was made by job {job.reused.of}" if job.reused else ""

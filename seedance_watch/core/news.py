"""What is worth telling somebody: told to commands, to channels and to other machines.

Made from recorded events and from changes in the picture; never before either is durable.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from seedance_watch.core.events import Archived, Held, Record, Released
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import InboxView, LaneView, Live


class Kind(StrEnum):
    """What happened."""

    DONE = "done"  # a video is in the outbox, its originals are in done/
    FAILED = "failed"  # a wish cannot be granted; the reason is in failed/
    CANCELLED = "cancelled"  # a job was taken back
    HELD = "held"  # a job waits for a person or for its budget
    RELEASED = "released"  # a held job goes on
    PAUSED = "paused"  # a provider turns everything away
    RESUMED = "resumed"  # it takes jobs again
    CLOSED = "closed"  # an inbox cannot be worked in
    OPENED = "opened"  # it can again
    LOW = "low"  # less is left on an account than the operator wants


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that happened.

    Attributes:
        kind: What.
        at: When, UTC seconds.
        id: The same each time that it is told, and of nothing else.
        watch: Name of the watch entry, "" where it concerns all.
        job: The job's name, "" where it is about no job.
        label: Path of the drop below the inbox without ending; else what it is about.
        provider: Provider name, "" where none is concerned.
        model: Model id, "" before it is known.
        reason: Why, for people; "" where nothing needs saying.
        code: The same for machines, "" for none.
        video: The video's path below the outbox, "" for none.
        cost: What the job counts as spent, None: nothing.
        took_s: From claim to end, None where nothing ended.
        extras: What was made beside the video, by its kind: paths below the outbox.
    """

    kind: Kind
    at: float
    id: str
    watch: str = ""
    job: str = ""
    label: str = ""
    provider: str = ""
    model: str = ""
    reason: str = ""
    code: str = ""
    video: str = ""
    cost: Money | None = None
    took_s: float | None = None
    extras: Mapping[str, str] = field(default_factory=dict)


_ENDS: Mapping[State, Kind] = {
    State.DONE: Kind.DONE,
    State.FAILED: Kind.FAILED,
    State.CANCELLED: Kind.CANCELLED,
}


def news_of(after: Job, record: Record) -> News | None:
    """Give what a recorded event is worth telling, None for most.

    Args:
        after: The job after the event.
        record: The event.
    """
    match record.event:
        case Archived():
            return _told(after, record, _ENDS[after.state], *_why(after))
        case Held(code=code, reason=reason):
            return _told(after, record, Kind.HELD, reason, code)
        case Released(by=by):
            return _told(after, record, Kind.RELEASED, f"released by {by}")
        case _:
            return None


def _told(job: Job, record: Record, kind: Kind, reason: str, code: str = "") -> News:
    claim, spec = job.claim, job.prepared.spec if job.prepared else None
    made = kind is Kind.DONE and job.placing is not None and job.duplicate is None
    return News(
        kind=kind,
        at=record.at,
        id=f"{job.id}.{record.seq}",
        watch=claim.watch,
        job=job.id,
        label=f"{claim.folder}/{claim.stem}".lstrip("/"),
        provider=spec.provider if spec else "",
        model=spec.model if spec else "",
        reason=reason,
        code=code,
        video=job.placing.name if made and job.placing else "",
        cost=_cost(job),
        took_s=record.at - job.since[State.CLAIMING] if job.at_rest else None,
        extras=_extras(job) if made else {},
    )


def _extras(job: Job) -> dict[str, str]:
    """Name what was made beside a job's video, by its kind."""
    found = job.added.extras if job.added else ()
    return {str(each.kind): each.name for each in found if not each.lacking}


def _why(job: Job) -> tuple[str, str]:
    """Give why a job ended as it did, and the same for machines."""
    if job.state is State.FAILED and job.failing:
        return job.failing.reason, job.failing.code or str(job.failing.kind)
    if job.state is State.CANCELLED and job.cancelling:
        return job.cancelling.reason, ""
    if job.duplicate:
        return f"the same video exists already: {job.duplicate.video}", "duplicate"
    return "", ""


def _cost(job: Job) -> Money | None:
    """Add up what counts at the provider that was paid last."""
    if not job.spendings:
        return None
    last = job.spendings[-1]
    own = (each.amount.amount for each in job.spendings if each.provider == last.provider)
    return Money(sum(own, start=last.amount.none().amount), last.amount.unit)


# Changes in the picture


def changes(before: Live, after: Live, *, at: float) -> Iterator[News]:
    """Give what began or ended between two looks at a running daemon.

    Args:
        before: The earlier look.
        after: The later one.
        at: When that was, UTC seconds.
    """
    lanes = {lane.provider: lane for lane in before.lanes}
    for lane in after.lanes:
        yield from _lane(lanes.get(lane.provider, LaneView(lane.provider, 0, 0)), lane, at)
    inboxes = {inbox.watch: inbox for inbox in before.inboxes}
    for inbox in after.inboxes:
        yield from _inbox(inboxes.get(inbox.watch, InboxView(inbox.watch, "")), inbox, at)


def low(before: Live, after: Live, least: Mapping[str, Money], *, at: float) -> Iterator[News]:
    """Give the accounts that fell below what the operator wants to be left.

    Args:
        before: The earlier look.
        after: The later one.
        least: What is wanted to be left, by provider.
        at: When the later look was, UTC seconds.
    """
    for provider, left in after.left.items():
        wanted = least.get(provider, left).amount
        was = before.left.get(provider)
        if left.amount < wanted and (was is None or was.amount >= wanted):
            reason = f"{left} are left, less than {least[provider]}"
            yield _general(Kind.LOW, at, reason, label=provider, provider=provider)


def _lane(before: LaneView, after: LaneView, at: float) -> Iterator[News]:
    if before.paused == after.paused:
        return
    kind = Kind.PAUSED if after.paused else Kind.RESUMED
    yield _general(kind, at, after.why, label=after.provider, provider=after.provider)


def _inbox(before: InboxView, after: InboxView, at: float) -> Iterator[News]:
    if bool(before.closed) == bool(after.closed):
        return
    kind = Kind.CLOSED if after.closed else Kind.OPENED
    yield _general(kind, at, after.closed, label=after.folder, watch=after.watch)


def _general(
    kind: Kind, at: float, reason: str, *, label: str, provider: str = "", watch: str = ""
) -> News:
    name = f"{kind}.{provider or watch}.{at:.3f}"
    return News(
        kind=kind, at=at, id=name, watch=watch, label=label, provider=provider, reason=reason
    )


# Telling


def plain(news: News) -> dict[str, object]:
    """Give news as JSON has it; amounts as text, so that nobody rounds them."""
    return {
        "event": str(news.kind),
        "id": news.id,
        "at": datetime.fromtimestamp(news.at, UTC).isoformat(timespec="milliseconds"),
        "watch": news.watch,
        "job": news.job,
        "label": news.label,
        "provider": news.provider,
        "model": news.model,
        "reason": news.reason,
        "code": news.code,
        "video": news.video,
        "receipt": receipt_of(news.video),
        **({"extras": dict(news.extras)} if news.extras else {}),
        "cost": {"amount": news.cost.digits, "unit": news.cost.unit} if news.cost else None,
        "took_s": None if news.took_s is None else round(news.took_s, 3),
    }


def receipt_of(video: str) -> str:
    """Give the path of a video's receipt below the outbox, "" for no video."""
    return f"{video.rpartition('.')[0]}.toml" if video else ""

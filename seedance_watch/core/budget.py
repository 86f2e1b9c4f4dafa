"""How much may be spent: caps per job, day and month, and what follows when one is reached.

A cap is in its provider's own unit and counts what attempts reserved or were charged, in the
period of their intent. Days and months are those of a time zone that the operator chose.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from seedance_watch.core.events import Held
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money
from seedance_watch.core.spending import total


class Period(StrEnum):
    """What a cap counts over."""

    JOB = "job"  # all attempts of one job
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit that the operator set.

    Attributes:
        key: The configuration's key, for people.
        provider: Whose money.
        watch: The watch entry that it holds for, "" for all together.
        period: What it counts over.
        most: The limit.
    """

    key: str
    provider: str
    watch: str
    period: Period
    most: Money


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What may be spent at a provider in a span of time.

    Attributes:
        provider: Whose money.
        watch: The watch entry that it holds for, "" for all together.
        since: Beginning of the span, UTC seconds.
        until: Its end, not part of it.
        most: The amount that the attempts intended in it may add up to.
    """

    provider: str
    watch: str
    since: float
    until: float
    most: Money


def concerning(caps: Iterable[Cap], job: Job) -> list[Cap]:
    """Choose the caps that a prepared job falls under."""
    assert job.prepared is not None, job.id
    provider, watch = job.prepared.spec.provider, job.claim.watch
    return [cap for cap in caps if cap.provider == provider and cap.watch in {"", watch}]


def ceiling(cap: Cap, now: float, zone: tzinfo) -> Ceiling:
    """Give what a cap of days or months means at a time."""
    since, until = span(cap.period, now, zone)
    return Ceiling(cap.provider, cap.watch, since, until, cap.most)


def span(period: Period, now: float, zone: tzinfo) -> tuple[float, float]:
    """Give the beginning and the end of the day or month that a time lies in, UTC seconds.

    A midnight that a change of clocks skips or repeats counts to both sides of it.
    """
    day = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    first = day if period is Period.DAY else day.replace(day=1)
    after = first + timedelta(days=1 if period is Period.DAY else 31)
    last = after if period is Period.DAY else after.replace(day=1)
    return min(_moments(first)), max(_moments(last))


def _moments(midnight: datetime) -> tuple[float, float]:
    """Give both readings of a wall clock's time, which are nearly always the same."""
    return midnight.replace(fold=0).timestamp(), midnight.replace(fold=1).timestamp()


def over(
    cap: Cap, job: Job, *, spent: Money, until: float | None, zone: tzinfo = UTC
) -> Held | None:
    """Give the hold of a job that a cap has no room for; None: it has.

    Args:
        cap: The cap.
        job: A prepared job.
        spent: What counts under the cap already, this job's next attempt not included.
        until: When the period ends, UTC seconds; None: never.
        zone: In which a person reads that time.
    """
    assert job.prepared is not None, job.id
    cost = job.prepared.spec.cost
    if spent.amount + cost.amount <= cap.most.amount:
        return None
    if cost.amount > cap.most.amount or until is None:
        reason = (
            f"this video costs {cost}, and {cap.key} allows {cap.most} in all; ask for less or "
            "raise the limit, then release the job"
        )
        return Held("budget", reason)
    start = datetime.fromtimestamp(until, zone).strftime("%Y-%m-%d %H:%M %Z").strip()
    reason = (
        f"this video costs {cost}, and of the {cap.most} that {cap.key} allows {spent} are spent "
        f"or reserved; it starts by itself when the {cap.period} is over ({start})"
    )
    return Held("budget", reason, until)


def spent_by(job: Job, cap: Cap) -> Money:
    """Give what a job's own attempts count as spent, for a cap per job."""
    return Money(total(job.spendings, cap.provider), cap.most.unit)

"""What was spent, added up by day, folder, provider and model.

Amounts of different providers are never added: each counts in a unit of its own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from seedance_watch.core.budget import Period, span
from seedance_watch.core.model import Money

KEYS = ("day", "watch", "provider", "model")


@dataclass(frozen=True, slots=True)
class Spent:
    """What attempts reserved, or were charged where that was told.

    Attributes:
        day: The day of their intents, "2026-11-21"; "" for all days together.
        watch: Name of the watch entry, "" for all together.
        provider: Whose money; never left out.
        model: What it was spent on, "" for all together.
        amount: How much.
        attempts: By how many attempts.
    """

    day: str
    watch: str
    provider: str
    model: str
    amount: Money
    attempts: int = 1


def sums(spent: Iterable[Spent], by: Collection[str]) -> list[Spent]:
    """Add up what is alike in some of KEYS, ordered by these; the provider always counts."""
    rest = {key: "" for key in KEYS if key not in by and key != "provider"}
    found: dict[tuple[str, ...], Spent] = {}
    for each in spent:
        alike = replace(each, **rest)  # type: ignore[arg-type]
        key = (alike.day, alike.watch, alike.provider, alike.model, alike.amount.unit)
        found[key] = _added(found[key], alike) if key in found else alike
    return [found[key] for key in sorted(found)]


def _added(first: Spent, second: Spent) -> Spent:
    total = Money(first.amount.amount + second.amount.amount, first.amount.unit)
    return replace(first, amount=total, attempts=first.attempts + second.attempts)


def day(at: float, zone: tzinfo) -> str:
    """Name the day that a time lies in."""
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d")


def since(days: int, now: float, zone: tzinfo) -> float:
    """Give when the last so many days began, today included; 0.0 for none, which means all."""
    if days <= 0:
        return 0.0
    first = datetime.fromtimestamp(now, zone) - timedelta(days=days - 1)
    return span(Period.DAY, first.timestamp(), zone)[0]


def micros(count: int, unit: str) -> Money:
    """Give an amount that is counted in millionths."""
    return Money(Decimal(count) / 10**6, unit)

"""What was spent, added up."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from seedance_watch.core import spent
from seedance_watch.core.model import Money
from seedance_watch.core.spent import Spent, micros, sums

TOKYO, BERLIN = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Berlin")


def one(day: str, watch: str, provider: str, amount: int, unit: str = "credits") -> Spent:
    return Spent(day, watch, provider, "lite", Money(Decimal(amount), unit))


ALL = [
    one("2026-11-21", "a", "rivya", 16),
    one("2026-11-20", "a", "rivya", 8),
    one("2026-11-21", "b", "rivya", 4),
    one("2026-11-21", "b", "segmind", 2, "usd"),
]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (("day",), [("2026-11-20", "", "", 8, 1), ("2026-11-21", "", "", 20, 2)]),
        (("watch",), [("", "a", "", 24, 2), ("", "b", "", 4, 1)]),
        (("model",), [("", "", "lite", 28, 3)]),
        ((), [("", "", "", 28, 3)]),
        (("day", "watch"), [("2026-11-20", "a", "", 8, 1), ("2026-11-21", "a", "", 16, 1),
                            ("2026-11-21", "b", "", 4, 1)]),
    ],
)  # fmt: skip
def test_alike_is_added_and_providers_never(
    by: tuple[str, ...], expected: list[tuple[object, ...]]
) -> None:
    """In the order of days, folders, providers, models."""
    found = [each for each in sums(ALL, by) if each.provider == "rivya"]
    told = [(e.day, e.watch, e.model, int(e.amount.amount), e.attempts) for e in found]
    assert told == expected
    [other] = [each for each in sums(ALL, ()) if each.provider == "segmind"]
    assert str(other.amount) == "2 usd"


def test_a_day_is_one_of_the_operators_zone() -> None:
    """An evening in UTC is the next morning in Tokyo."""
    evening = datetime(2026, 11, 20, 22, tzinfo=UTC).timestamp()
    assert spent.day(evening, UTC) == "2026-11-20"
    assert spent.day(evening, TOKYO) == "2026-11-21"


@pytest.mark.parametrize(
    ("days", "begins"),
    [
        (1, datetime(2026, 10, 25, tzinfo=BERLIN)),
        (2, datetime(2026, 10, 24, tzinfo=BERLIN)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_last_days_begin_at_a_midnight(days: int, begins: datetime) -> None:
    """Also on a day of 25 hours."""
    now = datetime(2026, 10, 25, 23, 30, tzinfo=BERLIN).timestamp()
    assert spent.since(days, now, BERLIN) == begins.timestamp()


def test_millionths_are_exact() -> None:
    """No binary fraction comes in."""
    assert str(micros(180_001, "usd")) == "0.180001 usd"

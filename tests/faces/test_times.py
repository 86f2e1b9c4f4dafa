"""Times as people read them."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from seedance_watch.faces import times

NOON = 1_700_049_600.0  # 2023-11-15 12:00:00 UTC


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0.2, "0 s"),
        (42.4, "42 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7800, "2 h 10 min"),
        (86_400 * 2 + 3600 * 5, "2 d 5 h"),
        (86_400 + 120, "1 d"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    """The largest ones; what comes after them is noise."""
    assert times.span(seconds) == words


def test_another_day_is_named() -> None:
    """In the operator's zone, not in the machine's."""
    assert times.moment(NOON, UTC, now=NOON) == "12:00:00"
    assert times.moment(NOON + 86_400, UTC, now=NOON) == "2023-11-16 12:00:00"
    assert times.moment(NOON, ZoneInfo("Asia/Tokyo"), now=NOON) == "21:00:00"


def test_what_is_over_has_no_time_left() -> None:
    """Only when it was."""
    assert times.until(NOON + 42, UTC, now=NOON) == "until 12:00:42 (42 s)"
    assert times.until(NOON - 42, UTC, now=NOON) == "until 11:59:18"

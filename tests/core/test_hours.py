"""When paid calls may be made."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.hours import closed, hours_of, opens_at, too_early

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    """Give the UTC seconds of a wall clock's time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ([], "2026-11-21 12:00", None),
        (["22:00-06:00"], "2026-11-21 12:00", "2026-11-21 22:00"),
        (["22:00-06:00"], "2026-11-21 22:00", None),
        (["22:00-06:00"], "2026-11-22 05:59", None),
        (["22:00-06:00"], "2026-11-22 06:00", "2026-11-22 22:00"),
        (["00:00-24:00"], "2026-11-22 23:59", None),
        (["8:00-12:00", "13:00-17:00"], "2026-11-20 12:30", "2026-11-20 13:00"),
        (["mon-fri 20:00-07:00"], "2026-11-21 06:59", None),  # a Saturday: Friday's night
        (["mon-fri 20:00-07:00"], "2026-11-21 07:00", "2026-11-23 20:00"),
        (["sat,sun 00:00-24:00"], "2026-11-20 12:00", "2026-11-21 00:00"),
        (["fri-mon 09:00-10:00"], "2026-11-24 12:00", "2026-11-27 09:00"),
        (["wed 09:00-10:00"], "2026-11-25 10:00", "2026-12-02 09:00"),
        # Clocks are set forward at 2:00 and back at 3:00; the wall clock counts.
        (["03:00-04:00"], "2026-03-29 01:30", "2026-03-29 03:00"),
        (["22:00-06:00"], "2026-10-25 05:30", None),
        (["22:00-06:00"], "2026-10-25 06:00", "2026-10-25 22:00"),
    ],
)
def test_windows_open_by_the_wall_clock(hours: list[str], now: str, opens: str | None) -> None:
    """The next opening is the first after now; within a window there is none to wait for."""
    found = opens_at([hours_of(each) for each in hours], at(now), BERLIN)

    assert found == (at(opens) if opens else None)


@given(
    st.lists(
        st.sampled_from(["22:00-06:00", "mon 09:00-10:00", "sat-tue 23:30-0:30"]), max_size=3
    ),
    st.floats(1.0e9, 4.0e9),
    st.sampled_from(["Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "UTC"]),
)
def test_an_opening_is_open_and_comes_within_eight_days(
    hours: list[str], now: float, zone: str
) -> None:
    """Whoever waits until then may go on then, and never waits for ever."""
    windows, where = [hours_of(each) for each in hours], ZoneInfo(zone)

    opens = opens_at(windows, now, where)

    if opens is not None:
        assert now < opens <= now + 8.2 * 86_400
        assert opens_at(windows, opens, where) is None


@pytest.mark.parametrize(
    "text", ["", "22:00", "25:00-26:00", "22-6", "08:00-08:00", "funday 08:00-09:00", "8:77-9:00"]
)
def test_hours_that_are_none_say_how_to_write_them(text: str) -> None:
    """Never a guess."""
    with pytest.raises(ValueError, match=r"written|day|begins"):
        hours_of(text)


def test_a_job_outside_the_hours_is_held_until_they_begin() -> None:
    """The reason names the hours and the time, in the operator's zone."""
    held = closed([hours_of("22:00-06:00")], at("2026-11-21 12:00"), BERLIN)

    assert held
    assert (held.code, held.until) == ("hours", at("2026-11-21 22:00"))
    assert held.reason.endswith("22:00-06:00; it starts by itself at 2026-11-21 22:00 CET")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("2026-12-24", "2026-12-24 00:00"),
        ("2026-12-24T18:30:00", "2026-12-24 18:30"),
        ("2026-12-24T17:30:00+00:00", "2026-12-24 18:30"),
    ],
)
def test_a_first_moment_is_the_operators_unless_it_names_a_zone(text: str, until: str) -> None:
    """A date alone is its midnight."""
    held = too_early(text, at("2026-12-01 00:00"), BERLIN)

    assert held
    assert (held.code, held.until) == ("not_before", at(until))
    assert too_early(text, at(until), BERLIN) is None


def test_without_a_first_moment_nobody_waits() -> None:
    """Nothing was written, so nothing is waited for; the last year there is does no harm."""
    assert too_early("", 0.0, BERLIN) is None
    assert too_early("9999-12-31T23:59:59-12:00", 0.0, UTC)

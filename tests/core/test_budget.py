"""Caps: whom they concern, which days they count, what they say when they are reached."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from histories import COST, LIFE, Story, claiming
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.budget import Cap, Period, ceiling, concerning, over, span, spent_by
from seedance_watch.core.events import Claimed, GivenUp
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money

# Half hours, changes of clocks at midnight (both ways), a day that never was (Apia), UTC.
ZONES = [
    ZoneInfo(name)
    for name in (
        *("Europe/Berlin", "America/Havana", "Asia/Kolkata", "Pacific/Apia", "UTC"),
        *("America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe"),
    )
]
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


def money(amount: str) -> Money:
    return Money(Decimal(amount), "credits")


def cap(
    most: str, period: Period = Period.DAY, *, watch: str = "", provider: str = "rivya"
) -> Cap:
    return Cap("providers.rivya.budget.per_day", provider, watch, period, money(most))


def prepared() -> Job:
    """A job that costs 1.50 credits."""
    story = Story.of("a")
    story.next(claiming(), Claimed(), LIFE[1])
    return story.job


@given(st.sampled_from(ZONES), st.sampled_from([Period.DAY, Period.MONTH]), st.floats(0, 4e9))
def test_a_span_holds_its_moment(zone: ZoneInfo, period: Period, now: float) -> None:
    """Any time of any zone lies in its day and month, and these are about as long as they are."""
    since, until = span(period, now, zone)
    days = (until - since) / 86_400
    assert since <= now < until
    assert 22 / 24 <= days <= 3 if period is Period.DAY else 26.9 <= days <= 32.1


@given(st.sampled_from(ZONES), st.sampled_from([Period.DAY, Period.MONTH]), st.floats(0, 4e9))
def test_spans_leave_no_gap(zone: ZoneInfo, period: Period, now: float) -> None:
    """When one is over the next one counts: nothing is spent between two periods."""
    _, until = span(period, now, zone)
    since, later = span(period, until, zone)
    assert since <= until < later


def test_a_day_is_the_one_on_the_wall() -> None:
    """Not the one of UTC, and with its 25 hours where clocks go back."""
    berlin = ZoneInfo("Europe/Berlin")
    since, until = span(Period.DAY, datetime(2026, 10, 25, 12, tzinfo=berlin).timestamp(), berlin)
    assert datetime.fromtimestamp(since, berlin).isoformat() == "2026-10-25T00:00:00+02:00"
    assert until - since == timedelta(hours=25).total_seconds()


def test_a_month_ends_where_the_next_begins() -> None:
    """Also in December, and in a February of 29 days."""
    assert span(Period.MONTH, datetime(2026, 12, 31, 23, tzinfo=UTC).timestamp(), UTC) == (
        datetime(2026, 12, 1, tzinfo=UTC).timestamp(),
        datetime(2027, 1, 1, tzinfo=UTC).timestamp(),
    )
    since, until = span(Period.MONTH, datetime(2028, 2, 3, tzinfo=UTC).timestamp(), UTC)
    assert (until - since) / 86_400 == 29


def test_a_cap_concerns_its_provider_and_its_folder() -> None:
    """Or all folders of the provider."""
    mine = [cap("1"), cap("1", watch="studio")]
    others = [cap("1", watch="other"), cap("1", provider="segmind")]
    assert concerning([*others, *mine], prepared()) == mine


def test_a_ceiling_is_the_caps_period() -> None:
    """With its beginning, its end and its limit."""
    found = ceiling(cap("9", watch="studio"), NOW, UTC)
    assert (found.provider, found.watch, found.most) == ("rivya", "studio", money("9"))
    assert found.until - found.since == 86_400


@pytest.mark.parametrize(("spent", "held"), [("0", False), ("8.5", False), ("8.500001", True)])
def test_what_fits_exactly_fits(spent: str, *, held: bool) -> None:
    """The last credit may be spent."""
    assert (over(cap("10"), prepared(), spent=money(spent), until=NOW) is not None) == held


def test_the_hold_says_which_limit_how_far_and_until_when() -> None:
    """It ends by itself with the period."""
    hold = over(cap("10"), prepared(), spent=money("9"), until=NOW)
    assert hold
    assert (hold.code, hold.until) == ("budget", NOW)
    for word in (
        "costs 1.5 credits", "10 credits", "providers.rivya.budget.per_day", "9 credits",
        "when the day is over (2026-11-21 12:00 UTC)"
    ):  # fmt: skip
        assert word in hold.reason


def test_what_never_fits_waits_for_a_person() -> None:
    """No day will come on which it is cheap enough."""
    hold = over(cap("1.4"), prepared(), spent=money("0"), until=NOW)
    assert hold
    assert hold.until is None
    assert "raise the limit" in hold.reason


def test_a_cap_per_job_counts_all_its_attempts() -> None:
    """One that a person gave up may have been paid."""
    story = Story.of("a")
    story.next(claiming(), *LIFE[:4])
    story.next(GivenUp("a person"))
    spent = spent_by(story.job, cap("9", Period.JOB))
    assert spent == COST
    assert over(cap("3", Period.JOB), story.job, spent=spent, until=None) is None
    assert over(cap("2.9", Period.JOB), story.job, spent=spent, until=None)


def test_a_video_as_dear_as_the_whole_budget_waits_for_the_next_period() -> None:
    """It fits tomorrow, so nobody has to do anything."""
    held = over(cap("1.5"), prepared(), spent=money("0.1"), until=NOW)
    assert held is not None
    assert (held.code, held.until) == ("budget", NOW)


def test_what_never_fits_says_what_a_person_can_do() -> None:
    """Code and words are the contract of notes and scripts."""
    held = over(cap("1.4"), prepared(), spent=money("0"), until=NOW)
    assert held is not None
    assert (held.code, held.until) == ("budget", None)
    assert held.reason.endswith("ask for less or raise the limit, then release the job")


def test_a_ceiling_begins_and_ends_at_midnight_of_its_zone() -> None:
    """To the microsecond: a job of yesterday is not counted today."""
    kolkata = ZoneInfo("Asia/Kolkata")
    now = datetime(2026, 11, 21, 12, 34, 56, 789_000, tzinfo=kolkata).timestamp()
    found = ceiling(cap("1"), now, kolkata)
    assert found.since == datetime(2026, 11, 21, tzinfo=kolkata).timestamp()
    assert found.until == datetime(2026, 11, 22, tzinfo=kolkata).timestamp()


def test_a_midnight_that_comes_twice_counts_to_both_days() -> None:
    """The first of the two ends no day early, the second begins none late."""
    havana = ZoneInfo("America/Havana")  # at one the clocks go back to midnight
    day = datetime(2026, 11, 1, 12, tzinfo=havana).timestamp()
    since, _ = span(Period.DAY, day, havana)
    assert since == datetime(2026, 11, 1, 0, fold=0, tzinfo=havana).timestamp()
    _, until = span(Period.DAY, day - 86_400, havana)
    assert until == datetime(2026, 11, 1, 0, fold=1, tzinfo=havana).timestamp()

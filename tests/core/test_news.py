"""What is worth telling: made from recorded events, and from changes in the picture."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
import studios

from seedance_watch.core import reactions
from seedance_watch.core.events import Effect, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money
from seedance_watch.core.news import Kind, News, changes, low, news_of, plain, receipt_of
from seedance_watch.core.snapshot import InboxView, LaneView, Live
from seedance_watch.sandbox.server import threaded


def live(
    *, paused: bool = False, closed: str = "", left: int = 100, why: str = "no credits"
) -> Live:
    lane = LaneView("rivya", 8, 0, 5.0 if paused else None, why if paused else "", paused=paused)
    amount = Money(Decimal(left), "credits")
    return Live(
        process=1, version="1", since=0.0, lanes=(lane,),
        inboxes=(InboxView("studio", "/in", closed=closed),), left={"rivya": amount},
    )  # fmt: skip


def told(before: Live, after: Live) -> list[tuple[Kind, str, str]]:
    return [(each.kind, each.label, each.reason) for each in changes(before, after, at=7.0)]


def test_only_changes_are_news() -> None:
    """What goes on is told once when it begins and once when it is over."""
    good, bad = live(), live(paused=True, closed="not mounted")

    assert told(good, good) == told(bad, bad) == []
    assert told(good, bad) == [
        (Kind.PAUSED, "rivya", "no credits"),
        (Kind.CLOSED, "/in", "not mounted"),
    ]
    assert [kind for kind, _, _ in told(bad, good)] == [Kind.RESUMED, Kind.OPENED]


def test_what_is_wrong_at_the_start_is_news() -> None:
    """The first look has nothing before it."""
    empty = Live(process=1, version="1", since=0.0)

    assert [kind for kind, _, _ in told(empty, live(paused=True))] == [Kind.PAUSED]
    assert told(empty, live()) == []


def test_an_account_runs_low_once() -> None:
    """Not at each look, and again after it was filled up."""
    least = {"rivya": Money(Decimal(50), "credits")}

    def kinds(before: int, after: int) -> list[str]:
        news = low(live(left=before), live(left=after), least, at=1.0)
        return [each.reason for each in news]

    assert kinds(100, 50) == []
    assert kinds(50, 49) == ["49 credits are left, less than 50 credits"]
    assert kinds(49, 10) == []
    assert not list(low(live(left=9), live(left=8), {}, at=1.0))


def test_a_run_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a done, a pointing, a failed and a held job, with what people and programs need."""
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, reactions.Pace(0.02, 0.1)))
    found: list[News] = []

    def heard(_before: Job, after: Job, record: Record) -> None:
        found.extend(filter(None, [news_of(after, record)]))

    with threaded(studios.KNOBS, time_factor=0) as sandbox:
        studio = studios.lay_out(tmp_path / "studio", sandbox.url)
        studio.configure(more="[providers.rivya.budget]\nper_month = 16")
        studio.drop('prompt = "p"\n', name="sub/first")
        asyncio.run(studios.once(studio, heard))
        studio.drop('prompt = "p"\n', name="sub/first")
        studio.drop("prompt = 3\n", name="bad")
        studio.drop('prompt = "q"\n', name="dear")
        asyncio.run(studios.once(studio, heard))

    first, *rest = found
    assert (first.kind, first.label, first.video) == (Kind.DONE, "sub/first", "sub/first.mp4")
    assert (first.provider, str(first.cost), first.reason) == ("rivya", "16 credits", "")
    assert first.took_s is not None
    by_kind = {news.kind: news for news in rest}
    assert by_kind.keys() == {Kind.DONE, Kind.FAILED, Kind.HELD}
    assert by_kind[Kind.DONE].video == ""
    assert by_kind[Kind.DONE].code == "duplicate"
    assert by_kind[Kind.HELD].code == "budget"
    assert by_kind[Kind.HELD].took_s is None
    assert "prompt" in by_kind[Kind.FAILED].reason
    assert len({news.id for news in found}) == 4
    assert all(news.watch == "studio" for news in found)


def test_news_are_plain_json() -> None:
    """Amounts are text, times have their zone, and nothing is left out."""
    news = News(
        kind=Kind.DONE, at=0.5, id="j.1", video="a/b.c.mp4", cost=Money(Decimal("0.10"), "usd"),
        took_s=1.23456,
    )  # fmt: skip
    found = plain(news)

    assert found["at"] == "1970-01-01T00:00:00.500+00:00"
    assert found["cost"] == {"amount": "0.1", "unit": "usd"}
    assert (found["receipt"], found["took_s"]) == ("a/b.c.toml", 1.235)
    assert receipt_of("") == ""

"""The status as people read it, and that strangers' names cannot change what it says."""

from datetime import UTC
from decimal import Decimal

from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import (
    DayView,
    InboxView,
    LaneView,
    Live,
    Row,
    Snapshot,
    Waiting,
)
from seedance_watch.faces.status_text import SIGN, headed, status

NOW = 1_800_000_000.0


def row(label: str, state: State, *, held: str = "", reason: str = "", take: int = 0) -> Row:
    return Row(
        job_id=f"{label}-1.{take}" if take else f"{label}-1",
        drop_id=f"{label}-1",
        watch="studio",
        label=label,
        state=state,
        held=held,
        provider="rivya",
        model="m",
        cost=None,
        wake_at=NOW + 60 if held or reason else None,
        reason=reason,
        created_at=NOW,
        changed_at=NOW,
        seq=3,
        video=f"{label}.mp4" if state is State.DONE else "",
    )


def lines(text: str, title: str) -> list[str]:
    """Give the lines below a title."""
    part = next(part for part in text.split("\n\n") if part.startswith(title))
    return [line.strip() for line in part.splitlines()[1:]]


def test_what_was_spent_today_is_told_without_any_limit() -> None:
    """Of this folder only; what points to another's video was not made."""
    today = tuple(
        DayView(watch, "rivya", Money(Decimal(amount), "credits"))
        for watch, amount in (("studio", 48), ("other", 16))
    )
    ended = (row("a", State.DONE), row("b", State.DONE)._replace(reason="it exists already"))
    text = status(Snapshot(NOW, {}, ended=ended, today=today), "studio", UTC)
    assert lines(text, "Spent") == ["rivya, this folder: 48 credits today"]
    assert [line.split(":")[0] for line in lines(text, "Made last")] == ["a.mp4"]


def test_each_thing_stands_where_it_belongs() -> None:
    """Held jobs are not told as waiting, another folder's jobs not at all."""
    live = Live(
        1,
        "0",
        NOW,
        lanes=(LaneView("rivya", 2, 0, why="no credits", paused=True),),
        inboxes=(
            InboxView(
                "studio", "/in", waiting=(Waiting("x.png", "it waits for x.toml", "partner"),)
            ),
            InboxView("other", "/other", closed="gone"),
        ),
    )
    rows = (
        row("a", State.RUNNING, take=2),
        row("b", State.STAGED),
        row("c", State.STAGED, held="budget", reason="over"),
        row("e", State.READY, reason="refused"),
    )
    text = status(Snapshot(NOW, {}, rows, (row("d", State.DONE),), live=live), "studio", UTC)
    assert lines(text, "Trouble") == ["rivya takes nothing for now: no credits"]
    assert lines(text, "Being made") == [
        "a (take 2): rivya is making it",
        "e: is being fetched; tried again at 2027-01-15 08:01: refused",
    ]
    assert lines(text, "Waiting") == [
        "b: waits for its turn at rivya",
        "x.png: it waits for x.toml",
    ]
    assert lines(text, "Held") == ["c: over, until 2027-01-15 08:01"]
    assert lines(text, "Made last") == ["d.mp4: 2027-01-15 08:00"]
    other = status(Snapshot(NOW, {}, rows, live=live), "other", UTC)
    assert "a (take" not in other
    assert lines(other, "Trouble")[0] == "gone; it goes on by itself when that is mended"


def test_it_changes_with_what_is_so_and_not_with_the_time() -> None:
    """The same picture an hour later is the same text."""
    rows = (row("a", State.RUNNING), row("c", State.STAGED, held="x", reason="y"))
    assert status(Snapshot(NOW, {}, rows), "studio", UTC) == status(
        Snapshot(NOW + 30, {}, rows), "studio", UTC
    )


def test_names_and_reasons_stay_on_their_lines_and_are_cut() -> None:
    """A line end in a stranger's name makes no line of its own."""
    rows = (row("a\nb: all is well", State.STAGED, held="x", reason="z\n" * 900),)
    [line] = lines(status(Snapshot(NOW, {}, rows), "studio", UTC), "Held")
    assert line.startswith("a\\nb: all is well: z z")
    assert len(line) < 500


def test_thousands_are_counted_not_listed() -> None:
    """Nobody reads a text of thousands of lines."""
    rows = tuple(row(f"s{number}", State.STAGED) for number in range(1000))
    waiting = lines(status(Snapshot(NOW, {}, rows), "studio", UTC), "Waiting")
    assert len(waiting) == 51
    assert waiting[-1] == "and 950 more"


def test_the_head_says_when_and_whether_anything_runs() -> None:
    """Also when nothing is to be told."""
    text = status(Snapshot(NOW, {}), "studio", UTC)
    assert headed(text, at=NOW, zone=UTC, runs=True) == (
        f"{SIGN} (2027-01-15 08:00:00)\n\nNothing waits and nothing is being made.\n"
    )
    assert "NOT RUNNING since 2027-01-15 08:00:00" in headed(text, at=NOW, zone=UTC, runs=False)

"""What counts as spent is checked and recorded in the transaction that records the intent."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from histories import LIFE, SPEC, Story, claiming
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import Declined, FaultKind
from seedance_watch.core.events import (
    Absent,
    Cancelling,
    Claimed,
    Duplicate,
    Event,
    GivenUp,
    Intended,
    Prepared,
    Ready,
    Reused,
    Unsent,
)
from seedance_watch.core.model import Money
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.ports import Journal, Terms

DAY_S = 86_400.0
NOON = DAY_S / 2
STAGED, ACCEPTED = LIFE[2], LIFE[4]
UNSENT = Unsent(FaultKind.BUSY, "throttled", 5.0)


def money(amount: str | int) -> Money:
    return Money(Decimal(amount), "credits")


def ceiling(most: str | int, *, watch: str = "", provider: str = "rivya") -> Ceiling:
    return Ceiling(provider, watch, 0.0, DAY_S, money(most))


def intended(cost: str | int, attempt: int = 1) -> Intended:
    return Intended(attempt, f"key-{attempt}", "https://a.example", b"{}", "m", money(cost), 9.0)


@pytest.fixture
async def journal(tmp_path: Path, anyio_backend: str) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    yield journal
    await journal.close()


async def staged(
    journal: Journal, name: str, *, fingerprint: str = "", watch: str = "studio"
) -> Story:
    story = Story.of(name)
    claim = replace(claiming(name), watch=watch)
    prepared = Prepared(SPEC, (), fingerprint)
    await journal.append(*story.next(claim, Claimed(), prepared, STAGED, at=NOON))
    return story


async def intend(
    journal: Journal, story: Story, cost: str | int, *ceilings: Ceiling, at: float = NOON
) -> str:
    """Record an intent under its terms; say what came of it."""
    fingerprint = story.job.prepared.fingerprint if story.job.prepared else ""
    before = story.job
    records, jobs = story.next(intended(cost, story.job.attempts + 1), at=at)
    try:
        await journal.append(records, jobs, terms=Terms(ceilings, fingerprint))
    except Declined:
        story.job = before
        return "declined"
    return "recorded"


async def test_promise_11_what_would_exceed_a_ceiling_is_not_recorded(journal: Journal) -> None:
    """To the last millionth: what fits exactly is recorded, what is over is not, not in part."""
    a, b, c = [await staged(journal, name) for name in "abc"]
    assert await intend(journal, a, "6.5", ceiling(10)) == "recorded"
    assert await intend(journal, b, "3.500001", ceiling(10)) == "declined"
    assert len(await journal.history("b")) == 4
    assert await intend(journal, c, "3.5", ceiling(10)) == "recorded"
    assert await journal.spent(ceiling(10)) == money(10)


async def test_every_ceiling_holds(journal: Journal) -> None:
    """The provider's and the folder's; the tightest decides."""
    a, c = [await staged(journal, name, watch="one") for name in "ac"]
    b = await staged(journal, "b", watch="two")
    wide, one, two = ceiling(100), ceiling(5, watch="one"), ceiling(9, watch="two")
    assert await intend(journal, a, 5, wide, one) == "recorded"
    assert await intend(journal, c, 5, wide, one) == "declined"
    assert await intend(journal, b, 5, wide, two) == "recorded"
    assert [await journal.spent(each) for each in (wide, one, two)] == [
        money(10), money(5), money(5)
    ]  # fmt: skip


async def test_a_span_counts_what_was_intended_in_it(journal: Journal) -> None:
    """From its first moment, up to but without its last; other providers do not count."""
    for name, at in (("a", -0.001), ("b", 0.0), ("c", DAY_S - 0.001), ("d", DAY_S)):
        await intend(journal, await staged(journal, name), 1, at=at)
    assert await journal.spent(ceiling(0)) == money(2)
    assert await journal.spent(ceiling(0, provider="segmind")) == money(0)


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        ((UNSENT,), "0"),
        ((Absent("never came"),), "0"),
        ((ACCEPTED,), "4"),
        ((ACCEPTED, Ready("u", cost=money("2.25"))), "2.25"),
        ((GivenUp("a person"),), "4"),
        ((ACCEPTED, Cancelling("a person")), "4"),
        ((GivenUp("a person"), STAGED, intended(4, 2)), "8"),
        ((GivenUp("a person"), STAGED, intended(4, 2), UNSENT), "4"),
    ],
)
async def test_the_table_follows_the_history(
    journal: Journal, events: tuple[Event, ...], counts: str
) -> None:
    """What was certainly not taken makes room, in the same transaction."""
    story = await staged(journal, "a")
    await intend(journal, story, 4)
    await journal.append(*story.next(*events))
    assert await journal.spent(ceiling(0)) == Money(Decimal(counts), "credits")


async def test_an_equal_video_is_not_bought_twice(journal: Journal) -> None:
    """Of two equal wishes one intent is recorded; the other one learns whose."""
    a, b, other = [await staged(journal, name, fingerprint=f) for name, f in ("aX", "bX", "cY")]
    assert await intend(journal, a, 1) == "recorded"
    assert await intend(journal, b, 1) == "declined"
    assert await intend(journal, other, 1) == "recorded"
    twin = await journal.twin("X", "b")
    assert twin
    assert twin.job_id == "a"
    assert await journal.twin("X", "a") is None
    assert await journal.twin("", "b") is None


@pytest.mark.parametrize("ending", [UNSENT, Absent("never came"), Cancelling("a person")])
async def test_what_was_not_bought_may_be_bought_by_another(
    journal: Journal, ending: Event
) -> None:
    """An attempt that came to nothing keeps nobody from buying."""
    a, b = [await staged(journal, name, fingerprint="X") for name in "ab"]
    await intend(journal, a, 1)
    await journal.append(*a.next(ending))
    assert await journal.twin("X", "b") is None
    assert await intend(journal, b, 1) == "recorded"


async def test_a_duplicate_points_to_the_one_that_was_bought(journal: Journal) -> None:
    """Not to another duplicate, and it costs nothing."""
    a, b = [await staged(journal, name, fingerprint="X") for name in "ba"]
    await intend(journal, a, 1)
    await journal.append(*b.next(Duplicate("b", "shot.mp4")))
    twin = await journal.twin("X", "c")
    assert twin
    assert twin.job_id == "b"
    row = next(each for each in await journal.rows() if each.job_id == "a")
    assert (row.cost, row.video) == (money(0), "shot.mp4")
    assert row.reason == "the same video exists already: shot.mp4 (job b)"


async def test_a_video_that_was_taken_once_more_says_from_whom(journal: Journal) -> None:
    """Else nobody knows why it cost nothing."""
    a = await staged(journal, "a", fingerprint="X")
    await journal.append(*a.next(Reused("b", "studio", "shot.mp4")))
    [row] = await journal.rows()
    assert (row.cost, row.reason) == (money(0), "the same video was made by job b")


async def test_wishes_without_fingerprint_are_all_bought(journal: Journal) -> None:
    """They asked to be paid in any case."""
    for name in "abc":
        assert await intend(journal, await staged(journal, name), 1) == "recorded"


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["one", "two"])), max_size=30),
    st.integers(0, 30),
    st.integers(0, 20),
)
@settings(max_examples=25, deadline=None)
def test_promise_11_no_interleaving_exceeds_a_ceiling(
    wishes: list[tuple[int, str]], most: int, most_one: int
) -> None:
    """Any number of intents at the same time, whatever they cost: the sums stay below."""

    async def race(folder: Path) -> None:
        journal = await SqliteJournal.open(folder / "journal.db")
        stories = [
            (await staged(journal, f"j{n}", watch=watch), cost, watch)
            for n, (cost, watch) in enumerate(wishes)
        ]
        both, one = ceiling(most), ceiling(most_one, watch="one")
        async with asyncio.TaskGroup() as tasks:
            raced = [
                tasks.create_task(
                    intend(journal, story, cost, both, *([one] if watch == "one" else []))
                )
                for story, cost, watch in stories
            ]
        taken = [
            (cost, watch)
            for (cost, watch), task in zip(wishes, raced, strict=True)
            if task.result() == "recorded"
        ]
        spent = await journal.spent(both), await journal.spent(one)
        await journal.close()
        assert spent[0].amount == sum(cost for cost, _ in taken) <= most
        assert spent[1].amount == sum(cost for cost, watch in taken if watch == "one") <= most_one

    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(race(folder))
    finally:
        shutil.rmtree(folder)

"""What every journal must do, whatever it is kept in; a second kind is one more factory."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seedance_watch.core.errors import FaultKind, Stale
from seedance_watch.core.events import (
    Archived,
    Claimed,
    Claiming,
    Effect,
    Event,
    Failing,
    Held,
    Record,
    Released,
)
from seedance_watch.core.machine import Job, advance, fold
from seedance_watch.core.model import Part, Role, State
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.ports import Journal

Open = Callable[[], Awaitable[Journal]]
ODD = "ümläut \udcff 'q\"\n.png"


def _sqlite(folder: Path) -> Open:
    return lambda: SqliteJournal.open(folder / "state" / "journal.db")


FACTORIES = {"sqlite": _sqlite}


@pytest.fixture(params=FACTORIES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    return FACTORIES[request.param](tmp_path)


@pytest.fixture
async def journal(opened: Open, anyio_backend: str) -> AsyncIterator[Journal]:
    found = await opened()
    yield found
    await found.close()


def claiming(name: str, take: int = 1) -> Claiming:
    part = Part(Role.IMAGE, f"sub/{ODD}", ODD, 3, "ab")
    return Claiming(name, take, 2, "studio", "sub", ODD, (part,), "k" * 32)


def story(job: Job, *events: Event, at: float = 1.0) -> tuple[list[Record], Job]:
    records = []
    for event in events:
        records.append(Record(job.id, job.seq + 1, at, event))
        job = advance(job, event, at)
    return records, job


async def tell(journal: Journal, job: Job, *events: Event) -> Job:
    records, after = story(job, *events)
    await journal.append(records, [after])
    return after


FAILED = Failing(Effect.PREPARE, FaultKind.REFUSED, "why \udcff", "word")


async def test_what_was_appended_is_there_after_opening_anew(opened: Open) -> None:
    """Histories come back as they were, undecodable names included."""
    first = await opened()
    after = await tell(first, Job("a"), claiming("a"), Claimed())
    await first.close()
    second = await opened()
    records = await second.history("a")
    working = await second.working()
    await second.close()

    assert records == story(Job("a"), claiming("a"), Claimed())[0]
    assert fold("a", records) == after
    assert working == [after]


async def test_of_two_writers_of_a_number_one_is_stale(journal: Journal) -> None:
    """The number is the fencing token; nothing of the stale batch is recorded."""
    job = await tell(journal, Job("a"), claiming("a"))
    outcomes = await asyncio.gather(
        *(tell(journal, job, Claimed()) for _ in range(5)), return_exceptions=True
    )

    assert sum(isinstance(each, Job) for each in outcomes) == 1
    assert sum(isinstance(each, Stale) for each in outcomes) == 4
    assert len(await journal.history("a")) == 2


async def test_a_batch_is_recorded_whole_or_not_at_all(journal: Journal) -> None:
    """One stale record takes its whole batch with it, and nobody else's."""
    await tell(journal, Job("a"), claiming("a"))
    stale, _ = story(Job("a"), claiming("a"))
    fresh, new = story(Job("b"), claiming("b"))
    bad = journal.append([*fresh, *stale], [new])
    good = tell(journal, Job("c"), claiming("c"))
    outcomes = await asyncio.gather(bad, good, return_exceptions=True)

    assert isinstance(outcomes[0], Stale)
    assert isinstance(outcomes[1], Job)
    assert await journal.history("b") == []
    assert len(await journal.history("c")) == 1


async def test_a_gap_is_refused(journal: Journal) -> None:
    """Numbers have no holes."""
    job = await tell(journal, Job("a"), claiming("a"))
    records, after = story(replace(job, seq=job.seq + 1), Claimed())
    with pytest.raises(Stale):
        await journal.append(records, [after])


async def test_working_leaves_out_what_is_at_rest(journal: Journal) -> None:
    """In the order of claiming, held jobs included."""
    await tell(journal, Job("a"), claiming("a"), FAILED, Archived())
    held = await tell(journal, Job("b"), claiming("b"), Held("garbled", "look"))
    open_ = await tell(journal, Job("c"), claiming("c"), Claimed())

    assert await journal.working() == [held, open_]
    assert {row.job_id for row in await journal.rows(at_rest=False)} == {"b", "c"}
    assert [row.job_id for row in await journal.rows(at_rest=True)] == ["a"]


async def test_rows_tell_where_a_job_stands_and_why(journal: Journal) -> None:
    """The row is the fold: state, hold, reason, number; text that any reader can show."""
    job = await tell(journal, Job("a"), claiming("a"), Held("garbled", "why \udcff"))
    (row,) = await journal.rows()
    await tell(journal, job, Released("me"), FAILED)
    (later,) = await journal.rows()

    assert (row.state, row.held, row.seq) == (State.CLAIMING, "garbled", 2)
    assert row.reason == "why \\udcff"
    assert (later.state, later.held, later.seq) == (State.FAILING, "", 4)
    later.label.encode()


async def test_siblings_are_the_takes_of_a_drop(journal: Journal) -> None:
    """All takes, whatever their state."""
    await tell(journal, Job("d.1"), claiming("d", 1), Claimed())
    await tell(journal, Job("d.2"), claiming("d", 2))
    await tell(journal, Job("e"), claiming("e"))

    assert [row.job_id for row in await journal.siblings("d")] == ["d.1", "d.2"]


async def test_every_prefix_of_any_history_is_a_legal_job(journal: Journal) -> None:
    """Promise 9, through the store: random walks fold at each length."""
    dice = random.Random(3)
    for number in range(20):
        job = Job(f"job-{number}")
        for event in (claiming(job.id), *dice.choices(_SOME, k=dice.randrange(8))):
            if type(event) in _moves(job):
                job = await tell(journal, job, event)
        records = await journal.history(job.id)
        for length in range(1, len(records) + 1):
            assert fold(job.id, records[:length]).seq == length
        assert fold(job.id, records) == job


_SOME: tuple[Event, ...] = (Claimed(), Held("x", "y"), Released("me"), FAILED, Archived())


def _moves(job: Job) -> object:
    from seedance_watch.core.machine import MOVES

    return MOVES[job.state]


async def test_an_unknown_job_has_no_history(journal: Journal) -> None:
    """Empty, not an error; closing twice is fine."""
    assert await journal.history("nobody") == []
    await journal.close()
    await journal.close()

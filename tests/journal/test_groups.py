"""Appends that wait together are one transaction, and each of them is judged alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import apsw
import pytest
from faulty_disk import FaultyDisk
from histories import LIFE, SPEC, Story, claiming

from seedance_watch.core import machine
from seedance_watch.core.budget import Ceiling
from seedance_watch.core.events import Cancelling, Claimed, Prepared
from seedance_watch.core.model import Money
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.ports import Terms

# Two dozen of these outgrow what SQLite keeps of a transaction in memory.
LONG = Prepared(replace(SPEC, prompt="a slow pan over the harbour " * 4_000))
NO_MONEY = Terms((Ceiling("rivya", "", 0.0, 1e12, Money(Decimal(0), "credits")),), "")
NEIGHBOURS = 24


@pytest.fixture
def disk(anyio_backend: str) -> Iterator[FaultyDisk]:
    with FaultyDisk() as disk:
        yield disk


@pytest.fixture
async def journal(tmp_path: Path, disk: FaultyDisk) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(tmp_path / "journal.db", vfs=disk.name)
    yield journal
    disk.fail_at = None
    await journal.close()


async def claimed(journal: SqliteJournal, *names: str) -> list[Story]:
    stories = [Story.of(name) for name in names]
    for story in stories:
        await journal.append(*story.next(claiming(story.job.id)))
    return stories


async def together(path: Path, appends: Sequence[Awaitable[None]]) -> list[str]:
    """Make appends wait for somebody else, so that all but the first share a group."""
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.gather(*appends, return_exceptions=True)
    await asyncio.sleep(0)
    other.execute("ROLLBACK")
    other.close()
    return [type(each).__name__ if each else "recorded" for each in await waiting]


async def test_what_does_not_hold_is_left_out_of_its_group(
    journal: SqliteJournal, disk: FaultyDisk, tmp_path: Path
) -> None:
    """One came too late, one has no room: the others are recorded whole, with one sync."""
    late, poor, *others = await claimed(journal, *(f"job{n}" for n in range(NEIGHBOURS + 2)))
    await journal.append(*poor.next(Claimed(), LONG, LIFE[2]))
    rival, poor_before = Story(late.job), poor.job
    before = disk.syncs()

    outcomes = await together(
        tmp_path / "journal.db",
        [
            journal.append(*late.next(Claimed(), LONG)),
            *(journal.append(*each.next(Claimed(), LONG)) for each in others[::2]),
            journal.append(*rival.next(Cancelling("too late"))),
            journal.append(*poor.next(LIFE[3]), terms=NO_MONEY),
            *(journal.append(*each.next(Claimed(), LONG)) for each in others[1::2]),
        ],
    )

    half = ["recorded"] * (NEIGHBOURS // 2)
    assert ["recorded", *half, "Stale", "Declined", *half] == outcomes
    assert disk.syncs() - before <= 2
    expected = [late.job, poor_before, *(each.job for each in others)]
    await journal.close()
    again = await SqliteJournal.open(tmp_path / "journal.db")
    assert expected == await again.working()
    await again.close()


async def test_a_row_without_its_event_is_left_out_of_its_group(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    """Where the event's place is taken already, the job's row stays as it was."""
    taken, first, other = await claimed(journal, "taken", "first", "other")
    before = taken.job
    with apsw.Connection(str(tmp_path / "journal.db")) as tampering:
        tampering.execute(
            "INSERT INTO events (job_number, job_id, seq, at, type, data, sum)"
            " SELECT job_number, job_id, 2, at, type, data, sum FROM events"
            " WHERE job_id = 'taken'"
        )

    outcomes = await together(
        tmp_path / "journal.db",
        [journal.append(*each.next(Claimed())) for each in (first, taken, other)],
    )

    assert outcomes == ["recorded", "Stale", "recorded"]
    rows = {row.job_id: (row.state, row.seq) for row in await journal.rows()}
    assert rows == {job.id: (job.state, job.seq) for job in (before, first.job, other.job)}


async def test_a_group_that_is_done_again_and_fails_is_refused(
    journal: SqliteJournal, disk: FaultyDisk, tmp_path: Path
) -> None:
    """The disk that fails at the second go is not asked a third time, and nothing is torn."""
    late, *others = await claimed(journal, *(f"job{n}" for n in range(NEIGHBOURS)))
    rival = Story(late.job)
    await journal.append(*late.next(Claimed()))
    before = {late.job.id: 2, **{each.job.id: 1 for each in others}}
    disk.fail_at = len(disk.ops)

    outcomes = await together(
        tmp_path / "journal.db",
        [journal.append(*each.next(Cancelling("no"))) for each in (rival, *others)],
    )

    assert set(outcomes[1:]) == {"JournalError"}
    disk.fail_at = None
    await journal.close()
    again = await SqliteJournal.open(tmp_path / "journal.db")
    assert before == {row.job_id: row.seq for row in await again.rows()}
    for name, seq in before.items():
        assert machine.fold(name, await again.history(name)).seq == seq
    await again.close()


async def test_how_long_the_oldest_append_waits_is_told(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    """It counts from when it was asked for until it is recorded, and then there is none."""
    assert journal.waited_s() == 0.0
    other = apsw.Connection(str(tmp_path / "journal.db"))
    other.execute("BEGIN IMMEDIATE")
    waiting = [asyncio.ensure_future(journal.append(*Story.of(n).next(claiming(n)))) for n in "ab"]
    await asyncio.sleep(0)
    first = journal.waited_s()
    await asyncio.sleep(0)
    assert 0.0 < first < journal.waited_s()
    other.execute("ROLLBACK")
    other.close()
    await asyncio.gather(*waiting)
    assert journal.waited_s() == 0.0

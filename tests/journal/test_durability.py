"""Promise 3: an event is durable before anyone can see its effect; and what failures leave."""

import asyncio
import os
import random
from pathlib import Path

import apsw
import pytest
from faulty_disk import FaultyDisk, Op, image
from histories import LIFE, Story, claiming

from seedance_watch.core import machine
from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import Claimed
from seedance_watch.journal import opening, writer
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal


async def test_the_sync_comes_before_the_answer(tmp_path: Path) -> None:
    """When a lone append returns, nothing of it waits to be synced."""
    with FaultyDisk() as disk:
        journal = await SqliteJournal.open(tmp_path / "journal.db", vfs=disk.name)
        story = Story.of("a")
        for event in (claiming(), *LIFE):
            before = len(disk.ops)
            await journal.append(*story.next(event))
            new = disk.ops[before:]
            assert Op("sync", "journal.db-wal") == new[-1]
            assert any(op.kind == "write" for op in new)
        await journal.close()


async def test_appends_that_wait_together_share_a_sync(tmp_path: Path) -> None:
    """Group commit: 64 jobs at once cost a handful of syncs per step, not 64."""
    with FaultyDisk() as disk:
        journal = await SqliteJournal.open(tmp_path / "journal.db", vfs=disk.name)
        stories = [Story.of(f"job{n}") for n in range(64)]
        before = disk.syncs()
        for event in (claiming(), *LIFE):
            async with asyncio.TaskGroup() as tasks:
                for story in stories:
                    tasks.create_task(journal.append(*story.next(event)))
        shared = disk.syncs() - before
        await journal.close()
    assert 11 <= shared <= 11 * 8


@pytest.mark.parametrize("error", [apsw.IOError, apsw.FullError])
async def test_the_first_failed_write_is_the_last(tmp_path: Path, error: type[apsw.Error]) -> None:
    """Whichever write or sync fails: that append and all later ones are refused, none is torn."""
    for nth in range(20):
        path = tmp_path / str(nth) / "journal.db"
        if not await _fails_at(path, nth, error):
            assert nth >= 3  # a frame's header, its page and the sync at least
            break
        journal = await SqliteJournal.open(path)  # the disk is well again
        assert await journal.history("before")
        assert len(await journal.history("during")) in {0, 2}
        assert await journal.history("after") == []
        rows = {row.job_id: row.seq for row in await journal.rows()}
        assert rows == {job.id: job.seq for job in await journal.working()}
        await journal.close()
    else:
        raise AssertionError("every append failed")


async def _fails_at(path: Path, nth: int, error: type[apsw.Error]) -> bool:
    """Let the nth operation of an append fail; say whether it had one."""
    with FaultyDisk() as disk:
        journal = await SqliteJournal.open(path, vfs=disk.name)
        await journal.append(*Story.of("before").next(claiming()))
        disk.error, disk.fail_at = error, len(disk.ops) + nth
        refused = await _refusal(journal, Story.of("during"))
        disk.fail_at = None
        if refused:
            assert await journal.history("during") == []
            assert await _refusal(journal, Story.of("after")) == refused
        await journal.close()
    return bool(refused)


async def _refusal(journal: SqliteJournal, story: Story) -> str:
    """Append two events; give why that was refused, "" when it was not."""
    try:
        await journal.append(*story.next(claiming(), Claimed()))
    except JournalError as error:
        return str(error)
    return ""


async def test_a_full_disk_says_so(tmp_path: Path) -> None:
    """The message names the journal and what to do."""
    with FaultyDisk() as disk:
        path = tmp_path / "journal.db"
        journal = await SqliteJournal.open(path, vfs=disk.name)
        disk.error, disk.fail_at = apsw.FullError, len(disk.ops)
        with pytest.raises(JournalError, match=f"{path}.*free some space"):
            await journal.append(*Story.of("a").next(claiming()))
        disk.fail_at = None
        await journal.close()


async def test_neighbours_of_a_failed_append_are_refused_too(tmp_path: Path) -> None:
    """A group that could not be synced is refused as a whole; nobody waits for ever."""
    with FaultyDisk() as disk:
        journal = await SqliteJournal.open(tmp_path / "journal.db", vfs=disk.name)
        disk.fail_at = len(disk.ops)
        appends = (journal.append(*Story.of(f"job{n}").next(claiming())) for n in range(50))
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
        disk.fail_at = None
        await journal.close()
    assert {JournalError} == {type(each) for each in outcomes}


async def test_a_failed_checkpoint_is_the_end_of_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that could not be synced once is never believed at a second try."""
    monkeypatch.setattr(writer, "CHECKPOINT_PAGES", 1)
    with FaultyDisk() as disk:
        path = tmp_path / "journal.db"
        journal = await SqliteJournal.open(path, vfs=disk.name)
        real = disk.note

        def note(op: Op) -> None:
            if op.kind == "sync" and op.name == "journal.db":
                raise apsw.IOError("the platter is gone")
            real(op)

        disk.note = note  # type: ignore[method-assign]
        story = Story.of("a")
        await journal.append(*story.next(claiming()))
        # The thread is at its checkpoint, or past it, before it takes the next batch.
        with pytest.raises(JournalError, match="platter"):
            await journal.append(*story.next(*LIFE[:1]))
        disk.note = real  # type: ignore[method-assign]
        await journal.close()
    with SqliteReader(path) as reader:
        assert reader.history("a")


Told = list[tuple[int, str, int]]  # operations so far, job, number


async def _workload(disk: FaultyDisk, path: Path) -> Told:
    """Let jobs live side by side; note when each event was said to be durable."""
    told: Told = []
    journal = await SqliteJournal.open(path, vfs=disk.name)

    async def live(story: Story) -> None:
        events = (claiming(), *LIFE)
        for pair in zip(events[::2], events[1::2], strict=False):
            await journal.append(*story.next(*pair))
            told.append((len(disk.ops), story.job.id, story.job.seq))

    for batch in range(4):
        async with asyncio.TaskGroup() as tasks:
            for n in range(6):
                tasks.create_task(live(Story.of(f"job{batch}-{n}")))
    await journal.close()
    return told


async def _examine(path: Path, must: dict[str, int]) -> list[str]:
    """Start on what a power cut left; give the jobs that lost an event that was told.

    A start that is refused, because the log cannot be believed, counts as the loss of all.
    """
    try:
        journal = await SqliteJournal.open(path)
    except JournalError:
        return ["refused"]
    rows = {row.job_id: row.seq for row in await journal.rows()}
    for name, seq in rows.items():
        job = machine.fold(name, await journal.history(name))  # legal, without gaps
        assert job.seq == seq
        assert job.seq % 2 == 0  # events were appended in pairs
    await journal.append(*Story.of("new").next(claiming()))
    await journal.close()
    return [name for name, seq in must.items() if rows.get(name, 0) < seq]


async def _cut_everywhere(tmp_path: Path, every: int) -> list[str]:
    """Cut the power at every n-th operation of a workload, and look at what is left."""
    dice, lost = random.Random(7), list[str]()
    with FaultyDisk() as disk:
        told = await _workload(disk, tmp_path / "real" / "journal.db")
    assert sum(op.kind == "sync" and op.name == "journal.db" for op in disk.ops) > 2
    for cut in range(0, len(disk.ops) + 1, every):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        for name, content in image(disk.ops[:cut], dice).items():
            (folder / name).write_bytes(content)
        must: dict[str, int] = {}
        for after, name, seq in told:
            if after <= cut:
                must[name] = max(seq, must.get(name, 0))
        lost += await _examine(folder / "journal.db", must)
    return lost


async def test_a_power_cut_at_any_operation_loses_nothing_that_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    """Whatever of the unsynced bytes survives: told events are there, histories are prefixes."""
    monkeypatch.setattr(writer, "CHECKPOINT_PAGES", 20)
    assert await _cut_everywhere(tmp_path, every) == []


async def test_the_power_cut_notices_a_missing_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of the test: with synchronous=NORMAL the same cuts lose what was told."""
    weak = tuple(
        ("synchronous", "NORMAL") if n == "synchronous" else (n, v) for n, v in opening.PRAGMAS
    )
    monkeypatch.setattr(opening, "PRAGMAS", weak)
    monkeypatch.setattr(writer, "CHECKPOINT_PAGES", 20)
    assert await _cut_everywhere(tmp_path, 8) != []


@pytest.mark.parametrize("way", ["writer", "reader"])
async def test_nothing_spills_into_a_folder_for_everybody(tmp_path: Path, way: str) -> None:
    """What SQLite undoes or sorts may hold prompts; it stays in memory, not in /var/tmp."""
    path = tmp_path / "journal.db"
    await (await SqliteJournal.open(path)).close()
    connection = opening.connect(path) if way == "writer" else SqliteReader(path)._connection
    before = removed_files()
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
    rows = connection.execute(f"{numbers} SELECT i, zeroblob(500) FROM n ORDER BY random()")
    next(iter(rows))
    during = removed_files()
    connection.close(True)

    assert during == before


def removed_files() -> set[str]:
    """Give the files without a name that this process has open."""
    with os.scandir("/proc/self/fd") as found:
        links = [os.readlink(each.path) for each in found if os.path.lexists(each.path)]  # noqa: PTH115
    return {link for link in links if link.endswith("(deleted)")}

"""The look at all of a journal: before anything else, or before anything is paid."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
import structlog
from histories import LIFE, Story, claiming

from seedance_watch.core.errors import JournalError
from seedance_watch.journal import checking, lock, place, sqlite
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.ports import Terms

STAGED, INTENDED = LIFE[:3], LIFE[3]
DAMAGE = "UPDATE jobs SET fingerprint = 'f' WHERE job_id = 'bought'"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the place of a journal; any size is a large one."""
    monkeypatch.setattr(checking, "SMALL_BYTES", 0)
    return tmp_path / "state" / "journal.db"


async def made(path: Path) -> Story:
    """Make a journal with a job that is about to be paid for, and close it."""
    journal = await SqliteJournal.open(path)
    await journal.append(*Story.of("bought").next(claiming("bought"), *LIFE))
    story = Story.of("next")
    await journal.append(*story.next(claiming("next"), *STAGED))
    await journal.close()
    return story


def damage(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute(DAMAGE)
    connection.commit()
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


async def test_nothing_is_paid_before_a_large_journal_was_looked_at(path: Path) -> None:
    """A start after a clean end does not wait for the look, but an intent does, and is refused."""
    story = await made(path)
    damage(path)
    journal = await SqliteJournal.open(path)
    with pytest.raises(JournalError, match=r"job bought is damaged.*restore a backup"):
        await journal.append(*story.next(INTENDED), terms=Terms())
    assert len(await journal.history("next")) == 1 + len(STAGED)
    with pytest.raises(JournalError, match="damaged"):
        await journal.append(*Story.of("more").next(claiming("more")))
    await journal.close()


async def test_a_sound_journal_is_looked_at_once_and_then_pays(path: Path) -> None:
    """The look is made beside the work after the open jobs were read."""
    story = await made(path)
    with structlog.testing.capture_logs() as logs:
        journal = await SqliteJournal.open(path)
        assert not logs
        assert [job.id for job in await journal.working()] == ["next"]
        await journal.append(*story.next(INTENDED), terms=Terms())
        await journal.append(*Story.of("more").next(claiming("more")), terms=Terms())
        await journal.close()
    assert [each["event"] for each in logs] == ["journal.checked"]


async def test_a_journal_is_looked_at_although_nothing_is_paid(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon after the open jobs were read, which a start must not be slowed down for."""
    await made(path)
    damage(path)
    monkeypatch.setattr(sqlite, "_LOOK_AFTER_S", 0)
    journal = await SqliteJournal.open(path)
    await journal.working()
    async with asyncio.timeout(30):
        while not journal._writer.refusal:
            await asyncio.sleep(0.01)
    assert "job bought is damaged" in str(journal._writer.refusal)
    await journal.close()


async def test_who_reads_between_two_runs_delays_no_start(path: Path) -> None:
    """A reader leaves an empty log beside a closed journal; that is no crash."""
    await made(path)
    SqliteReader(path).close()
    assert place.wal(path).exists()
    with structlog.testing.capture_logs() as logs:
        journal = await SqliteJournal.open(path)
        assert not logs
        await journal.close()


async def test_the_owner_is_durable_before_anything_is_recorded(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut may take what was not synced; without the owner the end would look clean."""
    synced = list[tuple[Path, bool]]()
    owner, real = place.beside(path, "owner"), lock.sync

    def sync(of: Path) -> None:
        synced.append((of, owner.exists()))
        real(of)

    monkeypatch.setattr(lock, "sync", sync)
    journal = await SqliteJournal.open(path)
    assert synced == [(owner, True), (path.parent, True)]
    assert not place.ended_cleanly(path)
    await journal.append(*Story.of("job").next(claiming("job")))
    owner.unlink()
    assert not place.ended_cleanly(path), "the log has something in it"
    await journal.close()
    assert place.ended_cleanly(path)


async def test_after_a_crash_all_is_looked_at_first(path: Path) -> None:
    """Disks that lie do so when the power is cut; nothing is begun on what they left."""
    await made(path)
    damage(path)
    place.beside(path, "owner").touch()
    place.wal(path).touch()
    with pytest.raises(JournalError, match="job bought is damaged"):
        await SqliteJournal.open(path)


async def test_a_small_journal_is_looked_at_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes a moment is not put off."""
    await made(path)
    damage(path)
    monkeypatch.undo()
    with pytest.raises(JournalError, match="job bought is damaged"):
        await SqliteJournal.open(path)


async def test_a_close_does_not_wait_for_the_look(path: Path) -> None:
    """Who waits to pay is told that the journal is closed."""
    story = await made(path)
    journal = await SqliteJournal.open(path)
    journal._look_at = lambda reader: journal._stopped.wait(60)  # type: ignore[method-assign, assignment]
    paying = asyncio.ensure_future(journal.append(*story.next(INTENDED), terms=Terms()))
    await asyncio.sleep(0)
    await asyncio.wait_for(journal.close(), 30)
    with pytest.raises(JournalError, match="closed"):
        await paying

"""The journal in SQLite: where it may lie, who may write, what damage it notices, who may read."""

import asyncio
import contextlib
import gc
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apsw
import pytest
import structlog
from histories import LIFE, Story, claiming

from seedance_watch.core.errors import ConfigError, JournalError, SpoolError
from seedance_watch.core.events import Claimed, Held
from seedance_watch.core.model import State
from seedance_watch.journal import loading, place
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def journal(path: Path, anyio_backend: str) -> AsyncIterator[SqliteJournal]:
    found = await SqliteJournal.open(path)
    yield found
    await found.close()


async def add(journal: SqliteJournal, name: str) -> Story:
    story = Story.of(name)
    await journal.append(*story.next(claiming(name)))
    return story


async def filled(path: Path, jobs: int = 200) -> bytes:
    """Make a journal, close it, give its bytes."""
    journal = await SqliteJournal.open(path)
    async with asyncio.TaskGroup() as tasks:
        for n in range(jobs):
            tasks.create_task(add(journal, f"job{n}"))
    await journal.close()
    return path.read_bytes()


def change(path: Path, statement: str) -> None:
    """Tamper with a closed journal."""
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()


# Promise 3, by force

_CHILD = """
import asyncio, os, pathlib, signal, sys
sys.path[:0] = sys.argv[2:]
from test_sqlite import SqliteJournal, add
async def main():
    journal = await SqliteJournal.open(pathlib.Path(sys.argv[1]))
    for n in range(20):
        await add(journal, f"job{n}")
        os.write(1, b"%d\\n" % n)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def killed(path: Path) -> list[str]:
    """Let a process write and die at once; give the jobs that it was told are recorded."""
    here = Path(__file__).parent
    arguments = [str(path), str(here), str(here.parent)]
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, *arguments], capture_output=True, timeout=60, check=False
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    return [f"job{int(n)}" for n in child.stdout.split() if n.isdigit()]


async def test_what_was_told_survives_kill_9(path: Path) -> None:
    """An event is there for readers and for the next start right after its append returned."""
    told = killed(path)
    assert len(told) == 20
    with SqliteReader(path) as reader:
        assert all(reader.history(name) for name in told)
    journal = await SqliteJournal.open(path)
    assert [job.id for job in await journal.working()] == told
    await journal.close()


async def test_a_torn_tail_of_the_log_is_cut(path: Path) -> None:
    """What was written after the last whole transaction does not hinder a start."""
    told = killed(path)
    with place.wal(path).open("ab") as log:
        log.write(b"torn" * 3000)
    journal = await SqliteJournal.open(path)
    assert [job.id for job in await journal.working()] == told
    await journal.close()


# Where it lies


async def test_a_new_state_directory_is_private(path: Path, journal: SqliteJournal) -> None:
    """Bodies and links are nobody else's business, wherever the directory lies."""
    await add(journal, "a")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files = [each for each in path.parent.iterdir() if each.name.startswith("journal.db")]
    assert len(files) == 3
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


@pytest.mark.parametrize("fs_type", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse", "9p"])
async def test_a_network_file_system_is_refused(path: Path, fs_type: str) -> None:
    """A journal could lose what was paid there; the message says what to do."""
    with pytest.raises(ConfigError, match=rf"state_dir: .* lies on {fs_type}, .*set state_dir"):
        await SqliteJournal.open(path, fs_type=fs_type)
    assert not path.parent.exists()


@pytest.mark.parametrize("fs_type", ["ext4", "btrfs", "zfs", "overlay", "fuseblk", None])
async def test_a_local_file_system_is_taken(path: Path, fs_type: str | None) -> None:
    """Unknown types are believed to be local."""
    await (await SqliteJournal.open(path, fs_type=fs_type)).close()


async def test_a_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A sentence that names the folder, not a traceback."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SpoolError, match="state directory"):
        await SqliteJournal.open(tmp_path / "file" / "state" / "journal.db")


async def test_closing_leaves_one_file(path: Path) -> None:
    """A closed journal is one file that can be copied; nothing is left in a log."""
    await filled(path, 3)
    assert {"journal.db", "journal.lock", "journal.born"} == {
        each.name for each in path.parent.iterdir()
    }


# Who may write


async def test_a_second_writer_is_told_who_the_first_is(path: Path) -> None:
    """One writing process, held by a lock that another process respects."""
    journal = await SqliteJournal.open(path)
    with pytest.raises(SpoolError, match=rf"process {os.getpid()} on .*stop that one first"):
        await SqliteJournal.open(path)
    here = Path(__file__).parent
    other = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path), str(here), str(here.parent)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert f"process {os.getpid()} on".encode() in other.stderr
    await add(journal, "still here")
    await journal.close()
    await (await SqliteJournal.open(path)).close()


async def test_a_refused_open_leaves_the_lock(path: Path) -> None:
    """After a failure the next try is judged anew."""
    whole = await filled(path)
    path.write_bytes(whole[:5000])
    with pytest.raises(JournalError):
        await SqliteJournal.open(path)
    path.write_bytes(whole)
    await (await SqliteJournal.open(path)).close()


# Damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"not a database" * 100,
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:5000] + b"\0" * 9000 + whole[14000:],
        lambda whole: whole[:100] + bytes(each ^ 4 for each in whole[100:104]) + whole[104:],
    ],
    ids=["foreign", "half", "a hole", "flipped bits"],
)
async def test_a_damaged_journal_is_never_made_anew(path: Path, damage: object) -> None:
    """An empty one would forget what was paid; the file is left for a doctor."""
    damaged = damage(await filled(path))  # type: ignore[operator]
    path.write_bytes(damaged)
    with pytest.raises(JournalError, match="damaged"):
        await SqliteJournal.open(path)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("left", [None, 0, 1, 99, 511])
async def test_a_journal_that_was_taken_away_is_missed(path: Path, left: int | None) -> None:
    """Where there was one, none is made until the whole folder is deleted; nor of a few bytes."""
    whole = await filled(path)
    path.unlink()
    if left is not None:
        path.write_bytes(whole[:left])
    with pytest.raises(JournalError, match=r"(missing or empty|damaged).*restore a backup"):
        await SqliteJournal.open(path)
    shutil.rmtree(path.parent)
    await (await SqliteJournal.open(path)).close()


async def test_a_log_that_was_taken_away_is_missed(path: Path) -> None:
    """After a kill the newest events are in the log alone; without it nothing is begun."""
    killed(path)
    place.wal(path).unlink()
    with pytest.raises(JournalError, match=r"wal is missing.*put it back"):
        await SqliteJournal.open(path)


async def test_a_start_that_was_cut_short_is_begun_again(path: Path) -> None:
    """An empty file beside nothing is no robbery: the first start died early."""
    path.parent.mkdir()
    path.touch()
    journal = await SqliteJournal.open(path)
    await add(journal, "a")
    await journal.close()
    journal = await SqliteJournal.open(path)
    assert [job.id for job in await journal.working()] == ["a"]
    await journal.close()


async def test_another_database_is_left_alone(path: Path) -> None:
    """A file of that name with other tables is not ours to write."""
    path.parent.mkdir()
    change(path, "CREATE TABLE photos (a)")
    with pytest.raises(JournalError, match="no journal"):
        await SqliteJournal.open(path)


@pytest.mark.parametrize("value", ["CAST(X'b3' AS TEXT)", "'x'", "'0'", "''"])
async def test_a_journal_whose_version_is_damaged_is_refused(path: Path, value: str) -> None:
    """By the daemon and by the shell, in words."""
    await filled(path, 1)
    change(path, f"UPDATE meta SET value = {value} WHERE name = 'schema'")
    with pytest.raises(JournalError, match=r"version is not readable.*restore a backup"):
        await SqliteJournal.open(path)
    with pytest.raises(JournalError, match="version is not readable"):
        SqliteReader(path)


async def test_text_that_is_none_stops_one_job_only(path: Path) -> None:
    """The others go on; the damaged one is shown as held."""
    await filled(path, 3)
    damage = "CAST(CAST(data AS BLOB) || X'b3' AS TEXT)"
    change(path, f"UPDATE events SET data = {damage} WHERE job_id = 'job1'")
    journal = await SqliteJournal.open(path)
    assert {job.id for job in await journal.working()} == {"job0", "job2"}
    held = {row.job_id: row.held for row in await journal.rows() if row.held}
    assert held == {"job1": "journal"}
    with pytest.raises(JournalError, match="a text is not utf-8"):
        await journal.history("job1")
    await journal.close()


async def test_half_an_answer_does_not_keep_its_moment(path: Path) -> None:
    """A question that failed leaves no old view behind, and nothing that holds up the log."""
    await filled(path, 2)
    change(path, "UPDATE events SET data = CAST(X'7bb3' AS TEXT) WHERE job_id = 'job1'")
    with SqliteReader(path) as reader:
        with pytest.raises(JournalError) as kept:
            reader.history("job1")
        change(path, "UPDATE jobs SET held = 'later' WHERE job_id = 'job0'")
        assert {row.held for row in reader.rows()} == {"later", ""}
        busy, _, _ = next(apsw.Connection(str(path)).execute("PRAGMA wal_checkpoint(TRUNCATE)"))
        assert busy == 0, kept


@pytest.mark.parametrize(
    "damage",
    [
        "state = 'dine'",
        "seq = seq + 1",
        "at_rest = 1",
        "cost_amount = 'x'",
        "fingerprint = 'f'",
        "label = 'other'",
    ],
)
async def test_a_row_that_was_changed_is_refused(path: Path, damage: str) -> None:
    """What is open, bought and spent is read from the rows; the shell refuses as well."""
    await filled(path, 2)
    change(path, f"UPDATE jobs SET {damage} WHERE job_id = 'job1'")
    with pytest.raises(JournalError, match=r"job job1 is damaged.*restore a backup"):
        await SqliteJournal.open(path)
    with SqliteReader(path) as reader, pytest.raises(JournalError, match="job1 is damaged"):
        reader.rows()


async def test_a_state_that_is_none_cannot_be_counted(path: Path) -> None:
    """An error in words, also where only numbers are asked for."""
    await filled(path, 1)
    change(path, "UPDATE jobs SET state = 'dine'")
    with SqliteReader(path) as reader, pytest.raises(JournalError, match="damaged"):
        reader.counts()


async def test_a_journal_of_the_future_is_refused(path: Path) -> None:
    """An older program must not write into a newer journal, nor misread it."""
    await filled(path, 1)
    change(path, "UPDATE meta SET value = '99' WHERE name = 'schema'")
    change(path, "UPDATE meta SET value = 'seedance-watch 9.9' WHERE name = 'app'")
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"seedance-watch 9\.9.*newer"):
        await SqliteJournal.open(path)
    with pytest.raises(JournalError, match=r"seedance-watch 9\.9.*newer"):
        SqliteReader(path)
    assert path.read_bytes() == before


_UNREADABLE = [
    "UPDATE events SET data = '{}' WHERE job_id = 'bad'",
    "UPDATE events SET type = 'Refunded' WHERE job_id = 'bad'",
    "UPDATE events SET type = 'Placed', data = '{}' WHERE job_id = 'bad'",
    "UPDATE events SET job_id = 'good' WHERE job_id = 'bad' AND seq = 2",
    "DELETE FROM events WHERE job_id = 'bad' AND seq = 1",
    "DELETE FROM events WHERE job_id = 'bad' AND seq = 2",
    "DELETE FROM events WHERE job_id = 'bad'",
]


@pytest.mark.parametrize("tampering", _UNREADABLE)
async def test_one_unreadable_history_stops_nobody_else(path: Path, tampering: str) -> None:
    """It is reported, shown as held and left out; the others are worked on."""
    first = await SqliteJournal.open(path)
    for name in ("good", "bad", "other"):
        story = await add(first, name)
        await first.append(*story.next(Claimed()))
    await first.close()
    change(path, tampering)
    journal = await SqliteJournal.open(path)
    with structlog.testing.capture_logs() as lines:
        working = await journal.working()
    rows = {row.job_id: row for row in await journal.rows()}
    await journal.close()

    assert [job.id for job in working] == ["good", "other"]
    assert [(line["event"], line["job"]) for line in lines] == [("journal.unreadable", "bad")]
    assert rows["bad"].held == "journal"
    assert "bad" in rows["bad"].reason
    assert rows["good"].held == ""


async def test_a_history_that_can_be_read_again_is_shown_so(path: Path) -> None:
    """After the newer version was installed the mark goes, without an event."""
    journal = await SqliteJournal.open(path)
    story = await add(journal, "a")
    await journal.append(*story.next(Held("budget", "the month is spent")))
    await journal.close()
    change(path, "UPDATE jobs SET held = 'journal', reason = 'cannot be read'")
    journal = await SqliteJournal.open(path)
    assert await journal.working() == [story.job]
    (row,) = await journal.rows()
    assert (row.held, row.reason) == ("budget", "the month is spent")
    await journal.close()


# Who may read


async def test_many_jobs_are_never_searched_for_garbage(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept anyhow; a few are no trouble."""
    await journal.append(*Story.of("a").next(claiming()))
    gc.unfreeze()
    await journal.working()
    assert not gc.get_freeze_count()
    monkeypatch.setattr(loading, "_MANY", 1)
    await journal.working()
    assert gc.get_freeze_count()
    assert gc.isenabled()
    gc.unfreeze()


async def test_a_reader_works_beside_the_writer(path: Path, journal: SqliteJournal) -> None:
    """Committed events are seen at once, and reading hinders no writing."""
    story = await add(journal, "a")
    with SqliteReader(path) as reader:
        assert [row.job_id for row in reader.rows()] == ["a"]
        await journal.append(*story.next(*LIFE))
        await add(journal, "b")
        assert len(reader.history("a")) == 11
        assert reader.counts() == {(State.DONE, ""): 1, (State.CLAIMING, ""): 1}
        row = reader.row("a")
        assert row is not None
        assert row.state is State.DONE
        assert reader.row("nobody") is None


async def test_a_reader_changes_nothing(path: Path) -> None:
    """A closed journal is byte for byte the same after it was read."""
    before = await filled(path)
    with SqliteReader(path) as reader:
        assert len(reader.rows()) == 200
    assert path.read_bytes() == before


async def test_a_reader_needs_no_right_to_write(nobodys: Path) -> None:
    """A closed journal in a directory that cannot be written is read as it is."""
    await filled(nobodys, 3)
    with _as_nobody(nobodys), SqliteReader(nobodys) as reader:
        with pytest.raises(OSError, match="denied"):
            (nobodys.parent / "new").touch()
        assert [row.job_id for row in reader.rows()] == ["job2", "job1", "job0"]


async def test_a_reader_without_rights_sees_what_is_in_the_log(nobodys: Path) -> None:
    """Beside a daemon the newest events are read, not only those of the still file."""
    journal = await SqliteJournal.open(nobodys)
    await add(journal, "a")
    with _as_nobody(nobodys), SqliteReader(nobodys) as reader:
        assert [row.job_id for row in reader.rows()] == ["a"]
    await journal.close()


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A place for a journal that a stranger can get at."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "state" / "journal.db"


@contextlib.contextmanager
def _as_nobody(path: Path) -> Iterator[None]:
    """Be a user who may read the journal but not write anything."""
    for each in path.parent.glob("journal.db*"):
        each.chmod(0o444)
    path.parent.chmod(0o555)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(me)
        path.parent.chmod(0o755)
        for each in path.parent.glob("journal.db*"):
            each.chmod(0o600)


async def test_a_reader_of_a_closed_journal_notices_a_daemon(path: Path) -> None:
    """Opened as a still file, it changes over when a log appears."""
    await filled(path, 1)
    reader = SqliteReader(path)
    reader._connection.close()
    reader._connection = reader._connected("immutable=1")
    reader._frozen = True
    journal = await SqliteJournal.open(path)
    await add(journal, "new")
    assert {row.job_id for row in reader.rows()} == {"job0", "new"}
    reader.close()
    await journal.close()


def test_a_missing_journal_is_said(path: Path) -> None:
    """Before the first start there is nothing to show, and the sentence says why."""
    with pytest.raises(JournalError, match=r"no journal.*state_dir"):
        SqliteReader(path)


async def test_names_in_the_path_may_be_odd(tmp_path: Path) -> None:
    """Question marks, percent signs and undecodable bytes are part of a path."""
    path = tmp_path / "a?b%20#c \udcff" / "journal.db"
    await filled(path, 1)
    with SqliteReader(path) as reader:
        assert len(reader.rows()) == 1
        reader.backup(path.with_name("copy ?\udcfe.db"))
    with SqliteReader(path.with_name("copy ?\udcfe.db")) as copy:
        assert len(copy.rows()) == 1


# Backup


async def test_a_backup_is_whole_while_work_goes_on(
    path: Path, journal: SqliteJournal, tmp_path: Path
) -> None:
    """The copy is a journal from one moment that opens by itself."""
    story = await add(journal, "a")
    target = tmp_path / "copy" / "journal.db"
    target.parent.mkdir()
    await journal.backup(target)
    await add(journal, "later")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = await SqliteJournal.open(target)
    assert await copy.working() == [story.job]
    await copy.append(*story.next(Claimed()))
    await copy.close()


async def test_a_backup_overwrites_nothing(journal: SqliteJournal, tmp_path: Path) -> None:
    """A name that is taken is refused, and what cannot be written leaves nothing."""
    target = tmp_path / "mine"
    target.write_text("precious")
    with pytest.raises(JournalError, match="backup"):
        await journal.backup(target)
    assert target.read_text() == "precious"
    with pytest.raises(JournalError, match="backup"):
        await journal.backup(tmp_path / "nowhere" / "copy.db")


# The loop is never blocked, and never waited for


async def test_an_abandoned_append_is_recorded_all_the_same(journal: SqliteJournal) -> None:
    """Cancelling the wait cancels nothing that is on its way to the disk."""
    story = Story.of("a")
    waiting = asyncio.ensure_future(journal.append(*story.next(claiming())))
    await asyncio.sleep(0)
    waiting.cancel()
    await add(journal, "b")
    assert waiting.cancelled()
    assert len(await journal.history("a")) == 1


async def test_close_finishes_what_waits(path: Path) -> None:
    """Appends that were asked for before the close are recorded."""
    journal = await SqliteJournal.open(path)
    async with asyncio.TaskGroup() as tasks:
        adding = [tasks.create_task(add(journal, f"job{n}")) for n in range(50)]
        await asyncio.sleep(0)
        await journal.close()
    assert all(each.done() for each in adding)
    with SqliteReader(path) as reader:
        assert len(reader.rows()) == 50

"""The journal in SQLite: durable before it is told, fail-stop, one writer."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from seedance_watch.core.errors import JournalError, SpoolError
from seedance_watch.core.events import Claiming, Record
from seedance_watch.core.machine import Job, advance
from seedance_watch.journal.lock import check_local
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal


def first(name: str) -> tuple[Record, Job]:
    event = Claiming(name, 1, 1, "w", "", "s", (), "k")
    return Record(name, 1, 1.0, event), advance(Job(name), event, 1.0)


async def add(journal: SqliteJournal, name: str) -> None:
    record, job = first(name)
    await journal.append([record], [job])


_CHILD = textwrap.dedent("""
    import asyncio, os, pathlib, signal, sys
    sys.path[:0] = sys.argv[2:]
    from test_sqlite import SqliteJournal, add
    async def main():
        journal = await SqliteJournal.open(pathlib.Path(sys.argv[1]))
        for n in range(20):
            await add(journal, f"job-{n}")
            os.write(1, b"%d\\n" % n)
        os.kill(os.getpid(), signal.SIGKILL)
    asyncio.run(main())
""")


def test_promise_3_what_was_told_survives_kill_9(tmp_path: Path) -> None:
    """An event is durable before anyone can see its effect."""
    path = tmp_path / "state" / "journal.db"
    here = str(Path(__file__).parent)
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(path), here],
        capture_output=True,
        timeout=60,
        check=False,
    )
    reader = SqliteReader(path)

    assert child.returncode == -signal.SIGKILL, child.stderr
    told = child.stdout.split()
    assert len(told) == 20
    assert all(reader.history(f"job-{int(n)}") for n in told)
    reader.close()


class Disk(apsw.VFS):
    """The real file system, with a count of syncs and a switch that breaks it."""

    def __init__(self) -> None:
        self.syncs = 0
        self.broken: type[apsw.Error] | None = None
        super().__init__("counted", "unix", makedefault=True)

    def xOpen(self, name: object, flags: list[int]) -> "File":  # noqa: N802
        return File(self, name, flags)


class File(apsw.VFSFile):
    """A file on that disk."""

    def __init__(self, disk: Disk, name: object, flags: list[int]) -> None:
        self.disk = disk
        super().__init__("unix", name, flags)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self.disk.broken:
            raise self.disk.broken("the disk is gone")
        self.disk.syncs += 1
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[Disk]:
    found = Disk()
    yield found
    with contextlib.suppress(apsw.Error):
        found.unregister()


async def test_promise_3_the_sync_comes_before_the_answer(disk: Disk, tmp_path: Path) -> None:
    """Each lone append has its sync before it returns; appends together share one."""
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    for n in range(5):
        before = disk.syncs
        await add(journal, f"lone-{n}")
        assert disk.syncs > before
    before = disk.syncs
    async with asyncio.TaskGroup() as tasks:
        for n in range(100):
            tasks.create_task(add(journal, f"many-{n}"))
    shared = disk.syncs - before
    await journal.close()

    assert 0 < shared <= 25


async def test_a_failed_sync_is_the_end_of_writing(disk: Disk, tmp_path: Path) -> None:
    """Fail-stop: that append and all later ones are refused, with what to do."""
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    await add(journal, "before")
    disk.broken = apsw.IOError
    with pytest.raises(JournalError, match="nothing is sent any more"):
        await add(journal, "during")
    disk.broken = None
    with pytest.raises(JournalError, match="nothing is sent any more"):
        await add(journal, "after")
    await journal.close()
    disk.unregister()
    reader = SqliteReader(tmp_path / "journal.db")

    assert len(reader.history("before")) == 1
    assert reader.history("after") == []
    reader.close()


async def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    """One writing process, held by a lock."""
    journal = await SqliteJournal.open(tmp_path / "journal.db")
    with pytest.raises(SpoolError, match=f"process {os.getpid()} on"):
        await SqliteJournal.open(tmp_path / "journal.db")
    await journal.close()
    await (await SqliteJournal.open(tmp_path / "journal.db")).close()


async def test_a_damaged_journal_is_never_made_anew(tmp_path: Path) -> None:
    """An empty one would forget what was paid."""
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path)
    for n in range(200):
        await add(journal, f"job-{n}")
    await journal.close()
    whole = path.read_bytes()
    for damaged in (
        b"not a database" * 100,
        whole[: len(whole) // 2],
        whole[:5000] + b"\0" * 9000,
    ):
        path.write_bytes(damaged)
        with pytest.raises(JournalError, match="damaged"):
            await SqliteJournal.open(path)
        assert path.read_bytes() == damaged


async def test_a_journal_of_the_future_is_refused(tmp_path: Path) -> None:
    """An older program must not write into a newer journal."""
    path = tmp_path / "journal.db"
    await (await SqliteJournal.open(path)).close()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE meta SET value = '99'")
    connection.close()
    with pytest.raises(JournalError, match="newer"):
        await SqliteJournal.open(path)


async def test_a_reader_works_beside_the_writer_and_after_it(tmp_path: Path) -> None:
    """Committed rows are seen at once; a closed journal is read too; a missing one is said."""
    path = tmp_path / "journal.db"
    with pytest.raises(JournalError, match="no journal"):
        SqliteReader(path)
    journal = await SqliteJournal.open(path)
    reader = SqliteReader(path)
    await add(journal, "a")
    assert [row.job_id for row in reader.rows()] == ["a"]
    reader.close()
    await journal.close()
    later = SqliteReader(path)
    assert [row.job_id for row in later.rows()] == ["a"]
    later.close()


async def test_one_unreadable_history_stops_nobody_else(tmp_path: Path) -> None:
    """It is reported and left out; the others are worked on."""
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path)
    await add(journal, "good")
    await add(journal, "bad")
    await journal.close()
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE events SET data = '{}' WHERE job_id = 'bad'")
    connection.close()
    again = await SqliteJournal.open(path)
    working = await again.working()
    await again.close()

    assert [job.id for job in working] == ["good"]


@pytest.mark.parametrize("fs_type", ["nfs4", "cifs", "smb3", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused(fs_type: str) -> None:
    """A journal could be torn there; the message says what to do."""
    with pytest.raises(SpoolError, match="set state_dir"):
        check_local(Path("/mnt/nas"), fs_type)
    check_local(Path("/var/lib"), "ext4")
    check_local(Path("/var/lib"), None)

"""The journal in SQLite: write-ahead log, synchronous=FULL, one writing connection.

apsw carries a current SQLite of its own, so the corruption that older ones can suffer in their
write-ahead log does not apply; the single writer is kept all the same.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import apsw

from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.journal import sql
from seedance_watch.journal.lock import WriterLock, check_local
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.writer import Writer
from seedance_watch.ports import Row


class SqliteJournal:
    """The one writer of a journal file; implements ports.Journal. Use `open`."""

    def __init__(
        self, lock: WriterLock, connection: apsw.Connection, reader: SqliteReader
    ) -> None:
        self._lock, self._connection, self._reader = lock, connection, reader
        self._writer = Writer(connection)

    @classmethod
    async def open(cls, path: Path, *, fs_type: str | None = None) -> "SqliteJournal":
        """Open or create a journal and become its only writer.

        Args:
            path: Its file; the directory is made, for this user alone.
            fs_type: Type of the file system there; None: not known.

        Raises:
            SpoolError: Another process holds it, or it would lie on a network file system.
            JournalError: It is damaged or of a newer version; it is never made anew over one
                that is there.
        """
        return await asyncio.to_thread(cls._open, path, fs_type)

    @classmethod
    def _open(cls, path: Path, fs_type: str | None) -> "SqliteJournal":
        """Do what `open` says, blocking."""
        check_local(path.parent, fs_type)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = WriterLock(path)
        try:
            connection = _prepared(path)
            return cls(lock, connection, SqliteReader(path))
        except apsw.Error as error:
            lock.release()
            raise JournalError(_damaged(path, str(error))) from error
        except BaseException:
            lock.release()
            raise

    async def append(self, records: Sequence[Record], jobs: Sequence[Job]) -> None:
        """Make the records durable, all or none, and update the row of each job."""
        await self._writer.append(records, jobs)

    async def history(self, job_id: str) -> list[Record]:
        """Give a job's records in order; empty when there is no such job."""
        return await asyncio.to_thread(self._reader.history, job_id)

    async def working(self) -> list[Job]:
        """Give every job that is not at rest, folded, in the order they were claimed."""
        return await asyncio.to_thread(self._reader.working)

    async def siblings(self, drop_id: str) -> list[Row]:
        """Give the rows of all takes of a drop."""
        return await asyncio.to_thread(self._reader.siblings, drop_id)

    async def rows(self, *, limit: int = 1000, at_rest: bool | None = None) -> list[Row]:
        """Give jobs, the last changed first; at_rest chooses one side, None both."""
        return await asyncio.to_thread(self._reader.rows, limit=limit, at_rest=at_rest)

    async def close(self) -> None:
        """Finish what is under way and let go of the files; may be called twice."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        """Do what `close` says, blocking; the last connection folds the log into the file."""
        self._writer.close()
        self._reader.close()
        self._connection.close()
        self._lock.release()


def _prepared(path: Path) -> apsw.Connection:
    """Open for writing, check, create what is missing."""
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(10_000)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "mmap_size=0"):
        connection.pragma(*pragma.split("=", 1))
    found = connection.execute("PRAGMA quick_check(1)").get
    if found != "ok":
        raise JournalError(_damaged(path, str(found)))
    with connection:
        for statement in sql.SCHEMA:
            connection.execute(statement)
        _check_version(connection, path)
    return connection


def _check_version(connection: apsw.Connection, path: Path) -> None:
    """Write the version of a new journal, refuse one of the future."""
    connection.execute(
        "INSERT OR IGNORE INTO meta VALUES ('schema_version', ?)", (str(sql.SCHEMA_VERSION),)
    )
    version = int(connection.execute("SELECT value FROM meta WHERE name='schema_version'").get)
    if version > sql.SCHEMA_VERSION:
        message = (
            f"the journal {str(path)!r} has version {version}, this program knows "
            f"{sql.SCHEMA_VERSION}; run the newer seedance-watch again"
        )
        raise JournalError(message)


def _damaged(path: Path, found: str) -> str:
    """Say that a journal is damaged, and why it is not simply made anew."""
    return (
        f"the journal {str(path)!r} is damaged ({found}). It is not made anew, because an empty "
        "one would forget what was paid; restore it from a copy, then start again"
    )

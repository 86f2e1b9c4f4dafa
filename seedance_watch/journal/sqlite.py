"""The journal in SQLite: one process writes, many may read.

Promises: append returns after its transaction is on the disk; what waits at the same time shares
one sync; of two appends with the same number one gets Stale; after a failed write nothing more
is recorded. Do not open the database's file with anything but SQLite while this process has it
open: closing any handle would drop the locks of all.
"""

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import apsw
import structlog

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import Row
from seedance_watch.journal import checking, opening, place, steps
from seedance_watch.journal.loading import Loaded
from seedance_watch.journal.lock import Lock
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.rows import changes, row_of
from seedance_watch.journal.trouble import words
from seedance_watch.journal.writer import Writer
from seedance_watch.ports import Terms

_CLOSING_BUSY_MS = 500
_LOOK_AFTER_S = 2.0  # a start needs the processor for itself; who wants to pay does not wait


class SqliteJournal:
    """ports.Journal on one file; made by `open`."""

    def __init__(
        self,
        path: Path,
        lock: Lock,
        connection: apsw.Connection,
        *,
        reader: SqliteReader,
        unseen: SqliteReader | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Take over what `open` opened; `unseen` is for the look that is still to be made."""
        self._path = path
        self._lock = lock
        self._connection = connection
        self._reader = reader
        self._unseen = unseen
        self._look: threading.Thread | None = None
        self._looking = asyncio.Lock()
        self._stopped = threading.Event()
        self._closing = threading.Lock()
        self._closed = False
        self._writer = Writer(connection, lambda error: words("write", path, error), loop)

    @classmethod
    async def open(cls, path: Path, *, fs_type: str | None = None, vfs: str | None = None) -> Self:
        """Open a journal, or make it, and become its only writer.

        Args:
            path: The database's file; its directory is made when missing, private.
            fs_type: Type of the file system that it lies on; None: unknown, believed local.
            vfs: Name of the SQLite VFS, None for the system's.

        Raises:
            ConfigError: It would lie on a network file system.
            SpoolError: Another process has it, or its directory cannot be made.
            JournalError: It is damaged, incomplete, from a newer version or not writable. One
                that is large and was closed cleanly is looked at beside the work; until then
                nothing can be paid, and damage makes every append fail.
        """
        place.check_local(path.parent, fs_type)
        return await asyncio.to_thread(cls._open, path, vfs, asyncio.get_running_loop())

    @classmethod
    def _open(cls, path: Path, vfs: str | None, loop: asyncio.AbstractEventLoop) -> Self:
        """Open or make it; blocking."""
        place.make_dir(path.parent)
        with contextlib.ExitStack() as undo:
            lock = Lock(path)
            lock.take()
            undo.callback(lock.release)
            later = checking.may_wait(path)
            connection = opening.connect(path, vfs=vfs, look=not later)
            undo.callback(connection.close, True)
            lock.sign()
            unseen = SqliteReader(path, vfs=vfs) if later else None
            reader = SqliteReader(path, vfs=vfs)
            journal = cls(path, lock, connection, reader=reader, unseen=unseen, loop=loop)
            undo.pop_all()
            return journal

    async def append(
        self, records: Sequence[Record], jobs: Sequence[Job], *, terms: Terms | None = None
    ) -> None:
        """Make the records durable, all or none, and update the row of each job.

        Raises:
            Stale: A number is already taken, or one before it is missing; nothing was recorded.
            Declined: The terms do not hold; nothing was recorded.
            JournalError: The disk failed, now or earlier. This process knows nothing recorded;
                the next start finds the append whole or not at all.
        """
        batch = [step for each in changes(records, jobs) for step in steps.append(each)]
        if terms:
            await self._looked()
            batch += steps.demands(jobs[0].id, terms)
        if batch:
            await self._writer.write(batch)

    async def history(self, job_id: str) -> list[Record]:
        """Give a job's records in order; empty when there is no such job."""
        return await asyncio.to_thread(self._reader.history, job_id)

    async def working(self) -> list[Job]:
        """Give every job that is not at rest, folded, in the order they were claimed.

        A history that cannot be read is reported and marked in its row, and left out.
        """
        loaded = await asyncio.to_thread(self._reader.load)
        await self._mark(loaded)
        asyncio.get_running_loop().call_later(_LOOK_AFTER_S, self._begin_look)
        return loaded.jobs

    async def siblings(self, drop_id: str) -> list[Row]:
        """Give the rows of all takes of a drop."""
        return await asyncio.to_thread(self._reader.siblings, drop_id)

    async def named(self, watch: str, labels: Sequence[str]) -> list[Row]:
        """Give the jobs whose drops have one of at most four labels, the newest first."""
        return await asyncio.to_thread(self._reader.named, watch, *labels)

    async def spent(self, ceiling: Ceiling) -> Money:
        """Add up what counts as spent under a ceiling."""
        return await asyncio.to_thread(self._reader.spent, ceiling)

    async def twin(self, fingerprint: str, job_id: str) -> Row | None:
        """Give the first other job that bought, or is buying, the same; None: there is none."""
        return await asyncio.to_thread(self._reader.twin, fingerprint, job_id)

    async def taker(self, task_id: str, job_id: str) -> str:
        """Name another job that the provider took under a task id, "" when there is none."""
        return await asyncio.to_thread(self._reader.taker, task_id, job_id)

    async def rows(self, *, limit: int = 1000, at_rest: bool | None = None) -> list[Row]:
        """Give jobs, the last changed first; at_rest chooses one side, None both."""
        return await asyncio.to_thread(self._reader.rows, limit=limit, at_rest=at_rest)

    async def ended(self, limit: int) -> list[Job]:
        """Give the jobs that changed last of those at rest; damaged histories are left out."""
        return await asyncio.to_thread(self._reader.ended, limit)

    async def backup(self, target: Path) -> None:
        """Write a whole, compact copy, durably, while work goes on.

        Raises:
            JournalError: The target exists or cannot be written; no copy is left.
        """
        await asyncio.to_thread(self._backup, target)

    def waited_s(self) -> float:
        """Give how long the oldest unfinished append has waited, seconds; 0.0: there is none."""
        return self._writer.waited_s()

    async def close(self) -> None:
        """Finish what is under way and let go of the files; may be called twice."""
        self._stopped.set()
        self._writer.stop()
        await asyncio.to_thread(self._close)

    # The look at a large journal, which may come after the start: but nothing is paid before.

    async def _looked(self) -> None:
        """Wait until all of the journal was looked at; what was found makes the writer refuse."""
        self._begin_look()
        async with self._looking:
            if self._look and self._look.is_alive():
                await asyncio.to_thread(self._look.join)

    def _begin_look(self) -> None:
        if self._unseen and self._look is None and not self._stopped.is_set():
            self._look = threading.Thread(target=self._look_at, args=[self._unseen], daemon=True)
            self._look.start()

    def _look_at(self, reader: SqliteReader) -> None:
        try:
            reader.check(self._stopped.is_set)
        except JournalError as error:
            self._writer.refuse(str(error))

    def _backup(self, target: Path) -> None:
        """Back up on a connection of its own, so that other reads need not wait."""
        with SqliteReader(self._path) as reader:
            reader.backup(target)

    async def _mark(self, loaded: Loaded) -> None:
        """Let the rows show which histories cannot be read, and which can again."""
        for each in loaded.unreadable:
            structlog.get_logger().error("journal.unreadable", job=each.job_id, reason=each.reason)
        batch = [steps.mark_unreadable(e.job_id, e.seq, e.reason) for e in loaded.unreadable]
        batch += [steps.rewrite(row_of(job)) for job in loaded.marked]
        if batch:
            await self._writer.write(batch)

    def _close(self) -> None:
        """Close in the order that leaves one file behind, or the log where that fails."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._let_go()

    def _let_go(self) -> None:
        self._writer.join()
        self._reader.close()
        if self._look:
            self._look.join()
        if self._unseen:
            self._unseen.close()
        self._lock.unsign()
        if not self._writer.refusal:
            self._fold_log()
        self._connection.close(True)
        self._lock.release()

    def _fold_log(self) -> None:
        """Move the log into the database; what fails here is done at the next start."""
        self._connection.set_busy_timeout(_CLOSING_BUSY_MS)
        with contextlib.suppress(apsw.Error):
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)

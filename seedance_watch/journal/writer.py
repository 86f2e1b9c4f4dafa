"""The one thread that writes the journal: batches that wait together share one sync.

Each batch stands in a savepoint, so that a stale one does not fail its neighbours. When a commit
fails, what is on disk is uncertain; from then on every append is refused and the process is to
be stopped and started again, which reads what is really there.
"""

import asyncio
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import apsw

from seedance_watch.core.errors import JournalError, Stale
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.journal import codec, sql
from seedance_watch.journal.rows import values_of

_GROUP_MOST = 512


@dataclass(slots=True)
class _Batch:
    """Records that are recorded together or not at all, and who waits for them."""

    records: Sequence[Record]
    jobs: Sequence[Job]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[None]"
    error: Exception | None = None

    def tell(self) -> None:
        """Let the waiting coroutine go on; it may be gone already."""
        if self.done.done():
            return
        if self.error:
            self.done.set_exception(self.error)
        else:
            self.done.set_result(None)


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._broken: str = ""
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    async def append(self, records: Sequence[Record], jobs: Sequence[Job]) -> None:
        """Make records durable; see ports.Journal."""
        loop = asyncio.get_running_loop()
        batch = _Batch(records, jobs, loop, loop.create_future())
        self._batches.put(batch)
        await batch.done

    def close(self) -> None:
        """Write what waits, then end the thread; may be called twice."""
        if self._thread.is_alive():
            self._batches.put(None)
            self._thread.join()

    def _work(self) -> None:
        """Take what waits, write it, tell; until closed."""
        open_ = True
        while open_:
            group = self._group()
            open_ = None not in group
            batches = [batch for batch in group if batch is not None]
            if batches:
                self._write(batches)
            for batch in batches:
                batch.loop.call_soon_threadsafe(batch.tell)

    def _group(self) -> list[_Batch | None]:
        """Wait for one batch and take all that wait with it."""
        group = [self._batches.get()]
        while len(group) < _GROUP_MOST and not self._batches.empty():
            group.append(self._batches.get())
        return group

    def _write(self, batches: list[_Batch]) -> None:
        """Write a group in one transaction; after a failure nothing more is written."""
        if self._broken:
            self._fail(batches, JournalError(self._broken))
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for batch in batches:
                self._one(batch)
            self._connection.execute("COMMIT")
        except (apsw.Error, OSError, JournalError) as error:
            self._fail(batches, error)

    def _one(self, batch: _Batch) -> None:
        """Write one batch, or note that it is stale and leave nothing of it."""
        try:
            with self._connection:  # a savepoint
                for record in batch.records:
                    self._insert(record)
                self._connection.executemany(sql.PUT_JOB, map(values_of, batch.jobs))
        except Stale as error:
            batch.error = error

    def _insert(self, record: Record) -> None:
        """Append one event; its number is the fencing token."""
        last = self._connection.execute(sql.LAST_SEQ, (record.job_id,)).get
        if last != record.seq - 1:
            message = f"job {record.job_id} has {last} events, number {record.seq} cannot follow"
            raise Stale(message)
        kind, data = codec.encode(record.event)
        self._connection.execute(
            sql.INSERT_EVENT, (record.job_id, record.seq, record.at, kind, data)
        )

    def _fail(self, batches: list[_Batch], error: Exception) -> None:
        """Refuse this group and all that follow."""
        self._broken = self._broken or (
            f"the journal cannot be written ({error}); nothing is sent any more. "
            "Check the disk of state_dir, then start again"
        )
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except apsw.Error:
                self._broken += "; it could not be rolled back either"
        for batch in batches:
            batch.error = JournalError(self._broken)

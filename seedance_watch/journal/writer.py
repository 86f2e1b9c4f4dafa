"""The one thread that writes: whatever waits at the same time shares one sync.

A group is one transaction. Where a batch in it came too late the group is undone and done again
with a savepoint around each batch, so that it does not fail its neighbours; that is rare, and
savepoints for all took a fourth of the time. The first failed transaction is the last one: after
a failed sync nobody knows what the disk holds, so everything later is refused until the process
has started anew and read what is really there.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import apsw
import structlog

from seedance_watch.core.errors import Declined, JournalError, SeedanceWatchError, Stale
from seedance_watch.journal.steps import Step

_GROUP_MAX = 1024  # batches; bounds how long the first of a group waits for the last
CHECKPOINT_PAGES = 1000  # 4 MB of log; SQLite's own default
STALE = "somebody else recorded first: load the job again and decide anew"
CLOSED = "the journal is closed"
_SAID: Mapping[type[SeedanceWatchError], str] = {
    Stale: STALE,
    Declined: "the intent is over budget, or for a video that exists",
}


class Batch(NamedTuple):
    """Steps that are recorded all or none, and who waits for it."""

    steps: Sequence[Step]
    done: asyncio.Future[None]


Outcome = tuple[asyncio.Future[None], SeedanceWatchError | None]


class Writer:
    """Owns the writing connection while it runs."""

    def __init__(
        self,
        connection: apsw.Connection,
        say: Callable[[Exception], str],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Start the thread.

        Args:
            connection: The writing connection; nobody else may use it until `stop` returned.
            say: Puts a failure into words.
            loop: Where those wait who write; to ask for it each time takes a system call.
        """
        self._connection = connection
        self._loop = loop
        self._execute = connection.cursor().execute  # one cursor: to make one takes time as well
        self._say = say
        self._waiting: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._refusal = ""
        self._stopped = False
        self._asked_s: deque[float] = deque()  # of what is not recorded yet, in turn
        self._log_pages = 0
        self._settled_pages = 0
        connection.set_wal_hook(self._note_pages)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def refusal(self) -> str:
        """Why nothing is recorded any more, "" while all is well."""
        return self._refusal

    def write(self, steps: Sequence[Step]) -> asyncio.Future[None]:
        """Record the steps, all or none; what is given is done after they are synced to disk.

        Raises:
            Stale, Declined: What a step asks for is not so; nothing was recorded. Awaited.
            JournalError: The disk failed, now or earlier, or the writer was stopped.
        """
        if self._stopped:
            raise JournalError(CLOSED)
        done = self._loop.create_future()
        self._asked_s.append(time.monotonic())
        self._waiting.put(Batch(steps, done))
        return done

    def waited_s(self) -> float:
        """Give how long the oldest unfinished batch has waited, seconds; 0.0: there is none.

        Must be called where `write` is called.
        """
        return time.monotonic() - self._asked_s[0] if self._asked_s else 0.0

    def stop(self) -> None:
        """Let the thread finish what waits and end; must be called where `write` is called."""
        if not self._stopped:
            self._stopped = True
            self._waiting.put(None)

    def join(self) -> None:
        """Wait until the thread has ended; blocking."""
        self._thread.join()

    # The thread

    def _run(self) -> None:
        more = True
        while more:
            group, more = self._next_group()
            if group:
                self._tell(self._outcomes(group))
                self._checkpoint()

    def _next_group(self) -> tuple[list[Batch], bool]:
        """Wait for a batch and take all that came with it; False after the last one."""
        group: list[Batch] = []
        each = self._waiting.get()
        while each is not None:
            group.append(each)
            if len(group) == _GROUP_MAX or self._waiting.empty():
                return group, True
            each = self._waiting.get()
        return group, False

    def _outcomes(self, group: Sequence[Batch]) -> list[Outcome]:
        """Record a group, if that is still allowed, and say what came of each batch."""
        if not self._refusal:
            try:
                return self._record(group)
            except Exception as error:  # noqa: BLE001 - whatever it is, it was the last write
                self.refuse(self._say(error))
        return [(batch.done, JournalError(self._refusal)) for batch in group]

    def _record(self, group: Sequence[Batch]) -> list[Outcome]:
        """Record a group in one transaction."""
        execute = self._execute
        execute("BEGIN IMMEDIATE")
        errors: list[SeedanceWatchError | None] = [None] * len(group)
        if not self._all_hold(group):
            execute("ROLLBACK")
            execute("BEGIN IMMEDIATE")
            errors = [self._add(batch.steps) for batch in group]
        execute("COMMIT")
        return [(batch.done, error) for batch, error in zip(group, errors, strict=True)]

    def _all_hold(self, group: Sequence[Batch]) -> bool:
        """Add all batches to the transaction; False when one does not hold."""
        try:
            return all(self._holds(step) for batch in group for step in batch.steps)
        except apsw.ConstraintError:
            return False

    def _add(self, steps: Sequence[Step]) -> SeedanceWatchError | None:
        """Add a batch to the transaction, or leave the transaction as it was."""
        execute = self._execute
        execute("SAVEPOINT batch")
        try:
            failed = next((step for step in steps if not self._holds(step)), None)
            error = failed.unless if failed else None
        except apsw.ConstraintError:
            error = Stale
        if error:
            execute("ROLLBACK TO batch")
        execute("RELEASE batch")
        return error(_SAID[error]) if error else None

    def _holds(self, step: Step) -> bool:
        """Do one step; False when it had to change or to find a row and did not."""
        found = self._execute(step.text, step.values)
        if step.unless is Declined:
            return bool(found.fetchall())
        return step.unless is None or self._connection.changes() > 0

    def refuse(self, reason: str) -> None:
        """Record nothing any more; from any thread."""
        self._refusal = reason
        structlog.get_logger().critical("journal.failed", reason=self._refusal)

    def _note_pages(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        """Hear how long the log is, after each commit."""
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _checkpoint(self) -> None:
        """Move the log into the database when it has grown; nobody waits for this."""
        if self._log_pages < self._settled_pages:  # it began again from its start
            self._settled_pages = 0
        if self._refusal or self._log_pages - self._settled_pages < CHECKPOINT_PAGES:
            return
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            return
        except Exception as error:  # noqa: BLE001 - a database that cannot be synced
            self.refuse(self._say(error))
        self._settled_pages = self._log_pages

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        """Wake those who wait; a loop that is gone has nobody who waits."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._resolve, outcomes)

    # The loop

    def _resolve(self, outcomes: Sequence[Outcome]) -> None:
        """Give each its outcome; one that was cancelled meanwhile has been recorded all the same.

        What was asked first is done first.
        """
        for done, error in outcomes:
            self._asked_s.popleft()
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

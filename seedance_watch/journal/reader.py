"""Reading a journal, whether or not somebody is writing it.

Opens read-only, changes nothing, never checkpoints. Works while a daemon runs, after it was
killed, when it is not running, and in a directory that cannot be written.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import tzinfo
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import apsw

from seedance_watch.core import machine
from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import IllegalMove, JournalError, Outdated
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.spent import Spent
from seedance_watch.journal import checking, loading, place, queries, schema
from seedance_watch.journal.loading import Loaded
from seedance_watch.journal.opening import address, check_version, noted_version
from seedance_watch.journal.rows import plain
from seedance_watch.journal.text import restored, storable
from seedance_watch.journal.trouble import words

_BUSY_MS = 5_000
_STEPS = 10_000  # of the database's machine, between two looks whether to stop: a millisecond
_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI


class Undecodable(JournalError):
    """A text is damaged so that it is none any more."""


def _damage(error: UnicodeDecodeError) -> apsw.Error:
    """Give the database's word for it; the text itself is nobody's business."""
    return apsw.CorruptError(f"a text is not {error.encoding}")


class SqliteReader:
    """A read-only view of a journal; blocking, may be used from any thread.

    Every method raises JournalError when the journal cannot be read, with what to do.
    """

    def __init__(self, path: Path, *, vfs: str | None = None) -> None:
        """Open a journal.

        Args:
            path: The database's file.
            vfs: Name of the SQLite VFS, None for the system's.

        Raises:
            JournalError: There is none, it is from a newer version, or it cannot be read.
        """
        self._path = path
        self._vfs = vfs
        self._lock = threading.Lock()
        self._frozen = False
        self._connection = self._open()

    def rows(self, *, limit: int = 1000, at_rest: bool | None = None) -> list[Row]:
        """Give jobs, the last changed first; at_rest chooses one side, None both."""
        return [queries.row(each) for each in self._all(queries.ROWS[at_rest], limit)]

    def held(self, *, limit: int) -> list[Row]:
        """Give held jobs, the last changed first."""
        return [queries.row(each) for each in self._all(queries.HELD, limit)]

    def videos(self, *, limit: int, before: str = "") -> list[Row]:
        """Give jobs that have a video, the last changed first, those before a job; "" for all."""
        name = storable(before)
        return [queries.row(each) for each in self._all(queries.VIDEOS, name, name, limit)]

    def row(self, job_id: str) -> Row | None:
        """Give one job, None when there is no such job."""
        found = self._all(queries.ROW, storable(job_id))
        return queries.row(found[0]) if found else None

    def siblings(self, drop_id: str) -> list[Row]:
        """Give the rows of all takes of a drop."""
        return [queries.row(each) for each in self._all(queries.SIBLINGS, storable(drop_id))]

    def spent(self, ceiling: Ceiling) -> Money:
        """Add up what counts as spent under a ceiling."""
        values = queries.spent_values(ceiling)
        return queries.spent(ceiling, self._all(queries.SPENT, *values)[0][0])

    def spendings(self, since: float, zone: tzinfo) -> list[Spent]:
        """Give what each attempt since a time counts as spent, by its day in a zone."""
        return [queries.one_spent(each, zone) for each in self._all(queries.SPENT_SINCE, since)]

    def twin(self, fingerprint: str, job_id: str) -> Row | None:
        """Give the first other job that bought, or is buying, the same; None: there is none."""
        found = self._all(queries.TWIN, storable(fingerprint), storable(job_id))
        return queries.row(found[0]) if found else None

    def taker(self, task_id: str, job_id: str) -> str:
        """Name another job that the provider took under a task id, "" when there is none."""
        found = self._all(queries.TAKER, storable(job_id), f'"task_id":{json.dumps(task_id)}')
        return restored(found[0][0]) if found else ""

    def named(self, watch: str, *labels: str) -> list[Row]:
        """Give the jobs whose drops had one of at most four labels, the newest first."""
        asked = [storable(plain(each)) for each in labels]
        asked += asked[-1:] * (queries.LABELS - len(asked))
        return [queries.row(each) for each in self._all(queries.LABELLED, storable(watch), *asked)]

    def made(self, watch: str, video: str) -> list[Row]:
        """Give the jobs whose video has this path below the outbox, its maker first."""
        asked = storable(watch), storable(video)
        return [queries.row(each) for each in self._all(queries.MADE, *asked)]

    def taken_in(self, watch: str, source: str) -> list[Row]:
        """Give the jobs that a file below the inbox was a part of, the newest first.

        Reads the beginning of every history.
        """
        part = f'"source":{json.dumps(storable(source), ensure_ascii=False)}'
        return [queries.row(each) for each in self._all(queries.TAKEN_IN, storable(watch), part)]

    def history(self, job_id: str) -> list[Record]:
        """Give a job's records in order; empty when there is no such job."""
        return loading.history(job_id, self._all(queries.HISTORY, storable(job_id)))

    def ended(self, limit: int) -> list[Job]:
        """Give the jobs that changed last of those at rest; damaged histories are left out."""
        jobs = []
        for row in self.rows(limit=limit, at_rest=True):
            with suppress(IllegalMove, JournalError):
                jobs.append(machine.fold(row.job_id, self.history(row.job_id)))
        return jobs

    def counts(self) -> Mapping[tuple[State, str], int]:
        """Count the jobs by state and code of their hold, "" for none."""
        found = self._all(queries.COUNTS)
        try:
            return {(State(state), held): count for state, held, count in found}
        except ValueError as error:
            damage = apsw.CorruptError("a job's state is none")
            raise JournalError(words("read", self._path, damage)) from error

    def load(self) -> Loaded:
        """Fold every job that is not at rest."""
        try:
            with self._asked() as cursor:
                return loading.load(cursor.execute(queries.WORKING))
        except Undecodable:
            return self._load_singly()

    def _load_singly(self) -> Loaded:
        """Fold job by job, because somewhere there is text that is none."""
        jobs = self._all(queries.OPEN)
        return loading.load(line for job in jobs for line in self._lines(*job))

    def _lines(self, stored_id: str, seq: int, held: str) -> list[tuple[Any, ...]]:
        """Give what the query WORKING finds of one job; a damaged history as an empty event."""
        try:
            history = self._all(queries.HISTORY, stored_id)
        except Undecodable:
            history = [("", 0, 0.0, "", "", 0)]
        return [(stored_id, seq, held, *each) for each in history]

    def check(self, stopped: Callable[[], bool]) -> None:
        """Look at all of it; returns early when stopped."""
        with self._lock:
            self._connection.set_progress_handler(stopped, _STEPS)
            try:
                with checking.told(self._path):
                    checking.check_pages(self._connection, self._path)
                    checking.check_rows(self._connection, self._path)
            except apsw.InterruptError:
                return
            except (apsw.Error, OSError) as error:
                raise JournalError(words("read", self._path, error)) from error

    def backup(self, target: Path) -> None:
        """Write a whole, compact copy, durably, while others read and write.

        Raises:
            JournalError: The target exists or cannot be written; no copy is left.
        """
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise JournalError(f"cannot write the backup {target}: {error.strerror}") from error
        try:
            self._all("VACUUM INTO ?", address(target, "mode=rw"))
            place.sync(target)
            place.sync(target.parent)
        except (JournalError, OSError) as error:
            target.unlink(missing_ok=True)
            raise JournalError(f"cannot write the backup {target}: {error}") from error

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        with self._lock:
            self._connection.close(True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _all(self, text: str, *values: str | float) -> Sequence[Any]:
        """Give everything that a query finds, from one moment."""
        with self._asked() as cursor:
            return cursor.execute(text, values).fetchall()

    @contextmanager
    def _asked(self) -> Iterator[apsw.Cursor]:
        """Have the connection alone, and put what goes wrong into words.

        Half an answer would keep its moment: later ones would be as old, and the log could not be
        folded in.
        """
        with self._lock:
            if self._frozen and place.wal(self._path).exists():
                self._connection.close(True)
                self._connection = self._open()
            cursor = self._connection.cursor()
            try:
                yield cursor
            except UnicodeDecodeError as error:
                raise Undecodable(words("read", self._path, _damage(error))) from error
            except (apsw.Error, OSError) as error:
                raise JournalError(words("read", self._path, error)) from error
            finally:
                cursor.close(True)

    def _open(self) -> apsw.Connection:
        """Open as a reader among others; where that cannot be, as the only one."""
        if not self._path.exists():
            raise JournalError(
                f"there is no journal at {self._path}: `run` has not been started yet, or with "
                "another state_dir"
            )
        self._frozen = False
        try:
            return self._connected("mode=ro")
        except apsw.Error as error:
            # Without a log nobody is writing, so the file stands still and may be read as it is.
            if place.wal(self._path).exists():
                raise JournalError(words("read", self._path, error)) from error
        try:
            connection = self._connected("immutable=1")
        except apsw.Error as error:
            raise JournalError(words("read", self._path, error)) from error
        self._frozen = True
        return connection

    def _connected(self, how: str) -> apsw.Connection:
        """Open and touch the file, because SQLite puts off what may fail."""
        connection = apsw.Connection(address(self._path, how), flags=_FLAGS, vfs=self._vfs)
        try:
            connection.set_busy_timeout(_BUSY_MS)
            connection.pragma("mmap_size", 0)
            connection.pragma("temp_store", "MEMORY")
            connection.pragma("cache_size", -512)  # KiB; the system keeps the file's pages as well
            check_version(connection, self._path)
            _check_not_older(connection, self._path)
        except BaseException:
            connection.close(True)
            raise
        return connection


def _check_not_older(connection: apsw.Connection, path: Path) -> None:
    """Refuse a journal that lacks what is asked for here; only a writer may change it."""
    if 0 < noted_version(connection) < schema.VERSION:
        raise Outdated(
            f"the journal {path} is of an earlier version: the daemon brings it up to date when "
            "it starts; start or restart it, and wait until it is ready"
        )

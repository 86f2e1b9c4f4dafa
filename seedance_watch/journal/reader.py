"""Reading a journal, beside a daemon or without one; never writes, never checkpoints."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw
import structlog

from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.model import State
from seedance_watch.journal import codec, sql
from seedance_watch.journal.rows import row_of
from seedance_watch.ports import Row


class SqliteReader:
    """A read-only view; one thread at a time, which a lock sees to.

    Args:
        path: The journal's file.

    Raises:
        JournalError: There is no journal, or it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            message = (
                f"there is no journal at {str(path)!r}; has the daemon run with this state_dir?"
            )
            raise JournalError(message)
        self._lock = threading.Lock()
        try:
            self._connection = _open(path)
        except apsw.Error as error:
            message = f"the journal {str(path)!r} cannot be opened: {error}"
            raise JournalError(message) from error

    def _all(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a query to its end."""
        with self._lock:
            try:
                return list(self._connection.execute(statement, tuple(values)))
            except apsw.Error as error:
                raise JournalError(f"the journal cannot be read: {error}") from error

    def history(self, job_id: str) -> list[Record]:
        """Give a job's records in order; empty when there is no such job."""
        return [codec.decode(*line) for line in self._all(sql.HISTORY, (job_id,))]

    def working(self) -> list[Job]:
        """Give every job that is not at rest, folded; one that cannot be is said and left out."""
        stories: dict[str, list[tuple[Any, ...]]] = {}
        for line in self._all(sql.WORKING):
            stories.setdefault(line[0], []).append(line)
        folded = (_folded(job_id, lines) for job_id, lines in stories.items())
        return [job for job in folded if job is not None]

    def siblings(self, drop_id: str) -> list[Row]:
        """Give the rows of all takes of a drop."""
        return [row_of(line) for line in self._all(sql.SIBLINGS, (drop_id,))]

    def rows(self, *, limit: int = 1000, at_rest: bool | None = None) -> list[Row]:
        """Give jobs, the last changed first; at_rest chooses one side, None both."""
        if at_rest is None:
            return [row_of(line) for line in self._all(sql.ROWS, (limit,))]
        return [row_of(line) for line in self._all(sql.ROWS_SIDE, (int(at_rest), limit))]

    def counts(self) -> dict[tuple[State, bool], int]:
        """Count jobs by state and whether they are held."""
        return {(State(state), bool(held)): n for state, held, n in self._all(sql.COUNTS)}

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        with self._lock:
            self._connection.close()


def _open(path: Path) -> apsw.Connection:
    """Open for reading only.

    A reader beside a daemon needs the shared-memory file; where it cannot be made (a directory
    that is not ours to write) and no write-ahead log is left, the file is read as it is.
    """
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(5_000)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018 - opens it
    except apsw.CantOpenError:
        connection.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        return apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=flags)
    return connection


def _folded(job_id: str, lines: list[tuple[Any, ...]]) -> Job | None:
    """Fold a history; one that cannot be read stops nobody else."""
    try:
        return fold(job_id, [codec.decode(*line) for line in lines])
    except (IllegalMove, JournalError) as error:
        structlog.get_logger().error("journal.unreadable", job=job_id, reason=str(error))
        return None

"""A full look at a journal: its pages, and every row that follows from events.

It takes seconds where there is a long past. After a clean end of a large journal the work begins
meanwhile, and what costs money waits for it: sqlite.py sees to that.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from seedance_watch.core.errors import JournalError
from seedance_watch.journal import place, queries, sums
from seedance_watch.journal.trouble import words

SMALL_BYTES = 8 * 2**20  # looked at within a fraction of a second


def may_wait(path: Path) -> bool:
    """Whether the look may come after the start: the last end was clean, the journal is large.

    To be asked before the journal is opened. After a crash, and above all after a power cut,
    nothing is done before all was looked at.
    """
    return place.ended_cleanly(path) and path.stat().st_size > SMALL_BYTES


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Say in the log how long the look took."""
    import structlog  # noqa: PLC0415 - takes long to load, and most only read

    began = time.monotonic()
    yield
    took_s = round(time.monotonic() - began, 3)
    structlog.get_logger().info("journal.checked", path=str(path), took_s=took_s)


def check_pages(connection: apsw.Connection, path: Path) -> None:
    """Look at every page.

    Raises:
        JournalError: The database's structure is damaged.
    """
    problems = [str(found[0]) for found in connection.execute("PRAGMA integrity_check(5)")]
    if problems != ["ok"]:
        raise JournalError(words("trust", path, apsw.CorruptError("; ".join(problems))))


def check_rows(connection: apsw.Connection, path: Path) -> None:
    """Look at every row that decides what is open, bought and spent.

    Events are looked at when they are read; their number may be large.

    Raises:
        JournalError: A row is damaged.
    """
    try:
        for found in connection.execute(queries.JOBS):
            sums.check_job(found)
        for found in connection.execute(queries.SPENDINGS):
            sums.check_spending(found)
    except (JournalError, UnicodeDecodeError) as error:
        raise JournalError(words("trust", path, apsw.CorruptError(str(error)))) from error

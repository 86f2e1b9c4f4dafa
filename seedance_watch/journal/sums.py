"""Checksums: a bit that flips on the disk makes a row's wrong.

SQLite looks at the shape of its pages only, not at what stands in them.
"""

import zlib
from collections.abc import Sequence
from operator import itemgetter

from seedance_watch.core.errors import JournalError
from seedance_watch.journal.schema import COLUMNS, JOB_SUMMED

Value = str | int | float | None

_summed = itemgetter(*map(("job_id", *COLUMNS).index, JOB_SUMMED))


def checksum(*values: Value) -> int:
    """Give what values add up to.

    No text that is stored has the character between them. A start sums very many, and so does an
    append.
    """
    return zlib.crc32("\0".join(map(str, values)).encode("utf-8", "surrogatepass"))


def job_sum(found: Sequence[Value]) -> int:
    """Give what a job's row adds up to: `job_id`, then COLUMNS, with `sum` or without."""
    return checksum(*_summed(found))


def check_job(found: Sequence[Value]) -> None:
    """Check a row of the query JOBS.

    Raises:
        JournalError: It is damaged.
    """
    if found[-1] != job_sum(found):
        raise JournalError(f"the journal's row of job {found[0]} is damaged")


def check_spending(found: Sequence[Value]) -> None:
    """Check a row of the query SPENDINGS.

    Raises:
        JournalError: It is damaged.
    """
    *values, total = found
    if total != checksum(*values):
        raise JournalError(f"what the journal says job {values[0]} spent is damaged")

"""Bringing a journal of an earlier version up to date, in the transaction that opens it.

Only events are facts; all other tables follow from them.
"""

import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw
import structlog

from seedance_watch.core import machine
from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.machine import Job
from seedance_watch.journal import checking, loading, queries, schema, steps, sums
from seedance_watch.journal.rows import Change, row_of
from seedance_watch.journal.text import restored
from seedance_watch.journal.trouble import words

# As version 2 made it.
_SPENDING_2 = (
    """CREATE TABLE spending (
        job_id TEXT NOT NULL,
        attempt {int} NOT NULL,
        watch TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        unit TEXT NOT NULL,
        micros {int} NOT NULL,
        at {real} NOT NULL,
        PRIMARY KEY (job_id, attempt)
    ) {keyed}""",
    "CREATE INDEX spending_at ON spending (provider, at, watch, micros)",
    "CREATE INDEX jobs_bought ON jobs (fingerprint) WHERE fingerprint <> ''",
)

_EVENTS_5 = "INSERT INTO events (job_number, job_id, seq, at, type, data, sum)"

# What leads from each version of the schema to the next one.
STEPS: Mapping[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE jobs ADD COLUMN video TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN fingerprint TEXT NOT NULL DEFAULT ''",
        *_SPENDING_2,
    ),
    2: tuple(
        f"ALTER TABLE {table} ADD COLUMN sum {{int}} NOT NULL DEFAULT 0"
        for table in ("events", "jobs", "spending")
    ),
    3: (schema.JOBS_LABEL, schema.JOBS_ENDED),
    4: (
        # Types and data as bytes: a text that is none stops its own job only, as ever.
        "ALTER TABLE events RENAME TO events_4",
        *schema.EVENTS,
        f"""{_EVENTS_5} SELECT jobs.number, old.job_id, old.seq, old.at, old.type, old.data,
            signed(old.sum, old.job_id, old.seq, old.at,
                CAST(old.type AS BLOB), CAST(old.data AS BLOB))
            FROM jobs JOIN events_4 old ON old.job_id = jobs.job_id
            ORDER BY jobs.number, old.seq""",  # noqa: S608
        # An event of no job would be lost: it violates that each has a number.
        f"""{_EVENTS_5} SELECT NULL, job_id, seq, at, type, data, sum FROM events_4
            WHERE job_id NOT IN (SELECT job_id FROM jobs)""",  # noqa: S608
        "DROP TABLE events_4",
        f"UPDATE jobs SET sum = signed(sum, {', '.join(schema.JOB_SUMMED)})",  # noqa: S608
        f"UPDATE spending SET sum = signed(sum, {', '.join(schema.SPENDING_SUMMED)})",  # noqa: S608
    ),
}
_DAMAGED = -1  # no row adds up to it


def upgrade(connection: apsw.Connection, path: Path, version: int) -> None:
    """Lead the schema from a version to the present one; inside a transaction.

    A job whose history cannot be read keeps its row as it is.

    Raises:
        JournalError: A row of a job or of what it spent is damaged, or an event is of no job.
    """
    structlog.get_logger().info("journal.upgrading", path=str(path), schema=version)
    connection.create_scalar_function("signed", _signed(version))
    try:
        for each in range(version, schema.VERSION):
            for statement in STEPS[each]:
                connection.execute(statement.format_map(schema.SQLITE))
    except UnicodeDecodeError as error:
        damage = apsw.CorruptError(f"a text is not {error.encoding}")
        raise JournalError(words("trust", path, damage)) from error
    except apsw.ConstraintError as error:
        damage = apsw.CorruptError("an event is of no job")
        raise JournalError(words("trust", path, damage)) from error
    if version < schema.SIGNED:  # later ones would hide damage if they were made anew
        _write_anew(connection)
    checking.check_rows(connection, path)


def _signed(version: int) -> Callable[..., int]:
    """Give what gives a row its present checksum, but no row that has a wrong one."""

    def signed(*found: Any) -> int:
        total, *values = map(_text, found)
        right = version < schema.SIGNED or total == _sum_4(*values)
        return sums.checksum(*values) if right else _DAMAGED

    return signed


def _text(value: Any) -> Any:
    """Give what was passed as bytes, as it may be no text any more, as a text all the same."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _sum_4(*values: sums.Value) -> int:
    """Give the checksum of versions 3 and 4: of a JSON list where numbers have a fraction."""
    texts = [float(each) if isinstance(each, int) else each for each in values]
    return zlib.crc32(json.dumps(texts, default=repr).encode())


def _write_anew(connection: apsw.Connection) -> None:
    """Write what follows from the events."""
    for job in _jobs(connection):
        for step in steps.written_anew(Change(row_of(job), job.seq, (), job.spendings)):
            connection.execute(step.text, step.values)


def _jobs(connection: apsw.Connection) -> Iterator[Job]:
    """Fold every history that can be read."""
    for found in connection.execute("SELECT job_id FROM jobs").fetchall():
        stored_id = str(found[0])
        job_id = restored(stored_id)
        try:
            lines = connection.execute(queries.HISTORY, (stored_id,)).fetchall()
            yield machine.fold(job_id, loading.history(job_id, lines))
        except (IllegalMove, JournalError, UnicodeDecodeError):
            continue

"""Bringing a journal of an earlier version up to date, in the transaction that opens it.

Only events are facts; all other tables follow from them and are written anew.
"""

from collections.abc import Iterator, Mapping

import apsw

from seedance_watch.core import machine
from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.machine import Job
from seedance_watch.journal import loading, sql
from seedance_watch.journal.rows import Change, row_of
from seedance_watch.journal.text import restored

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
    3: (sql.JOBS_LABEL, sql.JOBS_ENDED),
}


def upgrade(connection: apsw.Connection, version: int) -> None:
    """Lead the schema from a version to the present one; inside a transaction.

    A job whose history cannot be read keeps its row as it is.
    """
    for each in range(version, sql.VERSION):
        for statement in STEPS[each]:
            connection.execute(statement.format_map(sql.SQLITE))
    if version < sql.SIGNED:  # later ones would hide damage if they were made anew
        _write_anew(connection)


def _write_anew(connection: apsw.Connection) -> None:
    """Write what follows from the events, and the checksums of all."""
    _sign_events(connection)
    for job in _jobs(connection):
        for step in sql.written_anew(Change(row_of(job), job.seq, (), job.spendings)):
            connection.execute(step.text, step.values)
    _sign_rows(connection)


def _sign_events(connection: apsw.Connection) -> None:
    """Add what was not kept before; job by job, a history fits into memory."""
    for (job_id,) in connection.execute("SELECT DISTINCT job_id FROM events").fetchall():
        for seq, at, name, data, _ in connection.execute(sql.HISTORY, (job_id,)).fetchall():
            total = sql.checksum(job_id, seq, at, name, data)
            connection.execute(_SIGN_EVENT, (total, job_id, seq))


def _sign_rows(connection: apsw.Connection) -> None:
    """Sign the rows of jobs that were left as they are."""
    for found in connection.execute(sql.ROWS[None], (-1,)).fetchall():
        connection.execute(_SIGN_JOB, (sql.job_sum(sql.named(found)), found[0]))
    for job_id, attempt, *rest, _ in connection.execute(sql.SPENDINGS).fetchall():
        total = sql.checksum(job_id, attempt, *rest)
        connection.execute(_SIGN_SPENDING, (total, job_id, attempt))


_SIGN_EVENT = "UPDATE events SET sum = ? WHERE job_id = ? AND seq = ?"
_SIGN_JOB = "UPDATE jobs SET sum = ? WHERE job_id = ?"
_SIGN_SPENDING = "UPDATE spending SET sum = ? WHERE job_id = ? AND attempt = ?"


def _jobs(connection: apsw.Connection) -> Iterator[Job]:
    """Fold every history that can be read."""
    for found in connection.execute("SELECT job_id FROM jobs").fetchall():
        stored_id = str(found[0])
        job_id = restored(stored_id)
        try:
            lines = connection.execute(sql.HISTORY, (stored_id,)).fetchall()
            yield machine.fold(job_id, loading.history(job_id, lines))
        except (IllegalMove, JournalError):
            continue

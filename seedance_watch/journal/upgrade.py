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

# What leads from each version of the schema to the next one.
STEPS: Mapping[int, tuple[str, ...]] = {
    1: (
        "ALTER TABLE jobs ADD COLUMN video TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE jobs ADD COLUMN fingerprint TEXT NOT NULL DEFAULT ''",
        *sql.SPENDING,
    ),
}


def upgrade(connection: apsw.Connection, version: int) -> None:
    """Lead the schema from a version to the present one; inside a transaction.

    A job whose history cannot be read keeps its row as it is.
    """
    for each in range(version, sql.VERSION):
        for statement in STEPS[each]:
            connection.execute(statement.format_map(sql.SQLITE))
    for job in _jobs(connection):
        for step in sql.written_anew(Change(row_of(job), job.seq, (), job.spendings)):
            connection.execute(step.text, step.values)


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

"""A journal that keeps everything in memory and every promise but durability; for tests."""

from collections.abc import Sequence
from dataclasses import replace

from seedance_watch.core import machine
from seedance_watch.core.errors import JournalError, Stale
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.journal import codec
from seedance_watch.journal.rows import Change, at_rest, changes
from seedance_watch.journal.writer import CLOSED, STALE
from seedance_watch.ports import Row


class MemoryJournal:
    """ports.Journal without a disk; events pass through the codec as they would on one."""

    def __init__(self) -> None:
        """Begin empty."""
        self._records: dict[str, list[Record]] = {}
        self._rows: dict[str, Row] = {}
        self._closed = False

    async def append(self, records: Sequence[Record], jobs: Sequence[Job]) -> None:
        """Keep the records, all or none, and update the row of each job.

        Raises:
            Stale: A number is already taken, or one before it is missing; nothing was recorded.
            JournalError: It was closed.
        """
        if self._closed:
            raise JournalError(CLOSED)
        found = changes(records, jobs)
        passed = [[_passed(record) for record in each.records] for each in found]
        if any(each.before != len(self._of(each.row.job_id)) for each in found):
            raise Stale(STALE)
        for change, kept in zip(found, passed, strict=True):
            self._keep(change, kept)

    async def history(self, job_id: str) -> list[Record]:
        """Give a job's records in order; empty when there is no such job."""
        return list(self._of(job_id))

    async def working(self) -> list[Job]:
        """Give every job that is not at rest, folded, in the order they were claimed."""
        working = [row.job_id for row in self._rows.values() if not at_rest(row)]
        return [machine.fold(job_id, self._of(job_id)) for job_id in working]

    async def siblings(self, drop_id: str) -> list[Row]:
        """Give the rows of all takes of a drop."""
        return [row for row in self._rows.values() if row.drop_id == drop_id]

    async def rows(self, *, limit: int = 1000, at_rest: bool | None = None) -> list[Row]:
        """Give jobs, the last changed first; at_rest chooses one side, None both."""
        numbered = enumerate(self._rows.values())
        chosen = [
            (row.changed_at, n, row) for n, row in numbered if at_rest in {None, _rests(row)}
        ]
        return [row for _, _, row in sorted(chosen, reverse=True)[:limit]]

    async def close(self) -> None:
        """Refuse what comes later; may be called twice."""
        self._closed = True

    def _of(self, job_id: str) -> list[Record]:
        return self._records.get(job_id, [])

    def _keep(self, change: Change, records: list[Record]) -> None:
        """Keep one job's part of an append."""
        self._records.setdefault(change.row.job_id, []).extend(records)
        self._rows[change.row.job_id] = change.row


_rests = at_rest


def _passed(record: Record) -> Record:
    """Give the record as it would come back from a disk."""
    return replace(record, event=codec.decode(*codec.encode(record.event)))

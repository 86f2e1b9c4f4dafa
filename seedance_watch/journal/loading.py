"""From rows of the database to jobs; one history that cannot be read stops no other."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from seedance_watch.core import machine
from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.journal import codec, sums
from seedance_watch.journal.rows import UNREADABLE
from seedance_watch.journal.text import restored, storable

_MANY = 1000  # jobs; fewer are gone through within milliseconds


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A job whose history makes no sense here."""

    job_id: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of reading the jobs that are not at rest.

    Attributes:
        jobs: The readable ones, in the order in which they were claimed.
        unreadable: The others.
        marked: Readable jobs whose rows still say that they are not.
    """

    jobs: list[Job] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    marked: list[Job] = field(default_factory=list)


def load(found: Iterable[Sequence[Any]]) -> Loaded:
    """Fold each history of a query WORKING.

    Many jobs, and all else that there is by then, are never searched for garbage until
    `gc.unfreeze`: they are kept, and would be gone through three times within the next moment.
    """
    with _no_garbage():
        loaded = _loaded(found)
        if len(loaded.jobs) >= _MANY:
            gc.freeze()
    return loaded


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Look for no garbage meanwhile."""
    looks = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looks:
            gc.enable()


def _loaded(found: Iterable[Sequence[Any]]) -> Loaded:
    loaded = Loaded()
    for stored_id, rows in groupby(found, itemgetter(0)):
        lines = list(rows)
        _, seq, held, *_ = lines[0]
        job_id = restored(stored_id)
        try:
            job = _folded(job_id, seq, lines)
        except (IllegalMove, JournalError) as error:
            loaded.unreadable.append(Unreadable(job_id, seq, str(error)))
            continue
        loaded.jobs.append(job)
        if held == UNREADABLE:
            loaded.marked.append(job)
    return loaded


def _folded(job_id: str, seq: int, lines: Sequence[Sequence[Any]]) -> Job:
    """Fold one history and hold it against the row's number."""
    stored_id, _, _, first, *_ = lines[0]
    records = [] if first is None else _records(job_id, stored_id, lines)
    job = machine.fold(job_id, records)
    if job.seq != seq:
        raise JournalError(f"job {job_id}: its history ends at event {job.seq}, not {seq}")
    return job


def history(job_id: str, lines: Iterable[Sequence[Any]]) -> list[Record]:
    """Give the records of one job from rows of (job_id, seq, at, type, data, sum).

    Raises:
        JournalError: An event is damaged or cannot be read.
    """
    return _records(job_id, storable(job_id), ((None, None, None, *line) for line in lines))


def _records(job_id: str, stored_id: str, lines: Iterable[Sequence[Any]]) -> list[Record]:
    """Give the records of one job from rows of the query WORKING, in one loop: it is a long one.

    Raises:
        JournalError: An event is damaged or cannot be read.
    """
    records = []
    for _, _, _, whose, seq, at, name, data, total in lines:
        if whose != stored_id or total != sums.checksum(whose, seq, at, name, data):
            raise JournalError(f"job {job_id}, event {seq}: it is damaged, its checksum is wrong")
        try:
            records.append(Record(job_id, seq, at, codec.decode(name, data)))
        except JournalError as error:
            raise JournalError(f"job {job_id}, event {seq}: {error}") from error
    return records

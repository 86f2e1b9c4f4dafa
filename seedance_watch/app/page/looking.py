"""What the page shows, from the journal and the daemon; blocking, only reads."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from seedance_watch.app.asked import Asked
from seedance_watch.app.picture import take
from seedance_watch.app.reading import JOURNAL
from seedance_watch.app.studio import Studio
from seedance_watch.config.resolved import Config
from seedance_watch.core import story
from seedance_watch.core.closeup import Closeup, closeup
from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Live, Row, Snapshot
from seedance_watch.core.why import Answer
from seedance_watch.faces.page.views import Board, Sheet
from seedance_watch.journal.reader import SqliteReader

_OPEN_MOST, _ENDED_MOST = 1_000, 300
_QUEUE_MOST, _HELD_MOST, _FAILED_MOST, _SHEET = 60, 60, 30, 24
_KEPT = 500
_UNMADE = frozenset({State.FAILED, State.CANCELLED})


@dataclass(slots=True)
class Looking:
    """Looks at everything.

    Attributes:
        config: Whose.
        studio: Knows how long tasks take.
    """

    config: Config
    studio: Studio
    _folded: OrderedDict[tuple[str, int], Job] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def board(self, live: Live, now: float) -> Board:
        """Look at what is not finished.

        Raises:
            JournalError: The journal cannot be read.
        """
        with closing(self.reader()) as reader:
            snapshot = take(
                self.config, reader, live, now=now, open_most=_OPEN_MOST, ended_most=_ENDED_MOST
            )
            asked = Asked(self.config, reader, live, now)
            waiting = [row for row in reversed(snapshot.open) if not row.held]
            waiting.sort(key=lambda row: row.created_at)
            held = reader.held(limit=_HELD_MOST)
            return Board(
                snapshot,
                queue=tuple(self._closeups(waiting[:_QUEUE_MOST], asked)),
                queue_more=_unheld(snapshot) - len(waiting[:_QUEUE_MOST]),
                held=tuple(self._closeups(held, asked)),
                failed=tuple(
                    each
                    for each in self._closeups(_failed(snapshot)[:_FAILED_MOST], asked)
                    if each.answer.code != "returned"
                ),
            )

    def sheet(self, before: str, live: Live, now: float) -> Sheet:
        """Look at finished videos, those before a job; "" for the newest.

        Raises:
            JournalError: The journal cannot be read.
        """
        with closing(self.reader()) as reader:
            rows = reader.videos(limit=_SHEET + 1, before=before)
            asked = Asked(self.config, reader, live, now)
            shown = rows[:_SHEET]
            return Sheet(
                tuple(each for each in self._closeups(shown, asked) if each.clip),
                more=shown[-1].job_id if len(rows) > _SHEET else "",
            )

    def job(self, job_id: str, live: Live, now: float) -> Closeup | None:
        """Look at one job and its history, None when there is none.

        Raises:
            JournalError: The journal cannot be read.
        """
        with closing(self.reader()) as reader:
            row = reader.row(job_id)
            if row is None:
                return None
            asked = Asked(self.config, reader, live, now)
            try:
                records = reader.history(job_id)
                job = fold(job_id, records)
            except (IllegalMove, JournalError):
                return Closeup(row, asked.job(row).answer)
            lines = tuple(story.told(records))
            return closeup(row, job, asked.brief(row, job), usual_s=self._usual(job), lines=lines)

    def folded(self, job_id: str) -> Job | None:
        """Give one job, None when there is none, or its history cannot be read."""
        with closing(self.reader()) as reader:
            row = reader.row(job_id)
            return self._fold(row, reader) if row else None

    def reader(self) -> SqliteReader:
        """Open the journal."""
        return SqliteReader(self.path)

    @property
    def path(self) -> Path:
        """Where the journal lies."""
        return self.config.state_dir / JOURNAL

    def _closeups(self, rows: Iterable[Row], asked: Asked) -> Iterator[Closeup]:
        for row in rows:
            assert asked.reader is not None
            job = self._fold(row, asked.reader)
            if job is None:
                yield Closeup(row, Answer("journal", "its history cannot be read"))
            else:
                yield closeup(row, job, asked.brief(row, job), usual_s=self._usual(job))

    def _fold(self, row: Row, reader: SqliteReader) -> Job | None:
        """Fold a job once for each of its events."""
        key = row.job_id, row.seq
        with self._lock:
            if key in self._folded:
                self._folded.move_to_end(key)
                return self._folded[key]
        try:
            job = fold(row.job_id, reader.history(row.job_id))
        except (IllegalMove, JournalError):
            return None
        with self._lock:
            self._folded[key] = job
            while len(self._folded) > _KEPT:
                self._folded.popitem(last=False)
        return job

    def _usual(self, job: Job) -> float | None:
        if job.state is not State.RUNNING or job.prepared is None:
            return None
        return self.studio.usual(job.prepared.spec).median_s


def _unheld(snapshot: Snapshot) -> int:
    at_rest = {State.DONE, *_UNMADE}
    return sum(count for state, count in snapshot.states().items() if state not in at_rest)


def _failed(snapshot: Snapshot) -> list[Row]:
    """Give what failed and was not dropped again since."""
    newest: dict[tuple[str, str], float] = {}
    for row in (*snapshot.open, *snapshot.ended):
        name = row.watch, row.label
        newest[name] = max(row.created_at, newest.get(name, 0.0))
    return [
        row
        for row in snapshot.ended
        if row.state in _UNMADE and row.created_at >= newest[row.watch, row.label]
    ]

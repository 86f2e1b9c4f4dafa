"""Which jobs an order is for: names, labels, files, folders and patterns become jobs.

Only reads. What can be ordered of a job depends on the order: another try is for those that
ended without a video, everything else for those that are open.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from seedance_watch.app.found import Place, jobs_of, places, shown
from seedance_watch.config.resolved import Config
from seedance_watch.core.machine import AT_REST
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.words import nearest, printable
from seedance_watch.journal.reader import SqliteReader

_MOST = 100_000  # jobs that a pattern is tried on, the last changed first
_NEAR_MOST = 2_000  # and that a mistyped name is compared with
_SHOWN = 3
_UNMADE = frozenset({State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Picked:
    """What a word means.

    Attributes:
        said: What it matched, for people; "" where it is the job's own name.
        rows: The jobs.
        wrong: Why it matched nothing, "" when it did.
        many: Whether it may mean jobs that nobody looked at one by one.
    """

    said: str = ""
    rows: tuple[Row, ...] = ()
    wrong: str = ""
    many: bool = False


@dataclass(slots=True)
class Picker:
    """Finds jobs.

    Attributes:
        config: Whose folders.
        reader: The journal.
        again: Whether they are to be tried again; else open ones are meant.
    """

    config: Config
    reader: SqliteReader
    again: bool = False
    _known: list[Row] | None = field(default=None)

    def pick(self, word: str) -> Picked:
        """Give the jobs that a word means.

        Args:
            word: A job's or drop's name, a label, a file, a folder, or a pattern over labels.

        Raises:
            JournalError: The journal cannot be read.
        """
        if row := self.reader.row(word):
            return Picked(rows=(row,))
        ways: tuple[Callable[[str], Picked | None], ...] = (
            self._labelled,
            self._unclaimed,
            self._pattern,
            self._folder,
            self._others,
        )
        found = (way(word) for way in ways)
        return next((picked for picked in found if picked), None) or self._nothing(word)

    def every(self, fits: Callable[[Row], bool], said: str) -> Picked:
        """Give all jobs that something fits to.

        Args:
            fits: Whether it does.
            said: What to call them ("failed").
        """
        rows = [row for row in self._candidates() if fits(row)]
        return _several(said, rows) if rows else Picked(wrong=f"there is no job that is {said}")

    def codes(self) -> set[str]:
        """Give the codes of all holds that there are now."""
        return {row.held for row in self._candidates() if row.held}

    # The ways in which a word is understood

    def _labelled(self, word: str) -> Picked | None:
        rows = [row for row in self._candidates() if word in {row.label, row.drop_id}]
        return _several(printable(word), rows, many=False) if rows else None

    def _unclaimed(self, word: str) -> Picked | None:
        """A file that lies in an inbox is no job, whatever jobs had its name before."""
        for place in places(word, self.config):
            if place.role == "inbox" and not place.rel.startswith(".") and _is_file(place):
                if self._claiming(place):
                    return None
                path = shown(place.path)
                cure = "take it away to withdraw it" if not self.again else "`why` says more"
                return Picked(wrong=f"{path} lies in the inbox and is no job yet; {cure}")
        return None

    def _claiming(self, place: Place) -> bool:
        rows = jobs_of(str(place.path), self.config, self.reader)
        return any(row.state is State.CLAIMING for row in rows)

    def _pattern(self, word: str) -> Picked | None:
        if not set("*?[") & set(word):
            return None
        rows = [row for row in self._candidates() if fnmatchcase(row.label, word)]
        return _several(printable(word), rows) if rows else None

    def _folder(self, word: str) -> Picked | None:
        """A folder means what came from it."""
        for place in places(word, self.config):
            if place.path.is_dir():
                below = "" if place.rel == "." else f"{place.rel}/"
                rows = [row for row in self._candidates() if _within(row, place, below)]
                return _several(shown(place.path), rows) if rows else None
        return None

    def _others(self, word: str) -> Picked | None:
        """Files, and names of jobs that nothing can be ordered of; the daemon says why not."""
        rows = jobs_of(word, self.config, self.reader)
        open_ones = [row for row in rows if row.state not in AT_REST]
        fit = (_drops(rows) if self.again else open_ones) or rows[:1]
        return _several(printable(word), fit, many=False) if fit else None

    def _nothing(self, word: str) -> Picked:
        known = [row.label for row in self._candidates()[:_NEAR_MOST]]
        known += [row.job_id for row in self._candidates()[:_NEAR_MOST]]
        near = nearest(word, known)
        cure = f"did you mean {printable(near)}?" if near else "`status` lists them"
        which = "failed or cancelled" if self.again else "open"
        return Picked(wrong=f"there is no {which} job, drop or file {printable(word)}; {cure}")

    def _candidates(self) -> list[Row]:
        """Give the jobs that may be meant, the last changed first."""
        if self._known is None:
            self._known = self._unmade() if self.again else self._opened()
        return self._known

    def _opened(self) -> list[Row]:
        return self.reader.rows(limit=_MOST, at_rest=False)

    def _unmade(self) -> list[Row]:
        """Give the drops that ended without a video and were not dropped again since."""
        rows = [*self._opened(), *self.reader.rows(limit=_MOST, at_rest=True)]
        newest: dict[tuple[str, str], Row] = {}
        for row in rows:
            last = newest.setdefault((row.watch, row.label), row)
            if row.created_at > last.created_at:
                newest[row.watch, row.label] = row
        drops = {row.drop_id for row in newest.values()}
        return _drops(row for row in rows if row.drop_id in drops)


def _drops(rows: Iterable[Row]) -> list[Row]:
    """Give one take of each drop that ended without a video: all are tried again together."""
    return list({row.drop_id: row for row in rows if row.state in _UNMADE}.values())


def _several(about: str, rows: Sequence[Row], *, many: bool = True) -> Picked:
    """Say what a word matched."""
    names = [row.job_id for row in rows[:_SHOWN]]
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    what = "job" if len(rows) == 1 else f"{len(rows)} jobs:"
    return Picked(f"{about}: {what} {', '.join(names)}{more}", tuple(rows), many=many)


def _is_file(place: Place) -> bool:
    return os.path.lexists(place.path) and not place.path.is_dir()


def _within(row: Row, place: Place, below: str) -> bool:
    return row.watch == place.watch.name and row.label.startswith(below)

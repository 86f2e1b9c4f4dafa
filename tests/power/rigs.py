"""What is changed in the daemon's process: its journal is noted step by step, syncs are left out.

A mutant is the daemon with one kind of sync left out. The power tests must notice each of them,
or they could not notice that a sync is missing.
"""

import asyncio
import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_JOURNAL = ("journal.db", "journal.db-wal", "journal.born", "journal.owner", "journal.lock")


def _without_sync(skipped: Callable[[int], bool]) -> None:
    real = os.fsync

    def fsync(fd: int) -> None:
        if not skipped(os.fstat(fd).st_mode):
            real(fd)

    os.fsync = fsync  # type: ignore[assignment]


def _no_file_sync() -> None:
    _without_sync(stat.S_ISREG)


def _no_dir_sync() -> None:
    _without_sync(stat.S_ISDIR)


def _normal_journal() -> None:
    from seedance_watch.journal import opening

    weak = (("synchronous", "NORMAL"), *(p for p in opening.PRAGMAS if p[0] != "synchronous"))
    opening.PRAGMAS = weak  # type: ignore[assignment]


MUTANTS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "no-file-sync": _no_file_sync,
    "no-dir-sync": _no_dir_sync,
    "normal-journal": _normal_journal,
}


def noted(mutant: str, state: Path, moments: Path) -> None:
    """Leave out what a mutant leaves out, and note the journal after each append.

    Args:
        mutant: Name of a mutant.
        state: The journal's folder.
        moments: Where copies of the journal go: NUMBER/, and what was told in NUMBER.json.
    """
    from seedance_watch.journal.sqlite import SqliteJournal

    mutated(mutant)
    real, turn, count = SqliteJournal.append, asyncio.Lock(), [0]
    told: dict[str, int] = {}

    async def append(self: Any, records: Sequence[Any], jobs: Sequence[Any], **more: Any) -> None:
        async with turn:
            if not told:
                _note(moments, state, count, told)  # opened, and empty
            await real(self, records, jobs, **more)
            told.update({job.id: job.seq for job in jobs})
            _note(moments, state, count, told)

    SqliteJournal.append = append  # type: ignore[method-assign]


def mutated(mutant: str) -> None:
    """Leave out what a mutant leaves out; nothing is noted. What failed is soon tried again."""
    from seedance_watch.core import reactions

    reactions.backoff = lambda effect, tries, luck: 0.05
    MUTANTS[mutant]()


def _note(moments: Path, state: Path, count: list[int], told: dict[str, int]) -> None:
    folder = moments / str(count[0])
    folder.mkdir()
    for name in _JOURNAL:
        if (state / name).exists():
            shutil.copyfile(state / name, folder / name)
    at_ns = time.monotonic_ns()
    (moments / f"{count[0]}.json").write_text(json.dumps({"at_ns": at_ns, "told": told}))
    count[0] += 1

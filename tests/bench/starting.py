"""A start with a long past, and what commands take beside it."""

import asyncio
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from histories import LIFE, Story, claiming

from bench.stage import Stage
from seedance_watch.journal.sqlite import SqliteJournal

_BATCH = 500


def fill(scene: Stage, *, done: int, open_: int) -> Path:
    """Write a journal with so many ended and open jobs; the open ones wait for their upload."""
    path = scene.studio.folder / "state" / "journal.db"
    asyncio.run(_fill(path, done, open_))
    return path


async def _fill(path: Path, done: int, open_: int) -> None:
    journal = await SqliteJournal.open(path)
    for first in range(0, done + open_, _BATCH):
        numbers = range(first, min(first + _BATCH, done + open_))
        async with asyncio.TaskGroup() as tasks:
            for number in numbers:
                life = LIFE if number < done else LIFE[:2]
                tasks.create_task(_live(journal, f"job{number:07}", life))
    await journal.close()


async def _live(journal: SqliteJournal, job_id: str, life: Sequence[object]) -> None:
    await journal.append(*Story.of(job_id).next(claiming(job_id), *life))  # type: ignore[arg-type]


def to_ready(scene: Stage) -> float:
    """Give the median of the seconds of three starts, each from birth to ready."""
    return statistics.median(_to_ready(scene) for _ in range(3))


def _to_ready(scene: Stage) -> float:
    begun_s = time.monotonic()
    with scene.daemon():
        return time.monotonic() - begun_s


def rows_read(path: Path) -> float:
    """The reference: sqlite3 reads the same rows."""
    begun_s = time.monotonic()
    connection = sqlite3.connect(path)
    connection.execute("SELECT count(*) FROM jobs").fetchall()
    open_ = "SELECT number FROM jobs WHERE at_rest = 0"
    connection.execute(f"SELECT * FROM events WHERE job_number IN ({open_})").fetchall()
    connection.close()
    return time.monotonic() - begun_s


def command(*words: str) -> float:
    """Give the seconds of the fastest of five runs of a command of Python."""
    return min(_once(words) for _ in range(5))


def _once(words: Sequence[str]) -> float:
    begun_s = time.monotonic()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.monotonic() - begun_s


def main_of(*words: str) -> tuple[str, ...]:
    """Give the words that run a command of ours as the installed script does."""
    code = "import sys; from seedance_watch.cli.main import main; main(sys.argv[1:])"
    return ("-c", code, *words)

"""Durable transitions a second: many jobs at once, against one transaction for each sync."""

import asyncio
import tempfile
import time
from pathlib import Path

from histories import LIFE, Story, claiming

from seedance_watch.journal import writer
from seedance_watch.journal.sqlite import SqliteJournal

JOBS = 64


def rate(rounds: int, *, grouped: bool) -> float:
    """Give how many events a second become durable, 64 jobs at once.

    Args:
        rounds: Jobs that each of them lives through, one after the other.
        grouped: Whether those that wait together share a sync.
    """
    kept, writer._GROUP_MAX = writer._GROUP_MAX, writer._GROUP_MAX if grouped else 1
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            return asyncio.run(_rate(Path(folder) / "journal.db", rounds))
    finally:
        writer._GROUP_MAX = kept


async def _rate(path: Path, rounds: int) -> float:
    journal = await SqliteJournal.open(path)
    await _lives(journal, JOBS, 1)  # what is made once is made before
    begun_s = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(JOBS):
            tasks.create_task(_lives(journal, number, rounds))
    took_s = time.monotonic() - begun_s
    await journal.close()
    return JOBS * rounds * (1 + len(LIFE)) / took_s


async def _lives(journal: SqliteJournal, number: int, rounds: int) -> None:
    for turn in range(rounds):
        story = Story.of(f"job{number}-{turn}")
        for event in (claiming(story.job.id), *LIFE):
            await journal.append(*story.next(event))

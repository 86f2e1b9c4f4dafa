"""Durable transitions a second: many jobs at once, against one transaction for each sync."""

import asyncio
import tempfile
import time
from pathlib import Path

from histories import LIFE, Story, claiming

from seedance_watch.journal import writer
from seedance_watch.journal.sqlite import SqliteJournal

JOBS, ROUNDS = 64, 6


def rate(*, grouped: bool) -> float:
    """Give how many events a second become durable, 64 jobs at once.

    Args:
        grouped: Whether those that wait together share a sync.
    """
    kept, writer._GROUP_MAX = writer._GROUP_MAX, writer._GROUP_MAX if grouped else 1
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            return asyncio.run(_rate(Path(folder) / "journal.db"))
    finally:
        writer._GROUP_MAX = kept


async def _rate(path: Path) -> float:
    journal = await SqliteJournal.open(path)
    begun_s = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(JOBS):
            tasks.create_task(_lives(journal, number))
    took_s = time.monotonic() - begun_s
    await journal.close()
    return JOBS * ROUNDS * (1 + len(LIFE)) / took_s


async def _lives(journal: SqliteJournal, number: int) -> None:
    for turn in range(ROUNDS):
        story = Story.of(f"job{number}-{turn}")
        for event in (claiming(story.job.id), *LIFE):
            await journal.append(*story.next(event))

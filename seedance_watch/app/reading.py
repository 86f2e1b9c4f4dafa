"""Reading the journal of a configuration beside its daemon, or without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedance_watch.config.resolved import Config
from seedance_watch.journal.reader import SqliteReader

JOURNAL = "journal.db"


def begun(config: Config) -> bool:
    """Whether there is, or ever was, a journal."""
    return any(config.state_dir.glob(f"{Path(JOURNAL).stem}.*"))


@contextmanager
def reading(config: Config) -> Iterator[SqliteReader | None]:
    """Open the journal for reading; None where there is none because `run` was never started.

    Raises:
        JournalError: It cannot be read.
    """
    if not begun(config):
        yield None
        return
    with SqliteReader(config.state_dir / JOURNAL) as reader:
        yield reader

"""The will to take a drop, as the first event of each of its takes."""

from seedance_watch.core import naming
from seedance_watch.core.events import Claiming, Record
from seedance_watch.core.model import Drop


def claims(drop: Drop, key: str, now: float) -> list[Record]:
    """Give the first event of each take of a drop.

    Args:
        drop: What was found.
        key: 32 random hex digits.
        now: The time, UTC seconds.
    """
    name = naming.drop_id(drop.stem, key)
    return [
        Record(naming.job_id(name, take, drop.takes), 1, now, _claiming(drop, name, take, key))
        for take in range(1, drop.takes + 1)
    ]


def _claiming(drop: Drop, name: str, take: int, key: str) -> Claiming:
    """Give the will to take a drop, for one of its takes."""
    return Claiming(
        drop_id=name,
        take=take,
        takes=drop.takes,
        watch=drop.watch,
        folder=drop.folder,
        stem=drop.stem,
        parts=drop.parts,
        key=key,
        priority=drop.priority,
        seen_at=drop.seen_at,
        start_from=drop.start_from,
    )

"""Takes the Snapshot: from the journal, and from the daemon when one runs."""

from collections.abc import Iterator

from seedance_watch.config.budgets import caps_of, zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.core.budget import Period, ceiling
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.snapshot import BudgetView, Live, Snapshot
from seedance_watch.journal.reader import SqliteReader

OPEN_MOST, ENDED_MOST = 20_000, 200


def take(config: Config, reader: SqliteReader, live: Live | None, *, now: float) -> Snapshot:
    """Take the snapshot; blocking, only reads.

    Args:
        config: Whose budgets are looked at.
        reader: The journal.
        live: What the daemon says, None: none runs.
        now: The time, UTC seconds.

    Raises:
        JournalError: The journal cannot be read.
    """
    return Snapshot(
        at=now,
        counts=reader.counts(),
        open=tuple(reader.rows(limit=OPEN_MOST, at_rest=False)),
        ended=tuple(reader.rows(limit=ENDED_MOST, at_rest=True)),
        budgets=tuple(_budgets(config, reader, now)),
        live=live,
    )


def _budgets(config: Config, reader: SqliteReader, now: float) -> Iterator[BudgetView]:
    """Look how the limits of days and months stand."""
    zone = zone_of(config)
    for cap in caps_of(config, CATALOGUE):
        if cap.period is not Period.JOB:
            over = ceiling(cap, now, zone)
            yield BudgetView(cap, reader.spent(over), over.until)

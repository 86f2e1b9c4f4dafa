"""Takes the Snapshot: from the journal, and from the daemon when one runs."""

from collections.abc import Iterator

from seedance_watch.config.budgets import caps_of, zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.core.budget import Period, ceiling
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.snapshot import BudgetView, Live, Snapshot
from seedance_watch.disk import pauses
from seedance_watch.journal.reader import SqliteReader

OPEN_MOST, ENDED_MOST = 20_000, 200


def take(
    config: Config,
    reader: SqliteReader | None,
    live: Live | None,
    *,
    now: float,
    open_most: int = OPEN_MOST,
    ended_most: int = ENDED_MOST,
) -> Snapshot:
    """Take the snapshot; blocking, only reads.

    Args:
        config: Whose budgets are looked at.
        reader: The journal, None: there is none yet.
        live: What the daemon says, None: none runs.
        now: The time, UTC seconds.
        open_most: Most jobs that are not at rest.
        ended_most: Most jobs that are.

    Raises:
        JournalError: The journal cannot be read.
        SpoolError: It cannot be read which providers are paused.
    """
    budgets = tuple(budgets_of(config, reader, now))
    paused = pauses.load(config.state_dir)
    if reader is None:
        return Snapshot(now, {}, budgets=budgets, live=live, pauses=paused)
    return Snapshot(
        at=now,
        counts=reader.counts(),
        open=tuple(reader.rows(limit=open_most, at_rest=False)),
        ended=tuple(reader.rows(limit=ended_most, at_rest=True)),
        budgets=budgets,
        live=live,
        pauses=paused,
    )


def budgets_of(config: Config, reader: SqliteReader | None, now: float) -> Iterator[BudgetView]:
    """Look how the limits of days and months stand; without a journal nothing was spent."""
    zone = zone_of(config)
    for cap in caps_of(config, CATALOGUE):
        if cap.period is not Period.JOB:
            over = ceiling(cap, now, zone)
            spent = reader.spent(over) if reader else cap.most.none()
            yield BudgetView(cap, spent, over.until)

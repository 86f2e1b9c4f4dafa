"""Takes the Snapshot: from the journal, and from the daemon when one runs."""

from collections.abc import Iterator
from decimal import Decimal

from seedance_watch.config.budgets import caps_of, zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.core.budget import Ceiling, Period, ceiling, span
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import BudgetView, DayView, Live, Snapshot
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
        today=tuple(_today(config, reader, now)),
    )


def _today(config: Config, reader: SqliteReader, now: float) -> Iterator[DayView]:
    """Add up what each folder spent today."""
    since, until = span(Period.DAY, now, zone_of(config))
    units = {model.provider: model.price.unit for model in CATALOGUE.values()}
    for watch in config.watches:
        for provider, unit in units.items():
            nothing = Money(Decimal(0), unit)
            spent = reader.spent(Ceiling(provider, watch.name, since, until, nothing))
            if spent.amount:
                yield DayView(watch.name, provider, spent)


def budgets_of(config: Config, reader: SqliteReader | None, now: float) -> Iterator[BudgetView]:
    """Look how the limits of days and months stand; without a journal nothing was spent."""
    zone = zone_of(config)
    for cap in caps_of(config, CATALOGUE):
        if cap.period is not Period.JOB:
            over = ceiling(cap, now, zone)
            spent = reader.spent(over) if reader else cap.most.none()
            yield BudgetView(cap, spent, over.until)

"""What a journal is told: the statements of a transaction, as every database takes them."""

from decimal import ROUND_CEILING
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from seedance_watch.core.errors import Declined, SeedanceWatchError, Stale
from seedance_watch.core.events import Record
from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import Row
from seedance_watch.core.spending import Spending
from seedance_watch.journal import codec
from seedance_watch.journal.queries import NUMBER, SPENT_FROM, TWINS, spent_values
from seedance_watch.journal.rows import UNREADABLE, Change, at_rest
from seedance_watch.journal.schema import COLUMNS, SPENDING_SUMMED
from seedance_watch.journal.sums import Value, checksum, job_sum
from seedance_watch.journal.text import storable

if TYPE_CHECKING:  # who only looks needs none of the ports
    from seedance_watch.ports import Terms


class Step(NamedTuple):
    """One statement of a transaction.

    Attributes:
        text: The statement.
        values: Its values.
        unless: Raised when it changes no row (Stale) or, a question, finds none (Declined);
            None: that is fine.
    """

    text: str
    values: tuple[Value, ...]
    unless: type[SeedanceWatchError] | None = Stale


_NAMES = ", ".join(COLUMNS)
_MARKS = ", ".join("?" for _ in COLUMNS)

_NEW_JOB = (
    f"INSERT INTO jobs (job_id, {_NAMES}) VALUES (?, {_MARKS}) ON CONFLICT (job_id) DO NOTHING"  # noqa: S608 - our own column names
)
_ASSIGN = ", ".join(f"{name} = ?" for name in COLUMNS)
_ANEW = f"UPDATE jobs SET {_ASSIGN} WHERE job_id = ? AND seq = ?"  # noqa: S608
# What a job has from its claim never changes, and naming it would write its indexes each time.
_KEPT = frozenset({"drop_id", "watch", "label", "created_at"})
_MOVED = ", ".join(f"{name} = ?" for name in COLUMNS if name not in _KEPT)
_NEXT_JOB = f"UPDATE jobs SET {_MOVED} WHERE job_id = ? AND seq = ?"  # noqa: S608
_moved = itemgetter(*(number for number, name in enumerate(COLUMNS) if name not in _KEPT))
_NEW_EVENT = f"""INSERT INTO events (job_number, job_id, seq, at, type, data, sum)
    VALUES ({NUMBER}, ?, ?, ?, ?, ?, ?)"""  # noqa: S608
_MARK = "UPDATE jobs SET held = ?, reason = ? WHERE job_id = ? AND seq = ?"

PUT_META = (
    "INSERT INTO meta (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_SPEND = f"""INSERT INTO spending ({", ".join(SPENDING_SUMMED)}, sum)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""  # noqa: S608
_UNSPEND = "DELETE FROM spending WHERE job_id = ?"
_WITHIN = f"SELECT 1 WHERE (SELECT coalesce(sum(micros), 0) {SPENT_FROM}) <= ?"
_ALONE = f"SELECT 1 WHERE NOT EXISTS (SELECT 1 {TWINS})"


def append(change: Change) -> list[Step]:
    """Give the statements that record one job's part of an append; the fence comes first."""
    values = _values(change.row)
    job_id = storable(change.row.job_id)
    if change.before == 0:
        fence = Step(_NEW_JOB, (job_id, *values))
    else:
        fence = Step(_NEXT_JOB, (*_moved(values), job_id, change.before))
    return [fence, *map(_event, change.records), *_money(change)]


def written_anew(change: Change) -> list[Step]:
    """Give the statements that write what follows from a job's events; they add none."""
    return [rewrite(change.row), *_money(change)]


def _money(change: Change) -> list[Step]:
    """Give the statements that write anew what a job's attempts count as spent."""
    if change.spendings is None:
        return []
    job_id, watch = storable(change.row.job_id), storable(change.row.watch)
    counted = [(job_id, each.attempt, watch, *_spent(each)) for each in change.spendings]
    spend = [Step(_SPEND, (*values, checksum(*values))) for values in counted]
    return [Step(_UNSPEND, (job_id,), unless=None), *spend]


def _spent(each: Spending) -> tuple[Value, ...]:
    provider, model, unit = map(storable, (each.provider, each.model, each.amount.unit))
    return provider, model, unit, _micros(each.amount), float(each.at)


def _micros(amount: Money) -> int:
    """Give an amount in millionths; a fraction of one counts as one."""
    return int((amount.amount * 10**6).to_integral_value(ROUND_CEILING))


def demands(job_id: str, terms: "Terms") -> list[Step]:
    """Give the questions whose answers must be yes at the end of an append."""
    over = [
        Step(_WITHIN, (*spent_values(each), _micros(each.most)), Declined)
        for each in terms.ceilings
    ]
    alone = Step(_ALONE, (storable(terms.fingerprint), storable(job_id)), Declined)
    return [*over, *([alone] if terms.fingerprint else [])]


def _event(record: Record) -> Step:
    """Give the statement that adds one event."""
    job_id = storable(record.job_id)
    values = (job_id, record.seq, float(record.at), *codec.encode(record.event))
    return Step(_NEW_EVENT, (job_id, *values, checksum(*values)))


def mark_unreadable(job_id: str, seq: int, reason: str) -> Step:
    """Give the statement that lets a job show that its history cannot be read."""
    return Step(_MARK, (UNREADABLE, storable(reason), storable(job_id), seq), unless=None)


def rewrite(row: Row) -> Step:
    """Give the statement that writes a job's row anew."""
    return Step(_ANEW, (*_values(row), storable(row.job_id), row.seq), unless=None)


def _values(row: Row) -> tuple[Value, ...]:
    """Give a row in the order of COLUMNS; spelled out, because every append asks for it."""
    values: tuple[Value, ...] = (
        storable(row.drop_id),
        storable(row.watch),
        storable(row.label),
        str(row.state),
        storable(row.held),
        storable(row.provider),
        storable(row.model),
        str(row.cost.amount) if row.cost else None,
        row.cost.unit if row.cost else None,
        None if row.wake_at is None else float(row.wake_at),
        storable(row.reason),
        float(row.created_at),
        float(row.changed_at),
        row.seq,
        storable(row.video),
        storable(row.fingerprint),
        int(at_rest(row)),
    )
    return (*values, job_sum((storable(row.job_id), *values)))

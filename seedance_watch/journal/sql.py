"""The journal's SQL, as far as possible the same for every database.

Placeholders are "?" and no text holds a literal one, so that a dialect with another sign
replaces them; what really differs is a slot of SCHEMA, filled by a table per dialect.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import ROUND_CEILING, Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import Declined, JournalError, SeedanceWatchError, Stale
from seedance_watch.core.events import Record
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.spending import Spending
from seedance_watch.core.spent import Spent, micros
from seedance_watch.core.spent import day as spent_day
from seedance_watch.journal import codec
from seedance_watch.journal.rows import UNREADABLE, Change, at_rest
from seedance_watch.journal.text import restored, storable

if TYPE_CHECKING:  # who only looks needs none of the ports
    from seedance_watch.ports import Terms

VERSION = 5  # of the schema; a higher number in a journal is refused
SIGNED = 3  # from this version on rows have checksums

Value = str | int | float | None


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


SQLITE: Mapping[str, str] = {
    "number": "INTEGER PRIMARY KEY",
    "int": "INTEGER",
    "real": "REAL",
    "table": "STRICT",
    "keyed": "STRICT, WITHOUT ROWID",
}

# What counts as spent, one row per attempt, in millionths of the provider's unit; and who has
# bought what.
SPENDING = (
    """CREATE TABLE spending (
        job_id TEXT NOT NULL,
        attempt {int} NOT NULL,
        watch TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        unit TEXT NOT NULL,
        micros {int} NOT NULL,
        at {real} NOT NULL,
        sum {int} NOT NULL,
        PRIMARY KEY (job_id, attempt)
    ) {keyed}""",
    "CREATE INDEX spending_at ON spending (provider, at, watch, micros)",
    "CREATE INDEX jobs_bought ON jobs (fingerprint) WHERE fingerprint <> ''",
)

JOBS_LABEL = "CREATE INDEX jobs_label ON jobs (label, watch)"
JOBS_ENDED = "CREATE INDEX jobs_ended ON jobs (state) WHERE at_rest = 1"

# In the order in which they were recorded, so that a sync writes the end of one table and of one
# index only. By itself an event says whose it is; the job's number keeps neighbours together.
EVENTS = (
    """CREATE TABLE events (
        number {number},
        job_number {int} NOT NULL,
        job_id TEXT NOT NULL,
        seq {int} NOT NULL,
        at {real} NOT NULL,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        sum {int} NOT NULL
    ) {table}""",
    "CREATE UNIQUE INDEX events_job ON events (job_number, seq)",
)

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) {keyed}",
    *EVENTS,
    """CREATE TABLE jobs (
        number {number},
        job_id TEXT NOT NULL UNIQUE,
        drop_id TEXT NOT NULL,
        watch TEXT NOT NULL,
        label TEXT NOT NULL,
        state TEXT NOT NULL,
        held TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        cost_amount TEXT,
        cost_unit TEXT,
        wake_at {real},
        reason TEXT NOT NULL,
        created_at {real} NOT NULL,
        changed_at {real} NOT NULL,
        seq {int} NOT NULL,
        video TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        at_rest {int} NOT NULL,
        sum {int} NOT NULL
    ) {table}""",
    "CREATE INDEX jobs_working ON jobs (number) WHERE at_rest = 0",
    "CREATE INDEX jobs_changed ON jobs (changed_at, number)",
    "CREATE INDEX jobs_drop ON jobs (drop_id)",
    JOBS_LABEL,
    JOBS_ENDED,
    *SPENDING,
)

_SET = (
    "drop_id", "watch", "label", "state", "held", "provider", "model", "cost_amount",
    "cost_unit", "wake_at", "reason", "created_at", "changed_at", "seq", "video",
    "fingerprint", "at_rest", "sum",
)  # fmt: skip
# What is there for people alone, and is changed alone.
_UNSUMMED = frozenset({"held", "reason", "sum"})
JOB_SUMMED = ("job_id", *(name for name in _SET if name not in _UNSUMMED))
EVENT_SUMMED = ("job_id", "seq", "at", "type", "data")
SPENDING_SUMMED = ("job_id", "attempt", "watch", "provider", "model", "unit", "micros", "at")
_NAMES = ", ".join(_SET)
_MARKS = ", ".join("?" for _ in _SET)

_NEW_JOB = (
    f"INSERT INTO jobs (job_id, {_NAMES}) VALUES (?, {_MARKS}) ON CONFLICT (job_id) DO NOTHING"  # noqa: S608 - our own column names
)
_ASSIGN = ", ".join(f"{name} = ?" for name in _SET)
_ANEW = f"UPDATE jobs SET {_ASSIGN} WHERE job_id = ? AND seq = ?"  # noqa: S608
# What a job has from its claim never changes, and naming it would write its indexes each time.
_KEPT = frozenset({"drop_id", "watch", "label", "created_at"})
_MOVED = ", ".join(f"{name} = ?" for name in _SET if name not in _KEPT)
_NEXT_JOB = f"UPDATE jobs SET {_MOVED} WHERE job_id = ? AND seq = ?"  # noqa: S608
_moved = itemgetter(*(number for number, name in enumerate(_SET) if name not in _KEPT))
_NUMBER = "(SELECT number FROM jobs WHERE job_id = ?)"
_NEW_EVENT = f"""INSERT INTO events (job_number, job_id, seq, at, type, data, sum)
    VALUES ({_NUMBER}, ?, ?, ?, ?, ?, ?)"""  # noqa: S608
_MARK = "UPDATE jobs SET held = ?, reason = ? WHERE job_id = ? AND seq = ?"

PUT_META = (
    "INSERT INTO meta (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
NOW = "SELECT CURRENT_TIMESTAMP"  # UTC in SQLite
META = "SELECT value FROM meta WHERE name = ?"
HISTORY = f"""SELECT seq, at, type, data, sum FROM events
    WHERE job_number = {_NUMBER} ORDER BY seq"""  # noqa: S608
WORKING = """SELECT jobs.job_id, jobs.seq, jobs.held, events.seq, events.at, type, data,
    events.sum FROM jobs LEFT JOIN events ON events.job_number = jobs.number
    WHERE jobs.at_rest = 0 ORDER BY jobs.number, events.seq"""
OPEN = "SELECT job_id, seq, held FROM jobs WHERE at_rest = 0 ORDER BY number"
_ROW = f"SELECT job_id, {_NAMES} FROM jobs"  # noqa: S608
ROW = f"{_ROW} WHERE job_id = ?"
JOBS = f"{_ROW} ORDER BY number"
SIBLINGS = f"{_ROW} WHERE drop_id = ? ORDER BY number"
_LATEST = "ORDER BY changed_at DESC, number DESC LIMIT ?"
# The plus keeps SQLite from walking through all that ended since, in search of what is open.
_LATEST_OPEN = "ORDER BY +changed_at DESC, number DESC LIMIT ?"
ROWS: Mapping[bool | None, str] = {
    None: f"{_ROW} {_LATEST}",
    True: f"{_ROW} WHERE at_rest = 1 {_LATEST}",
    False: f"{_ROW} WHERE at_rest = 0 {_LATEST_OPEN}",
}
HELD = f"{_ROW} WHERE at_rest = 0 AND held <> '' {_LATEST}"
VIDEOS = f"""{_ROW} WHERE state = 'done' AND video <> '' AND (? = '' OR (changed_at, number) <
    (SELECT changed_at, number FROM jobs WHERE job_id = ?)) {_LATEST}"""  # noqa: S608
_SPEND = f"""INSERT INTO spending ({", ".join(SPENDING_SUMMED)}, sum)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""  # noqa: S608
SPENDINGS = f"SELECT {', '.join(SPENDING_SUMMED)}, sum FROM spending"  # noqa: S608
SPENT_SINCE = f"{SPENDINGS} WHERE at >= ?"
_UNSPEND = "DELETE FROM spending WHERE job_id = ?"
_SPENT = """FROM spending
    WHERE provider = ? AND at >= ? AND at < ? AND (? = '' OR watch = ?) AND unit = ?"""
SPENT = f"SELECT coalesce(sum(micros), 0) {_SPENT}"
_WITHIN = f"SELECT 1 WHERE (SELECT coalesce(sum(micros), 0) {_SPENT}) <= ?"
_TWINS = "FROM jobs WHERE fingerprint = ? AND fingerprint <> '' AND job_id <> ?"
TWIN = f"SELECT job_id, {_NAMES} {_TWINS} ORDER BY number LIMIT 1"
# Asked by a person now and then, so it may read all events.
TAKER = """SELECT job_id FROM events
    WHERE type = 'Accepted' AND job_id <> ? AND instr(data, ?) > 0 LIMIT 1"""
# Asked by a person who names a file, and by a shot that goes on from another; the newest first.
LABELS = 4
_ANY = ", ".join("?" * LABELS)
LABELLED = f"{_ROW} WHERE watch = ? AND label IN ({_ANY}) ORDER BY number DESC LIMIT 100"
MADE = f"{_ROW} WHERE watch = ? AND video = ? ORDER BY number LIMIT 100"
_CLAIMS = "SELECT job_id FROM events WHERE seq = 1 AND type = 'Claiming' AND instr(data, ?) > 0"
TAKEN_IN = f"{_ROW} WHERE watch = ? AND job_id IN ({_CLAIMS}) ORDER BY number DESC LIMIT 100"
_ALONE = f"SELECT 1 WHERE NOT EXISTS (SELECT 1 {_TWINS})"
# By an index for each half; what has ended is held no more.
COUNTS = """SELECT state, held, count(*) FROM jobs WHERE at_rest = 0 GROUP BY state, held
    UNION ALL SELECT state, '', count(*) FROM jobs WHERE at_rest = 1 GROUP BY state"""


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


def spent_values(ceiling: Ceiling) -> tuple[str | float, ...]:
    """Give the values of the query SPENT."""
    watch = storable(ceiling.watch)
    unit = storable(ceiling.most.unit)
    return storable(ceiling.provider), ceiling.since, ceiling.until, watch, watch, unit


def spent(ceiling: Ceiling, found: int) -> Money:
    """Give the amount that the query SPENT found."""
    return micros(found, ceiling.most.unit)


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
    """Give the columns of a row in the order of _SET; spelled out, as every append asks for it."""
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
    return (*values, checksum(*_summed((storable(row.job_id), *values))))


def checksum(*values: Value) -> int:
    """Give what a row's values add up to; a bit that flips on the disk makes it wrong.

    SQLite looks at the shape of its pages only, not at what stands in them. No text that is
    stored has the character between them. A start sums very many, and so does an append.
    """
    return zlib.crc32("\0".join(map(str, values)).encode("utf-8", "surrogatepass"))


_summed = itemgetter(*map(("job_id", *_SET).index, JOB_SUMMED))


def check_job(found: Sequence[Any]) -> None:
    """Check a row of the query JOBS.

    Raises:
        JournalError: It is damaged.
    """
    if found[-1] != checksum(*_summed(found)):
        raise JournalError(f"the journal's row of job {found[0]} is damaged")


def row(found: Sequence[Any]) -> Row:
    """Give the row of which a query found `job_id` and the columns of _SET.

    Raises:
        JournalError: It is damaged.
    """
    stored = named(found)
    told = isinstance(stored["held"], str) and isinstance(stored["reason"], str)
    if not told or stored["sum"] != checksum(*_summed(found)):
        raise JournalError(f"the journal's row of job {stored['job_id']} is damaged")
    values = {name: _read(value) for name, value in stored.items()}
    amount, unit = values.pop("cost_amount"), values.pop("cost_unit")
    del values["at_rest"], values["sum"]
    cost = None if amount is None else Money(Decimal(amount), unit)
    return Row(**{**values, "state": State(values["state"])}, cost=cost)


def named(found: Sequence[Any]) -> dict[str, Any]:
    """Give what a query for rows found by the columns' names."""
    return dict(zip(("job_id", *_SET), found, strict=True))


def check_spending(found: Sequence[Any]) -> None:
    """Check a row of the query SPENDINGS.

    Raises:
        JournalError: It is damaged.
    """
    *values, total = found
    if total != checksum(*values):
        raise JournalError(f"what the journal says job {values[0]} spent is damaged")


def one_spent(found: Sequence[Any], zone: tzinfo) -> Spent:
    """Give what a row of the query SPENDINGS says, by its day in a zone.

    Raises:
        JournalError: It is damaged.
    """
    check_spending(found)
    _, _, watch, provider, model, unit, count, at, _ = map(_read, found)
    return Spent(spent_day(at, zone), watch, provider, model, micros(count, unit))


def _read(value: Any) -> Any:
    """Undo `storable` where it was done."""
    return restored(value) if isinstance(value, str) else value

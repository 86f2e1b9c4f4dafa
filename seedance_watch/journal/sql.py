"""The journal's SQL, as far as possible the same for every database.

Placeholders are "?" and no text holds a literal one, so that a dialect with another sign
replaces them; what really differs is a slot of SCHEMA, filled by a table per dialect.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from seedance_watch.core.events import Record
from seedance_watch.core.model import Money, State
from seedance_watch.journal import codec
from seedance_watch.journal.rows import UNREADABLE, Change, at_rest
from seedance_watch.journal.text import restored, storable
from seedance_watch.ports import Row

VERSION = 1  # of the schema; a higher number in a journal is refused

Value = str | int | float | None
Step = tuple[str, tuple[Value, ...], bool]  # text, values, whether it must change a row

SQLITE: Mapping[str, str] = {
    "number": "INTEGER PRIMARY KEY",
    "int": "INTEGER",
    "real": "REAL",
    "table": "STRICT",
    "keyed": "STRICT, WITHOUT ROWID",
}

SCHEMA = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) {keyed}",
    """CREATE TABLE events (
        job_id TEXT NOT NULL,
        seq {int} NOT NULL,
        at {real} NOT NULL,
        type TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (job_id, seq)
    ) {keyed}""",
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
        at_rest {int} NOT NULL
    ) {table}""",
    "CREATE INDEX jobs_working ON jobs (number) WHERE at_rest = 0",
    "CREATE INDEX jobs_changed ON jobs (changed_at, number)",
    "CREATE INDEX jobs_drop ON jobs (drop_id)",
)

_SET = (
    "drop_id", "watch", "label", "state", "held", "provider", "model", "cost_amount",
    "cost_unit", "wake_at", "reason", "created_at", "changed_at", "seq", "at_rest",
)  # fmt: skip
_NAMES = ", ".join(_SET)
_MARKS = ", ".join("?" for _ in _SET)

_NEW_JOB = (
    f"INSERT INTO jobs (job_id, {_NAMES}) VALUES (?, {_MARKS}) ON CONFLICT (job_id) DO NOTHING"  # noqa: S608 - our own column names
)
_ASSIGN = ", ".join(f"{name} = ?" for name in _SET)
_NEXT_JOB = f"UPDATE jobs SET {_ASSIGN} WHERE job_id = ? AND seq = ?"  # noqa: S608
_NEW_EVENT = "INSERT INTO events (job_id, seq, at, type, data) VALUES (?, ?, ?, ?, ?)"
_MARK = "UPDATE jobs SET held = ?, reason = ? WHERE job_id = ? AND seq = ?"

PUT_META = (
    "INSERT INTO meta (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
NOW = "SELECT CURRENT_TIMESTAMP"  # UTC in SQLite
META = "SELECT value FROM meta WHERE name = ?"
HISTORY = "SELECT seq, at, type, data FROM events WHERE job_id = ? ORDER BY seq"
WORKING = """SELECT jobs.job_id, jobs.seq, jobs.held, events.seq, events.at, type, data
    FROM jobs LEFT JOIN events ON events.job_id = jobs.job_id
    WHERE jobs.at_rest = 0 ORDER BY jobs.number, events.seq"""
_ROW = f"SELECT job_id, {_NAMES} FROM jobs"  # noqa: S608
ROW = f"{_ROW} WHERE job_id = ?"
SIBLINGS = f"{_ROW} WHERE drop_id = ? ORDER BY number"
_LATEST = "ORDER BY changed_at DESC, number DESC LIMIT ?"
ROWS: Mapping[bool | None, str] = {
    None: f"{_ROW} {_LATEST}",
    True: f"{_ROW} WHERE at_rest = 1 {_LATEST}",
    False: f"{_ROW} WHERE at_rest = 0 {_LATEST}",
}
COUNTS = "SELECT state, held, count(*) FROM jobs GROUP BY state, held"


def append(change: Change) -> list[Step]:
    """Give the statements that record one job's part of an append; the fence comes first."""
    values = _values(change.row)
    job_id = storable(change.row.job_id)
    if change.before == 0:
        fence: Step = (_NEW_JOB, (job_id, *values), True)
    else:
        fence = (_NEXT_JOB, (*values, job_id, change.before), True)
    return [fence, *(_event(record) for record in change.records)]


def _event(record: Record) -> Step:
    """Give the statement that adds one event."""
    values = (storable(record.job_id), record.seq, record.at, *codec.encode(record.event))
    return _NEW_EVENT, values, True


def mark_unreadable(job_id: str, seq: int, reason: str) -> Step:
    """Give the statement that lets a job show that its history cannot be read."""
    return _MARK, (UNREADABLE, storable(reason), storable(job_id), seq), False


def rewrite(row: Row) -> Step:
    """Give the statement that writes a job's row anew."""
    return _NEXT_JOB, (*_values(row), storable(row.job_id), row.seq), False


def _values(row: Row) -> tuple[Value, ...]:
    """Give the columns of a row in the order of _SET."""
    named: dict[str, Value] = {
        "cost_amount": str(row.cost.amount) if row.cost else None,
        "cost_unit": row.cost.unit if row.cost else None,
        "at_rest": int(at_rest(row)),
    }
    values = (named[name] if name in named else getattr(row, name) for name in _SET)
    return tuple(storable(str(each)) if isinstance(each, str) else each for each in values)


def row(found: Sequence[Any]) -> Row:
    """Give the row of which a query found `job_id` and the columns of _SET."""
    named = dict(zip(("job_id", *_SET), map(_read, found), strict=True))
    amount, unit = named.pop("cost_amount"), named.pop("cost_unit")
    del named["at_rest"]
    cost = None if amount is None else Money(Decimal(amount), unit)
    return Row(**{**named, "state": State(named["state"])}, cost=cost)


def _read(value: Any) -> Any:
    """Undo `storable` where it was done."""
    return restored(value) if isinstance(value, str) else value

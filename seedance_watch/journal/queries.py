"""What a journal is asked, and what its answers mean.

Placeholders are "?" and no text holds a literal one, so that a dialect with another sign
replaces them.
"""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import JournalError
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.spent import Spent, micros
from seedance_watch.core.spent import day as spent_day
from seedance_watch.journal.schema import COLUMNS, SPENDING_SUMMED
from seedance_watch.journal.sums import check_spending, job_sum
from seedance_watch.journal.text import restored, storable

_NAMES = ", ".join(COLUMNS)
NUMBER = "(SELECT number FROM jobs WHERE job_id = ?)"

NOW = "SELECT CURRENT_TIMESTAMP"  # UTC in SQLite
META = "SELECT value FROM meta WHERE name = ?"
HISTORY = f"""SELECT job_id, seq, at, type, data, sum FROM events
    WHERE job_number = {NUMBER} ORDER BY seq"""  # noqa: S608
WORKING = """SELECT jobs.job_id, jobs.seq, jobs.held, events.job_id, events.seq, events.at,
    type, data, events.sum FROM jobs LEFT JOIN events ON events.job_number = jobs.number
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
SPENDINGS = f"SELECT {', '.join(SPENDING_SUMMED)}, sum FROM spending"  # noqa: S608
SPENT_SINCE = f"{SPENDINGS} WHERE at >= ?"
SPENT_FROM = """FROM spending
    WHERE provider = ? AND at >= ? AND at < ? AND (? = '' OR watch = ?) AND unit = ?"""
SPENT = f"SELECT coalesce(sum(micros), 0) {SPENT_FROM}"
TWINS = "FROM jobs WHERE fingerprint = ? AND fingerprint <> '' AND job_id <> ?"
TWIN = f"SELECT job_id, {_NAMES} {TWINS} ORDER BY number LIMIT 1"
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
# By an index for each half; what has ended is held no more.
COUNTS = """SELECT state, held, count(*) FROM jobs WHERE at_rest = 0 GROUP BY state, held
    UNION ALL SELECT state, '', count(*) FROM jobs WHERE at_rest = 1 GROUP BY state"""


def spent_values(ceiling: Ceiling) -> tuple[str | float, ...]:
    """Give the values of the query SPENT."""
    watch = storable(ceiling.watch)
    unit = storable(ceiling.most.unit)
    return storable(ceiling.provider), ceiling.since, ceiling.until, watch, watch, unit


def spent(ceiling: Ceiling, found: int) -> Money:
    """Give the amount that the query SPENT found."""
    return micros(found, ceiling.most.unit)


def row(found: Sequence[Any]) -> Row:
    """Give the row of which a query found `job_id` and COLUMNS.

    Raises:
        JournalError: It is damaged.
    """
    stored = dict(zip(("job_id", *COLUMNS), found, strict=True))
    told = isinstance(stored["held"], str) and isinstance(stored["reason"], str)
    if not told or stored["sum"] != job_sum(found):
        raise JournalError(f"the journal's row of job {stored['job_id']} is damaged")
    values = {name: _read(value) for name, value in stored.items()}
    amount, unit = values.pop("cost_amount"), values.pop("cost_unit")
    del values["at_rest"], values["sum"]
    cost = None if amount is None else Money(Decimal(amount), unit)
    return Row(**{**values, "state": State(values["state"])}, cost=cost)


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

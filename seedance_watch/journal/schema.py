"""The journal's tables, as far as possible the same for every database.

What really differs between databases is a slot of SCHEMA, filled by a table per dialect.
"""

from collections.abc import Mapping

VERSION = 5  # of the schema; a higher number in a journal is refused
SIGNED = 3  # from this version on rows have checksums

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

# What a row of a job has beside its number and its name.
COLUMNS = (
    "drop_id", "watch", "label", "state", "held", "provider", "model", "cost_amount",
    "cost_unit", "wake_at", "reason", "created_at", "changed_at", "seq", "video",
    "fingerprint", "at_rest", "sum",
)  # fmt: skip
# What is there for people alone, and is changed alone.
_UNSUMMED = frozenset({"held", "reason", "sum"})
JOB_SUMMED = ("job_id", *(name for name in COLUMNS if name not in _UNSUMMED))
SPENDING_SUMMED = ("job_id", "attempt", "watch", "provider", "model", "unit", "micros", "at")

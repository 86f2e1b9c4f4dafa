"""The journal's tables and statements, as far as databases agree on them."""

from seedance_watch.core.machine import AT_REST

SCHEMA_VERSION = 1

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS meta (
        name TEXT PRIMARY KEY, value TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS events (
        job_id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL,
        type TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (job_id, seq)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS jobs (
        job_id TEXT PRIMARY KEY, drop_id TEXT NOT NULL, watch TEXT NOT NULL, label TEXT NOT NULL,
        state TEXT NOT NULL, at_rest INTEGER NOT NULL, held TEXT NOT NULL,
        provider TEXT NOT NULL, model TEXT NOT NULL, amount TEXT, unit TEXT,
        wake_at REAL, reason TEXT NOT NULL,
        created_at REAL NOT NULL, changed_at REAL NOT NULL, seq INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS jobs_working ON jobs (created_at, job_id) WHERE at_rest = 0",
    "CREATE INDEX IF NOT EXISTS jobs_drop ON jobs (drop_id)",
    "CREATE INDEX IF NOT EXISTS jobs_changed ON jobs (changed_at)",
)

COLUMNS = (
    "job_id, drop_id, watch, label, state, at_rest, held, provider, model, amount, unit, "
    "wake_at, reason, created_at, changed_at, seq"
)

INSERT_EVENT = "INSERT INTO events (job_id, seq, at, type, data) VALUES (?, ?, ?, ?, ?)"
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM events WHERE job_id = ?"
PUT_JOB = f"INSERT OR REPLACE INTO jobs ({COLUMNS}) VALUES ({', '.join('?' * 16)})"  # noqa: S608
HISTORY = "SELECT job_id, seq, at, type, data FROM events WHERE job_id = ? ORDER BY seq"
WORKING = """SELECT e.job_id, e.seq, e.at, e.type, e.data
    FROM jobs j CROSS JOIN events e ON e.job_id = j.job_id
    WHERE j.at_rest = 0 ORDER BY j.created_at, j.job_id, e.seq"""
SIBLINGS = f"SELECT {COLUMNS} FROM jobs WHERE drop_id = ? ORDER BY job_id"  # noqa: S608
ROWS = f"SELECT {COLUMNS} FROM jobs ORDER BY changed_at DESC, job_id LIMIT ?"  # noqa: S608
ROWS_SIDE = (
    f"SELECT {COLUMNS} FROM jobs WHERE at_rest = ? "  # noqa: S608
    "ORDER BY changed_at DESC, job_id LIMIT ?"
)
COUNTS = "SELECT state, held <> '', count(*) FROM jobs GROUP BY 1, 2"
MARK_UNREADABLE = "UPDATE jobs SET held = 'journal', reason = ? WHERE job_id = ?"

REST_STATES = frozenset(str(state) for state in AT_REST)

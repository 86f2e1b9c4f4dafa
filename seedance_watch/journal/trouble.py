"""What the database says when it fails, in words for people."""

from pathlib import Path

import apsw

_KEEP = "do not delete it: it alone knows what was paid for"
_HINTS: tuple[tuple[type[Exception], str], ...] = (
    (apsw.FullError, "free some space on its disk, then start again"),
    (apsw.BusyError, "another program keeps it locked: close that one, then start again"),
    (apsw.ReadOnlyError, "make it and its folder writable for this user, then start again"),
    (apsw.PermissionsError, "make it and its folder writable for this user, then start again"),
    (apsw.CantOpenError, "make it and its folder accessible for this user, then start again"),
    (apsw.CorruptError, f"it is damaged: restore a backup; {_KEEP}"),
    (apsw.NotADBError, f"it is damaged or no journal: restore a backup; {_KEEP}"),
    (apsw.IOError, f"its disk may be failing: look into the system's log; {_KEEP}"),
)


def words(doing: str, path: Path, error: Exception) -> str:
    """Say what was being done, to what, what happened and what to do now."""
    hint = next((hint for kind, hint in _HINTS if isinstance(error, kind)), "start again")
    return f"cannot {doing} the journal {path}: {error}; {hint}"

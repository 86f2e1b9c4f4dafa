"""Opening the one connection that writes: check first, create only where nothing ever was."""

import contextlib
import os
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import quote

import apsw

from seedance_watch.core.errors import JournalError
from seedance_watch.journal import checking, log, place, queries, schema, steps
from seedance_watch.journal.trouble import words

BUSY_MS = 10_000  # a person's shell may hold the lock for a moment; longer is an error
_WAL_KEPT_BYTES = 64 * 2**20

# mmap would turn a disk error into a signal that kills the process. Automatic checkpoints
# swallow their errors: a database whose sync failed once would be believed at the second try.
# What is undone or sorted is kept in memory: prompts have no business in /var/tmp.
PRAGMAS = (
    ("temp_store", "MEMORY"),
    ("synchronous", "FULL"),
    ("fullfsync", 1),
    ("checkpoint_fullfsync", 1),
    ("mmap_size", 0),
    ("wal_autocheckpoint", 0),
    ("journal_size_limit", _WAL_KEPT_BYTES),
    ("cache_size", -1024),  # KiB; the system keeps the file's pages as well
)


_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI


def address(path: Path, how: str) -> str:
    """Name a file as SQLite takes it, whatever bytes are in its path."""
    return f"file:{quote(os.fsencode(path.absolute()))}?{how}"


def connect(path: Path, *, vfs: str | None = None, look: bool = True) -> apsw.Connection:
    """Open a journal for writing, or make it where none ever was.

    Must be called with the lock held.

    Args:
        path: The database's file.
        vfs: Name of the SQLite VFS, None for the system's.
        look: Whether to look at all of it first; else that is still to be done, and before
            anything is paid.

    Raises:
        JournalError: It is damaged, incomplete, from a newer version or not writable; nothing
            was changed.
    """
    place.check_whole(path)
    with contextlib.ExitStack() as undo:
        try:
            found = log.survey(place.wal(path))
            path.touch(mode=0o600)  # it holds what is sent; its companions inherit the mode
            connection = apsw.Connection(address(path, "mode=rwc"), flags=_FLAGS, vfs=vfs)
            undo.callback(connection.close, True)
            _configure(connection)
            look = look or noted_version(connection) != schema.VERSION
            (_check if look else check_version)(connection, path)
            _prepare(connection, path, found)
        except (apsw.Error, OSError) as error:
            raise JournalError(words("open", path, error)) from error
        undo.pop_all()
    return connection


def _configure(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(BUSY_MS)
    # Closing must not checkpoint by itself after an error; SqliteJournal.close does it.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    for name, value in PRAGMAS:
        connection.pragma(name, value)


def _prepare(connection: apsw.Connection, path: Path, found: log.Log) -> None:
    """Check the log, and if need be make the tables."""
    _check_log(connection, path, found)
    if connection.pragma("journal_mode", "wal") != "wal":
        raise JournalError(
            f"the disk of {path} cannot keep a write-ahead log; set state_dir to another disk"
        )
    _make(connection, path)
    place.born(path)
    _settle(connection)


def _check(connection: apsw.Connection, path: Path) -> None:
    """Look at all of it; a journal that is damaged or newer is left alone."""
    with checking.told(path):
        checking.check_pages(connection, path)
        check_version(connection, path)
        if tables(connection) and noted_version(connection) == schema.VERSION:
            checking.check_rows(connection, path)


def _check_log(connection: apsw.Connection, path: Path, found: log.Log) -> None:
    """Refuse to go on where SQLite silently left out transactions that were recorded."""
    read, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
    if found.lost(max(0, read)):
        what = f"{place.wal(path)} holds events that cannot be read"
        raise JournalError(words("trust", path, apsw.CorruptError(what)))


def tables(connection: apsw.Connection) -> set[str]:
    """Give the names of the tables that there are."""
    return {str(each[0]) for each in connection.execute("SELECT name FROM sqlite_master")}


def check_version(connection: apsw.Connection, path: Path) -> None:
    """Refuse what is no journal, or one from a newer version.

    Raises:
        JournalError: It is one of these; a database without any table is fine.
    """
    found = tables(connection)
    if found and "meta" not in found:
        raise JournalError(
            f"{path} is a database, but no journal; set state_dir to another folder"
        )
    version = noted_version(connection) if found else schema.VERSION
    if version < 1:
        raise JournalError(words("trust", path, apsw.CorruptError("its version is not readable")))
    if version > schema.VERSION:
        raise JournalError(
            f"the journal {path} was written by {meta(connection, 'app')} with schema {version}, "
            f"and this version knows schemas up to {schema.VERSION}; install that one or a "
            "newer one"
        )


def noted_version(connection: apsw.Connection) -> int:
    """Give the version of the schema that the tables have, 0 when that is not readable."""
    noted = meta(connection, "schema")
    return int(noted) if noted.isdecimal() else 0


def meta(connection: apsw.Connection, name: str) -> str:
    """Give what is noted under a name, "" for nothing that can be read."""
    try:
        return str(connection.execute(queries.META, (name,)).get or "")
    except UnicodeDecodeError:
        return ""


def _make(connection: apsw.Connection, path: Path) -> None:
    """Make what is missing and note who wrote last; the write also makes the log's file."""
    notes = {"app": _app(), "schema": str(schema.VERSION)}
    connection.execute("BEGIN IMMEDIATE")
    if not tables(connection):
        place.check_new(path)
        for statement in schema.SCHEMA:
            connection.execute(statement.format_map(schema.SQLITE))
        notes["created"] = str(connection.execute(queries.NOW).get)
    elif (version := noted_version(connection)) < schema.VERSION:
        from seedance_watch.journal.upgrade import upgrade  # noqa: PLC0415 - hardly ever needed

        upgrade(connection, path, version)
    _note(connection, notes.items())
    connection.execute("COMMIT")


def _note(connection: apsw.Connection, notes: Iterable[tuple[str, str]]) -> None:
    for each in notes:
        connection.execute(steps.PUT_META, each)


def _app() -> str:
    """Name the version that writes."""
    try:
        return f"seedance-watch {version('seedance-watch')}"
    except PackageNotFoundError:
        return "seedance-watch"


def _settle(connection: apsw.Connection) -> None:
    """Move the log's content into the database.

    If the last run ended because a sync failed, the log may be whole in memory but not on the
    disk, and what is synced behind such a hole would be lost with it; written elsewhere it is
    safe. A reader may keep a part of it back; that part is older than this process.
    """
    with contextlib.suppress(apsw.BusyError):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

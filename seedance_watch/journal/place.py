"""Where a journal may lie: on a local disk, in a directory of its own that was never robbed."""

import contextlib
import os
from pathlib import Path

from seedance_watch.core.errors import Complaint, ConfigError, JournalError, SpoolError
from seedance_watch.core.words import show_path

# WAL needs memory that all processes share and locks that hold: no network file system and no
# FUSE file system promises both. Source: sqlite.org, "Write-Ahead Logging", 2.2.
_REMOTE = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "vboxsf", "prl_fs"),
        *("ceph", "glusterfs", "lustre", "gpfs", "gfs2", "ocfs2", "beegfs", "orangefs", "fuse"),
    }
)
_BORN = """A journal was made here. While this file exists, seedance-watch does not start without
journal.db, because an empty journal forgets what was paid for. To begin anew, delete this folder.
"""


def check_local(folder: Path, fs_type: str | None) -> None:
    """Refuse a journal on a file system that cannot keep one.

    Args:
        folder: The state directory.
        fs_type: Type of the file system that it lies on ("ext4", "fuse.sshfs"); None: unknown,
            and believed to be local.

    Raises:
        ConfigError: It is a network or FUSE file system.
    """
    kind = fs_type or ""
    if kind in _REMOTE or kind.startswith("fuse."):
        problem = f"{show_path(folder)} lies on {kind}, where a crash could lose what was paid for"
        hint = "set state_dir to a folder on a local disk"
        raise ConfigError((Complaint("configuration", None, "state_dir", problem, hint),))


def make_dir(path: Path) -> None:
    """Create a private directory; its name, and those of new parents, are durable.

    Raises:
        SpoolError: It cannot be made.
    """
    try:
        _make_dir(path)
    except OSError as error:
        raise SpoolError(
            f"cannot make the state directory {path}: {error.strerror}; "
            "set state_dir to a folder that this user may write"
        ) from error


def _make_dir(path: Path) -> None:
    if path.is_dir():
        return
    _make_dir(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make the names in a directory, or the bytes of a file, durable."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def beside(path: Path, ending: str) -> Path:
    """Give a file that belongs to the journal: journal.db -> journal.lock."""
    return path.with_suffix(f".{ending}")


def wal(path: Path) -> Path:
    """Give the journal's write-ahead log."""
    return path.with_name(path.name + "-wal")


def check_whole(path: Path) -> None:
    """Refuse to start where files of a journal are gone.

    Must be called with the lock held and before the journal is opened.

    Raises:
        JournalError: The journal, its content or its write-ahead log was taken away.
    """
    there = path.exists() and path.stat().st_size > 0
    if not there:
        check_new(path)
        if wal(path).exists():
            raise JournalError(_gone(path))
    # The owner's file is there only while the journal is open, and so is the log.
    if there and beside(path, "owner").exists() and not wal(path).exists():
        raise JournalError(
            f"{wal(path)} is missing although the last run did not end cleanly: the newest "
            "events, and what they say was paid for, were in it; put it back. If you restored "
            f"a backup on purpose, remove {beside(path, 'owner')}"
        )


def check_new(path: Path) -> None:
    """Refuse to make a journal where there was one; SQLite takes a few bytes for an empty one.

    Raises:
        JournalError: There was one.
    """
    if beside(path, "born").exists():
        raise JournalError(_gone(path))


def _gone(path: Path) -> str:
    return (
        f"the journal {path} is missing or empty although there was one: it alone knows "
        "what was paid for; put it back, or restore a backup"
    )


def ended_cleanly(path: Path) -> bool:
    """Whether there is a journal that was closed; to be asked before it is opened.

    Who only reads a closed one leaves an empty log behind. Who writes has signed durably before
    the first event, and what the log held before was synced into the database.
    """
    empty = not wal(path).exists() or wal(path).stat().st_size == 0
    return path.exists() and empty and not beside(path, "owner").exists()


def born(path: Path) -> None:
    """Remember that there is a journal; may be called again."""
    mark = beside(path, "born")
    if not mark.exists():
        mark.write_text(_BORN, encoding="utf-8")
        sync(mark)
        sync(mark.parent)

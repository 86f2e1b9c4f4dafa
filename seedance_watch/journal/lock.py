"""One writer: the lock that a daemon holds on its journal, and where a journal may lie."""

import os
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from seedance_watch.core.errors import SpoolError

# File systems on which a journal's shared memory and locks are not to be trusted.
_REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "gluster", "afs", "ncpfs", "sshfs", "fuse")


def check_local(folder: Path, fs_type: str | None) -> None:
    """Refuse a network file system.

    Args:
        folder: The state directory.
        fs_type: Its file system's type; None: not known, which is accepted.

    Raises:
        SpoolError: The journal could be torn there; says what to do.
    """
    if fs_type is not None and fs_type.lower().startswith(_REMOTE):
        message = (
            f"the state directory {str(folder)!r} lies on {fs_type}: a journal on a network "
            "file system can be torn; set state_dir to a folder on a local disk"
        )
        raise SpoolError(message)


class WriterLock:
    """The lock beside a journal.

    Raises:
        SpoolError: Another process holds it; the message names it.
    """

    def __init__(self, journal: Path) -> None:
        self._owner = journal.with_suffix(".owner")
        self._lock = FileLock(journal.with_suffix(".lock"), timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout:
            message = (
                f"the journal {str(journal)!r} is in use by {self._holder()}; "
                "stop that one first, or give this one another state_dir"
            )
            raise SpoolError(message) from None
        self._owner.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")

    def _holder(self) -> str:
        """Name the process that holds the lock."""
        try:
            return self._owner.read_text().strip() or "another process"
        except OSError:
            return "another process"

    def release(self) -> None:
        """Let go; may be called twice."""
        self._lock.release()

"""The right to write: one process, held by a lock that dies with it."""

import fcntl
import os
import socket
from pathlib import Path

from seedance_watch.core.errors import SpoolError
from seedance_watch.journal.place import beside, sync


class Lock:
    """The lock beside a journal; who holds it stands in a file of its own, for the message."""

    def __init__(self, path: Path) -> None:
        """Prepare the lock of the journal at a path; nothing is taken yet."""
        self._path = path
        self._owner = beside(path, "owner")
        self._held: int | None = None

    def take(self) -> None:
        """Take it, or refuse at once.

        Raises:
            SpoolError: Another process has it, or it cannot be made.
        """
        try:
            self._held = _locked(beside(self._path, "lock"))
        except BlockingIOError:
            raise SpoolError(
                f"the journal {self._path} is in use by {self._who()}; two would pay twice: "
                "stop that one first, or give this one a state_dir and folders of its own"
            ) from None
        except OSError as error:
            raise SpoolError(
                f"cannot lock the journal {self._path}: {error}; "
                "make its folder writable for this user"
            ) from error

    def sign(self) -> None:
        """Write down who has it, durably; to be called when the write-ahead log exists.

        Without it a start after a power cut would take the journal for one that was closed.
        """
        self._owner.write_text(
            f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8"
        )
        sync(self._owner)
        sync(self._owner.parent)

    def unsign(self) -> None:
        """Take that back, durably; to be called before the write-ahead log goes."""
        self._owner.unlink(missing_ok=True)
        sync(self._owner.parent)

    def release(self) -> None:
        """Let go; may be called twice."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    def _who(self) -> str:
        """Name the process that has it."""
        try:
            return self._owner.read_text(encoding="utf-8").strip() or "another process"
        except OSError:
            return "another process"


def _locked(path: Path) -> int:
    """Open a file and lock it; the lock goes when what is given is closed, or with the process.

    The file stays for ever: without it two could hold locks on two files of one name.

    Raises:
        BlockingIOError: Another process has it.
        OSError: It cannot be opened or locked.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.open(path, flags, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file

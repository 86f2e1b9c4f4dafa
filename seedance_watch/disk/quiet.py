"""Looking at single files of an inbox without disturbing anybody.

Nothing here follows a link, waits on a pipe, or opens anything but a regular file. The proof that
nobody writes is a read lease: the kernel refuses it while any process has the file open for
writing. It is given back at once; whoever opens the file in between waits for microseconds.
"""

import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from seedance_watch.core.settling import Look, Proof
from seedance_watch.disk import files

SIDECAR_LIMIT_BYTES = 1 << 20  # a wish is a page of text; more is somebody's mistake
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY


class Moved(Exception):
    """The file is not the one that was looked at: changed, replaced or gone."""


def look_at(path: Path | str) -> Look | None:
    """Look at a file without opening it; None when it is no regular file.

    Raises:
        OSError: It is gone or cannot be reached.
    """
    found = os.lstat(path)
    return _look(found) if stat.S_ISREG(found.st_mode) else None


def writers(path: Path) -> Proof:
    """Prove that nobody has a regular file open for writing, as far as the system allows.

    Only to be believed on a local file system. Needs to own the file or CAP_LEASE.
    """
    try:
        with _opened(path) as descriptor:
            return _leased(descriptor)
    except BlockingIOError:  # somebody holds a lease of their own, as file servers do
        return Proof.BUSY
    except OSError:
        return Proof.UNKNOWN


def read_text(path: Path, look: Look) -> str | None:
    """Read a sidecar; None when it is no UTF-8 or too large to be one.

    Raises:
        Moved: It is not what was looked at.
        OSError: It cannot be read.
    """
    if look.size_bytes > SIDECAR_LIMIT_BYTES:
        return None
    with _unmoved(path, look) as descriptor:
        data = b"".join(iter(partial(os.read, descriptor, look.size_bytes + 1), b""))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def digest(path: Path, look: Look) -> str:
    """Hash a file's bytes, SHA-256 in hex.

    Raises:
        Moved: It is not what was looked at, or changed while it was read.
        OSError: It cannot be read.
    """
    with _unmoved(path, look) as descriptor:
        return files.digest(descriptor, look.size_bytes)


def _look(found: os.stat_result) -> Look:
    return Look(found.st_size, found.st_mtime_ns, found.st_ino)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _OPEN)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _unmoved(path: Path, look: Look) -> Iterator[int]:
    with _opened(path) as descriptor:
        _check(descriptor, look)
        yield descriptor
        _check(descriptor, look)


def _check(descriptor: int, look: Look) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or _look(found) != look:
        raise Moved


def _leased(descriptor: int) -> Proof:
    if not hasattr(fcntl, "F_SETLEASE"):
        return Proof.UNKNOWN
    # Whoever opens the file during the lease makes the kernel send us SIGIO, which would end the
    # process; SIGURG is ignored by default and nobody here listens to it.
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return Proof.BUSY if error.errno == errno.EAGAIN else Proof.UNKNOWN
    with suppress(OSError):  # closing lets go of it in any case
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return Proof.FREE

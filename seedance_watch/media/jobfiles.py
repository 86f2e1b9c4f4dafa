"""Reads and writes single files of the private job and part folders; blocking.

Whatever our own disk does wrong is a Fault(LOCAL). Links and special files are never followed:
these folders lie on shares that others can write to.
"""

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedance_watch.core.errors import Fault, FaultKind

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file for reading.

    Raises:
        OSError: It cannot be read, or is no regular file.
    """
    with os.fdopen(os.open(path, _READ), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield file


def read(path: Path) -> bytes:
    """Read a file; Fault(LOCAL) if it cannot be."""
    try:
        with opened(path) as file:
            return file.read()
    except OSError as error:
        raise local("reading", path, error) from error


def write(path: Path, data: bytes) -> None:
    """Write a file and sync it and its name, replacing what is there; Fault(LOCAL) if it cannot.

    Not by way of a temporary name: a file torn by a crash is written again by the same step.
    """
    try:
        with os.fdopen(os.open(path, _WRITE, 0o644), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _sync_name(path.parent)
    except OSError as error:
        raise local("writing", path, error) from error


@contextmanager
def made(path: Path) -> Iterator[io.BufferedRandom]:
    """Open a new file for writing in place of what is there; sync it and its name at the end.

    Raises:
        Fault: LOCAL, our own disk. What was written until then stays; it is made again.
    """
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, _MAKE, 0o644), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _sync_name(path.parent)
    except OSError as error:
        raise local("writing", path, error) from error


def _sync_name(folder: Path) -> None:
    """Make a new file's name durable; file systems that cannot sync folders are believed."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
    finally:
        os.close(descriptor)


def local(doing: str, path: Path, error: OSError) -> Fault:
    """Give the fault for what our own disk did wrong."""
    said = error.strerror or str(error)
    return Fault(FaultKind.LOCAL, f"{doing} {str(path)!r}: {said}; check the disk or the share")

"""Files for others to look at: opened below their folder, never through a link."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from seedance_watch.disk.places import Outside

_WAY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(slots=True)
class Shown:
    """An open file.

    Attributes:
        name: Its name.
        size_bytes: Its length when it was opened.
        named: The path that it had then, for decoders, which follow no link at its end.
    """

    name: str
    size_bytes: int
    named: Path
    _fd: int

    @property
    def path(self) -> Path:
        """Where just this file can be read for as long as it is open, whatever has its name."""
        return Path(f"/proc/self/fd/{self._fd}")

    def close(self) -> None:
        """Let go of it; may be called twice."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def shown(root: Path, path: str) -> Shown:
    """Open a regular file below a folder; blocking.

    Args:
        root: The folder.
        path: The file below it, "/" between parts.

    Raises:
        Outside: A link, or "..", leads out of the folder.
        OSError: It is not there, no regular file, or cannot be read.
    """
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise Outside(errno.EINVAL, "leads out of its folder", path)
    with _way(root, parts[:-1]) as folder:
        fd = os.open(parts[-1], _READ, dir_fd=folder)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return Shown(parts[-1], found.st_size, root / path, fd)


@contextmanager
def _way(root: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """Open the folder that a file lies in, step by step."""
    folder = os.open(root, _WAY)
    try:
        for part in parts:
            deeper = os.open(part, _WAY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = deeper
        yield folder
    finally:
        with suppress(OSError):
            os.close(folder)

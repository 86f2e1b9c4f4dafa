"""A part file that is being written, off the loop."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.uncut import in_thread

_GATHER_BYTES = 1024 * 1024  # per hop into a thread; a network drive likes large writes
# What a file system says that cannot sync directories; it is believed.
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def ours(doing: str, path: Path) -> Iterator[None]:
    """Turn what our own disk does to us into a fault.

    Raises:
        Fault: LOCAL.
    """
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        reason = f"{doing} {path}: {why}; make room there, or make it writable again"
        raise Fault(FaultKind.LOCAL, reason) from error


class PartFile:
    """An open part file; gathers chunks, writes them in a thread.

    Attributes:
        size_bytes: Length of the file, with what is still gathered.
    """

    def __init__(self, path: Path, fd: int, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._path = path
        self._fd = fd
        self._gathered = bytearray()

    @classmethod
    async def open(cls, path: Path, keep_bytes: int = 0) -> "PartFile":
        """Open for writing behind the first bytes, which are kept.

        Raises:
            Fault: LOCAL.
        """
        with ours("opening", path):
            return cls(path, await in_thread(_open, path, keep_bytes), keep_bytes)

    async def add(self, chunk: bytes) -> None:
        """Append a chunk.

        Raises:
            Fault: LOCAL: disk full, folder gone.
        """
        self._gathered += chunk
        self.size_bytes += len(chunk)
        if len(self._gathered) >= _GATHER_BYTES:
            await self._flush()

    async def sync(self) -> None:
        """Make everything durable.

        Raises:
            Fault: LOCAL: it may not be there; fetch it again.
        """
        await self._flush()
        with ours("syncing", self._path):
            await in_thread(os.fsync, self._fd)
            await in_thread(_sync_names, self._path.parent)

    async def close(self) -> None:
        """Close; what was gathered is kept if the disk takes it."""
        gathered, self._gathered = bytes(self._gathered), bytearray()
        await in_thread(_close, self._fd, gathered)

    async def _flush(self) -> None:
        gathered, self._gathered = bytes(self._gathered), bytearray()
        with ours("writing", self._path):
            await in_thread(_write, self._fd, gathered)


def _open(path: Path, keep_bytes: int) -> int:
    """Open without following a link that somebody may have put there.

    Makes the private folders above, but not what they stand in: an outbox that is not mounted
    must not be made up.
    """
    for folder in (path.parent.parent, path.parent):
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            _sync_names(folder.parent)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    try:
        os.ftruncate(fd, keep_bytes)
        os.lseek(fd, keep_bytes, os.SEEK_SET)
    except OSError:
        os.close(fd)
        raise
    return fd


def _sync_names(folder: Path) -> None:
    """Make a folder's names durable; file systems that cannot are believed."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(fd)


def _write(fd: int, content: bytes) -> None:
    """Write all, also when the system takes it in pieces."""
    left = memoryview(content)
    while left:
        left = left[os.write(fd, left) :]


def _close(fd: int, content: bytes) -> None:
    """Write what can be written and close."""
    with suppress(OSError):
        _write(fd, content)
    with suppress(OSError):
        os.close(fd)


_STRONG = re.compile(r'"[\x21\x23-\x7e]*"')


@dataclass(frozen=True, slots=True)
class Begun:
    """What a part file holds already.

    Attributes:
        size_bytes: How much can be gone on from.
        etag: Strong ETag of the whole; "" when it is to be begun anew.
    """

    size_bytes: int = 0
    etag: str = ""


def etag_file(part: Path) -> Path:
    """Give the name of the file that says what a part file is the beginning of."""
    return part.with_name(f"{part.name}.etag")


def begun(part: Path, link: str) -> Begun:
    """See what can be gone on from; the link must be the same but for its query.

    Raises:
        OSError: It is there but cannot be read.
    """
    try:
        etag, known = etag_file(part).read_text("utf-8", "replace").splitlines()
        size_bytes = part.lstat().st_size
    except (FileNotFoundError, ValueError):
        return Begun()
    goes = size_bytes > 0 and known == link and _STRONG.fullmatch(etag) is not None
    return Begun(size_bytes, etag) if goes else Begun()


def begin(part: Path, etag: str, link: str) -> None:
    """Empty a part file and note what will be in it; a weak ETag promises nothing.

    Raises:
        OSError: Our disk.
    """
    note = etag_file(part)
    note.unlink(missing_ok=True)
    os.close(_open(part, 0))
    if _STRONG.fullmatch(etag):
        note.write_text(f"{etag}\n{link}\n", "utf-8")


def finish(part: Path) -> None:
    """Forget what the part file was the beginning of, and make its name durable: it is whole.

    Raises:
        OSError: Our disk.
    """
    etag_file(part).unlink(missing_ok=True)
    _sync_names(part.parent)


def discard(part: Path) -> None:
    """Remove a part file that is good for nothing.

    Raises:
        OSError: Our disk.
    """
    etag_file(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)

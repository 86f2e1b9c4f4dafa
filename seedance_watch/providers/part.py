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
    """A part file that is written to; gathers chunks, writes them in a thread.

    Attributes:
        size_bytes: Length of the file, with what is still gathered.
    """

    def __init__(
        self, path: Path, *, fd: int | None, size_bytes: int = 0, etag: str = "", link: str = ""
    ) -> None:
        self.size_bytes = size_bytes
        self._path = path
        self._fd = fd
        self._etag = etag
        self._link = link
        self._gathered = bytearray()

    @classmethod
    async def open(cls, path: Path, keep_bytes: int = 0) -> "PartFile":
        """Open for writing behind the first bytes, which are kept; its folders are made.

        Raises:
            Fault: LOCAL.
        """
        with ours("opening", path):
            return cls(path, fd=await in_thread(_made, path, keep_bytes), size_bytes=keep_bytes)

    @classmethod
    def anew(cls, path: Path, etag: str, link: str) -> "PartFile":
        """Give a file that is emptied with the first piece that is written, not before.

        Its folders are not made then: the outbox may be gone by that time (`make_folders`).

        Args:
            path: The part file.
            etag: What its bytes will be the beginning of; noted when they come in pieces.
            link: Where they come from.
        """
        return cls(path, fd=None, etag=etag, link=link)

    async def add(self, chunk: bytes) -> None:
        """Append a chunk.

        Raises:
            Fault: LOCAL: disk full, folder gone.
        """
        self._gathered += chunk
        self.size_bytes += len(chunk)
        if len(self._gathered) >= _GATHER_BYTES:
            with ours("writing", self._path):
                await in_thread(self._write, self._taken(), self._etag)

    async def sync(self) -> None:
        """Make everything durable.

        Raises:
            Fault: LOCAL: it may not be there; fetch it again.
        """
        with ours("syncing", self._path):
            await in_thread(self._sync, self._taken())

    async def finish(self) -> None:
        """Make a whole file durable, its name too, and forget what it was the beginning of.

        Raises:
            Fault: LOCAL: it may not be there; fetch it again.
        """
        with ours("finishing", self._path):
            await in_thread(self._finish, self._taken())

    async def close(self) -> None:
        """Close; what was gathered is kept if the disk takes it."""
        if self._gathered or self._fd is not None:
            await in_thread(self._close, self._taken())

    def _taken(self) -> bytearray:
        gathered, self._gathered = self._gathered, bytearray()
        return gathered

    def _write(self, content: bytearray, etag: str) -> int:
        """Write all, also when the system takes it in pieces; gives the open file."""
        if self._fd is None:
            self._fd = begin(self._path, etag, self._link)
        left = memoryview(content)
        while left:
            left = left[os.write(self._fd, left) :]
        return self._fd

    def _sync(self, content: bytearray) -> None:
        os.fsync(self._write(content, self._etag))
        _sync_names(self._path.parent)

    def _finish(self, content: bytearray) -> None:
        # What comes in one piece is never the beginning of anything, so no companion is written.
        fd = self._write(content, "")
        os.fsync(fd)
        self._fd = None
        os.close(fd)
        finish(self._path)

    def _close(self, content: bytearray) -> None:
        with suppress(OSError):
            self._write(content, self._etag)
        fd, self._fd = self._fd, None
        if fd is not None:
            with suppress(OSError):
                os.close(fd)


def make_folders(part: Path) -> None:
    """Make the private folders above, but not what they stand in.

    An outbox that is not mounted must not be made up.

    Raises:
        OSError: Our disk.
    """
    for folder in (part.parent.parent, part.parent):
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            _sync_names(folder.parent)


def _made(path: Path, keep_bytes: int) -> int:
    make_folders(path)
    return _open(path, keep_bytes)


def _open(path: Path, keep_bytes: int) -> int:
    """Open without following a link that somebody may have put there."""
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


def begin(part: Path, etag: str, link: str) -> int:
    """Empty a part file, note what will be in it, and open it; a weak ETag promises nothing.

    Raises:
        OSError: Our disk.
    """
    note = etag_file(part)
    note.unlink(missing_ok=True)
    fd = _open(part, 0)
    if _STRONG.fullmatch(etag):
        try:
            note.write_text(f"{etag}\n{link}\n", "utf-8")
        except OSError:
            os.close(fd)
            raise
    return fd


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

"""What SQLite does not tell of its write-ahead log: that something in it is damaged.

SQLite reads a log up to the first frame that is wrong and takes the rest for torn by a power cut.
Only the last transaction can be torn, because each is synced before the next one begins; where
more than one follows a wrong frame, the log was damaged and what was recorded would be lost.

Source: sqlite.org, "WAL-mode File Format".
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = 0x377F0682  # the last bit says in which order the sums read their words


@dataclass(frozen=True, slots=True)
class Log:
    """A write-ahead log as it lies on the disk.

    Attributes:
        sound: Whether its header is what was written.
        commits: Numbers of its frames that end a transaction, from 1.
    """

    sound: bool
    commits: tuple[int, ...]

    def lost(self, read: int) -> bool:
        """Whether transactions are missing of which SQLite says nothing.

        Args:
            read: How many frames SQLite has read.
        """
        return not self.sound or sum(frame > read for frame in self.commits) > 1


def survey(path: Path) -> Log:
    """Look at a log's header and at where its transactions end.

    Args:
        path: The log; must not be in use.

    Raises:
        OSError: It cannot be read.
    """
    if not path.exists() or path.stat().st_size <= _HEADER.size:
        return Log(sound=True, commits=())
    with path.open("rb") as file:
        header = file.read(_HEADER.size)
        magic, _, page_bytes, _, *salts, one, two = _HEADER.unpack(header)
        if magic & ~1 != _MAGIC or _sums(header[:24], big=bool(magic & 1)) != (one, two):
            return Log(sound=False, commits=())
        return Log(sound=True, commits=tuple(_commits(path, page_bytes, salts)))


def _commits(path: Path, page_bytes: int, salts: list[int]) -> Iterator[int]:
    """Give the frames of this log's generation that end a transaction."""
    size_bytes = _FRAME.size + page_bytes
    count = (path.stat().st_size - _HEADER.size) // size_bytes
    with path.open("rb") as file:
        for number in range(count):
            file.seek(_HEADER.size + number * size_bytes)
            _, pages, *own, _, _ = _FRAME.unpack(file.read(_FRAME.size))
            if pages and own == salts:
                yield number + 1


def _sums(data: bytes, *, big: bool) -> tuple[int, int]:
    """Add up as SQLite does."""
    words = struct.unpack(f"{'>' if big else '<'}{len(data) // 4}I", data)
    one = two = 0
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two

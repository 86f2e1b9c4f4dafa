"""What was written to a disk, and what a power cut may leave of it."""

import os
import random
import shutil
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_HEAD = struct.Struct("<cQQI")  # as logged_disk.py writes it
_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Op:
    """A write, or (without data) a flush.

    Attributes:
        at_ns: When it reached the disk, on the monotonic clock of the machine.
    """

    at_ns: int
    offset: int = 0
    data: bytes = b""

    @property
    def is_flush(self) -> bool:
        """Whether everything before it is durable."""
        return not self.data


def read(log: Path) -> list[Op]:
    """Read a disk's log."""
    raw, ops, at = log.read_bytes(), list[Op](), 0
    while at < len(raw):
        _, at_ns, offset, length = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        ops.append(Op(at_ns, offset, raw[at : at + length]))
        at += length
    return ops


def write(image: Path, ops: Iterable[Op]) -> None:
    """Let writes reach an image."""
    fd = os.open(image, os.O_WRONLY)
    try:
        for op in ops:
            if op.data:
                os.pwrite(fd, op.data, op.offset)
    finally:
        os.close(fd)


@dataclass(frozen=True, slots=True)
class Left:
    """One state of the disk after a power cut.

    Attributes:
        at_ns: When the power went.
        durable: How many operations certainly reached the disk.
        pending: What did of those that no flush followed.
        how: In words.
    """

    at_ns: int
    durable: int
    pending: tuple[Op, ...]
    how: str


def states(ops: Sequence[Op], at_ns: int, dice: random.Random) -> Iterator[Left]:
    """Give states that a power cut at a time may leave: nothing pending, all, some, torn."""
    cut = sum(op.at_ns <= at_ns for op in ops)
    flushes = [number for number, op in enumerate(ops[:cut]) if op.is_flush]
    durable = flushes[-1] + 1 if flushes else 0
    pending = ops[durable:cut]
    yield Left(at_ns, durable, (), f"none of {len(pending)} unflushed writes")
    if not pending:
        return
    yield Left(at_ns, durable, tuple(pending), f"all {len(pending)} unflushed writes")
    prefix = dice.randrange(len(pending))
    yield Left(at_ns, durable, tuple(pending[:prefix]), f"the first {prefix} of {len(pending)}")
    some = tuple(op for op in pending if dice.random() < 0.5)
    yield Left(at_ns, durable, some, f"{len(some)} of {len(pending)} by chance")
    torn = tuple(part for op in pending for part in _sectors(op) if dice.random() < 0.5)
    yield Left(at_ns, durable, torn, f"{len(torn)} sectors of {len(pending)} writes by chance")


def _sectors(op: Op) -> Iterator[Op]:
    for start in range(0, len(op.data), _SECTOR_BYTES):
        yield Op(op.at_ns, op.offset + start, op.data[start : start + _SECTOR_BYTES])


class Platter:
    """Images of a disk, built from what was durable; asked for in the order of time at best.

    Args:
        base: The image before the first operation.
        ops: What was done to it.
        folder: Where images may be built.
    """

    def __init__(self, base: Path, ops: Sequence[Op], folder: Path) -> None:
        self._base = base
        self._ops = ops
        self._durable = folder / "durable.img"
        self._left = folder / "left.img"
        self._done = -1

    def image(self, left: Left) -> Path:
        """Build the image of a state; the one before it is gone."""
        if not 0 <= self._done <= left.durable:
            copy(self._base, self._durable)
            self._done = 0
        write(self._durable, self._ops[self._done : left.durable])
        self._done = left.durable
        copy(self._durable, self._left)
        write(self._left, left.pending)
        return self._left


def copy(source: Path, target: Path) -> None:
    """Copy a file and its holes."""
    target.unlink(missing_ok=True)
    with source.open("rb") as there, target.open("wb") as here:
        size, at = os.fstat(there.fileno()).st_size, 0
        here.truncate(size)
        for begin, end in _filled(there.fileno(), size, at):
            there.seek(begin)
            here.seek(begin)
            shutil.copyfileobj(_Piece(there, end - begin), here, 1 << 20)


def _filled(fd: int, size: int, at: int) -> Iterator[tuple[int, int]]:
    while at < size:
        try:
            begin = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:  # nothing but a hole from here on
            return
        at = os.lseek(fd, begin, os.SEEK_HOLE)
        yield begin, at


class _Piece:
    """A part of a file, to read from."""

    def __init__(self, file: object, length: int) -> None:
        self._file = file
        self._length = length

    def read(self, size: int) -> bytes:
        chunk: bytes = self._file.read(min(size, self._length))  # type: ignore[attr-defined]
        self._length -= len(chunk)
        return chunk

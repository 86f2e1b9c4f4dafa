"""Walks the boxes of an MP4 file (ISO 14496-12) before a decoder sees it.

Told apart here are a file that is cut off, one that is no MP4, and one whose index promises more
than a file of its size can hold, which would cost a decoder memory without end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CONTAINERS = frozenset({b"trak", b"mdia", b"minf", b"stbl", b"traf"})
# Where, in a box's body, the number of samples stands.
_COUNTS = {b"stsz": 8, b"stz2": 8, b"trun": 4}
_INDEXES = frozenset({b"moov", b"moof"})
_MAX_INDEX_BYTES = 64_000_000
_MAX_BOXES = 100_000


class Broken(Exception):
    """The boxes are not those of a whole video; says what is wrong with the file."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box.

    Attributes:
        kind: Its four letters.
        start: Where its body starts.
        end: Where it ends.
    """

    kind: bytes
    start: int
    end: int


def check(file: BinaryIO, size_bytes: int, *, max_samples: int) -> None:
    """Refuse with Broken what is not a whole MP4 file.

    Args:
        file: Where to read; its position is changed.
        size_bytes: How long it is.
        max_samples: The most frames and pieces of sound that its index may name.
    """
    kinds, samples = set[bytes](), 0
    for box in _top(file, size_bytes):
        kinds.add(box.kind)
        if box.kind in _INDEXES:
            samples += _samples(_body(file, box))
    if b"moov" not in kinds:
        raise Broken("has no index (moov); it is cut off or unfinished")
    if samples > max_samples:
        raise Broken(f"promises {samples} frames and sounds, at most {max_samples} are decoded")


def _top(file: BinaryIO, size_bytes: int) -> Iterator[Box]:
    """Give the outermost boxes; the first one must say that this is an MP4."""
    at = count = 0
    while at < size_bytes:
        file.seek(at)
        box = _box(file.read(16), at, size_bytes)
        if at == 0 and box.kind != b"ftyp":
            raise Broken("is no MP4 file")
        if box.end > size_bytes:
            missing = box.end - size_bytes
            raise Broken(f"is cut off: {missing} bytes of its part {_shown(box)} are missing")
        count += 1
        if count > _MAX_BOXES:
            raise Broken(f"has more than {_MAX_BOXES} parts")
        yield box
        at = box.end


def _box(head: bytes, at: int, end: int) -> Box:
    """Read a box's head."""
    length, kind, header_bytes = int.from_bytes(head[:4], "big"), head[4:8], 8
    if length == 1:
        length, header_bytes = int.from_bytes(head[8:16], "big"), 16
    elif length == 0:
        length = end - at
    if length < header_bytes or len(head) < 8:
        raise Broken(f"is damaged or cut off at byte {at}")
    return Box(kind, at + header_bytes, at + length)


def _body(file: BinaryIO, box: Box) -> bytes:
    if box.end - box.start > _MAX_INDEX_BYTES:
        raise Broken(f"has an index of more than {_MAX_INDEX_BYTES} bytes")
    file.seek(box.start)
    return file.read(box.end - box.start)


def _samples(body: bytes) -> int:
    """Count what an index promises."""
    at = samples = 0
    while at + 8 <= len(body):
        box = _box(body[at : at + 16], at, len(body))
        if box.end > len(body):
            raise Broken(f"has a damaged index ({_shown(box)})")
        if box.kind in _CONTAINERS:
            samples += _samples(body[box.start : box.end])
        elif box.kind in _COUNTS:
            place = box.start + _COUNTS[box.kind]
            samples += int.from_bytes(body[place : place + 4], "big")
        at = box.end
    return samples


def _shown(box: Box) -> str:
    return repr(box.kind.decode("latin-1"))

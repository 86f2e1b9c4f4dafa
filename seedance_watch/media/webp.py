"""Takes a WebP apart into its chunks (WebP container specification, RIFF)."""

from seedance_watch.media.anatomy import Anatomy
from seedance_watch.media.refusals import Damaged, Unfinished

_HEADER_BYTES = 12
_KEPT = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"})
_PICTURES = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_SAYS_EXIF, _SAYS_XMP, _MOVES = 0x08, 0x04, 0x02


def dissect(content: bytes) -> Anatomy:
    """Walk the chunks to the end that the header names.

    Raises:
        Unfinished: The file is shorter than its header says.
        Damaged: There is no picture, or a chunk reaches beyond the end.
    """
    view, found, names = memoryview(content), Anatomy(), set[bytes]()
    end = 8 + int.from_bytes(content[4:8], "little")
    if len(content) < max(end, _HEADER_BYTES):
        raise Unfinished
    at = _HEADER_BYTES
    while at + 8 <= end:
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise Damaged("a part of it reaches beyond its end")
        _sort(found, name, view[at : at + 8 + length])
        names.add(name)
        at += 8 + length + length % 2
    if not names & _PICTURES:
        raise Damaged("there is no picture in it")
    found.drop_tail(len(content) - end)
    size_bytes = 4 + sum(map(len, found.kept))
    found.kept.insert(0, b"RIFF" + size_bytes.to_bytes(4, "little") + b"WEBP")
    return found


def size(content: bytes) -> tuple[int, int]:
    """Give width and height, in pixels, before any decoder allocates them; (0, 0): not known."""
    head = content[12:16]
    if head == b"VP8X":
        wide, high = content[24:27], content[27:30]
        return 1 + int.from_bytes(wide, "little"), 1 + int.from_bytes(high, "little")
    if head == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    wide, high = content[26:28], content[28:30]
    return int.from_bytes(wide, "little") & 0x3FFF, int.from_bytes(high, "little") & 0x3FFF


def _sort(found: Anatomy, name: bytes, chunk: memoryview) -> None:
    """Keep a chunk, padded to an even length, or leave it out and say so."""
    if name == b"EXIF":
        found.drop_exif(bytes(chunk[8:]))
    elif name == b"XMP ":
        found.drop("XMP")
    elif name in _KEPT:
        found.animated = found.animated or name == b"ANIM"
        found.kept.append(_plain(chunk) if name == b"VP8X" else chunk)
        if len(chunk) % 2:
            found.kept.append(b"\0")
    else:
        found.drop("additional data")


def _plain(chunk: memoryview) -> bytes:
    """Give the extended header without its announcements of metadata."""
    flags = chunk[8] & ~(_SAYS_EXIF | _SAYS_XMP) if len(chunk) > 8 else 0
    return bytes(chunk[:8]) + bytes([flags]) + bytes(chunk[9:])

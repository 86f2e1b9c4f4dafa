"""Looks whether a TIFF's first directory and the pixels that it names are there (TIFF 6.0)."""

import struct

from seedance_watch.media.refusals import Damaged, Unfinished

# Offsets of strips and tiles; other tags that reach beyond the end are the decoder's to judge.
_STRIPS, _TILES = 273, 324
_SIZES = {3: ("H", 2), 4: ("I", 4)}
_MOST_ENTRIES = 4_096
_MOST_OFFSETS = 1_000_000


def check(content: bytes) -> None:
    """Walk the first directory.

    Raises:
        Unfinished: The directory or the pixels lie behind the end of the data.
        Damaged: The directory names no pixels.
    """
    order = "<" if content[:2] == b"II" else ">"
    try:
        start = struct.unpack_from(order + "I", content, 4)[0]
        count = struct.unpack_from(order + "H", content, start)[0]
        entries = [
            struct.unpack_from(order + "HHII", content, start + 2 + 12 * number)
            for number in range(min(count, _MOST_ENTRIES))
        ]
        pixels = [entry for entry in entries if entry[0] in {_STRIPS, _TILES}]
        last = max((_last(content, order, start, entries, entry) for entry in pixels), default=0)
    except struct.error as error:
        raise Unfinished from error
    if not pixels:
        raise Damaged("there is no picture in it")
    if last >= len(content):
        raise Unfinished


def _last(
    content: bytes,
    order: str,
    start: int,
    entries: list[tuple[int, ...]],
    entry: tuple[int, ...],
) -> int:
    """Give the largest offset that an entry lists."""
    _tag, kind, count, where = entry
    letter, size_bytes = _SIZES.get(kind, ("I", 4))
    count = min(count, _MOST_OFFSETS)
    if count * size_bytes <= 4:
        where = start + 2 + 12 * entries.index(entry) + 8
    return max(struct.unpack_from(f"{order}{count}{letter}", content, where), default=0)

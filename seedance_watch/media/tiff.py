"""Looks whether a TIFF's directories and the pixels that they name are there (TIFF 6.0)."""

import struct

from seedance_watch.media.refusals import Damaged, Unfinished

# Offsets of strips and tiles and how long they are; other tags are the decoder's to judge.
_LENGTHS = {273: 279, 324: 325}
_SIZES = {3: ("H", 2), 4: ("I", 4)}
_MOST_ENTRIES = 4_096
_MOST_NUMBERS = 1_000_000
_MOST_PAGES = 10_000


def check(content: bytes) -> None:
    """Walk the first directory.

    Raises:
        Unfinished: The directory or the pixels begin behind the end of the data.
        Damaged: The directory names no pixels.
    """
    _directory(content, _number(content, "I", 4))


def check_pages(content: bytes) -> None:
    """Walk all directories, one for each page, and look whether their pixels end in time.

    Raises what `check` does.
    """
    seen, start = set[int](), _number(content, "I", 4)
    while start and start not in seen and len(seen) < _MOST_PAGES:
        seen.add(start)
        start, end = _directory(content, start)
        if end > len(content):
            raise Unfinished


def _directory(content: bytes, start: int) -> tuple[int, int]:
    """Give where the next directory starts, 0 for none, and where this one's pixels end."""
    count = _number(content, "H", start)
    places = [start + 2 + 12 * number for number in range(min(count, _MOST_ENTRIES))]
    entries = {_number(content, "H", place): place for place in places}
    pixels = [tag for tag in _LENGTHS if tag in entries]
    if not pixels:
        raise Damaged("there is no picture in it")
    end = 0
    for tag in pixels:
        offsets = _numbers(content, entries[tag])
        if max(offsets, default=0) >= len(content):
            raise Unfinished
        lengths = _numbers(content, entries[_LENGTHS[tag]]) if _LENGTHS[tag] in entries else ()
        end = max([end, *map(sum, zip(offsets, lengths, strict=False))])
    return _number(content, "I", start + 2 + 12 * count), end


def _numbers(content: bytes, entry: int) -> tuple[int, ...]:
    """Give the numbers that an entry lists."""
    letter, size_bytes = _SIZES.get(_number(content, "H", entry + 2), ("I", 4))
    count = min(_number(content, "I", entry + 4), _MOST_NUMBERS)
    inline = count * size_bytes <= 4
    at = entry + 8 if inline else _number(content, "I", entry + 8)
    return _unpacked(content, f"{count}{letter}", at)


def _number(content: bytes, letter: str, at: int) -> int:
    return _unpacked(content, letter, at)[0]


def _unpacked(content: bytes, form: str, at: int) -> tuple[int, ...]:
    order = "<" if content[:2] == b"II" else ">"
    try:
        return struct.unpack_from(order + form, content, at)
    except struct.error as error:
        raise Unfinished from error

"""Takes a JPEG apart into its segments (ITU T.81, annex B)."""

import re

from seedance_watch.media.anatomy import Anatomy
from seedance_watch.media.refusals import Damaged, Unfinished

_SOS, _EOI, _COMMENT, _EXIF = 0xDA, 0xD9, 0xFE, 0xE1
_BARE = frozenset({0x01, 0xD8})  # markers without a length
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APPS = range(0xE0, 0xF0)

# The next marker: not a stuffed zero, not a restart; any number of fill bytes may stand before.
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)

# What decoding needs: density, colour profile, and how colours were transformed.
_KEPT = ((0xE0, b"JFIF\0"), (0xE2, b"ICC_PROFILE\0"), (0xEE, b"Adobe"))
_WORDS: tuple[tuple[int, bytes, str], ...] = (
    (0xE0, b"JFXX\0", "a thumbnail"),
    (0xE1, b"http://ns.adobe.com/", "XMP"),
    (0xE2, b"MPF\0", "an index of further pictures"),
    (0xEB, b"JP", "content credentials"),
    (0xED, b"Photoshop", "IPTC"),
)

_HOLE = bytes(16_384)  # what shares and downloaders write at once, or less


def check_holes(content: bytes) -> None:
    """Refuse with Damaged what has a long row of zeros in it.

    A hint only: very plain pictures that were compressed very well have such rows too.
    """
    if _HOLE in content:
        raise Damaged("a part of it is nothing but zero bytes")


def dissect(content: bytes) -> Anatomy:
    """Walk from the start marker to the end marker.

    Raises:
        Unfinished: There is no end marker.
        Damaged: There is no picture between the two.
    """
    found, view = Anatomy(kept=[b"\xff\xd8"]), memoryview(content)
    at, code, frames = 2, 0, 0
    while code != _EOI:
        code, start = _next(found, content, at)
        at = start if code in _BARE or code == _EOI else start + _length(content, start)
        frames += code in _FRAMES
        if code == _SOS:
            at = _scan_end(content, at)
        _sort(found, code, view[start - 2 : at])
    if not frames:
        raise Damaged("there is no picture in it")
    found.drop_tail(len(content) - at)
    return found


def _next(found: Anatomy, content: bytes, at: int) -> tuple[int, int]:
    """Give the next marker's code and where what follows it starts."""
    mark = _MARKER.search(content, at)
    if mark is None:
        raise Unfinished
    if mark.start() > at:
        found.drop("stray bytes")
    return content[mark.end() - 1], mark.end()


def _length(content: bytes, at: int) -> int:
    length = int.from_bytes(content[at : at + 2], "big")
    if at + max(2, length) > len(content):
        raise Unfinished
    return max(2, length)


def _scan_end(content: bytes, at: int) -> int:
    mark = _MARKER.search(content, at)
    if mark is None:
        raise Unfinished
    return mark.start()


def _sort(found: Anatomy, code: int, segment: memoryview) -> None:
    """Keep a segment, or leave it out and say so."""
    body = bytes(segment[4:40])
    if code == _COMMENT:
        found.drop("comments")
    elif code == _EXIF and body.startswith(b"Exif\0"):
        found.drop_exif(bytes(segment[4:]))
    elif code not in _APPS or _is_one_of(_KEPT, code, body):
        found.kept.append(segment)
    else:
        words = (said for app, sign, said in _WORDS if app == code and body.startswith(sign))
        found.drop(next(words, "application data"))


def _is_one_of(kept: tuple[tuple[int, bytes], ...], code: int, body: bytes) -> bool:
    return any(app == code and body.startswith(sign) for app, sign in kept)

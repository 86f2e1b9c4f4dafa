"""The one thing we need from EXIF, the orientation, read and reset without a library.

EXIF is written by anybody and often broken; here a broken block simply says nothing.
"""

import struct

_ORIENTATION = 0x0112
_GPS = 0x8825
_MOST_ENTRIES = 500  # a picture's first directory has some tens


def orientation(exif: bytes) -> int:
    """Give the orientation that a block asks for, 1 (upright) where it says nothing usable.

    Args:
        exif: The block from its byte order mark on (without the leading "Exif").
    """
    at = _value_at(exif, _ORIENTATION)
    if at is None:
        return 1
    value: int = struct.unpack_from(_order(exif) + "H", exif, at)[0]
    return value if 1 <= value <= 8 else 1


def upright(exif: bytes) -> bytes:
    """Give the block with its orientation set to upright, everything else as it was."""
    at = _value_at(exif, _ORIENTATION)
    if at is None:
        return exif
    return exif[:at] + struct.pack(_order(exif) + "H", 1) + exif[at + 2 :]


def has_position(exif: bytes) -> bool:
    """Say whether the block holds a GPS directory."""
    return _value_at(exif, _GPS) is not None


def _order(exif: bytes) -> str:
    return {b"II": "<", b"MM": ">"}.get(exif[:2], "")


def _value_at(exif: bytes, tag: int) -> int | None:
    """Give where a tag's value lies in the first directory; None when it is not there."""
    order = _order(exif)
    if not order:
        return None
    try:
        start = struct.unpack_from(order + "I", exif, 4)[0]
        count = struct.unpack_from(order + "H", exif, start)[0]
        for entry in range(start + 2, start + 2 + 12 * min(count, _MOST_ENTRIES), 12):
            if struct.unpack_from(order + "H", exif, entry)[0] == tag:
                return _inline(order, exif, entry)
    except struct.error:
        return None
    return None


def _inline(order: str, exif: bytes, entry: int) -> int:
    """Give where a small number lies: a 32-bit one keeps its low half last when big-endian."""
    wide = struct.unpack_from(order + "H", exif, entry + 2)[0] == 4
    at: int = entry + (10 if wide and order == ">" else 8)
    struct.unpack_from(order + "H", exif, at)
    return at

"""Whether a PNG's rows are all there, told without making a picture of them.

Who only has to know that a picture is whole needs no pixel: taking back the filters of its rows
and laying them out costs as much as unpacking them, and four bytes of memory for each pixel.
"""

import zlib
from collections.abc import Iterator

from PIL import Image, PngImagePlugin

_CHANNELS = {"L": 1, "RGB": 3}  # of a byte each
_FILTERS = bytes(range(5))
_PIECE_BYTES = 1 << 16


def whole(content: bytes, image: Image.Image) -> bool:
    """Say whether a picture surely decodes to its last row.

    Args:
        content: A file; if it is a PNG, one whose chunks were all walked through.
        image: It, opened, not decoded.

    Returns:
        True: a PNG; all rows are there, each filtered in a way that there is, and the checksum
            over them fits. False: that is not known, the decoder has to say.
    """
    if not isinstance(image, PngImagePlugin.PngImageFile) or image.info.get("interlace"):
        return False
    tile = image.tile[0]
    channels = _CHANNELS.get(str(tile.args))
    if channels is None:
        return False
    width, height = image.size
    try:
        return _fits(_packed(content, tile.offset - 8), 1 + width * channels, height)
    except (zlib.error, ValueError):
        return False


def _fits(packed: Iterator[memoryview], row_bytes: int, rows: int) -> bool:
    """Unpack rows, a piece at a time, and say whether they are as many as they should be."""
    unpacking, seen_bytes = zlib.decompressobj(), 0
    for part in packed:
        rest: bytes | memoryview = part
        while rest:
            if unpacking.eof or seen_bytes > row_bytes * rows:
                return False
            piece = unpacking.decompress(rest, _PIECE_BYTES)
            if piece[-seen_bytes % row_bytes :: row_bytes].strip(_FILTERS):
                return False
            seen_bytes, rest = seen_bytes + len(piece), unpacking.unconsumed_tail
    return unpacking.eof and not unpacking.unused_data and seen_bytes == row_bytes * rows


def _packed(content: bytes, at: int) -> Iterator[memoryview]:
    """Give the bodies of the chunks with pixels, in pieces; behind the last the file must end.

    In pieces, because what is not unpacked at once is copied each time.

    Raises:
        ValueError: It does not: what follows may change how the pixels are meant.
    """
    view = memoryview(content)
    while content[at + 4 : at + 8] == b"IDAT":
        end = at + 12 + int.from_bytes(content[at : at + 4], "big")
        for start in range(at + 8, end - 4, _PIECE_BYTES):
            yield view[start : min(start + _PIECE_BYTES, end - 4)]
        at = end
    if content[at + 4 : at + 8] != b"IEND":
        raise ValueError("there is more than pixels")

"""Takes a PNG apart into its chunks (W3C PNG, third edition)."""

import zlib

from seedance_watch.media.anatomy import Anatomy
from seedance_watch.media.refusals import Damaged, Unfinished

_SIGNATURE_BYTES = 8
_KEPT = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"}
    | {b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"pHYs"}
)
_WORDS = {
    b"acTL": "the animation",
    b"fcTL": "the animation",
    b"fdAT": "the animation",
    b"tEXt": "texts",
    b"zTXt": "texts",
    b"iTXt": "texts",
    b"tIME": "the time of its last change",
    b"caBX": "content credentials",
}


def dissect(content: bytes) -> Anatomy:
    """Walk the chunks to the last one, checking each one's checksum.

    Raises:
        Unfinished: The last chunk is missing.
        Damaged: A checksum does not fit, or there is no picture.
    """
    view = memoryview(content)
    found = Anatomy(kept=[view[:_SIGNATURE_BYTES]])
    at, name, seen = _SIGNATURE_BYTES, b"", set[bytes]()
    while name != b"IEND":
        name, chunk = _chunk(content, view, at)
        _sort(found, name, chunk)
        seen.add(name)
        at += len(chunk)
    if not {b"IHDR", b"IDAT"} <= seen:
        raise Damaged("there is no picture in it")
    found.drop_tail(len(content) - at)
    return found


def _chunk(content: bytes, view: memoryview, at: int) -> tuple[bytes, memoryview]:
    """Give the name and the bytes, from length to checksum, of the chunk that starts here."""
    length = int.from_bytes(content[at : at + 4], "big")
    end = at + 12 + length
    if end > len(content):
        raise Unfinished
    name = content[at + 4 : at + 8]
    if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
        raise Damaged(f"the checksum of its part {name.decode('latin-1')!r} does not fit")
    return name, view[at:end]


def _sort(found: Anatomy, name: bytes, chunk: memoryview) -> None:
    """Keep a chunk, or leave it out and say so."""
    found.animated = found.animated or name == b"acTL"
    if name == b"IHDR" and len(chunk) == 25:
        found.deep = chunk[16] > 8
    if name == b"eXIf":
        found.drop_exif(bytes(chunk[8:-4]))
    elif name in _KEPT:
        found.kept.append(chunk)
    else:
        found.drop(_WORDS.get(name, "additional data"))

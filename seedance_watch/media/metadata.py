"""Takes metadata out of image files without touching a pixel: EXIF, GPS, XMP, comments.

Colour profiles stay, because they say what the pixels mean. A file whose structure is odd is
given back as it is; it was decoded before, and whoever wants it stripped can re-export it.
"""

from collections.abc import Callable, Iterator, Mapping

_PNG_DROPPED = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_WEBP_DROPPED = {b"EXIF", b"XMP "}


def stripped(data: bytes, media_type: str) -> bytes:
    """Give the file without metadata; the very same bytes when it has none."""
    way = _WAYS.get(media_type)
    try:
        return way(data) if way else data
    except (IndexError, ValueError):
        return data


def _jpeg(data: bytes) -> bytes:
    """Keep APP0 (JFIF), APP2 (colour profile) and APP14 (Adobe); drop other APPs and comments."""
    kept, at = [data[:2]], 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        if data[at + 1] == 0xFF:
            at += 1
            continue
        length = 2 + int.from_bytes(data[at + 2 : at + 4])
        segment = data[at : at + length]
        if not _jpeg_dropped(segment):
            kept.append(segment)
        at += length
    return b"".join([*kept, data[at:]])


def _jpeg_dropped(segment: bytes) -> bool:
    """Say whether a segment is metadata."""
    marker = segment[1]
    if marker == 0xE2:
        return not segment[4:].startswith(b"ICC_PROFILE")
    return marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)


def _png(data: bytes) -> bytes:
    chunks = list(_png_chunks(data))
    kept = [chunk for kind, chunk in chunks if kind not in _PNG_DROPPED]
    return data if len(kept) == len(chunks) else data[:8] + b"".join(kept)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(data):
        length = 12 + int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at : at + length]
        at += length


def _webp(data: bytes) -> bytes:
    chunks = list(_webp_chunks(data))
    kept = [(kind, chunk) for kind, chunk in chunks if kind not in _WEBP_DROPPED]
    if len(kept) == len(chunks):
        return data
    body = b"WEBP" + b"".join(_unflagged(kind, chunk) for kind, chunk in kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        length = 8 + size + size % 2
        yield data[at : at + 4], data[at : at + length]
        at += length


def _unflagged(kind: bytes, chunk: bytes) -> bytes:
    """Take the flags for EXIF and XMP out of the header chunk."""
    if kind != b"VP8X":
        return chunk
    return chunk[:8] + bytes([chunk[8] & ~0b0000_1100]) + chunk[9:]


_WAYS: Mapping[str, Callable[[bytes], bytes]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/webp": _webp,
}

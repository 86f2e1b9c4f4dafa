"""What a file is, told by its first bytes; names and endings are never believed.

Only the kinds of `KINDS` are ever decoded. `STRANGERS` exists for messages: what a file is
instead, so that a person can find the mistake.
"""

from dataclasses import dataclass

HEAD_BYTES = 4_096  # enough to tell what a text is


@dataclass(frozen=True, slots=True)
class Kind:
    """A picture format that can be read.

    Attributes:
        name: What people call it.
        media_type: Its MIME type.
        suffixes: Endings that fit it; the first is the usual one.
    """

    name: str
    media_type: str
    suffixes: tuple[str, ...]


JPEG = Kind("JPEG", "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif"))
PNG = Kind("PNG", "image/png", (".png", ".apng"))
WEBP = Kind("WebP", "image/webp", (".webp",))
GIF = Kind("GIF", "image/gif", (".gif",))
BMP = Kind("BMP", "image/bmp", (".bmp", ".dib"))
TIFF = Kind("TIFF", "image/tiff", (".tif", ".tiff"))
AVIF = Kind("AVIF", "image/avif", (".avif", ".avifs"))
HEIF = Kind("HEIC", "image/heic", (".heic", ".heif", ".hif"))
JP2 = Kind("JPEG 2000", "image/jp2", (".jp2", ".j2k", ".jpf", ".jpx"))
PNM = Kind("PNM", "image/x-portable-anymap", (".ppm", ".pgm"))
TGA = Kind("TGA", "image/x-tga", (".tga",))

_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"BM", BMP),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"\0\0\0\x0cjP  \r\n\x87\n", JP2),
    (b"\xff\x4f\xff\x51", JP2),
    (b"P5\n", PNM),
    (b"P6\n", PNM),
    (b"P5 ", PNM),
    (b"P6 ", PNM),
)
_TGA_FOOTER = b"TRUEVISION-XFILE.\0"  # its beginning has no signature
TAIL_BYTES = len(_TGA_FOOTER)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})

# Raw files that open as TIFF but would show a thumbnail only.
_RAW_SIGNATURES = (b"II*\0\x10\0\0\0CR",)

STRANGERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"8BPB", "a Photoshop file"),
    (0, b"PK\x03\x04", "a ZIP archive (or an office document)"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (4, b"ftypqt", "a QuickTime video"),
    (4, b"ftypcrx", "a camera raw file"),
    (4, b"ftypjxl", "a JPEG XL picture"),
    (4, b"ftyp", "an MP4 video"),
    (4, b"moov", "a QuickTime video"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"II+\0", "a BigTIFF picture"),
    (0, b"MM\0+", "a BigTIFF picture"),
    (0, b"v/1\x01", "an OpenEXR picture"),
    (0, b"FUJIFILM", "a camera raw file"),
    (0, b"IIRO", "a camera raw file"),
    (0, b"IIU\0", "a camera raw file"),
    (0, b"\0\0\x01\0", "a Windows icon"),
    (0, b"\0\x05\x16\x07", "a macOS resource fork, not the picture itself"),
    (0, b"RIFF", "a sound or video file"),
    (0, b"ID3", "a sound file"),
    (0, b"OggS", "an Ogg file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a program"),
)
_TEXTS: tuple[tuple[bytes, str], ...] = (
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<", "XML text"),
    (b"{", "JSON text"),
)


def kind_of(content: bytes) -> Kind | None:
    """Tell a picture's format by its signature; None: none of those that can be read."""
    if raw(content):
        return None
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    return TGA if content.endswith(_TGA_FOOTER) else _boxed(content)


def begun(head: bytes) -> bool:
    """Say whether these few bytes could be the beginning of a picture that is still arriving."""
    whole = (*(signature for signature, _ in _SIGNATURES), b"RIFF")
    if any(signature.startswith(head) for signature in whole):
        return True
    riff, boxed = head[:4] == b"RIFF", head[4:8] == b"ftyp"[: len(head) - 4]
    return len(head) < 12 and (riff or (head[:2] == b"\0\0" and boxed))


def blank(content: bytes) -> bool:
    """Say whether a file begins with nothing but zeros: its size is set, its data is not there."""
    return not content[:HEAD_BYTES].strip(b"\0")


def raw(head: bytes) -> bool:
    """Say whether this is a camera raw file that looks like a TIFF."""
    return head.startswith(_RAW_SIGNATURES)


def stranger(content: bytes) -> str:
    """Say in a person's words what a file is that is not a picture that can be read."""
    head = content[:HEAD_BYTES]
    if raw(head):
        return "a camera raw file"
    if blank(head):
        return "nothing but zero bytes"
    for offset, signature, words in STRANGERS:
        if head.startswith(signature, offset):
            return words
    return _text(head) or "no picture format that is known"


def _boxed(head: bytes) -> Kind | None:
    """Tell AVIF and HEIC apart by the brands in their file type box."""
    if head[4:8] != b"ftyp":
        return None
    box = head[8 : min(int.from_bytes(head[:4], "big"), HEAD_BYTES)]
    brands = {box[:4], *(box[at : at + 4] for at in range(8, len(box) - 3, 4))}
    major = box[:4]
    if major in _AVIF_BRANDS or (major in _HEIF_BRANDS and brands & _AVIF_BRANDS):
        return AVIF
    return HEIF if major in _HEIF_BRANDS else None


def _text(head: bytes) -> str:
    try:
        text = (head[:-3] if len(head) == HEAD_BYTES else head).decode()  # a cut letter
    except UnicodeDecodeError:
        return ""
    start = text.lstrip("\ufeff \t\r\n").lower().encode()
    if b"<svg" in start[:1_000]:
        return "an SVG drawing"
    return next((words for sign, words in _TEXTS if start.startswith(sign)), "plain text")

"""Opens pictures: which format it is, its first frame, and no more memory than is allowed.

Formats are tried by their signature only and decoded from memory, so nothing but the bytes given
is ever read. JPEG, PNG and WebP are taken apart first; their decoders never see metadata.
"""

import io
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from seedance_watch.media import exif, gif, jpeg, kinds, png, tiff, webp
from seedance_watch.media.anatomy import Anatomy
from seedance_watch.media.kinds import Kind
from seedance_watch.media.refusals import Damaged, Unfinished, Unusable
from seedance_watch.media.shapes import check_pixels

try:
    import pi_heif
except ImportError:  # there is no wheel for this Python or machine
    pi_heif = None

_DISSECTORS: dict[Kind, Callable[[bytes], Anatomy]] = {
    kinds.JPEG: jpeg.dissect,
    kinds.PNG: png.dissect,
    kinds.WEBP: webp.dissect,
}
# What has to be known before a decoder sees the bytes: WebP's allocates at once, TIFF's warns.
_CHECKS: dict[Kind, Callable[[bytes], None]] = {
    kinds.WEBP: lambda content: check_pixels(webp.size(content)),
    kinds.TIFF: tiff.check,
}
# What makes a file look unfinished although its first picture can be decoded.
_DOUBTS: dict[Kind, Callable[[bytes], None]] = {
    kinds.JPEG: jpeg.check_holes,
    kinds.GIF: gif.check_end,
    kinds.TIFF: tiff.check_pages,
}
# The classes themselves, not Image.open: that one warns about sizes that we allow, and a
# warning can only be silenced for the whole process.
_OPENERS: dict[Kind, Callable[[io.BytesIO], Image.Image]] = {
    kinds.JPEG: JpegImagePlugin.JpegImageFile,
    kinds.PNG: PngImagePlugin.PngImageFile,
    kinds.WEBP: WebPImagePlugin.WebPImageFile,
    kinds.GIF: GifImagePlugin.GifImageFile,
    kinds.BMP: BmpImagePlugin.BmpImageFile,
    kinds.TIFF: TiffImagePlugin.TiffImageFile,
    kinds.AVIF: AvifImagePlugin.AvifImageFile,
    kinds.JP2: Jpeg2KImagePlugin.Jpeg2KImageFile,
    kinds.PNM: PpmImagePlugin.PpmImageFile,
    kinds.TGA: TgaImagePlugin.TgaImageFile,
    **({kinds.HEIF: pi_heif.HeifImageFile} if pi_heif else {}),
}
# TIFF tags.
_SUBFILE, _BITS, _ORIENTATION, _EXIF, _GPS, _DNG = 0xFE, 0x102, 0x112, 0x8769, 0x8825, 0xC612
# Description, maker, model, software, date, artist, XMP, IPTC, EXIF.
_ABOUT = frozenset({270, 271, 272, 305, 306, 315, 700, 33723, _EXIF})
_REDUCED = 1  # a subfile that is only a preview

_LARGE_PIXELS = 30_000_000
_LARGE = threading.Lock()  # two pictures of 200 million pixels at once are too much for a NAS


@dataclass(slots=True)
class Still:
    """One picture, opened; its pixels are decoded when they are first asked for.

    Attributes:
        kind: The format it came in.
        content: The file without metadata where that goes without decoding, else as it came.
        image: Its first frame; a JPEG's shrinks when it is decoded to less than its full size.
        stored: Width and height as the file stores them, in pixels.
        frames: How many pictures the file holds.
        moving: Whether it came as an animation.
        orientation: How it has to be turned, 1 for not at all.
        turned: How the decoder turns it by itself, 1 for not at all.
        deep: Whether a channel has more than 8 bits.
        removed: What content lacks, as words for people.
        exif: The EXIF block, b"" for none.
    """

    kind: Kind
    content: bytes
    image: Image.Image
    stored: tuple[int, int]
    frames: int
    moving: bool
    orientation: int
    turned: int
    deep: bool
    removed: tuple[str, ...]
    exif: bytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as a person sees them, in pixels."""
        width, height = self.stored
        return (height, width) if self.orientation >= 5 else (width, height)


@contextmanager
def opened(content: bytes) -> Iterator[Still]:
    """Open a picture; whatever its bytes do to a decoder comes out as Unusable.

    Raises:
        Unusable: It is no picture, or not one that can be used.
        MemoryError: There is not enough memory to decode it.
    """
    kind = _kind(content)
    with decoding():
        anatomy = _DISSECTORS[kind](content) if kind in _DISSECTORS else None
        _CHECKS.get(kind, _unchecked)(content)
        plain = anatomy.picture() if anatomy and anatomy.removed else content
        with _OPENERS[kind](io.BytesIO(plain)) as image:
            check_pixels(image.size)
            large = image.size[0] * image.size[1] > _LARGE_PIXELS
            with _LARGE if large else nullcontext():
                yield _still(kind, plain, image, anatomy)


def check_whole(content: bytes) -> None:
    """Look whether a picture has arrived completely, as far as its content tells.

    Raises:
        Unfinished, Damaged: It has not, or has holes.
        Unusable: No waiting makes it one that can be used.
        MemoryError: There is not enough memory to decode it.
    """
    kind = _kind(content)
    _DOUBTS.get(kind, _unchecked)(content)
    with opened(content) as still:
        if kind not in {kinds.JPEG, kinds.PNG}:
            still.image.load()


def _unchecked(_content: bytes) -> None:
    """Leave everything to the decoder."""


@contextmanager
def decoding() -> Iterator[None]:
    """Turn everything that decoders raise about bad bytes into Unusable."""
    try:
        yield
    except (OSError, EOFError) as error:
        cut = "truncated" in str(error) or isinstance(error, EOFError)
        raise (Unfinished() if cut else Damaged(str(error))) from error
    except _DECODERS_RAISE as error:
        raise Damaged(f"{error}" or type(error).__name__) from error


_DECODERS_RAISE = (
    *(SyntaxError, ValueError, LookupError, TypeError, RuntimeError, ArithmeticError),
    *(AttributeError, AssertionError, struct.error, zlib.error, Image.DecompressionBombError),
)


def _kind(content: bytes) -> Kind:
    """Tell what it is, or refuse it."""
    kind = kinds.kind_of(content)
    if kind is None:
        words = (
            f"is {kinds.stranger(content)}, whatever its name says; use a JPEG, PNG, WebP, "
            f"HEIC, AVIF, TIFF, BMP or GIF picture"
        )
        raise Unusable(words, "not_an_image")
    if kind not in _OPENERS:
        words = f"is a {kind.name} picture, which needs the package pi-heif; export it as JPEG"
        raise Unusable(words, "not_supported")
    return kind


def _still(kind: Kind, content: bytes, image: Image.Image, anatomy: Anatomy | None) -> Still:
    if anatomy is None:
        return _foreign(kind, content, image)
    return Still(
        kind=kind,
        content=content,
        image=image,
        stored=image.size,
        frames=getattr(image, "n_frames", 1),
        moving=anatomy.animated,
        orientation=exif.orientation(anatomy.exif),
        turned=1,
        deep=anatomy.deep,
        removed=tuple(anatomy.removed),
        exif=anatomy.exif,
    )


def _foreign(kind: Kind, content: bytes, image: Image.Image) -> Still:
    """Describe a picture of a format that is always converted."""
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    if _DNG in tags or tags.get(_SUBFILE, 0) & _REDUCED:
        raise Unusable("is a camera raw file; develop it and export a JPEG", "not_an_image")
    block = bytes(image.info.get("exif") or b"").removeprefix(b"Exif\0\0")
    located = exif.has_position(block) or _GPS in tags
    known = bool(block) or located or not _ABOUT.isdisjoint(tags)
    return Still(
        kind=kind,
        content=content,
        image=image,
        stored=image.size,
        frames=getattr(image, "n_frames", 1),
        moving=False,
        orientation=1 if tags else exif.orientation(block),
        turned=tags.get(_ORIENTATION, 1),
        deep=max(tags.get(_BITS, (8,))) > 8,
        removed=("EXIF with GPS position" if located else "EXIF",) if known else (),
        exif=block,
    )

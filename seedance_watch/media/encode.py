"""Encodes a picture as well as the model's limits allow: first less quality, then fewer pixels."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from PIL import Image

from seedance_watch.core.model import ImageLimits
from seedance_watch.media import kinds
from seedance_watch.media.kinds import Kind
from seedance_watch.media.refusals import Unusable
from seedance_watch.media.shapes import scaled

# From "nobody sees it" to "one has to look for it"; below that, fewer pixels look better.
_QUALITIES = (92, 88, 82, 75, 65)
_FULL_COLOUR = 88  # from here on every pixel keeps a colour of its own (4:4:4)
_MAX_EXIF_BYTES = 60_000  # one JPEG segment
_KINDS: Mapping[str, Kind] = {
    kind.media_type: kind for kind in (kinds.JPEG, kinds.PNG, kinds.WEBP)
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as it will be sent.

    Attributes:
        kind: Its format.
        content: Its bytes.
        size: Width and height in pixels.
        quality: How it was compressed, None: without loss.
    """

    kind: Kind
    content: bytes
    size: tuple[int, int]
    quality: int | None


def encode(image: Image.Image, limits: ImageLimits, *, exif: bytes = b"") -> Encoded:
    """Encode in the model's first media type.

    Args:
        image: Plain pixels, not larger than the model takes.
        limits: What the model takes.
        exif: The EXIF block to send along, b"" for none.

    Raises:
        Unusable: Not even the smallest allowed size has few enough bytes.
    """
    kind = _KINDS[limits.media_types[0]]
    options = {"exif": b"Exif\0\0" + exif} if 0 < len(exif) <= _MAX_EXIF_BYTES else {}
    image.info = {}  # encoders would copy comments and profiles out of it
    while True:
        encoded, least_bytes = _ladder(image, kind, limits.max_bytes, options)
        if encoded is not None:
            return encoded
        image = _smaller(image, limits, least_bytes)


def _ladder(
    image: Image.Image, kind: Kind, max_bytes: int, options: dict[str, bytes]
) -> tuple[Encoded | None, int]:
    """Give the best quality that has few enough bytes, or None and the fewest bytes reached."""
    least_bytes = 0
    for quality in (None,) if kind == kinds.PNG else _QUALITIES:
        content = _saved(image, kind, quality, options)
        least_bytes = len(content)
        if least_bytes <= max_bytes:
            return Encoded(kind, content, image.size, quality), least_bytes
    return None, least_bytes


def _saved(
    image: Image.Image, kind: Kind, quality: int | None, options: dict[str, bytes]
) -> bytes:
    out = io.BytesIO()
    if quality is None:
        image.save(out, "PNG", **options)
    elif kind == kinds.WEBP:
        image.save(out, "WEBP", quality=quality, **options)
    else:
        subsampling = 0 if quality >= _FULL_COLOUR else 2
        image.save(out, "JPEG", quality=quality, subsampling=subsampling, **options)
    return out.getvalue()


def _smaller(image: Image.Image, limits: ImageLimits, least_bytes: int) -> Image.Image:
    """Shrink by as much as the bytes ask for, a little more, and never by less than a tenth."""
    factor = min(0.9, max(0.5, 0.97 * sqrt(limits.max_bytes / least_bytes)))
    size = scaled(image.size, factor, limits)
    if min(size) < limits.min_side_px:
        words = (
            f"cannot be made smaller than {limits.max_bytes} bytes without going below "
            f"{limits.min_side_px} pixels a side; use a plainer picture"
        )
        raise Unusable(words, "too_large")
    return image.resize(size, Image.Resampling.LANCZOS)

"""Images: whole, upright, fit for the model, and without what is nobody's business."""

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import ImageLimits, Picture, Role
from seedance_watch.media import metadata

with suppress(ImportError):
    import pi_heif

    pi_heif.register_heif_opener()

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA")
# Decoding holds some four bytes a pixel; a larger picture is no shot but an accident or a trap.
MAX_PIXELS = 200_000_000
_QUALITIES = (92, 85, 78, 70, 60)
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}
_FLAT = {"RGB", "L"}


@dataclass(frozen=True, slots=True)
class _Source:
    """An image being prepared: its name for people, and how to refuse it."""

    name: str

    def refused(self, what: str, code: str) -> Fault:
        """Say what is wrong with the file."""
        return Fault(FaultKind.REFUSED, f"the image {self.name!r} {what}", code=code)


def prepare(
    source: Path,
    folder: Path,
    *,
    stem: str,
    role: Role,
    limits: ImageLimits,
    keep_metadata: bool,
) -> Picture:
    """Make an original fit the model; the same original always gives the same bytes.

    Args:
        source: The original, in the job folder.
        folder: Where a changed picture is written.
        stem: Name of a changed picture, without ending.
        role: What it is for.
        limits: What the model takes.
        keep_metadata: Whether EXIF and GPS may be sent.

    Raises:
        Fault: REFUSED: it cannot be used, and why. LOCAL: our own disk.
    """
    who = _Source(source.name)
    data = _read(source)
    with _opened(who, data) as image:
        _fits_shape(who, image, limits)
        media_type = Image.MIME.get(image.format or "", "")
        reasons = _reasons(image, media_type, len(data), limits)
        if not reasons:
            return _passed(source, folder, stem, role, data, media_type, image, keep_metadata)
        upright, steps = _upright(image)
        return _made(folder, stem, role, limits, who, image, upright, steps)


def whole(path: Path) -> bool:
    """Whether an image decodes to its last byte.

    False for an empty file, and for an image whose data ends early; True for what is no image
    at all, which preparing refuses with a reason.

    Raises:
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    if not data:
        return False
    try:
        with _opened(_Source(path.name), data) as image:
            image.load()
    except Fault as fault:
        return fault.code not in {"truncated", "empty"}
    return True


def _read(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        reason = f"reading {source.name!r}: {error.strerror or error}; check the disk"
        raise Fault(FaultKind.LOCAL, reason) from error


@contextmanager
def _opened(who: _Source, data: bytes) -> Iterator[Image.Image]:
    """Open and decode an image from its bytes; every way to fail has its words."""
    if not data:
        raise who.refused("is empty; copy it again", "empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_known()) as image:
                if image.width * image.height > MAX_PIXELS:
                    size = f"{image.width}x{image.height}"
                    raise who.refused(f"has {size} pixels; at most {MAX_PIXELS} are read", "bomb")
                image.load()
                yield image
    except UnidentifiedImageError as error:
        what = "is no image that can be read, whatever its name says; export it as PNG or JPEG"
        raise who.refused(what, "not_an_image") from error
    except Image.DecompressionBombError as error:
        raise who.refused("has far too many pixels; make it smaller", "bomb") from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError) as error:
        what = f"is damaged or cut off ({error}); copy or export it again"
        raise who.refused(what, "truncated") from error
    except (MemoryError, RuntimeError, OverflowError, TypeError, ArithmeticError) as error:
        raise who.refused(f"cannot be decoded ({error}); export it as PNG", "damaged") from error


def _known() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _fits_shape(who: _Source, image: Image.Image, limits: ImageLimits) -> None:
    """Refuse what no shrinking mends."""
    width, height = _shown_size(image)
    ratio = width / height
    if min(width, height) < limits.min_side_px:
        what = f"is {width}x{height} pixels; each side must have at least {limits.min_side_px}"
        raise who.refused(what, "too_small")
    if not limits.min_ratio <= ratio <= limits.max_ratio:
        what = (
            f"is {width}x{height} pixels, a width/height of {ratio:.2f}; the model takes "
            f"{limits.min_ratio} to {limits.max_ratio}: crop it"
        )
        raise who.refused(what, "ratio")


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # a broken EXIF block says nothing
        return int(image.getexif().get(0x0112, 1))
    return 1


def _shown_size(image: Image.Image) -> tuple[int, int]:
    turned = _orientation(image) in {5, 6, 7, 8}
    return (image.height, image.width) if turned else (image.width, image.height)


def _reasons(
    image: Image.Image, media_type: str, size_bytes: int, limits: ImageLimits
) -> list[str]:
    """Say why an image cannot be sent as it is; empty: it can."""
    checks = (
        (media_type not in limits.media_types, "type"),
        (_orientation(image) not in {0, 1}, "orientation"),
        (size_bytes > limits.max_bytes, "bytes"),
        (max(image.size) > limits.max_side_px, "pixels"),
        (getattr(image, "n_frames", 1) > 1, "frames"),
        (image.mode not in {"RGB", "L", "P"}, "mode"),
        (image.mode == "P" and "transparency" in image.info, "mode"),
    )
    return [name for failed, name in checks if failed]


def _passed(  # noqa: PLR0913 - the facts of one picture
    source: Path,
    folder: Path,
    stem: str,
    role: Role,
    data: bytes,
    media_type: str,
    image: Image.Image,
    keep_metadata: bool,
) -> Picture:
    """Give the original itself, or its bytes without metadata."""
    plain = data if keep_metadata else metadata.stripped(data, media_type)
    if plain == data:
        return _picture(role, source.name, media_type, image.size, data, ())
    name = f"{stem}{_ENDINGS[media_type]}"
    _write(folder / name, plain)
    return _picture(role, name, media_type, image.size, plain, ("removed metadata (EXIF, GPS)",))


def _upright(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Turn as the camera meant it, take the first frame, flatten, give plain colours."""
    steps: list[str] = []
    if getattr(image, "n_frames", 1) > 1:
        steps.append(f"took the first of {image.n_frames} frames")  # type: ignore[attr-defined]
        image.seek(0)
    turn = _orientation(image)
    upright = ImageOps.exif_transpose(image)
    if turn not in {0, 1}:
        steps.append(f"turned upright (EXIF orientation {turn})")
    for way in (_plain_colours, _flattened):
        upright, step = way(upright, image)
        steps += [step] if step else []
    return upright, steps


def _plain_colours(image: Image.Image, original: Image.Image) -> tuple[Image.Image, str]:
    """Convert what has a colour profile of its own to sRGB, and deep pixels to eight bits."""
    if image.mode.startswith("I") or image.mode == "F":
        deep = image.convert("I") if image.mode != "F" else image
        low, high = deep.getextrema()
        scale = 255 / 65535 if float(high) > 255 else 1.0  # type: ignore[arg-type]
        return deep.point(lambda value: value * scale).convert("L"), "reduced to 8 bits a colour"
    profile = original.info.get("icc_profile")
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile and image.mode in {"RGB", "RGBA", "CMYK"}:
        with suppress(ImageCms.PyCMSError, OSError, ValueError):
            wide = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            flat = image.convert("RGB") if image.mode == "RGBA" else image
            done = ImageCms.profileToProfile(flat, wide, srgb, outputMode="RGB")
            if done is not None:
                if image.mode == "RGBA":
                    done.putalpha(image.getchannel("A"))
                return done, "converted colours to sRGB"
    if image.mode == "CMYK":
        return image.convert("RGB"), "converted from CMYK colours"
    return (image.convert(target), "") if image.mode == "LAB" else (image, "")


def _flattened(image: Image.Image, _original: Image.Image) -> tuple[Image.Image, str]:
    """Put transparent pictures on white: video has no transparency."""
    clear = image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info
    if not clear:
        return (image if image.mode in _FLAT else image.convert("RGB")), ""
    over = image.convert("RGBA")
    if over.getextrema()[3] == (255, 255):  # type: ignore[index]
        return over.convert("RGB"), ""
    white = Image.new("RGBA", over.size, "white")
    return Image.alpha_composite(white, over).convert("RGB"), "put on white (it was transparent)"


def _made(  # noqa: PLR0913 - the facts of one picture
    folder: Path,
    stem: str,
    role: Role,
    limits: ImageLimits,
    who: _Source,
    original: Image.Image,
    image: Image.Image,
    steps: list[str],
) -> Picture:
    """Shrink, encode and write a changed picture."""
    if max(image.size) > limits.max_side_px:
        before = image.size
        image = ImageOps.contain(image, (limits.max_side_px, limits.max_side_px))
        steps.append(_shrunk(before, image.size))
    if original.format not in {"JPEG", None}:
        steps.append(f"converted from {original.format} to JPEG")
    image, data = _encoded(who, image, limits, steps)
    name = f"{stem}.jpg"
    _write(folder / name, data)
    return _picture(role, name, "image/jpeg", image.size, data, tuple(steps))


def _shrunk(before: tuple[int, int], after: tuple[int, int]) -> str:
    return f"shrunk from {before[0]}x{before[1]} to {after[0]}x{after[1]} pixels to fit the model"


def _encoded(
    who: _Source, image: Image.Image, limits: ImageLimits, steps: list[str]
) -> tuple[Image.Image, bytes]:
    """Encode as well as the model's size limit allows: less quality first, then fewer pixels."""
    while True:
        for quality in _QUALITIES:
            out = io.BytesIO()
            image.save(out, "JPEG", quality=quality, subsampling=0 if quality > 90 else 2)
            if out.tell() <= limits.max_bytes:
                if quality != _QUALITIES[0]:
                    steps.append(f"compressed to JPEG quality {quality} to fit the model")
                return image, out.getvalue()
        smaller = (int(image.width * 0.75), int(image.height * 0.75))
        if min(smaller) < limits.min_side_px:
            raise who.refused("cannot be made small enough for the model", "too_large")
        steps.append(_shrunk(image.size, smaller))
        image = image.resize(smaller, Image.Resampling.LANCZOS)


def _write(path: Path, data: bytes) -> None:
    """Write into the private job folder; a torn file is simply made again."""
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = f"writing {str(path)!r}: {error.strerror or error}; check the disk"
        raise Fault(FaultKind.LOCAL, reason) from error


def _picture(
    role: Role,
    name: str,
    media_type: str,
    size: tuple[int, int],
    data: bytes,
    steps: tuple[str, ...],
) -> Picture:
    digest = hashlib.sha256(data).hexdigest()
    return Picture(role, name, media_type, size[0], size[1], len(data), digest, steps)

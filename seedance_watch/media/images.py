"""Images: whole, upright, fit for the model, and without what is nobody's business.

`prepare` makes an original fit, `whole` says whether one has arrived completely. What fits is
sent as it is; where only metadata is in the way, it is taken out without touching a pixel; all
else is converted, and every step is told. The same original always gives the same bytes.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import ImageLimits, Picture, Role
from seedance_watch.core.words import listing
from seedance_watch.media import colours, jobfiles, kinds, originals, rows
from seedance_watch.media.decode import Still, check_whole, opened
from seedance_watch.media.encode import Encoded, encode
from seedance_watch.media.exif import upright
from seedance_watch.media.refusals import Damaged, Unfinished, Unusable
from seedance_watch.media.shapes import check_shape, target

# EXIF orientation: how the stored picture has to be turned to stand upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class _Order:
    """One picture to prepare, as `prepare` describes it."""

    source: Path
    folder: Path
    stem: str
    role: Role
    limits: ImageLimits
    keep_metadata: bool


def prepare(
    source: Path,
    folder: Path,
    *,
    stem: str,
    role: Role,
    limits: ImageLimits,
    keep_metadata: bool,
) -> Picture:
    """Make an original fit the model; blocking, and may be repeated after a crash.

    Args:
        source: The original, in the job folder.
        folder: Where a changed picture is written.
        stem: Name of a changed picture, without ending.
        role: What it is for.
        limits: What the model takes.
        keep_metadata: Whether EXIF, GPS and the like may be sent along.

    Raises:
        Fault: REFUSED: it cannot be used, and why; nothing was written. LOCAL: our own disk, or
            too little memory.
    """
    order = _Order(source, folder, stem, role, limits, keep_metadata)
    try:
        content = _read(source)
        with opened(content) as still:
            check_shape(still.size, limits)
            return _untouched(order, still, content) or _converted(order, still)
    except Unusable as error:
        reason = f"the image {source.name!r} {error.words}"
        raise Fault(FaultKind.REFUSED, reason, code=error.code) from error
    except MemoryError as error:
        reason = f"decoding the image {source.name!r}: not enough memory; close other programs"
        raise Fault(FaultKind.LOCAL, reason, code="memory") from error


def measure(source: Path, limits: ImageLimits) -> tuple[tuple[int, int], str]:
    """Say how large a picture will be sent, and the SHA-256 of its file; decodes and writes none.

    Raises:
        Fault: As prepare does, as far as can be told without decoding.
    """
    try:
        content = _read(source)
        with opened(content) as still:
            check_shape(still.size, limits)
            return target(still.size, limits), hashlib.sha256(content).hexdigest()
    except Unusable as error:
        reason = f"the image {source.name!r} {error.words}"
        raise Fault(FaultKind.REFUSED, reason, code=error.code) from error


def whole(path: Path) -> bool:
    """Say whether a file has arrived completely, as far as its content tells; blocking.

    False for what is empty or blank, and for a picture whose data ends early or has holes: a hint
    to wait longer, not a verdict. True for a complete picture, and for what waiting would not
    mend: no picture at all, one that is too large (preparing refuses these with words).
    JPEG and PNG are judged by their structure, about a hundredth of a second; the others are
    decoded.

    Raises:
        OSError: It cannot be read.
    """
    try:
        content = originals.read(path)
        if kinds.kind_of(content) is None:
            return not (kinds.begun(content) or kinds.blank(content))
        check_whole(content)
    except (Unfinished, Damaged):
        return False
    except (Unusable, MemoryError):  # waiting would not help; preparing says why
        return True
    return True


def _read(source: Path) -> bytes:
    try:
        content = originals.read(source)
    except OSError as error:
        raise jobfiles.local("reading", source, error) from error
    if not content:
        raise Unusable("is empty (0 bytes); copy or export it again", "empty")
    return content


def _untouched(order: _Order, still: Still, content: bytes) -> Picture | None:
    """Give the original, or the original without metadata; None: it has to be converted."""
    kept = order.keep_metadata and not still.moving
    data = content if kept else still.content
    if not _fits(order.limits, still, len(data)) or not _plain(still):
        return None
    removed = "" if kept else _removed(still)
    misnamed = order.source.suffix.lower() not in still.kind.suffixes
    renamed = f"sent as {still.kind.name}, which it is in spite of its name" if misnamed else ""
    steps = tuple(filter(None, (removed, renamed)))
    name = f"{order.stem}{still.kind.suffixes[0]}" if steps else order.source.name
    if steps:
        jobfiles.write(order.folder / name, data)
    return _picture(order, name, Encoded(still.kind, data, still.size, None), steps)


def _fits(limits: ImageLimits, still: Still, size_bytes: int) -> bool:
    """Say whether a picture can be sent as it is, as far as can be told before decoding."""
    return (
        still.kind.media_type in limits.media_types
        and still.orientation == 1
        and (still.frames == 1 or still.kind == kinds.PNG)
        and not still.deep
        and size_bytes <= limits.max_bytes
        and still.size == target(still.size, limits)
    )


def _plain(still: Still) -> bool:
    """Decode the picture from first to last and say whether its pixels can stay."""
    if rows.whole(still.content, still.image):
        return colours.plain(still.image)
    if still.kind != kinds.JPEG:
        still.image.load()
        return colours.plain(still.image)
    if not colours.plain(still.image):
        return False
    still.image.draft(None, (1, 1))  # reads every byte, but keeps an eighth of each side
    still.image.load()
    return True


def _converted(order: _Order, still: Still) -> Picture:
    """Bring the picture to plain pixels, upright, within the limits; write it."""
    said = ["reduced to 8 bits a channel"] if still.deep else []
    size = target(still.size, order.limits)
    image = _scaled(colours.to_plain(_loaded(still, size), said.append), still, size)
    image = turned(image, still)
    kept = order.keep_metadata and bool(still.exif)
    made = encode(image, order.limits, exif=upright(still.exif) if kept else b"")
    steps = (
        _framed(still),
        _turned(still),
        *dict.fromkeys(said),
        _shrunk(still.size, size),
        _shrunk(size, made.size),
        _encoded(still, made),
        "" if kept else _removed(still),
    )
    name = f"{order.stem}{made.kind.suffixes[0]}"
    jobfiles.write(order.folder / name, made.content)
    return _picture(order, name, made, tuple(filter(None, steps)))


def _loaded(still: Still, size: tuple[int, int]) -> Image.Image:
    """Decode; a JPEG that is much too large is halved while decoding, which is fast."""
    if still.kind == kinds.JPEG and size != still.size:
        still.image.draft(None, _stored(still, size))
    still.image.load()
    return still.image


def _scaled(image: Image.Image, still: Still, size: tuple[int, int]) -> Image.Image:
    stored = _stored(still, size)
    if image.size == stored:
        return image
    return image.resize(stored, Image.Resampling.LANCZOS, reducing_gap=3.0)


def turned(image: Image.Image, still: Still) -> Image.Image:
    """Turn a picture made of a still as a person expects to see it."""
    if still.orientation not in _TURNS:
        return image
    return image.transpose(_TURNS[still.orientation])


def _stored(still: Still, size: tuple[int, int]) -> tuple[int, int]:
    """Give an upright size as the file stores it."""
    return (size[1], size[0]) if still.orientation >= 5 else size


def _removed(still: Still) -> str:
    return f"removed {listing(still.removed, last='and', plain=True)}" if still.removed else ""


def _framed(still: Still) -> str:
    if still.frames == 1:
        return ""
    return f"took the {'main' if still.kind == kinds.HEIF else 'first'} of {still.frames} pictures"


def _turned(still: Still) -> str:
    turn = max(still.orientation, still.turned)
    return f"turned upright (EXIF orientation {turn})" if turn > 1 else ""


def _shrunk(before: tuple[int, int], after: tuple[int, int]) -> str:
    if before == after:
        return ""
    return f"shrunk from {before[0]}x{before[1]} to {after[0]}x{after[1]} pixels to fit the model"


def _encoded(still: Still, made: Encoded) -> str:
    same = still.kind == made.kind
    how = f"compressed again as {made.kind.name}" if same else ""
    done = how or f"converted from {still.kind.name} to {made.kind.name}"
    return done if made.quality is None else f"{done}, quality {made.quality}"


def _picture(order: _Order, name: str, made: Encoded, steps: tuple[str, ...]) -> Picture:
    return Picture(
        role=order.role,
        name=name,
        media_type=made.kind.media_type,
        width_px=made.size[0],
        height_px=made.size[1],
        size_bytes=len(made.content),
        sha256=hashlib.sha256(made.content).hexdigest(),
        steps=steps,
    )

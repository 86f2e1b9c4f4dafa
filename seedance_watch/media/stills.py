"""Small JPEGs for people to look at: of a video, of a dropped picture."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.media import colours, jobfiles, originals, reel
from seedance_watch.media.decode import Still, opened
from seedance_watch.media.images import turned
from seedance_watch.media.kinds import JPEG
from seedance_watch.media.refusals import Unusable

if TYPE_CHECKING:
    from av import VideoFrame

POSTER_PX = 640  # sharp on a phone's whole width, about 60 KB
_QUALITY = 85


def poster(video: Path, target: Path) -> None:
    """Write a small JPEG of the frame in the middle of a verified video.

    Not of the first one: that is the picture that was dropped, and tells nobody what became of
    it.

    Args:
        video: It is only read.
        target: Where the JPEG goes; replaced.

    Raises:
        Fault: GARBLED: there is no such frame. LOCAL: our own disk.
    """
    with reel.opened(video) as shown:
        image = _middle(shown).to_image()  # type: ignore[no-untyped-call]
    image.thumbnail((POSTER_PX, POSTER_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    _write(image, target)


def _middle(shown: reel.Reel) -> "VideoFrame":
    """Decode from the last key frame before the middle to the middle."""
    stream = shown.stream
    middle = (stream.duration or 0) // 2 + (stream.start_time or 0)
    shown.container.seek(middle, stream=stream)
    last = None
    for last in shown.frames():
        if last.pts is None or last.pts >= middle:
            break
    if last is None:
        raise reel.Garbled("has no frame")
    return last


def thumbnail(image: Path, target: Path, *, longest_px: int) -> None:
    """Write a small JPEG of a picture of any kind that is accepted, upright, on white.

    Args:
        image: It is only read.
        target: Where the JPEG goes; replaced.
        longest_px: Its longer side; a smaller picture stays as large as it is.

    Raises:
        Fault: REFUSED: it cannot be used. LOCAL: our own disk, or too little memory.
    """
    try:
        with opened(originals.read(image)) as still:
            small = _small(still, longest_px)
    except Unusable as error:
        reason = f"the image {image.name!r} {error.words}"
        raise Fault(FaultKind.REFUSED, reason, code=error.code) from error
    except MemoryError as error:
        reason = f"decoding the image {image.name!r}: not enough memory; close other programs"
        raise Fault(FaultKind.LOCAL, reason, code="memory") from error
    except OSError as error:
        raise jobfiles.local("reading", image, error) from error
    _write(small, target)


def _small(still: Still, longest_px: int) -> Image.Image:
    size = (longest_px, longest_px)
    if still.kind == JPEG:
        still.image.draft(None, size)  # decodes an eighth of each side where that is enough
    still.image.load()
    plain = colours.to_plain(still.image, _unsaid)
    plain.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return turned(plain, still)


def _unsaid(_step: str) -> None:
    """Keep to oneself what was done to the colours."""


def _write(image: Image.Image, target: Path) -> None:
    out = io.BytesIO()
    image.info = {}  # the encoder would copy comments and profiles out of it
    image.save(out, "JPEG", quality=_QUALITY, optimize=True)
    jobfiles.write(target, out.getvalue())

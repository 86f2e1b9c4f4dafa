"""The last frame of a video, from which another one goes on: exactly the pixels that it shows."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_watch.media import jobfiles, reel

if TYPE_CHECKING:
    from av import VideoFrame
    from PIL.Image import Image

_UNSAID = 2  # AVCOL_SPC_UNSPECIFIED
_WIDE, _LOW = 1280, 576


def last_frame(video: Path, target: Path) -> None:
    """Write the last frame that players show as a PNG of the video's own size.

    The same video gives the same bytes every time: what is bought for them is bought once. It
    must be one that was verified: of a torn one this is the last frame that is left.

    Args:
        video: It is only read.
        target: Where the PNG goes; replaced, and durable afterwards.

    Raises:
        Fault: GARBLED: there is no such frame. LOCAL: our own disk.
    """
    with reel.opened(video) as shown:
        image = _as_shown(_last(shown))
    out = io.BytesIO()
    image.save(out, "PNG")
    jobfiles.write(target, out.getvalue())


def _as_shown(frame: "VideoFrame") -> "Image":
    """Give the colours that players show.

    Where a video does not say how its colours are meant, players take large pictures for BT.709.
    Taken for anything else they would change a little with each shot of a chain.
    """
    from av.video.reformatter import Colorspace  # noqa: PLC0415 - 30 MB that only this needs

    unsaid = frame.colorspace == _UNSAID and (frame.width >= _WIDE or frame.height > _LOW)
    said = Colorspace.ITU709 if unsaid else None
    plain = frame.reformat(format="rgb24", src_colorspace=said)
    return plain.to_image()  # type: ignore[no-any-return, no-untyped-call]


def _last(shown: reel.Reel) -> "VideoFrame":
    """Decode to the end; what an edit list cuts off is not shown, and does not come."""
    last = None
    for last in shown.frames():
        if last.is_corrupt:
            raise reel.Garbled("is damaged")
    if last is None:
        raise reel.Garbled("has no frame")
    return last

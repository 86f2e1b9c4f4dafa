"""Opens a video for whoever decodes it: verified, shown small, joined to others.

Only MP4 and MOV are read, from an open file and with every protocol off: whatever a video names,
nothing else is opened.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.media import boxes, jobfiles

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video import VideoStream

MAX_PIXELS = 4_096 * 4_096  # a frame
_SMALL_PIXELS = 640 * 360  # up to here threads take longer to start than they save
_CONTAINER = {"enable_drefs": "0", "use_absolute_path": "0", "protocol_whitelist": "none"}
_DECODER = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}


class Garbled(Exception):
    """What is wrong with the video."""


@dataclass(frozen=True, slots=True)
class Reel:
    """An open video.

    Attributes:
        container: What it was opened as.
        stream: What players show of it, ready to be decoded strictly.
    """

    container: "InputContainer"
    stream: "VideoStream"

    def frames(self) -> "Iterator[VideoFrame]":
        """Give its pictures, one after the other; only one needs to be kept."""
        return self.container.decode(self.stream)

    def roughly(self) -> None:
        """Do not smooth the edges of blocks: a sixth of the work, and no part of what can fail.

        For who looks at no picture; before the first one is decoded.
        """
        self.stream.codec_context.options = _DECODER | {"skip_loop_filter": "all"}

    @property
    def duration_s(self) -> float:
        """Give its playing time as it says itself, 0.0: it says nothing."""
        return float((self.stream.duration or 0) * (self.stream.time_base or 0))


@contextmanager
def reading(path: Path) -> Iterator[io.BufferedReader]:
    """Open the file; every way to fail gets the words and the kind that fit.

    Raises:
        Fault: GARBLED: not a whole MP4 video, and why. LOCAL: our own disk or memory.
    """
    from av.error import FFmpegError  # noqa: PLC0415 - 30 MB that only this needs

    try:
        with jobfiles.opened(path) as file:
            yield file
    except (Garbled, boxes.Broken) as error:
        raise _fault(path, str(error)) from error
    except (FFmpegError, ValueError) as error:  # before OSError, which some of them are
        raise _fault(path, f"cannot be decoded ({_said(error)})") from error
    except MemoryError as error:
        reason = f"decoding the video {path.name!r}: not enough memory; close other programs"
        raise Fault(FaultKind.LOCAL, reason, code="memory") from error
    except OSError as error:
        raise jobfiles.local("reading the video", path, error) from error


def _fault(path: Path, what: str) -> Fault:
    return Fault(FaultKind.GARBLED, f"the video {path.name!r} {what}", code="video")


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def wound(file: io.BufferedReader) -> Iterator[Reel]:
    """Find the picture in an open file; inside `reading`, which says what is wrong with it."""
    import av  # noqa: PLC0415

    file.seek(0)
    with av.open(file, "r", format="mov", container_options=_CONTAINER) as container:
        yield Reel(container, _stream(container))


@contextmanager
def opened(path: Path) -> Iterator[Reel]:
    """Open a video that was verified once.

    Raises:
        Fault: As for `reading`.
    """
    with reading(path) as file, wound(file) as reel:
        yield reel


def _stream(container: "InputContainer") -> "VideoStream":
    """Give the stream that players show, ready to be decoded strictly."""
    from av.video import VideoStream  # noqa: PLC0415

    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        raise Garbled("has no picture, only sound or data")
    if stream.codec_context is None:
        raise Garbled("is compressed or locked in a way that cannot be decoded here")
    if stream.width * stream.height > MAX_PIXELS:
        raise Garbled(f"is {stream.width}x{stream.height} pixels large, which is absurd")
    stream.codec_context.options = _DECODER
    stream.thread_type = "AUTO" if stream.width * stream.height > _SMALL_PIXELS else "NONE"
    return stream

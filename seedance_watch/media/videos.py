"""Videos: whole, playable, and what they are.

A header proves nothing: players accept a file whose index stands in front and whose end is
missing. So the boxes are walked and every frame is decoded. Only MP4 and MOV are read, from an
open file and with every protocol off: whatever a video names, nothing else is opened.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip
from seedance_watch.media import boxes, jobfiles, kinds

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video import VideoStream

# The longest model makes 30 s; these bound what a hostile file can cost.
MAX_FRAMES = 20_000
MAX_PIXELS = 4_096 * 4_096  # a frame
MAX_TOTAL_PIXELS = 40_000_000_000  # two and a half minutes of 4K at 30 a second
_MAX_SAMPLES = 200_000  # frames and pieces of sound together
_CONTAINER = {"enable_drefs": "0", "use_absolute_path": "0", "protocol_whitelist": "none"}
_DECODER = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}
_POSTER_PX = 640


@dataclass(slots=True)
class _Count:
    """What was seen while decoding."""

    packets: int = 0
    wanted: int = 0
    frames: int = 0


class _Garbled(Exception):
    """What is wrong with the video."""


def verify(path: Path, *, max_bytes: int) -> Clip:
    """Decode a video from its first to its last frame; blocking, changes nothing.

    Args:
        path: A local file.
        max_bytes: A larger one is refused.

    Raises:
        Fault: GARBLED: not a whole MP4 video, and why. LOCAL: our own disk or memory.
    """
    with _reading(path) as file:
        size = _size(file, max_bytes)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        with _container(file) as container:
            stream = _stream(container)
            return _clip(container, stream, _decode(container, stream), size, digest)


def poster(path: Path, target: Path) -> None:
    """Write a small JPEG of the frame in the middle of a verified video.

    Raises:
        Fault: GARBLED: there is no such frame. LOCAL: our own disk.
    """
    with _reading(path) as file, _container(file) as container:
        stream = _stream(container)
        container.seek((stream.duration or 0) // 2 + (stream.start_time or 0), stream=stream)
        frame = next(container.decode(stream), None)
        if frame is None:
            raise _Garbled("has no frame")
        image = frame.to_image()  # type: ignore[no-untyped-call]
    image.thumbnail((_POSTER_PX, _POSTER_PX))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    jobfiles.write(target, out.getvalue())


@contextmanager
def _reading(path: Path) -> Iterator[io.BufferedReader]:
    """Open the file; every way to fail gets the words and the kind that fit."""
    from av.error import FFmpegError  # noqa: PLC0415 - 30 MB that only this needs

    try:
        with jobfiles.opened(path) as file:
            yield file
    except (_Garbled, boxes.Broken) as error:
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


def _size(file: io.BufferedReader, max_bytes: int) -> int:
    """Give the size of what is an MP4 by its boxes."""
    head = file.read(4_096)
    size = file.seek(0, 2)
    if not size:
        raise _Garbled("is empty")
    if size > max_bytes:
        raise _Garbled(f"has {size} bytes, more than the {max_bytes} that are taken")
    if head[4:8] != b"ftyp":
        raise _Garbled(f"is {kinds.stranger(head)}")
    boxes.check(file, size, max_samples=_MAX_SAMPLES)
    return size


@contextmanager
def _container(file: io.BufferedReader) -> "Iterator[InputContainer]":
    import av  # noqa: PLC0415

    file.seek(0)
    with av.open(file, "r", format="mov", container_options=_CONTAINER) as container:
        yield container


def _stream(container: "InputContainer") -> "VideoStream":
    """Give the stream that players show, ready to be decoded strictly."""
    from av.video import VideoStream  # noqa: PLC0415

    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream):
        raise _Garbled("has no picture, only sound or data")
    if stream.codec_context is None:
        raise _Garbled("is compressed or locked in a way that cannot be decoded here")
    if stream.width * stream.height > MAX_PIXELS:
        raise _Garbled(f"is {stream.width}x{stream.height} pixels large, which is absurd")
    stream.codec_context.options = _DECODER
    stream.thread_type = "AUTO"
    return stream


def _decode(container: "InputContainer", stream: "VideoStream") -> _Count:
    """Decode picture and sound to the end."""
    from av import VideoFrame  # noqa: PLC0415

    count = _Count()
    for packet in container.demux(stream, *container.streams.audio):
        shown = packet.stream.index == stream.index
        if packet.is_corrupt:
            raise _Garbled("has damaged data in it")
        if shown and packet.size:
            count.packets += 1
            count.wanted += not packet.is_discard
        for frame in packet.decode():
            if isinstance(frame, VideoFrame):
                _add(count, frame)
    return count


def _add(count: _Count, frame: "VideoFrame") -> None:
    """Count a frame, within bounds."""
    if frame.is_corrupt:
        raise _Garbled(f"is damaged in frame {count.frames + 1}")
    count.frames += 1
    pixels = frame.width * frame.height
    if count.frames > MAX_FRAMES or pixels * count.frames > MAX_TOTAL_PIXELS:
        raise _Garbled(f"goes on after {count.frames} frames, more than any model makes")


def _clip(
    container: "InputContainer", stream: "VideoStream", count: _Count, size: int, digest: str
) -> Clip:
    """Describe a decoded video, after comparing its frames with what its index promises."""
    promised = max(count.wanted, stream.frames - (count.packets - count.wanted))
    if count.frames == 0 or count.frames < promised:
        raise _Garbled(f"has {count.frames} of {max(promised, 1)} frames")
    fps = float(stream.average_rate or 0)
    duration_s = float((stream.duration or 0) * (stream.time_base or 0))
    return Clip(
        size_bytes=size,
        sha256=digest,
        duration_s=duration_s or (count.frames / fps if fps else 0.0),
        width_px=stream.width,
        height_px=stream.height,
        frames=count.frames,
        fps=fps,
        codec=stream.codec_context.name,
        has_audio=bool(container.streams.audio),
    )

"""Videos: whole, playable, and what they are.

A header proves nothing: players accept a file whose index stands in front and whose end is
missing. So the boxes are walked and every frame is decoded. reel.py opens them.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_watch.core.model import Clip
from seedance_watch.media import boxes, kinds, reel
from seedance_watch.media.reel import Garbled, Reel

if TYPE_CHECKING:
    from av import VideoFrame

# The longest model makes 30 s; these bound what a hostile file can cost.
MAX_FRAMES = 20_000
MAX_TOTAL_PIXELS = 40_000_000_000  # two and a half minutes of 4K at 30 a second
_MAX_SAMPLES = 200_000  # frames and pieces of sound together


@dataclass(slots=True)
class _Count:
    """What was seen while decoding."""

    packets: int = 0
    wanted: int = 0
    frames: int = 0


def verify(path: Path, *, max_bytes: int, parts: int = 1) -> Clip:
    """Decode a video from its first to its last frame; blocking, changes nothing.

    Args:
        path: A local file.
        max_bytes: A larger one is refused.
        parts: Of how many videos it was joined; it may be as much longer.

    Raises:
        Fault: GARBLED: not a whole MP4 video, and why. LOCAL: our own disk or memory.
    """
    with reel.reading(path) as file:
        size = _size(file, max_bytes, _MAX_SAMPLES * parts)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        with reel.wound(file) as shown:
            shown.roughly()
            return _clip(shown, _decode(shown, parts), size, digest)


def _size(file: io.BufferedReader, max_bytes: int, max_samples: int) -> int:
    """Give the size of what is an MP4 by its boxes."""
    head = file.read(4_096)
    size = file.seek(0, 2)
    if not size:
        raise Garbled("is empty")
    if size > max_bytes:
        raise Garbled(f"has {size} bytes, more than the {max_bytes} that are taken")
    if head[4:8] != b"ftyp":
        raise Garbled(f"is {kinds.stranger(head)}")
    boxes.check(file, size, max_samples=max_samples)
    return size


def _decode(shown: Reel, parts: int) -> _Count:
    """Decode picture and sound to the end."""
    from av import VideoFrame  # noqa: PLC0415

    count, stream = _Count(), shown.stream
    for packet in shown.container.demux(stream, *shown.container.streams.audio):
        if packet.is_corrupt:
            raise Garbled("has damaged data in it")
        if packet.stream.index == stream.index and packet.size:
            count.packets += 1
            count.wanted += not packet.is_discard
        for frame in packet.decode():
            if isinstance(frame, VideoFrame):
                _add(count, frame, parts)
    return count


def _add(count: _Count, frame: "VideoFrame", parts: int) -> None:
    """Count a frame, within bounds."""
    if frame.is_corrupt:
        raise Garbled(f"is damaged in frame {count.frames + 1}")
    count.frames += 1
    pixels = frame.width * frame.height
    if max(count.frames / MAX_FRAMES, pixels * count.frames / MAX_TOTAL_PIXELS) > parts:
        raise Garbled(f"goes on after {count.frames} frames, more than any model makes")


def _clip(shown: Reel, count: _Count, size: int, digest: str) -> Clip:
    """Describe a decoded video, after comparing its frames with what its index promises."""
    stream = shown.stream
    promised = max(count.wanted, stream.frames - (count.packets - count.wanted))
    if count.frames == 0 or count.frames < promised:
        raise Garbled(f"has {count.frames} of {max(promised, 1)} frames")
    fps = float(stream.average_rate or 0)
    return Clip(
        size_bytes=size,
        sha256=digest,
        duration_s=shown.duration_s or (count.frames / fps if fps else 0.0),
        width_px=stream.width,
        height_px=stream.height,
        frames=count.frames,
        fps=fps,
        codec=stream.codec_context.name,
        has_audio=bool(shown.container.streams.audio),
    )

"""Videos: whole, playable, and what they are.

A header proves nothing: players accept a file whose index stands in front and whose end is
missing. So the boxes are walked and every frame is decoded. Nothing outside the file is read.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip

# The longest model makes 30 s at 1080p; these bound what a hostile file can cost us.
MAX_FRAMES = 20_000
MAX_PIXELS = 4096 * 4096
_OPTIONS = {"enable_drefs": "0", "protocol_whitelist": "file"}


def verify(part: Path, *, max_bytes: int) -> Clip:
    """Decode a video from its first to its last frame.

    Raises:
        Fault: GARBLED: not a whole MP4 video. LOCAL: our own disk.
    """
    try:
        size = part.stat().st_size
        if not 0 < size <= max_bytes:
            raise _garbled(part, f"has {size} bytes, 1 to {max_bytes} are taken")
        with part.open("rb") as file:
            _walk(part, file, size)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = f"reading the video {part.name!r}: {error.strerror or error}; check the disk"
        raise Fault(FaultKind.LOCAL, reason) from error
    return _decoded(part, size, digest)


def _garbled(part: Path, what: str) -> Fault:
    return Fault(FaultKind.GARBLED, f"the video {part.name!r} {what}; it is fetched again")


def _walk(part: Path, file: BinaryIO, size: int) -> None:
    """Check that every box of the file ends inside it and that an index is there."""
    kinds = list(_boxes(part, file, size))
    if kinds[:1] != [b"ftyp"]:
        raise _garbled(part, "is no MP4 file")
    if b"moov" not in kinds:
        raise _garbled(part, "has no index (moov)")


def _boxes(part: Path, file: BinaryIO, size: int) -> Iterator[bytes]:
    """Give the kind of each top-level box."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16])
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size:
            raise _garbled(part, f"ends early, inside its part {kind!r}")
        yield kind
        at += length


def _decoded(part: Path, size: int, digest: str) -> Clip:
    """Decode all frames of the first video stream."""
    import av  # noqa: PLC0415 - 30 MB that only this needs
    from av.error import FFmpegError  # noqa: PLC0415

    av.logging.set_level(av.logging.PANIC)
    try:
        with av.open(str(part), format="mov", options=_OPTIONS) as container:
            if not container.streams.video:
                raise _garbled(part, "has no picture")
            stream = container.streams.video[0]
            if stream.width * stream.height > MAX_PIXELS:
                raise _garbled(part, f"is {stream.width}x{stream.height} pixels large")
            stream.thread_type = "AUTO"
            frames = 0
            for _ in container.decode(stream):
                frames += 1
                if frames > MAX_FRAMES:
                    raise _garbled(part, f"has more than {MAX_FRAMES} frames")
            return _clip(part, container, frames, size, digest)
    except (FFmpegError, ValueError) as error:
        raise _garbled(part, f"cannot be decoded ({error})") from error


def _clip(part: Path, container: "object", frames: int, size: int, digest: str) -> Clip:
    """Describe a decoded video, and compare the frames with what its index promises."""
    stream = container.streams.video[0]  # type: ignore[attr-defined]
    if frames == 0:
        raise _garbled(part, "has no frame")
    if stream.frames and frames < stream.frames:
        raise _garbled(part, f"has {frames} of {stream.frames} frames")
    fps = float(stream.average_rate or 0)
    duration_s = float(stream.duration * stream.time_base) if stream.duration else 0.0
    return Clip(
        size_bytes=size,
        sha256=digest,
        duration_s=duration_s or (frames / fps if fps else 0.0),
        width_px=stream.width,
        height_px=stream.height,
        frames=frames,
        fps=fps,
        codec=stream.codec_context.name,
        has_audio=bool(container.streams.audio),  # type: ignore[attr-defined]
    )

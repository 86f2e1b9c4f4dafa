"""Encodes a video again, so that it can be joined to others of another make.

All come out alike: H.264, one size, one time base, ordinary colours, no sound. Each picture
keeps its moment, so videos of different frame rates go together.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from seedance_watch.media import reel
from seedance_watch.media.muxing import Mux, muxed

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph
    from av.video import VideoStream

_TICKS = Fraction(1, 90_000)
_LIMITED, _BT709 = 1, 1  # AVCOL_RANGE_MPEG, AVCOL_SPC_BT709
_NOMINAL_FPS = 24  # written into each, whatever its pace: they would differ otherwise
# Nobody sees a difference at this quality; the threads are fixed, so that the same comes out.
_ENCODER = {"preset": "veryfast", "crf": "16", "threads": "2", "bf": "0"}
_MUXER = {"video_track_timescale": str(_TICKS.denominator)}


def size(video: Path) -> str:
    """Give a video's size as "1280x720", for others to be made as large.

    Raises:
        Fault: GARBLED: it is not a whole video. LOCAL: our own disk.
    """
    with reel.opened(video) as shown:
        return f"{shown.stream.width}x{shown.stream.height}"


def level(video: Path, target: Path, *, like: str) -> None:
    """Encode a video's pictures again, one after the other.

    Args:
        video: It is only read.
        target: Where the new one goes; replaced.
        like: The size that it gets; black bars fill what its shape leaves.

    Raises:
        Fault: As for `size`.
    """
    wide, high = (int(side) // 2 * 2 for side in like.split("x"))
    with reel.opened(video) as shown, muxed(target, _MUXER) as mux:
        _encode(shown, mux, (wide, high))


def _encode(shown: reel.Reel, mux: Mux, size_px: tuple[int, int]) -> None:
    stream = mux.container.add_stream("libx264", rate=_NOMINAL_FPS, options=_ENCODER)
    stream.width, stream.height = size_px
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = stream.time_base = _TICKS
    stream.codec_context.color_range, stream.codec_context.colorspace = _LIMITED, _BT709
    for frame in _fitted(shown, size_px):
        mux.write(*stream.encode(frame))
    mux.write(*stream.encode(None))


def _fitted(shown: reel.Reel, size_px: tuple[int, int]) -> "Iterator[VideoFrame]":
    """Give all pictures in the new size, each at its moment."""
    from av.video.frame import PictureType  # noqa: PLC0415 - as above

    graph, first = _graph(shown.stream, size_px), 0.0
    for number, frame in enumerate(shown.frames()):
        at = frame.time if frame.pts is not None else number / _NOMINAL_FPS
        first = first if number else at
        graph.vpush(frame)
        made = graph.vpull()
        made.pts, made.time_base = round((at - first) / _TICKS), _TICKS
        made.pict_type = PictureType.NONE
        yield made


def _graph(stream: "VideoStream", size_px: tuple[int, int]) -> "Graph":
    from av.filter import Graph  # noqa: PLC0415 - 30 MB that only this needs

    wide, high = size_px
    graph = Graph()
    source = graph.add_buffer(template=stream)
    fitted = "force_original_aspect_ratio=decrease:force_divisible_by=2"
    steps = (
        ("scale", f"{wide}:{high}:{fitted}:out_color_matrix=bt709:out_range=tv"),
        ("pad", f"{wide}:{high}:(ow-iw)/2:(oh-ih)/2"),
        ("setsar", "1"),
        ("format", "yuv420p"),
    )
    last = source
    for name, options in (*steps, ("buffersink", "")):
        step = graph.add(name, options) if options else graph.add(name)
        last.link_to(step)
        last = step
    graph.configure()
    return graph

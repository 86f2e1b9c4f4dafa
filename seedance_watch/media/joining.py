"""Joins videos to one: the pictures as they are, bit by bit, where the videos are alike.

The sound is put together anew, cut or filled with silence to the length of each video's picture,
so that sound and picture stay together however many videos are joined. Nothing is held in memory
but one picture, or a piece of sound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedance_watch.media import reel
from seedance_watch.media.muxing import Mux, muxed

if TYPE_CHECKING:
    from av import AudioFifo, AudioFrame, Packet
    from av.audio import AudioStream
    from av.video import VideoStream

_RATE = 48_000
_SILENCE_SAMPLES = 4_096  # written at once
_MUXER = {"movflags": "+faststart"}  # the index in front: it plays while it is fetched


@dataclass(frozen=True, slots=True)
class _Make:
    """What must be the same of two videos whose pictures are to lie in one stream."""

    codec: str
    setup: bytes
    size: tuple[int, int]
    colours: str
    ticks: Fraction


@dataclass(frozen=True, slots=True)
class _Course:
    """When a video's pictures are decoded, in ticks: they may come before they are shown.

    Attributes:
        first: When the first one is, counted from the beginning.
        last: When the last one is, counted from the end.
        wrong: What stands against taking the pictures as they are, "" for nothing.
    """

    first: int = 0
    last: int = 0
    wrong: str = ""


def differing(first: Path, *others: Path) -> str:
    """Say why videos cannot be joined as they are, "" when they can.

    Raises:
        Fault: GARBLED: one is not a whole video. LOCAL: our own disk.
    """
    make, before = _described(first)
    if before.wrong:
        return f"{first.name} {before.wrong}"
    for path in others:
        other, course = _described(path)
        if course.wrong:
            return f"{path.name} {course.wrong}"
        if said := _unlike(other, make):
            return f"{path.name} has {said} than {first.name}"
        if before.last >= course.first:
            return f"{path.name} has its pictures in another order than the video before it"
        before = course
    return ""


def _described(path: Path) -> tuple[_Make, _Course]:
    """Say how a video is made and when it is decoded."""
    with reel.opened(path) as shown:
        stream = shown.stream
        context = stream.codec_context
        make = _Make(
            codec=context.name,
            setup=bytes(context.extradata or b""),
            size=(stream.width, stream.height),
            colours=str(context.pix_fmt),
            ticks=stream.time_base or Fraction(1),
        )
        return make, _course(shown)


def _course(shown: reel.Reel) -> _Course:
    start = end = shown.stream.start_time or 0
    times: list[int] = []
    for packet in _packets(shown):
        if packet.is_discard:
            return _Course(wrong="leaves out pictures that it holds")
        if packet.pts is None or packet.dts is None or (times and packet.dts <= times[-1]):
            return _Course(wrong="has pictures without a time")
        if not times and not packet.is_keyframe:
            return _Course(wrong="begins in the middle of a picture")
        end = max(end, packet.pts + (packet.duration or 0))
        times.append(packet.dts)
    if not times:
        return _Course(wrong="has no picture")
    return _Course(times[0] - start, times[-1] - end)


def _unlike(one: _Make, other: _Make) -> str:
    """Say in what two differ, "" for nothing."""
    if one.codec != other.codec:
        return "another compression"
    if one.size != other.size:
        return "another size"
    if one != other:
        return "other settings of its compression"
    return ""


def _packets(shown: reel.Reel) -> "Iterator[Packet[VideoStream]]":
    for packet in shown.container.demux(shown.stream):
        if packet.size:
            yield packet


def join(target: Path, pictures: Sequence[Path], sounds: Sequence[Path]) -> None:
    """Write videos that do not differ one behind the other.

    Args:
        target: Where the joined video goes; replaced.
        pictures: The videos whose pictures are shown, in order.
        sounds: The videos whose sound is heard, as many; those without one are silent.

    Raises:
        Fault: GARBLED: one is not a whole video, or they differ. LOCAL: our own disk.
    """
    loud = [_loud(path) for path in sounds]
    with muxed(target, _MUXER) as mux:
        joint = _Joint(mux, loud=any(loud))
        for picture, sound, has in zip(pictures, sounds, loud, strict=True):
            joint.add_picture(picture)
            joint.add_sound(sound if has else None)
        joint.end()


def _loud(path: Path) -> bool:
    """Whether a video has sound that can be decoded."""
    with reel.opened(path) as shown:
        return any(each.codec_context is not None for each in shown.container.streams.audio)


class _Joint:
    """A joined video that grows."""

    def __init__(self, mux: Mux, *, loud: bool) -> None:
        self._mux, self._loud = mux, loud
        self._shown: VideoStream | None = None
        self._heard: AudioStream | None = None
        self._length = Fraction(0)  # of all pictures so far, seconds
        self._samples = 0  # of all sound so far

    def add_picture(self, path: Path) -> None:
        """Show a video's pictures behind those before."""
        with reel.opened(path) as shown:
            stream = shown.stream
            out = self._stream(stream)
            ticks = stream.time_base or Fraction(1)
            behind = round(self._length / ticks)
            start = stream.start_time or 0
            end = start
            for packet in _packets(shown):
                assert packet.pts is not None
                assert packet.dts is not None
                end = max(end, packet.pts + (packet.duration or 0))
                packet.pts += behind - start
                packet.dts += behind - start
                packet.stream = out
                self._mux.write(packet)
            self._length += (end - start) * ticks

    def _stream(self, template: "VideoStream") -> "VideoStream":
        """Give the stream of all pictures; streams are made before anything is written."""
        if self._shown is None:
            self._shown = self._mux.container.add_stream_from_template(template, opaque=True)
            self._shown.time_base = template.time_base
            if self._loud:
                self._heard = self._mux.container.add_stream("aac", rate=_RATE, layout="stereo")
                self._heard.bit_rate = 192_000
        return self._shown

    def add_sound(self, path: Path | None) -> None:
        """Let a video's sound be heard as long as its picture is shown; None: silence."""
        if self._heard is None:
            return
        left = round(self._length * _RATE) - self._samples
        if path:
            with reel.opened(path) as shown:
                left -= self._from(shown, left)
        while left > 0:
            left -= self._hear(_silent(min(left, _SILENCE_SAMPLES)))

    def _from(self, shown: reel.Reel, most: int) -> int:
        """Take so many samples of a video's sound, if it has so many; give how many."""
        import av  # noqa: PLC0415

        resampler = av.AudioResampler("fltp", "stereo", _RATE)
        fifo, taken = av.AudioFifo(), 0
        for frame in shown.container.decode(shown.container.streams.audio[0]):
            for each in resampler.resample(frame):
                each.pts = None
                fifo.write(each)
            taken += self._drained(fifo, most - taken)
            if taken == most:
                break
        return taken

    def _drained(self, fifo: "AudioFifo", most: int) -> int:
        count = min(fifo.samples, most)
        frame = fifo.read(count) if count else None
        return self._hear(frame) if frame else 0

    def _hear(self, frame: "AudioFrame") -> int:
        """Encode some samples; give how many."""
        assert self._heard is not None
        frame.pts, frame.time_base = self._samples, Fraction(1, _RATE)
        frame.sample_rate = _RATE
        self._samples += frame.samples
        self._mux.write(*self._heard.encode(frame))
        return frame.samples

    def end(self) -> None:
        """Write what the encoder still has."""
        if self._heard is not None:
            self._mux.write(*self._heard.encode(None))


def _silent(samples: int) -> Any:
    import av  # noqa: PLC0415

    frame = av.AudioFrame(format="fltp", layout="stereo", samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame

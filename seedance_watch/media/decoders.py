"""What is asked of decoders, wherever they run; their libraries are loaded only there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip, ImageLimits, Picture, Role
from seedance_watch.media.workers import Do, directly


@dataclass(frozen=True, slots=True)
class Decoders:
    """Pictures made to fit, videos proved to be whole; blocking.

    Attributes:
        do: Does the calls, in this process or another.
    """

    do: Do = directly

    def whole(self, path: Path) -> bool:
        """Say whether an image has arrived; see images.whole.

        True for one that kills its decoder as well: preparing says so.

        Raises:
            OSError: It cannot be read.
        """
        try:
            return self.do(FaultKind.REFUSED, _whole, path)
        except Fault:
            return True

    def prepare(
        self, source: Path, *, stem: str, role: Role, limits: ImageLimits, keep_metadata: bool
    ) -> Picture:
        """Make an original fit the model, beside it; see images.prepare.

        Raises:
            Fault: REFUSED: it cannot be used, or kills its decoder. LOCAL: our own machine.
        """
        return self.do(FaultKind.REFUSED, _prepare, source, stem, role, limits, keep_metadata)

    def measure(self, source: Path, limits: ImageLimits) -> tuple[tuple[int, int], str]:
        """Say how large a picture will be sent, and its SHA-256; see images.measure.

        Raises:
            Fault: As for prepare.
        """
        said = str(self.do(FaultKind.REFUSED, _measure, source, limits)).split()
        if len(said) != 3 or not (said[0].isdecimal() and said[1].isdecimal()):
            raise Fault(FaultKind.REFUSED, f"the image {source.name!r} has no size")
        return (int(said[0]), int(said[1])), said[2]

    def verify(self, path: Path, *, max_bytes: int, parts: int = 1) -> Clip:
        """Decode a video from its first to its last frame; see videos.verify.

        Raises:
            Fault: GARBLED: not a whole video, or kills its decoder. LOCAL: our own machine.
        """
        return self.do(FaultKind.GARBLED, _verify, path, max_bytes, parts)

    def poster(self, video: Path, target: Path) -> None:
        """Write a small JPEG of a video to a path, replacing what is there; see stills.poster.

        Raises:
            Fault: GARBLED: not a whole video, or kills its decoder. LOCAL: our own machine.
        """
        self.do(FaultKind.GARBLED, _poster, video, target)

    def last_frame(self, video: Path, target: Path) -> None:
        """Write the last frame of a video as a PNG, replacing what is there; see frames.py.

        Raises:
            Fault: GARBLED: not a whole video, or kills its decoder. LOCAL: our own machine.
        """
        self.do(FaultKind.GARBLED, _last_frame, video, target)

    def thumbnail(self, image: Path, target: Path, *, longest_px: int) -> None:
        """Write a small JPEG of a picture to a path, replacing what is there.

        Raises:
            Fault: As for prepare.
        """
        self.do(FaultKind.REFUSED, _thumbnail, image, target, longest_px)

    def preview(self, video: Path, target: Path, *, kind: str) -> None:
        """Write a small animation ("webp", "gif") of a video, replacing what is there.

        Raises:
            Fault: As for poster.
        """
        self.do(FaultKind.GARBLED, _preview, video, target, kind)

    def differing(self, videos: Sequence[Path]) -> str:
        """Say why videos cannot be joined as they are, "" when they can.

        Raises:
            Fault: As for poster.
        """
        return self.do(FaultKind.GARBLED, _differing, *videos)

    def level(self, videos: Sequence[Path], targets: Sequence[Path]) -> None:
        """Encode videos again, so that they can be joined; see levelling.level.

        Raises:
            Fault: As for poster.
        """
        like = self.do(FaultKind.GARBLED, _size, videos[0])
        for video, target in zip(videos, targets, strict=True):
            self.do(FaultKind.GARBLED, _level, video, target, like)

    def join(self, target: Path, pictures: Sequence[Path], sounds: Sequence[Path]) -> None:
        """Write videos that do not differ one behind the other; see joining.join.

        Raises:
            Fault: As for poster.
        """
        self.do(FaultKind.GARBLED, _join, target, tuple(pictures), tuple(sounds))


def _whole(path: Path) -> bool:
    from seedance_watch.media import images  # noqa: PLC0415 - only where it runs

    return images.whole(path)


def _prepare(
    source: Path, stem: str, role: Role, limits: ImageLimits, keep_metadata: bool
) -> Picture:
    from seedance_watch.media import images  # noqa: PLC0415 - only where it runs

    return images.prepare(
        source,
        source.parent,
        stem=stem,
        role=role,
        limits=limits,
        keep_metadata=keep_metadata,
    )


def _measure(source: Path, limits: ImageLimits) -> str:
    from seedance_watch.media import images  # noqa: PLC0415 - only where it runs

    (width, height), sha256 = images.measure(source, limits)
    return f"{width} {height} {sha256}"  # an answer of a process is JSON


def _verify(path: Path, max_bytes: int, parts: int) -> Clip:
    from seedance_watch.media import videos  # noqa: PLC0415 - only where it runs

    return videos.verify(path, max_bytes=max_bytes, parts=parts)


def _poster(video: Path, target: Path) -> None:
    from seedance_watch.media import stills  # noqa: PLC0415 - only where it runs

    stills.poster(video, target)


def _preview(video: Path, target: Path, kind: str) -> None:
    from seedance_watch.media import animation  # noqa: PLC0415 - only where it runs

    animation.preview(video, target, kind=kind)


def _differing(first: Path, *others: Path) -> str:
    from seedance_watch.media import joining  # noqa: PLC0415 - only where it runs

    return joining.differing(first, *others)


def _size(video: Path) -> str:
    from seedance_watch.media import levelling  # noqa: PLC0415 - only where it runs

    return levelling.size(video)


def _level(video: Path, target: Path, like: str) -> None:
    from seedance_watch.media import levelling  # noqa: PLC0415 - only where it runs

    levelling.level(video, target, like=like)


def _join(target: Path, pictures: Sequence[Path], sounds: Sequence[Path]) -> None:
    from seedance_watch.media import joining  # noqa: PLC0415 - only where it runs

    joining.join(target, pictures, sounds)


def _last_frame(video: Path, target: Path) -> None:
    from seedance_watch.media import frames  # noqa: PLC0415 - only where it runs

    frames.last_frame(video, target)


def _thumbnail(image: Path, target: Path, longest_px: int) -> None:
    from seedance_watch.media import stills  # noqa: PLC0415 - only where it runs

    stills.thumbnail(image, target, longest_px=longest_px)

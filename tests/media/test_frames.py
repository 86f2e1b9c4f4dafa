"""The last frame of a video: the one that players end with, to the pixel."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import av
import pictures
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.media.decoders import Decoders
from seedance_watch.media.workers import Workers

GREYS = [Image.new("RGB", (320, 180), (value, value, value)) for value in range(0, 240, 10)]


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    workers = Workers()
    yield Decoders(workers.do)
    workers.close()


def last_shown(video: Path) -> Image.Image:
    """Give the frame with the latest time, whatever order they are decoded in."""
    with av.open(str(video)) as container:
        frames = list(container.decode(video=0))
    return max(frames, key=lambda frame: frame.pts or 0).to_image()


OPTIONS = {
    "usual": {},
    "all forward": {"bf": "0", "g": "250"},
    "far back": {"bf": "8", "g": "250", "b_strategy": "0"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_the_last_frame_is_the_one_shown_last(
    decoders: Decoders, tmp_path: Path, options: dict[str, str]
) -> None:
    """Frames that were stored out of order do not lead astray."""
    video, target = tmp_path / "shot.mp4", tmp_path / "shot.png"
    video.write_bytes(pictures.video(GREYS, options=options))

    decoders.last_frame(video, target)

    with Image.open(target) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (320, 180))
        assert image.tobytes() == last_shown(video).tobytes()
        assert abs(image.getpixel((9, 9))[0] - 230) < 6  # type: ignore[index]


@pytest.mark.parametrize(
    ("size", "meant"), [((1280, 720), Colorspace.ITU709), ((640, 360), Colorspace.ITU601)]
)
def test_colours_are_those_that_players_show(
    decoders: Decoders, tmp_path: Path, size: tuple[int, int], meant: Colorspace
) -> None:
    """A video that does not say how they are meant is taken as players take it, by its size."""
    video, target = tmp_path / "shot.mp4", tmp_path / "shot.png"
    video.write_bytes(pictures.video([Image.new("RGB", size, (200, 40, 90))] * 3))
    with av.open(str(video)) as container:
        *_, last = container.decode(video=0)
    assert last.colorspace == 2

    decoders.last_frame(video, target)

    expected = last.reformat(format="rgb24", src_colorspace=meant).to_image()
    with Image.open(target) as image:
        assert image.tobytes() == expected.tobytes()


def test_the_same_video_gives_the_same_bytes(decoders: Decoders, tmp_path: Path) -> None:
    """What is bought for them is bought once, also after a crash."""
    video = tmp_path / "shot.mp4"
    video.write_bytes(pictures.video(GREYS, sound=True))
    for name in ("one.png", "two.png"):
        decoders.last_frame(video, tmp_path / name)
        video.write_bytes(video.read_bytes())

    found = {hashlib.sha256(path.read_bytes()).digest() for path in tmp_path.glob("*.png")}
    assert len(found) == 1


def test_a_broken_video_has_no_last_frame(decoders: Decoders, tmp_path: Path) -> None:
    """It is a fault of the video, and nothing is written."""
    (tmp_path / "shot.mp4").write_bytes(b"no video")

    with pytest.raises(Fault, match=r"shot\.mp4") as caught:
        decoders.last_frame(tmp_path / "shot.mp4", tmp_path / "shot.png")

    assert caught.value.kind is FaultKind.GARBLED
    assert not (tmp_path / "shot.png").exists()

"""Small animations: they play, and they are small."""

import os
from pathlib import Path

import av
import pictures
import pytest
from PIL import Image, ImageSequence

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.media import animation


def shown(path: Path) -> tuple[int, int, set[tuple[int, int]]]:
    """Play an animation: give its pictures, its milliseconds, and its sizes."""
    frames = []
    with Image.open(path) as image:
        for each in ImageSequence.Iterator(image):
            each.load()
            frames.append((each.info["duration"], each.size))
        assert image.info["loop"] == 0
    return len(frames), sum(lasts for lasts, _ in frames), {size for _, size in frames}


@pytest.mark.parametrize("kind", ["webp", "gif"])
@pytest.mark.parametrize("count", [1, 2, 25, 48])
def test_an_animation_plays_as_long_as_the_video(tmp_path: Path, kind: str, count: int) -> None:
    """However short it is; for ever, and no larger than the video."""
    (tmp_path / "shot.mp4").write_bytes(pictures.video(pictures.moving(count)))

    animation.preview(tmp_path / "shot.mp4", tmp_path / "small", kind=kind)

    if count > 2:
        frames, lasts_ms, sizes = shown(tmp_path / "small")
        assert abs(frames - count * 1000 / (24 * 80)) < 1
        assert abs(lasts_ms - count * 1000 / 24) < 80
        assert sizes == {(320, 180)}
    with Image.open(tmp_path / "small") as image:
        image.load()


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_a_long_large_video_stays_small(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise is the worst that can be: few enough bytes, ten seconds at most."""
    monkeypatch.setattr(animation, "MOST_BYTES", 40_000)
    _noise(tmp_path / "shot.mp4", seconds=11)

    animation.preview(tmp_path / "shot.mp4", tmp_path / "small", kind=kind)

    _, lasts_ms, [size] = shown(tmp_path / "small")
    assert (tmp_path / "small").stat().st_size <= animation.MOST_BYTES
    assert lasts_ms <= 1000 * animation.LONGEST_S + 160
    assert max(size) <= 480


def _noise(path: Path, *, seconds: int) -> None:
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=13, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 48, 320, "yuv420p"
        for _ in range(13 * seconds):
            frame = av.VideoFrame(48, 320, "yuv420p")
            for plane in frame.planes:
                plane.update(os.urandom(plane.buffer_size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_the_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    """A repetition after a crash finds equal bytes already there."""
    (tmp_path / "shot.mp4").write_bytes(pictures.video(pictures.moving(24)))
    made = []
    for _ in range(2):
        for kind in ("webp", "gif"):
            animation.preview(tmp_path / "shot.mp4", tmp_path / "small", kind=kind)
            made.append((tmp_path / "small").read_bytes())

    assert made[:2] == made[2:]


def test_what_is_no_video_has_no_animation(tmp_path: Path) -> None:
    """The reason names it; nothing is written."""
    (tmp_path / "shot.mp4").write_bytes(b"no video")

    with pytest.raises(Fault, match=r"shot\.mp4") as caught:
        animation.preview(tmp_path / "shot.mp4", tmp_path / "small", kind="gif")

    assert FaultKind.GARBLED is caught.value.kind
    assert not (tmp_path / "small").exists()

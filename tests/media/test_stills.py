"""Small pictures for people to look at."""

from collections.abc import Iterator
from pathlib import Path

import pictures
import pytest
from PIL import Image

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.media.decoders import Decoders
from seedance_watch.media.workers import Workers


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    workers = Workers()
    yield Decoders(workers.do)
    workers.close()


def test_a_poster_shows_the_middle(decoders: Decoders, tmp_path: Path) -> None:
    """It shows what became of the picture, not the picture; one key frame or many."""
    grey = [Image.new("RGB", (1280, 720), (value, value, value)) for value in range(0, 240, 10)]
    (tmp_path / "shot.mp4").write_bytes(pictures.video(grey))

    decoders.poster(tmp_path / "shot.mp4", tmp_path / "shot.jpg")

    with Image.open(tmp_path / "shot.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (640, 360))
        assert abs(image.getpixel((320, 180))[0] - 120) < 6  # type: ignore[index]


def test_a_broken_video_has_no_poster(decoders: Decoders, tmp_path: Path) -> None:
    """It is a fault of the video, and nothing is written."""
    (tmp_path / "shot.mp4").write_bytes(b"no video")

    with pytest.raises(Fault, match=r"shot\.mp4") as caught:
        decoders.poster(tmp_path / "shot.mp4", tmp_path / "shot.jpg")

    assert FaultKind.GARBLED is caught.value.kind
    assert not (tmp_path / "shot.jpg").exists()


ANY = {
    "turned.jpg": pictures.saved(
        pictures.scene(), "JPEG", quality=95, exif=pictures.camera_exif(3).tobytes()
    ),
    "deep.png": pictures.png_rgb16(),
    "phone.heic": pictures.heic(pictures.scene()),
    "old.gif": pictures.saved(pictures.scene(), "GIF"),
    "clear.webp": pictures.saved(pictures.scene().convert("RGBA"), "WEBP"),
}


@pytest.mark.parametrize("name", ANY)
def test_every_picture_has_a_thumbnail(decoders: Decoders, tmp_path: Path, name: str) -> None:
    """Whatever is accepted as a picture can be shown, small."""
    (tmp_path / name).write_bytes(ANY[name])

    decoders.thumbnail(tmp_path / name, tmp_path / "small", longest_px=160)

    with Image.open(tmp_path / "small") as image:
        assert (image.format, max(image.size)) == ("JPEG", 160)
        assert image.getexif() == {}


def test_a_thumbnail_stands_upright(decoders: Decoders, tmp_path: Path) -> None:
    """A phone's picture is turned as its camera was held."""
    (tmp_path / "x.jpg").write_bytes(ANY["turned.jpg"])

    decoders.thumbnail(tmp_path / "x.jpg", tmp_path / "small", longest_px=320)

    with Image.open(tmp_path / "small") as image:
        seen = pictures.corners(image)
    assert pictures.near(seen, [*pictures.CORNERS[2:], *pictures.CORNERS[:2]])


def test_what_is_no_picture_has_no_thumbnail(decoders: Decoders, tmp_path: Path) -> None:
    """The reason names it; nothing is written."""
    (tmp_path / "x.png").write_bytes(b"no picture at all, whatever its name says")

    with pytest.raises(Fault, match=r"x\.png") as caught:
        decoders.thumbnail(tmp_path / "x.png", tmp_path / "small", longest_px=160)

    assert FaultKind.REFUSED is caught.value.kind
    assert not (tmp_path / "small").exists()

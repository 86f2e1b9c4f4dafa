"""Metadata is removed without touching a pixel or any other byte of the picture."""

import struct
from pathlib import Path

import pictures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from seedance_watch.media import exif

SCENE = pictures.scene()
PLACE = "EXIF with GPS position"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>by me, at home</x:xmpmeta>"
SECRETS = (b"Lens & Sons", b"by me", b"secret", b"Exif\0")
PLAIN = {
    "jpg": pictures.saved(SCENE, "JPEG", icc_profile=pictures.srgb_profile()),
    "png": pictures.saved(SCENE, "PNG", icc_profile=pictures.srgb_profile()),
    "webp": pictures.saved(SCENE, "WEBP", icc_profile=pictures.srgb_profile()),
}


def segment(code: int, body: bytes) -> bytes:
    return b"\xff" + bytes([code]) + struct.pack(">H", len(body) + 2) + body


def riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def loaded_jpeg() -> bytes:
    """Give a JPEG with everything that cameras and programs hang into one."""
    plain = PLAIN["jpg"]
    block = b"Exif\0\0" + pictures.camera_exif().tobytes().removeprefix(b"Exif\0\0")
    extras = (
        segment(0xE1, block)
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
        + segment(0xED, b"Photoshop 3.0\0 secret")
        + segment(0xEB, b"JP secret")
        + segment(0xE2, b"MPF\0 secret")
        + segment(0xFE, b"secret comment")
    )
    return plain[:2] + extras + plain[2:] + b"secret second picture"


def loaded_png() -> bytes:
    """Give a PNG with EXIF, texts, a time and a tail."""
    plain = PLAIN["png"]
    block = pictures.camera_exif().tobytes().removeprefix(b"Exif\0\0")
    extras = (
        pictures.chunk(b"eXIf", block)
        + pictures.chunk(b"tEXt", b"Comment\0secret")
        + pictures.chunk(b"tIME", bytes(7))
    )
    return plain[:33] + extras + plain[33:] + b"secret tail"


def loaded_webp() -> bytes:
    """Give a WebP with EXIF and XMP."""
    exif_block = pictures.camera_exif()
    profile = pictures.srgb_profile()
    return pictures.saved(SCENE, "WEBP", exif=exif_block, xmp=XMP, icc_profile=profile)


LOADED = {"jpg": loaded_jpeg(), "png": loaded_png(), "webp": loaded_webp()}


@pytest.mark.parametrize("kind", LOADED)
def test_metadata_goes_and_every_other_byte_stays(tmp_path: Path, kind: str) -> None:
    """What is sent is exactly the file that never had metadata, colour profile included."""
    picture = pictures.prepared(tmp_path, f"shot.{kind}", LOADED[kind])

    content = (tmp_path / picture.name).read_bytes()
    assert PLAIN[kind] == content
    assert f"job.image.{kind}" == picture.name
    assert len(picture.steps) == 1
    assert picture.steps[0].startswith("removed ")
    assert PLACE in picture.steps[0]
    assert not any(secret in content for secret in SECRETS)


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")
@pytest.mark.parametrize("kind", LOADED)
def test_pixels_are_the_same_before_and_after(tmp_path: Path, kind: str) -> None:
    """Nothing is encoded again only because metadata was there."""
    picture = pictures.prepared(tmp_path, f"shot.{kind}", LOADED[kind])

    with (
        Image.open(tmp_path / f"shot.{kind}") as before,
        Image.open(tmp_path / picture.name) as now,
    ):
        assert before.convert("RGB").tobytes() == now.convert("RGB").tobytes()


@pytest.mark.parametrize("kind", LOADED)
def test_metadata_is_kept_where_it_is_asked_for(tmp_path: Path, kind: str) -> None:
    """With keep_metadata the original itself is sent."""
    picture = pictures.prepared(tmp_path, f"shot.{kind}", LOADED[kind], keep_metadata=True)

    assert (f"shot.{kind}", ()) == (picture.name, picture.steps)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_a_converted_picture_has_no_metadata(tmp_path: Path, form: str) -> None:
    """Encoders copy nothing along by themselves."""
    content = pictures.saved(SCENE, form, exif=pictures.camera_exif(3))

    picture = pictures.prepared(tmp_path, "shot", content)

    removed = "removed EXIF" if form == "TIFF" else f"removed {PLACE}"  # Pillow writes it no GPS
    assert any(step.startswith(removed) for step in picture.steps), picture.steps
    data = (tmp_path / picture.name).read_bytes()
    assert not any(secret in data for secret in SECRETS)


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp"])
def test_a_turned_picture_keeps_exif_but_not_its_orientation(
    tmp_path: Path, media_type: str
) -> None:
    """With keep_metadata nobody turns the picture a second time."""
    content = pictures.saved(SCENE, "JPEG", exif=pictures.camera_exif(6))
    fits = pictures.limits(media_types=(media_type,))

    picture = pictures.prepared(tmp_path, "s.jpg", content, keep_metadata=True, fits=fits)

    with Image.open(tmp_path / picture.name) as image:
        found = image.getexif()
        assert (found[0x010F], found[0x0112]) == ("Lens & Sons", 1)
        assert found.get_ifd(0x8825)[1] == "N"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [3, 4])
def test_orientation_is_read_and_reset_in_both_byte_orders(order: str, kind: int) -> None:
    """Cameras write short and long numbers, little and big end first."""
    mark = b"II" if order == "<" else b"MM"
    value = struct.pack(order + ("HH" if kind == 3 else "I"), *((8, 0) if kind == 3 else (8,)))
    entry = struct.pack(order + "HHI", 0x0112, kind, 1) + value
    block = mark + struct.pack(order + "HIH", 42, 8, 1) + entry + bytes(4)

    assert exif.orientation(block) == 8
    assert exif.orientation(exif.upright(block)) == 1
    assert len(block) == len(exif.upright(block))


@given(
    block=st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda rest: b"II*\0\x08\0\0\0" + rest)
)
def test_broken_exif_says_nothing(block: bytes) -> None:
    """Nonsense never raises, never turns a picture, never gets longer."""
    assert exif.orientation(block) in range(1, 9)
    assert len(exif.upright(block)) == len(block)
    assert exif.has_position(block) in {True, False}


def test_a_corrupt_exif_block_costs_nobody_a_video(tmp_path: Path) -> None:
    """It is removed like any other, without a warning."""
    plain = PLAIN["jpg"]
    broken = segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage")

    picture = pictures.prepared(tmp_path, "s.jpg", plain[:2] + broken + plain[2:])

    assert plain == (tmp_path / picture.name).read_bytes()


def test_the_adobe_marker_stays(tmp_path: Path) -> None:
    """It says how colours were transformed; without it they would be wrong."""
    rgb = PLAIN["jpg"][:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\1") + PLAIN["jpg"][2:]

    picture = pictures.prepared(tmp_path, "s.jpg", rgb)

    assert (picture.name, picture.steps) == ("s.jpg", ())

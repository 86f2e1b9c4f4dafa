"""Pictures are made to fit the model, or refused with a reason."""

import hashlib
import io
import os
import random
import struct
import tracemalloc
from pathlib import Path

import pictures
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import ImageLimits, Picture, Role
from seedance_watch.media import decode, images, originals, shapes

SCENE = pictures.scene()
FITTING = {
    "shot.jpg": pictures.saved(SCENE, "JPEG"),
    "shot.jpeg": pictures.saved(SCENE, "JPEG", progressive=True),
    "grey.jpg": pictures.saved(SCENE.convert("L"), "JPEG"),
    "shot.png": pictures.saved(SCENE, "PNG"),
    "SHOT.PNG": pictures.saved(SCENE, "PNG"),
    "opaque.png": pictures.saved(SCENE.convert("RGBA"), "PNG"),
    "profile.jpg": pictures.saved(SCENE, "JPEG", icc_profile=pictures.srgb_profile()),
    "shot.webp": pictures.saved(SCENE, "WEBP"),
    "lossless.webp": pictures.saved(SCENE, "WEBP", lossless=True),
}


def sent(folder: Path, picture: Picture) -> Image.Image:
    """Open what will be sent."""
    image = Image.open(io.BytesIO((folder / picture.name).read_bytes()))
    image.load()
    return image


def refusal(folder: Path, name: str, content: bytes, **given: object) -> Fault:
    """Prepare what must be refused."""
    with pytest.raises(Fault) as caught:
        pictures.prepared(folder, name, content, **given)  # type: ignore[arg-type]
    assert FaultKind.REFUSED is caught.value.kind
    assert repr(name) in caught.value.reason
    assert [name] == [path.name for path in folder.iterdir()], "nothing is written"
    return caught.value


def prepare(source: Path) -> Picture:
    """Prepare what lies there already, or does not."""
    return images.prepare(
        source,
        source.parent,
        stem="job.image",
        role=pictures.Role.IMAGE,
        limits=ImageLimits(),
        keep_metadata=False,
    )


@pytest.mark.parametrize("name", FITTING)
def test_what_fits_passes_through_untouched(tmp_path: Path, name: str) -> None:
    """The original itself is sent, and no second file appears."""
    picture = pictures.prepared(tmp_path, name, FITTING[name])

    assert (name, ()) == (picture.name, picture.steps)
    assert [name] == [path.name for path in tmp_path.iterdir()]
    assert FITTING[name] == (tmp_path / name).read_bytes()
    assert (picture.width_px, picture.height_px) == (640, 400)
    assert len(FITTING[name]) == picture.size_bytes


CONVERTED = {
    "tiff": (pictures.saved(SCENE, "TIFF"), "from TIFF"),
    "lzw": (pictures.saved(SCENE, "TIFF", compression="tiff_lzw"), "from TIFF"),
    "bmp": (pictures.saved(SCENE, "BMP"), "from BMP"),
    "gif": (pictures.saved(SCENE, "GIF"), "from GIF"),
    "avif": (pictures.saved(SCENE, "AVIF"), "from AVIF"),
    "heic": (pictures.heic(SCENE), "from HEIC"),
    "jp2": (pictures.saved(SCENE, "JPEG2000"), "from JPEG 2000"),
    "ppm": (pictures.saved(SCENE, "PPM"), "from PNM"),
    "tga": (pictures.saved(SCENE, "TGA"), "from TGA"),
    "palette": (pictures.saved(SCENE.quantize(64), "PNG"), "palette"),
    "cmyk": (pictures.saved(SCENE.convert("CMYK"), "JPEG"), "from CMYK"),
    "cmyk-tiff": (pictures.saved(SCENE.convert("CMYK"), "TIFF"), "from CMYK"),
    "ycbcr-tiff": (pictures.saved(SCENE.convert("YCbCr"), "TIFF"), "from TIFF"),
    "animated-gif": (
        pictures.saved(SCENE, "GIF", save_all=True, append_images=[SCENE.rotate(90)]),
        "took the first of 2 pictures",
    ),
    "animated-webp": (
        pictures.saved(SCENE, "WEBP", save_all=True, append_images=[SCENE.rotate(90)]),
        "took the first of 2 pictures",
    ),
    "animated-png": (
        pictures.saved(SCENE, "PNG", save_all=True, append_images=[SCENE.rotate(90)]),
        "removed the animation",
    ),
    "pages-tiff": (
        pictures.saved(SCENE, "TIFF", save_all=True, append_images=[SCENE.rotate(90)]),
        "took the first of 2 pictures",
    ),
}


@pytest.mark.parametrize("kind", CONVERTED)
def test_everything_else_is_converted(tmp_path: Path, kind: str) -> None:
    """The picture looks the same, fits the model, and the steps say what was done."""
    content, step = CONVERTED[kind]

    picture = pictures.prepared(tmp_path, f"shot.{kind}", content)
    image = sent(tmp_path, picture)

    assert any(step in said for said in picture.steps), picture.steps
    assert picture.name.startswith("job.image.")
    assert (image.format, "RGB", (640, 400)) == (image.format, image.mode, image.size)
    assert pictures.near(pictures.corners(image), list(pictures.CORNERS), within=40)
    assert content == (tmp_path / f"shot.{kind}").read_bytes(), "the original stays as it is"


def test_deep_colours_become_eight_bits(tmp_path: Path) -> None:
    """A PNG with 16 bits a channel keeps its colours."""
    picture = pictures.prepared(tmp_path, "deep.png", pictures.png_rgb16())

    assert "reduced to 8 bits a channel" in picture.steps
    assert pictures.near(pictures.corners(sent(tmp_path, picture)), [(200, 100, 50)] * 4, within=4)


@pytest.mark.parametrize(("form", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I;16B")])
def test_deep_greys_are_scaled_not_clipped(tmp_path: Path, form: str, mode: str) -> None:
    """Half of 65535 is a middle grey, whichever byte comes first."""
    order = ">" if mode.endswith("B") else "<"
    deep = Image.frombytes(mode, (640, 400), struct.pack(f"{order}H", 128 * 257) * 256_000)

    picture = pictures.prepared(tmp_path, "deep", pictures.saved(deep, form))

    assert pictures.near(
        pictures.corners(sent(tmp_path, picture)), [(128, 128, 128)] * 4, within=2
    )


def test_numbers_between_zero_and_one_are_greys(tmp_path: Path) -> None:
    """A TIFF of floats, as renderers write it, is scaled by its range."""
    floats = Image.new("F", (640, 400), 0.5)
    ImageDraw.Draw(floats).point((0, 0), 1.0)

    picture = pictures.prepared(tmp_path, "depth.tif", pictures.saved(floats, "TIFF"))

    assert pictures.near(
        pictures.corners(sent(tmp_path, picture)), [(127, 127, 127)] * 4, within=2
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_put_on_white(tmp_path: Path, mode: str) -> None:
    """Colours hidden under transparent pixels never come to light."""
    hidden = Image.new("RGBA", (640, 400), (10, 10, 10, 0))
    ImageDraw.Draw(hidden).rectangle([200, 100, 400, 300], fill=(10, 10, 10, 255))

    picture = pictures.prepared(tmp_path, "cut.png", pictures.saved(hidden.convert(mode), "PNG"))
    image = sent(tmp_path, picture).convert("RGB")

    assert "put on white where it was transparent" in picture.steps
    assert pictures.near(pictures.corners(image), [(255, 255, 255)] * 4, within=3)
    assert pictures.near([image.getpixel((300, 200))], [(10, 10, 10)], within=12)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright(tmp_path: Path, form: str, orientation: int) -> None:
    """What a viewer shows upright is sent upright, without relying on EXIF."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transposition that is undone by it
    stored = SCENE.transpose(undo[orientation]) if orientation > 1 else SCENE
    exif = pictures.camera_exif(orientation)

    picture = pictures.prepared(tmp_path, "shot", pictures.saved(stored, form, exif=exif))
    image = sent(tmp_path, picture)

    assert (640, 400) == image.size == (picture.width_px, picture.height_px)
    assert pictures.near(pictures.corners(image), list(pictures.CORNERS), within=40)
    assert not image.getexif()
    turned = [step for step in picture.steps if step.startswith("turned upright")]
    wanted = [f"turned upright (EXIF orientation {orientation})"] if orientation > 1 else []
    assert wanted == turned


def test_a_turned_heic_is_sent_upright(tmp_path: Path) -> None:
    """HEIC says in its own way how it is turned."""
    lying = SCENE.transpose(Image.Transpose.ROTATE_270)

    picture = pictures.prepared(tmp_path, "phone.heic", pictures.heic(lying, turns=1))

    assert (picture.width_px, picture.height_px) == (640, 400)
    assert pictures.near(
        pictures.corners(sent(tmp_path, picture)), list(pictures.CORNERS), within=40
    )


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_colour_profile_is_applied(tmp_path: Path, form: str) -> None:
    """A provider that ignores profiles still shows the right colours."""
    content = pictures.saved(SCENE, form, icc_profile=pictures.swapped_profile())

    picture = pictures.prepared(tmp_path, "wide", content)
    seen = pictures.corners(sent(tmp_path, picture))

    assert any(step.startswith("converted colours from") for step in picture.steps)
    assert seen[0][1] > 200 > seen[0][0], "what was stored as red is green"


def test_a_broken_colour_profile_is_ignored(tmp_path: Path) -> None:
    """Nonsense in a profile costs nobody a video."""
    content = pictures.saved(SCENE, "TIFF", icc_profile=b"nonsense" * 40)

    picture = pictures.prepared(tmp_path, "odd.tif", content)

    assert pictures.near(pictures.corners(sent(tmp_path, picture)), list(pictures.CORNERS))


def test_a_profile_that_does_not_fit_the_pixels_is_not_applied(tmp_path: Path) -> None:
    """A screen's profile says nothing about inks, so the step warns about the colours."""
    content = pictures.saved(SCENE.convert("CMYK"), "JPEG", icc_profile=pictures.srgb_profile())

    picture = pictures.prepared(tmp_path, "print.jpg", content)

    assert any("without a colour profile" in step for step in picture.steps)


def test_lab_colours_are_converted(tmp_path: Path) -> None:
    """A TIFF in Lab, as retouchers keep it, keeps its colours."""
    lab = ImageCms.profileToProfile(
        SCENE, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None

    picture = pictures.prepared(tmp_path, "lab.tif", pictures.saved(lab, "TIFF"))

    assert pictures.near(
        pictures.corners(sent(tmp_path, picture)), list(pictures.CORNERS), within=40
    )


def test_too_many_pixels_are_shrunk(tmp_path: Path) -> None:
    """The longer side meets the limit exactly, the shape stays."""
    content = pictures.saved(pictures.scene((4000, 3000)), "JPEG")

    picture = pictures.prepared(tmp_path, "big.jpg", content, fits=ImageLimits(max_side_px=1999))

    assert (1999, 1499) == (picture.width_px, picture.height_px) == sent(tmp_path, picture).size
    assert "shrunk from 4000x3000 to 1999x1499 pixels to fit the model" in picture.steps
    assert pictures.near(pictures.corners(sent(tmp_path, picture)), list(pictures.CORNERS))


def noise(size: tuple[int, int]) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(7).randbytes(3 * size[0] * size[1]))


def test_too_many_bytes_cost_quality_first(tmp_path: Path) -> None:
    """The picture keeps its pixels as long as the quality bears it."""
    content = pictures.saved(noise((800, 600)), "JPEG", quality=98)
    most = len(content) * 6 // 10

    picture = pictures.prepared(tmp_path, "noise.jpg", content, fits=ImageLimits(max_bytes=most))

    assert picture.size_bytes <= most
    assert (picture.width_px, picture.height_px) == (800, 600)
    assert any("compressed again as JPEG" in step for step in picture.steps)


@pytest.mark.parametrize(
    ("media_type", "most"),
    [("image/jpeg", 90_000), ("image/png", 600_000), ("image/webp", 80_000)],
)
def test_then_too_many_bytes_cost_pixels(tmp_path: Path, media_type: str, most: int) -> None:
    """Whatever the model takes first, the limit of bytes is met."""
    fits = ImageLimits(media_types=(media_type,), max_bytes=most)

    picture = pictures.prepared(
        tmp_path, "n.bmp", pictures.saved(noise((800, 600)), "BMP"), fits=fits
    )

    assert picture.size_bytes <= most
    assert media_type == picture.media_type == sent(tmp_path, picture).get_format_mimetype()
    assert 301 <= picture.height_px < 600


def test_what_cannot_be_made_small_enough_is_refused(tmp_path: Path) -> None:
    """No picture goes below the smallest allowed size."""
    content = pictures.saved(noise((400, 400)), "PNG")

    fault = refusal(tmp_path, "n.png", content, fits=ImageLimits(max_bytes=2_000))

    assert fault.code == "too_large"


def test_a_type_that_the_model_does_not_take_is_converted(tmp_path: Path) -> None:
    """The first of the model's types is what others become."""
    fits = ImageLimits(media_types=("image/png",))

    picture = pictures.prepared(tmp_path, "shot.jpg", FITTING["shot.jpg"], fits=fits)

    assert (picture.media_type, sent(tmp_path, picture).format) == ("image/png", "PNG")


def test_a_wrong_ending_is_mended(tmp_path: Path) -> None:
    """A JPEG called .png is sent under a name that fits."""
    picture = pictures.prepared(tmp_path, "shot.png", FITTING["shot.jpg"])

    assert (picture.name, picture.media_type) == ("job.image.jpg", "image/jpeg")
    assert FITTING["shot.jpg"] == (tmp_path / picture.name).read_bytes()
    assert "in spite of its name" in picture.steps[0]


REFUSED = {
    "empty.png": (b"", "empty", "0 bytes"),
    "zeros.jpg": (bytes(50_000), "not_an_image", "zero bytes"),
    "note.png": (b"dear studio, please find attached", "not_an_image", "plain text"),
    "page.jpg": (b"<!DOCTYPE html><title>403</title>", "not_an_image", "web page"),
    "drawing.png": (b"<?xml version='1.0'?><svg/>", "not_an_image", "SVG"),
    "paper.png": (pictures.saved(SCENE, "PDF"), "not_an_image", "PDF"),
    "print.tif": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not_an_image", "PostScript"),
    "layers.png": (b"8BPS\0\1" + bytes(90), "not_an_image", "Photoshop"),
    "clip.jpg": (pictures.video(pictures.moving(2)), "not_an_image", "MP4"),
    "raw.tif": (b"II*\0\x10\0\0\0CR\2\0" + bytes(90), "not_an_image", "camera raw"),
    "noise.png": (random.Random(1).randbytes(5_000), "not_an_image", "no picture format"),
    "small.png": (pictures.saved(pictures.scene((300, 300)), "PNG"), "too_small", "300x300"),
    "wide.png": (pictures.saved(pictures.scene((1000, 320)), "PNG"), "ratio", "796x320"),
    "tall.png": (pictures.saved(pictures.scene((320, 1000)), "PNG"), "ratio", "320x780"),
    "bomb.png": (pictures.png_bomb(50_000, 50_000), "bomb", "2,500 million"),
    "cut.jpg": (FITTING["shot.jpg"][:-900], "truncated", "ends before"),
    "cut.jpeg": (FITTING["shot.jpeg"][:-2], "truncated", "ends before"),
    "cut.png": (FITTING["shot.png"][:-30], "truncated", "ends before"),
    "cut.webp": (FITTING["shot.webp"][:-30], "truncated", "ends before"),
    "cut.tif": (CONVERTED["tiff"][0][:-90_000], "truncated", "ends before"),
    "cut.bmp": (CONVERTED["bmp"][0][:-90_000], "truncated", "ends before"),
    "bad.png": (FITTING["shot.png"].replace(b"IDAT", b"IDAU", 1), "damaged", "checksum"),
    "headless.jpg": (b"\xff\xd8\xff\xd9" + bytes(50), "damaged", "no picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    """The reason names the file, what it is or measures, and the code is stable."""
    content, code, words = REFUSED[name]

    fault = refusal(tmp_path, name, content)

    assert code == fault.code
    assert words in fault.reason


def test_a_raw_file_never_sends_its_thumbnail(tmp_path: Path) -> None:
    """A TIFF whose first picture is only a preview is a camera's raw file."""
    content = pictures.saved(SCENE, "TIFF", tiffinfo={254: 1})

    assert "camera raw" in refusal(tmp_path, "shot.dng", content).reason


def test_a_shape_that_shrinking_makes_too_small_is_refused(tmp_path: Path) -> None:
    """Where both limits cannot hold, the person is told instead of the provider."""
    fits = ImageLimits(max_side_px=600, min_side_px=500, min_ratio=0.1, max_ratio=10)

    assert (
        "crop it"
        in refusal(
            tmp_path, "s.png", pictures.saved(pictures.scene((1500, 1000)), "PNG"), fits=fits
        ).reason
    )


def test_a_missing_original_is_our_own_trouble(tmp_path: Path) -> None:
    """A disk or share that fails says nothing about the wish."""
    with pytest.raises(Fault) as caught:
        prepare(tmp_path / "x")
    assert FaultKind.LOCAL is caught.value.kind


def test_a_full_disk_is_our_own_trouble(tmp_path: Path) -> None:
    """What cannot be written is tried again later."""
    (tmp_path / "job.image.jpg").mkdir()

    with pytest.raises(Fault) as caught:
        pictures.prepared(tmp_path, "shot.bmp", CONVERTED["bmp"][0])
    assert FaultKind.LOCAL is caught.value.kind


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link in the job folder reads and writes nothing outside of it."""
    secret = tmp_path / "elsewhere.jpg"
    secret.write_bytes(FITTING["shot.jpg"])
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "job.image.jpg").symlink_to(secret)

    with pytest.raises(Fault) as caught:
        pictures.prepared(folder, "shot.bmp", CONVERTED["bmp"][0])

    assert FaultKind.LOCAL is caught.value.kind
    assert FITTING["shot.jpg"] == secret.read_bytes()


@pytest.mark.parametrize("kind", ["avif", "heic", "cmyk", "palette", "animated-webp", "tiff"])
def test_the_same_original_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    """After a crash the picture is prepared again, and nobody can tell."""
    first = pictures.prepared(tmp_path, "shot", CONVERTED[kind][0])
    (tmp_path / first.name).write_bytes(b"torn by a crash")

    second = pictures.prepared(tmp_path, "shot", CONVERTED[kind][0])

    assert first == second
    assert second.size_bytes == (tmp_path / second.name).stat().st_size


def test_what_was_written_is_durable_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next event says that the picture is there; a power cut must not take it away."""
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)

    monkeypatch.setattr(os, "fsync", fsync)
    picture = pictures.prepared(tmp_path, "shot.bmp", CONVERTED["bmp"][0])

    assert synced == [picture.name, tmp_path.name]


def test_a_phone_picture_with_a_second_one_behind_it_is_sent_alone(tmp_path: Path) -> None:
    """Phones hang further pictures, with EXIF of their own, behind the first one."""
    content = pictures.saved(SCENE, "MPO", save_all=True, append_images=[SCENE.rotate(180)])

    picture = pictures.prepared(tmp_path, "phone.jpg", content)

    assert picture.media_type == "image/jpeg"
    assert "behind the end of the picture" in picture.steps[0]
    image = sent(tmp_path, picture)
    assert (image.format, image.size) == ("JPEG", (640, 400))
    assert b"MPF" not in (tmp_path / picture.name).read_bytes()


def test_a_large_picture_is_decoded_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded: of the large ones only one is open at a time."""
    monkeypatch.setattr(decode, "_LARGE_PIXELS", 1_000)
    with decode.opened(FITTING["shot.png"]):
        assert decode._LARGE.locked()
    assert not decode._LARGE.locked()


def test_what_is_too_large_for_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of any size is read no further than its limit, and waiting would not mend it."""
    monkeypatch.setattr(originals, "MAX_SOURCE_BYTES", 1_000)

    assert refusal(tmp_path, "b.bmp", CONVERTED["bmp"][0]).code == "too_large"
    assert images.whole(tmp_path / "b.bmp")


def test_a_huge_film_with_a_wrong_ending_costs_no_memory(tmp_path: Path) -> None:
    """Of what is no picture only the beginning is read."""
    film = tmp_path / "film.png"
    film.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 16)
    os.truncate(film, 40_000_000_000)

    tracemalloc.start()
    try:
        assert images.whole(film)
        with pytest.raises(Fault, match="Matroska"):
            prepare(film)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_picture_is_held_once_while_it_is_read(tmp_path: Path) -> None:
    """No more memory is set aside than its file has bytes."""
    (tmp_path / "shot.bmp").write_bytes(b"BM" + bytes(3_000_000))

    tracemalloc.start()
    try:
        content = originals.read(tmp_path / "shot.bmp")
        assert tracemalloc.get_traced_memory()[1] < 3_100_000
    finally:
        tracemalloc.stop()
    assert content == b"BM" + bytes(3_000_000)


def test_too_little_memory_is_our_own_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture is not to blame: it counts as arrived, and is tried again later."""

    def exhausted(_path: Path) -> bytes:
        raise MemoryError

    monkeypatch.setattr(originals, "read", exhausted)

    assert images.whole(tmp_path / "x.png")
    with pytest.raises(Fault) as caught:
        prepare(tmp_path / "x.png")
    assert (caught.value.kind, caught.value.code) == (FaultKind.LOCAL, "memory")


WHOLE = {**FITTING, **{kind: content for kind, (content, _) in CONVERTED.items()}}


@pytest.mark.parametrize("name", WHOLE)
def test_a_complete_picture_is_whole(tmp_path: Path, name: str) -> None:
    """Settling ends at once."""
    (tmp_path / name).write_bytes(WHOLE[name])

    assert images.whole(tmp_path / name)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("name", sorted(set(WHOLE) - {"tga"}))
def test_a_picture_whose_end_is_missing_is_not_whole(
    tmp_path: Path, name: str, share: float
) -> None:
    """A copy that pauses is not taken for finished."""
    content = WHOLE[name]
    (tmp_path / name).write_bytes(content[: int(len(content) * share)])

    assert not images.whole(tmp_path / name)


@pytest.mark.parametrize(
    "content", [b"", bytes(9_000), b"\xff", b"\x89PN", b"RIFF\1\0", b"\0\0\0\x18ft"]
)
def test_an_empty_or_just_begun_file_is_not_whole(tmp_path: Path, content: bytes) -> None:
    """Reserved space and the first bytes of a picture are waited for."""
    (tmp_path / "x").write_bytes(content)

    assert not images.whole(tmp_path / "x")


def test_a_jpeg_with_a_hole_is_not_whole(tmp_path: Path) -> None:
    """Downloaders and shares that write out of order leave zeros between start and end."""
    content = bytearray(pictures.saved(noise((800, 600)), "JPEG"))
    content[20_000:40_000] = bytes(20_000)
    (tmp_path / "x.jpg").write_bytes(content)

    assert not images.whole(tmp_path / "x.jpg")


@pytest.mark.parametrize("name", ["note.png", "paper.png", "clip.jpg", "noise.png", "bomb.png"])
def test_what_is_no_picture_counts_as_whole(tmp_path: Path, name: str) -> None:
    """Waiting would not make it one; preparing says why."""
    (tmp_path / name).write_bytes(REFUSED[name][0])

    assert images.whole(tmp_path / name)


def outcome(folder: Path, content: bytes) -> Picture | Fault:
    """Prepare what may or may not be a picture."""
    (folder / "x").write_bytes(content)
    images.whole(folder / "x")
    try:
        return pictures.prepared(folder, "x", content)
    except Fault as fault:
        return fault


HOSTILE = [*FITTING.values(), *(content for content, _ in CONVERTED.values())]
ONCE = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of Pillow, about broken TIFF tags
@ONCE
@given(content=st.sampled_from(HOSTILE), share=st.floats(0, 1))
def test_a_cut_anywhere_gives_a_picture_or_a_fault(
    tmp_path: Path, content: bytes, share: float
) -> None:
    """No cut crashes anything; a JPEG, PNG or WebP that lacks a byte is never sent."""
    cut = content[: int(len(content) * share)]
    came = outcome(tmp_path, cut)
    if isinstance(came, Fault):
        assert FaultKind.REFUSED is came.kind
    else:
        assert cut == content or content not in FITTING.values()
        assert sent(tmp_path, came).size == (came.width_px, came.height_px)


@pytest.mark.filterwarnings("ignore::UserWarning")
@ONCE
@given(
    content=st.sampled_from(HOSTILE),
    spots=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_flipped_bytes_give_a_picture_or_a_fault(
    tmp_path: Path, content: bytes, spots: list[tuple[float, int]]
) -> None:
    """No damage crashes anything; what comes out can be decoded and fits."""
    hurt = bytearray(content)
    for place, value in spots:
        hurt[int(len(hurt) * place)] = value
    came = outcome(tmp_path, bytes(hurt))
    if isinstance(came, Fault):
        assert FaultKind.REFUSED is came.kind
    else:
        assert sent(tmp_path, came).size == (came.width_px, came.height_px)
        assert came.width_px * came.height_px <= shapes.MAX_PIXELS


@pytest.mark.filterwarnings("ignore::UserWarning")
@ONCE
@given(
    head=st.sampled_from([b"", *(content[:12] for content in HOSTILE)]),
    rest=st.binary(max_size=400),
)
def test_random_bytes_are_refused(tmp_path: Path, head: bytes, rest: bytes) -> None:
    """Behind whatever signature, nonsense is no picture."""
    with pytest.raises(Fault) as caught:
        pictures.prepared(tmp_path, "x", head + rest)
    assert FaultKind.REFUSED is caught.value.kind


def test_measuring_tells_what_preparing_would_make(tmp_path: Path) -> None:
    """The size that is sent and the file's own hash; nothing is written."""
    path = tmp_path / "large.png"
    Image.new("RGB", (8000, 4000)).save(path)
    size, sha256 = images.measure(path, ImageLimits())
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert list(tmp_path.iterdir()) == [path]
    made = images.prepare(
        path, tmp_path, stem="x", role=Role.IMAGE, limits=ImageLimits(), keep_metadata=False
    )
    assert size == (made.width_px, made.height_px)
    path.write_bytes(b"")
    with pytest.raises(Fault, match="is empty"):
        images.measure(path, ImageLimits())

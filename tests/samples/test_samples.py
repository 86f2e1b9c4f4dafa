"""The sample pictures are there, are what paint.py paints, and are fit to be sent."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from seedance_watch import samples
from seedance_watch.core.model import ImageLimits, Role
from seedance_watch.media import images
from seedance_watch.samples import paint


def test_every_painted_picture_can_be_copied(tmp_path: Path) -> None:
    """Names and pictures are one list, and each is a small file."""
    assert set(paint.PICTURES) == set(samples.names())
    for name in samples.names():
        samples.copy(name, tmp_path / name)
        assert 10_000 < (tmp_path / name).stat().st_size < 120_000


@pytest.mark.parametrize("name", samples.names())
def test_what_is_shipped_is_what_is_painted(tmp_path: Path, name: str) -> None:
    """Whoever changes paint.py paints anew; tiny differences are the encoder's."""
    samples.copy(name, tmp_path / name)
    out = tmp_path / f"new-{name}"
    paint.save(name, paint.PICTURES[name](), out)

    shipped = Image.open(io.BytesIO((tmp_path / name).read_bytes())).convert("RGB")
    painted = Image.open(io.BytesIO(out.read_bytes())).convert("RGB")

    assert shipped.size == painted.size
    assert max(ImageStat.Stat(ImageChops.difference(shipped, painted)).mean) < 2


@pytest.mark.parametrize("name", samples.names())
def test_every_sample_can_be_sent(tmp_path: Path, name: str) -> None:
    """The demo's good shots are good."""
    samples.copy(name, tmp_path / name)

    picture = images.prepare(
        tmp_path / name,
        tmp_path,
        stem="job.image",
        role=Role.IMAGE,
        limits=ImageLimits(),
        keep_metadata=False,
    )

    assert (picture.width_px, picture.height_px) in {paint.WIDE, paint.TALL}


def test_one_of_them_stands_upright(tmp_path: Path) -> None:
    """The demo shows that shapes are kept."""
    sizes = {picture().size for name, picture in paint.PICTURES.items() if name.endswith(".png")}

    assert {paint.TALL} == sizes

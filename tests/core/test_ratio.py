"""The shape of a video where nobody asked for one."""

from decimal import Decimal

import pytest

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.model import JobSpec, Money, Picture, Role
from seedance_watch.core.ratio import fitted, nearest

CHOICES = ("16:9", "4:3", "1:1", "3:4", "9:16", "9:21", "adaptive")
LITE = CATALOGUE["rivya", "seedance-1-0-lite"]


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((1280, 720), "16:9"),
        ((720, 1280), "9:16"),
        ((1000, 1000), "1:1"),
        ((800, 600), "4:3"),
        ((600, 800), "3:4"),
        ((700, 1600), "9:21"),
        ((3000, 1000), "16:9"),
    ],
)
def test_the_closest_shape_is_chosen(size: tuple[int, int], shape: str) -> None:
    """Closeness is by proportion, so that wide and tall are treated alike."""
    assert shape == nearest(CHOICES, *size)


def test_words_are_no_shapes() -> None:
    """A choice such as "adaptive" is never chosen, and no choice is no answer."""
    assert nearest(("adaptive", "0:4", "x:y"), 100, 100) is None


def spec(origin: str) -> JobSpec:
    return JobSpec(
        "rivya",
        LITE.id,
        "p",
        {"aspect_ratio": "16:9"},
        {"aspect_ratio": origin},
        Money(Decimal(16), "credits"),
    )


def test_an_upright_picture_makes_an_upright_video() -> None:
    """The model's wide default yields to the picture, and the receipt will say so."""
    picture = Picture(Role.IMAGE, "a.png", "image/png", 720, 1280, 1, "x")
    made = fitted(spec("model default"), LITE, (picture,))

    assert made.params["aspect_ratio"] == "9:16"
    assert made.origins["aspect_ratio"] == "closest to the image"


def test_a_wish_is_never_overruled() -> None:
    """Whoever asked for a shape gets it; without a picture the default stays."""
    picture = Picture(Role.IMAGE, "a.png", "image/png", 720, 1280, 1, "x")
    wished, plain = spec("sidecar"), spec("model default")

    assert wished == fitted(wished, LITE, (picture,))
    assert plain == fitted(plain, LITE, ())

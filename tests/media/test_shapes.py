"""Decisions about sizes, without a single picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.model import ImageLimits
from seedance_watch.media import shapes
from seedance_watch.media.refusals import Unusable

LIMITS = ImageLimits()
SIDES = st.integers(1, 30_000)


@given(size=st.tuples(SIDES, SIDES))
def test_what_is_not_refused_fits_after_shrinking(size: tuple[int, int]) -> None:
    """The size to send always keeps every limit; rounding never breaks the ratio."""
    try:
        shapes.check_shape(size, LIMITS)
    except Unusable:
        return
    width, height = shapes.target(size, LIMITS)
    assert max(width, height) <= LIMITS.max_side_px
    assert min(width, height) >= LIMITS.min_side_px
    assert LIMITS.min_ratio <= width / height <= LIMITS.max_ratio


@given(size=st.tuples(SIDES, SIDES))
def test_the_suggested_crop_would_be_accepted(size: tuple[int, int]) -> None:
    """Whoever does as the message says does not get another message."""
    try:
        shapes.check_shape(size, LIMITS)
    except Unusable as refused:
        words = refused.words
        if refused.code != "ratio":
            return
        wide, high = map(int, words.split("crop it to ")[1].split(" ")[0].split("x"))
        assert LIMITS.min_ratio <= wide / high <= LIMITS.max_ratio
        assert (wide <= size[0], high <= size[1]) == (True, True)


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((8000, 6000), (5999, 4499)),
        ((6000, 8000), (4499, 5999)),
        ((5999, 3000), (5999, 3000)),
        ((6000, 2410), (5999, 2410)),
        ((301, 301), (301, 301)),
    ],
)
def test_only_what_is_too_large_is_shrunk(size: tuple[int, int], sent: tuple[int, int]) -> None:
    """The longer side meets the limit exactly."""
    assert sent == shapes.target(size, LIMITS)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((2491, 1000), "2.491"),  # not 2.49, which is allowed
        ((4099, 10_000), "0.409"),
        ((300, 5000), "at least 301"),
    ],
)
def test_the_measured_value_is_never_shown_as_an_allowed_one(
    size: tuple[int, int], words: str
) -> None:
    """The message has the value that was found, rounded away from what is allowed."""
    with pytest.raises(Unusable, match=words):
        shapes.check_shape(size, LIMITS)


def test_the_largest_phone_pictures_are_decoded_and_bombs_are_not() -> None:
    """200 million pixels is what phones make; more is nobody's picture."""
    shapes.check_pixels((16_320, 12_240))
    with pytest.raises(Unusable, match="at most 200 million"):
        shapes.check_pixels((20_001, 10_000))

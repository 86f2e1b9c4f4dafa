"""Decides about sizes and shapes: pure, and in pixels as a person sees the picture, upright."""

from math import ceil, floor

from seedance_watch.core.model import ImageLimits
from seedance_watch.media.refusals import Unusable

# The largest phone cameras make 16320x12240; four bytes each are 800 MB of memory.
MAX_PIXELS = 200_000_000
# A picture of 100 million pixels with 16 bits a channel, not compressed, and some.
MAX_SOURCE_BYTES = 700_000_000


def check_shape(size: tuple[int, int], limits: ImageLimits) -> None:
    """Refuse with Unusable what no turning, converting or shrinking can mend."""
    width, height = size
    if min(size) < limits.min_side_px:
        raise Unusable(_too_small(size, limits), "too_small")
    if not limits.min_ratio <= width / height <= limits.max_ratio:
        raise Unusable(_misshapen(size, limits), "ratio")
    if min(target(size, limits)) < limits.min_side_px:
        words = (
            f"is {width}x{height} pixels: shrunk until its longer side has "
            f"{limits.max_side_px}, the shorter one would have less than {limits.min_side_px}; "
            f"crop it nearer to a square"
        )
        raise Unusable(words, "ratio")


def check_pixels(size: tuple[int, int]) -> None:
    """Refuse with Unusable what has too many pixels to be decoded safely."""
    if size[0] * size[1] <= MAX_PIXELS:
        return
    words = (
        f"is {size[0]}x{size[1]} pixels, {size[0] * size[1] / 1e6:,.0f} million; "
        f"at most {MAX_PIXELS / 1e6:,.0f} million are decoded: export it smaller"
    )
    raise Unusable(words, "bomb")


def target(size: tuple[int, int], limits: ImageLimits) -> tuple[int, int]:
    """Give the size to send: the same, or shrunk until the longer side fits."""
    longer = max(size)
    if longer <= limits.max_side_px:
        return size
    return scaled(size, limits.max_side_px / longer, limits)


def scaled(size: tuple[int, int], factor: float, limits: ImageLimits) -> tuple[int, int]:
    """Scale a size so that rounding never leaves the model's shape limits."""
    if size[0] < size[1]:
        return _flipped(_scaled(_flipped(size), factor, 1 / limits.min_ratio))
    return _scaled(size, factor, limits.max_ratio)


def _scaled(size: tuple[int, int], factor: float, max_ratio: float) -> tuple[int, int]:
    """Scale a size that is at least as wide as high."""
    width = max(1, round(size[0] * factor))
    height = max(1, round(size[1] * factor))
    while width / height > max_ratio and width > height:
        height += 1
    return width, height


def _flipped(size: tuple[int, int]) -> tuple[int, int]:
    return size[1], size[0]


def _too_small(size: tuple[int, int], limits: ImageLimits) -> str:
    return (
        f"is {size[0]}x{size[1]} pixels, too small: each side must have at least "
        f"{limits.min_side_px}; use a larger one (enlarging here would only blur it)"
    )


def _misshapen(size: tuple[int, int], limits: ImageLimits) -> str:
    width, height = size
    wide = width / height > limits.max_ratio
    crop = (
        (floor(height * limits.max_ratio), height)
        if wide
        else (width, floor(width / limits.min_ratio))
    )
    return (
        f"is {width}x{height} pixels, too {'wide' if wide else 'tall'}: width divided by height "
        f"is {_ratio(width / height, wide=wide)}, the model takes {limits.min_ratio:g} to "
        f"{limits.max_ratio:g}; crop it to {crop[0]}x{crop[1]} or nearer to a square"
    )


def _ratio(ratio: float, *, wide: bool) -> str:
    """Show a ratio so that rounding never makes a refused one look allowed."""
    return f"{(ceil if wide else floor)(ratio * 1000) / 1000:g}"

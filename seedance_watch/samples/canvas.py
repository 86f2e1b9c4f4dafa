"""A canvas twice as fine as the picture that comes of it, so that every edge is smooth."""

import random
from collections.abc import Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Point = tuple[float, float]
_FINE = 2


def between(first: Colour, last: Colour, part: float) -> Colour:
    """Mix two colours; 0 gives the first, 1 the last."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, last, strict=True))
    return red, green, blue


def ridge(
    width: int, base: float, height: float, rough: float, dice: random.Random
) -> list[Point]:
    """Give the outline of a range of mountains by splitting lines at random heights.

    Args:
        width: From 0 to here, in pixels.
        base: Height of its ends.
        height: How far the first split may go.
        rough: What is left of that at each further split; 0.5 is like real rock.
        dice: Where chance comes from.
    """
    heights = [base, base + dice.uniform(-height, height) / 2]
    while len(heights) < 512:
        split = [(a + b) / 2 + dice.uniform(-height, height) for a, b in pairwise(heights)]
        heights = [y for pair in zip(heights, split, strict=False) for y in pair] + heights[-1:]
        height *= rough
    return [(width * i / (len(heights) - 1), y) for i, y in enumerate(heights)]


class Canvas:
    """Something to paint on, in the pixels of the finished picture."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._image = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE))

    def done(self) -> Image.Image:
        """Give the finished picture."""
        return self._image.resize(self.size, Image.Resampling.LANCZOS)

    def fade(self, stops: Sequence[tuple[float, Colour]], top: int, bottom: int) -> None:
        """Fill from top to bottom with colours that stand at parts of the way."""
        draw, wide = ImageDraw.Draw(self._image), self._image.width
        for y in range(top * _FINE, bottom * _FINE):
            part = (y / _FINE - top) / (bottom - top)
            draw.line([(0, y), (wide, y)], fill=_at(stops, part))

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """Fill a polygon."""
        ImageDraw.Draw(self._image).polygon(_fine(points), fill=colour)

    def disk(self, centre: Point, radius: float, colour: Colour, *, flat: float = 1.0) -> None:
        """Fill a circle, or an ellipse that is flatter by a factor."""
        x, y = centre
        box = [(x - radius, y - radius * flat), (x + radius, y + radius * flat)]
        ImageDraw.Draw(self._image).ellipse(_fine(box), fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float = 1.0) -> None:
        """Draw a line."""
        ImageDraw.Draw(self._image).line(_fine(points), fill=colour, width=round(width * _FINE))

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Add light that fades away from a point."""
        side = round(radius * _FINE)
        fall = Image.radial_gradient("L").resize((2 * side, 2 * side))
        fall = fall.point([round(strength * max(0, 1 - v / 181) ** 2 * 255) for v in range(256)])
        mask = Image.new("L", self._image.size)
        mask.paste(fall, (round(centre[0] * _FINE) - side, round(centre[1] * _FINE) - side))
        light = Image.composite(
            Image.new("RGB", self._image.size, colour), Image.new("RGB", self._image.size), mask
        )
        self._image = ImageChops.screen(self._image, light)

    def veil(self, points: Sequence[Point], colour: Colour, strength: float, soft: float) -> None:
        """Lay a soft, half transparent polygon over what is there."""
        mask = Image.new("L", self._image.size)
        ImageDraw.Draw(mask).polygon(_fine(points), fill=round(255 * strength))
        blurred = mask.filter(ImageFilter.GaussianBlur(soft * _FINE))
        self._image.paste(colour, mask=blurred)

    def mist(self, colour: Colour, top: int, bottom: int, strength: float) -> None:
        """Lay mist over the picture that grows from nothing at the top to full at the bottom."""
        ramp = Image.linear_gradient("L").resize((self.size[0] * _FINE, (bottom - top) * _FINE))
        mask = Image.new("L", self._image.size)
        mask.paste(ramp.point([round(v * strength) for v in range(256)]), (0, top * _FINE))
        self._image.paste(colour, mask=mask)

    def mirror(self, level: int, tint: Colour, strength: float) -> None:
        """Show what is above a level upside down below it, tinted."""
        high = (self.size[1] - level) * _FINE
        above = self._image.crop((0, level * _FINE - high, self._image.width, level * _FINE))
        below = above.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        below = Image.blend(below, Image.new("RGB", below.size, tint), strength)
        self._image.paste(below.filter(ImageFilter.GaussianBlur(1.5 * _FINE)), (0, level * _FINE))


def _at(stops: Sequence[tuple[float, Colour]], part: float) -> Colour:
    for (low, first), (high, last) in pairwise(stops):
        if part <= high:
            return between(first, last, max(0.0, (part - low) / (high - low)))
    return stops[-1][1]


def _fine(points: Sequence[Point]) -> list[Point]:
    return [(x * _FINE, y * _FINE) for x, y in points]

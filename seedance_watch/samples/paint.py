"""Paints the sample pictures; the same code always gives the same pixels.

Run `python -m seedance_watch.samples.paint FOLDER` to paint them anew.
"""

import math
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Points = list[tuple[float, float]]
WIDE, TALL = (1280, 720), (720, 1280)


def _sky(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """Blend from one colour above to another below."""
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    return Image.composite(Image.new("RGB", size, bottom), Image.new("RGB", size, top), ramp)


def _between(first: Colour, last: Colour, part: float) -> Colour:
    """Mix two colours."""
    mixed = [round(a + (b - a) * part) for a, b in zip(first, last, strict=True)]
    return (mixed[0], mixed[1], mixed[2])


def _ridge(
    width: int, base: float, height: float, dice: random.Random
) -> list[tuple[float, float]]:
    """Give the outline of a range of hills."""
    waves = [(dice.uniform(1.5, 9), dice.uniform(0, 6.3), height / (n + 1)) for n in range(5)]
    return [
        (x, base - sum(tall * math.sin(x / width * many + at) for many, at, tall in waves))
        for x in range(0, width + 8, 8)
    ]


def _glow(image: Image.Image, at: tuple[int, int], radius: int, colour: Colour) -> None:
    """Put a soft light into the picture."""
    mask = Image.new("L", image.size)
    box = [at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius]
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    soft = mask.filter(ImageFilter.GaussianBlur(radius * 0.8))
    image.paste(Image.new("RGB", image.size, colour), mask=soft)


def mountains() -> Image.Image:
    """Paint ridges in the mist at dusk."""
    dice, image = random.Random(1), _sky(WIDE, (38, 40, 92), (250, 168, 120))  # noqa: S311
    _glow(image, (860, 430), 70, (255, 232, 190))
    for layer in range(6):
        part = layer / 5
        colour = _between((196, 120, 128), (22, 20, 46), part)
        outline = _ridge(1280, 400 + 58 * layer, 40 + 6 * layer, dice)
        ImageDraw.Draw(image).polygon([*outline, (1290, 720), (0, 720)], fill=colour)
        mist = Image.new("RGB", WIDE, (255, 200, 170))
        veil = (
            Image.linear_gradient("L")
            .resize(WIDE)
            .point(lambda v, p=part: int(v * 0.12 * (1 - p)))
        )
        image.paste(mist, mask=veil)
    return image


def lighthouse() -> Image.Image:
    """Paint a lighthouse by the evening sea."""
    dice, image = random.Random(2), _sky(WIDE, (16, 32, 74), (240, 150, 110))  # noqa: S311
    draw = ImageDraw.Draw(image)
    for row in range(460, 720, 4):
        part = (row - 460) / 260
        draw.rectangle([0, row, 1280, row + 4], fill=_between((150, 100, 110), (10, 24, 52), part))
    for _ in range(260):
        x, y = dice.randrange(1280), dice.randrange(465, 715)
        draw.line([x, y, x + dice.randrange(10, 70), y], fill=(236, 170, 140), width=1)
    draw.polygon(
        [(760, 720), (860, 520), (1010, 470), (1130, 540), (1280, 720)], fill=(24, 22, 34)
    )
    draw.polygon([(960, 490), (975, 250), (1015, 250), (1030, 490)], fill=(236, 228, 220))
    for top in (300, 390):
        draw.polygon(
            [(970, top), (1020, top), (1024, top + 40), (966, top + 40)], fill=(178, 52, 52)
        )
    draw.rectangle([968, 216, 1022, 250], fill=(40, 40, 54))
    draw.polygon([(962, 216), (995, 184), (1028, 216)], fill=(178, 52, 52))
    beam = Image.new("L", WIDE)
    ImageDraw.Draw(beam).polygon([(995, 232), (0, 60), (0, 330)], fill=120)
    image.paste(
        Image.new("RGB", WIDE, (255, 240, 190)), mask=beam.filter(ImageFilter.GaussianBlur(18))
    )
    _glow(image, (995, 232), 22, (255, 246, 210))
    return image


def boat() -> Image.Image:
    """Paint a paper boat on a pond."""
    dice, image = random.Random(3), _sky(WIDE, (120, 190, 200), (18, 84, 110))  # noqa: S311
    draw = ImageDraw.Draw(image)
    for _ in range(90):
        x, y, wide = dice.randrange(1280), dice.randrange(60, 720), dice.randrange(40, 180)
        shade = _between((150, 210, 214), (30, 104, 128), y / 720)
        draw.arc([x, y, x + wide, y + wide // 6], 200, 340, fill=shade, width=2)
    shadow = Image.new("L", WIDE)
    ImageDraw.Draw(shadow).ellipse([430, 500, 860, 580], fill=150)
    image.paste(
        Image.new("RGB", WIDE, (8, 52, 72)), mask=shadow.filter(ImageFilter.GaussianBlur(16))
    )
    draw.polygon([(400, 420), (890, 420), (780, 540), (510, 540)], fill=(250, 246, 236))
    draw.polygon([(400, 420), (645, 450), (510, 540)], fill=(226, 220, 206))
    draw.polygon([(645, 200), (520, 440), (645, 452)], fill=(255, 252, 244))
    draw.polygon([(645, 200), (770, 440), (645, 452)], fill=(214, 208, 196))
    return image


def forest() -> Image.Image:
    """Paint a forest in the fog."""
    dice, image = random.Random(4), _sky(WIDE, (214, 224, 214), (120, 150, 132))  # noqa: S311
    for layer in range(5):
        draw, part = ImageDraw.Draw(image), layer / 4
        colour = _between((168, 188, 176), (20, 40, 34), part)
        for _ in range(16 - layer):
            x, tall = dice.randrange(-40, 1320), dice.randrange(240, 420) + 60 * layer
            foot, wide = 545 + 40 * layer, 30 + 16 * layer
            for level in range(6):
                top = foot - tall + level * tall * 0.13
                spread = wide * (level + 1.4) / 4
                draw.polygon(
                    [(x, top), (x - spread, top + tall * 0.3), (x + spread, top + tall * 0.3)],
                    fill=colour,
                )
            draw.rectangle([x - 4, foot - tall * 0.2, x + 4, foot], fill=colour)
        draw.rectangle([0, 540 + 40 * layer, 1280, 720], fill=colour)
        fog = Image.new("L", WIDE, round(70 * (1 - part)))
        image.paste(Image.new("RGB", WIDE, (226, 232, 224)), mask=fog)
    _glow(image, (420, 150), 60, (255, 252, 236))
    return image


def city() -> Image.Image:
    """Paint a city at night, upright."""
    dice, image = random.Random(5), _sky(TALL, (8, 10, 36), (96, 48, 110))  # noqa: S311
    draw = ImageDraw.Draw(image)
    for _ in range(120):
        x, y = dice.randrange(720), dice.randrange(520)
        draw.point([(x, y), (x + 1, y)], fill=(230, 230, 255))
    _glow(image, (540, 230), 46, (250, 244, 226))
    for layer in range(3):
        colour = _between((52, 40, 92), (12, 12, 30), layer / 2)
        x = -20
        while x < 720:
            wide, top = dice.randrange(60, 120), dice.randrange(420, 760) + 150 * layer
            draw.rectangle([x, top, x + wide, 1280], fill=colour)
            for wx in range(x + 10, x + wide - 10, 16):
                for wy in range(top + 14, 1270, 24):
                    if dice.random() < 0.34:
                        lit = dice.choice([(255, 214, 130), (255, 190, 110), (170, 200, 255)])
                        draw.rectangle([wx, wy, wx + 7, wy + 11], fill=_between(colour, lit, 0.85))
            x += wide + dice.randrange(2, 12)
    return image


PICTURES: Mapping[str, Callable[[], Image.Image]] = {
    "mountains.jpg": mountains,
    "lighthouse.jpg": lighthouse,
    "boat.jpg": boat,
    "forest.jpg": forest,
    "city.png": city,
}


def paint(folder: Path) -> None:
    """Paint all pictures into a folder."""
    for name, painter in PICTURES.items():
        image = painter()
        if name.endswith(".png"):
            image.quantize(128, dither=Image.Dither.NONE).save(folder / name, optimize=True)
        else:
            image.save(folder / name, quality=88)


if __name__ == "__main__":
    paint(Path(sys.argv[1]))

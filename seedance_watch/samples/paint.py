"""Paints the sample pictures; the same code always gives the same pixels.

Run `python -m seedance_watch.samples.paint FOLDER` to paint them anew.
"""

import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image

from seedance_watch.samples.canvas import Canvas, Colour, between, ridge

WIDE, TALL = (1280, 720), (720, 1280)


def mountains() -> Image.Image:
    """Paint ridges in the haze at dusk."""
    dice, canvas = _dice(14), Canvas(WIDE)
    canvas.fade(
        [
            (0.0, (34, 32, 84)),
            (0.35, (112, 66, 130)),
            (0.6, (226, 116, 112)),
            (0.8, (255, 190, 130)),
            (1.0, (255, 224, 170)),
        ],
        0,
        720,
    )
    canvas.glow((820, 400), 420, (255, 190, 120), 0.9)
    canvas.disk((820, 400), 44, (255, 244, 214))
    for layer in range(7):
        part = layer / 6
        colour = between((214, 130, 130), (20, 16, 44), part**0.8)
        outline = ridge(1280, 395 + 44 * layer, 70 + 5 * layer, 0.5, dice)
        canvas.shape([*outline, (1280, 720), (0, 720)], colour)
        canvas.mist((255, 190, 150), 380 + 40 * layer, 720, 0.34 * (1 - part))
    for x, y, wing in ((300, 190, 13), (340, 172, 10), (374, 200, 9), (268, 216, 8)):
        canvas.line([(x - wing, y - wing / 2), (x, y), (x + wing, y - wing / 2)], (40, 26, 60), 2)
    return canvas.done()


def lighthouse() -> Image.Image:
    """Paint a lighthouse by the evening sea."""
    dice, canvas = _dice(2), Canvas(WIDE)
    canvas.fade(
        [(0, (10, 20, 58)), (0.45, (58, 56, 116)), (0.8, (214, 116, 110)), (1, (255, 190, 130))],
        0,
        470,
    )
    _stars(canvas, dice, 90, (1280, 220))
    canvas.glow((250, 470), 380, (255, 170, 100), 0.8)
    canvas.fade([(0, (196, 116, 106)), (0.25, (92, 70, 110)), (1, (8, 18, 48))], 470, 720)
    for _ in range(420):
        y = 472 + 245 * dice.random() ** 1.6
        far = (y - 470) / 250
        x, wide = dice.gauss(300, 90 + 420 * far), 10 + 70 * far * dice.random()
        light = between((255, 206, 150), (120, 110, 160), min(1, far * 1.3))
        canvas.line([(x, y), (x + wide, y)], light, 1 + 1.5 * far)
    canvas.veil([(991, 238), (-40, 40), (-40, 330)], (255, 240, 190), 0.5, 12)
    shore = ridge(700, 560, 26, 0.55, dice)
    rock = [(640 + x, y + 240 * min(1, abs(x - 351) / 351) ** 1.6 - 66) for x, y in shore]
    canvas.shape([*rock, (1400, 720), (640, 720)], (18, 18, 32))
    _tower(canvas)
    canvas.glow((991, 238), 150, (255, 236, 170), 0.9)
    canvas.disk((991, 238), 8, (255, 252, 232))
    return canvas.done()


def _tower(canvas: Canvas) -> None:
    """Paint the tower: bands that narrow upwards, lit from the left, a gallery and a roof."""
    bands: list[Colour] = [(236, 228, 220), (190, 54, 52)]
    for band in range(5):
        top, bottom = 262 + 48 * band, 310 + 48 * band
        wide, wider = 24 + 4 * band, 28 + 4 * band
        colour = bands[band % 2]
        canvas.shape(
            [(991 - wide, top), (991 + wide, top), (991 + wider, bottom), (991 - wider, bottom)],
            colour,
        )
        canvas.shape(
            [(991 + 4, top), (991 + wide, top), (991 + wider, bottom), (991 + 5, bottom)],
            between(colour, (30, 20, 50), 0.4),
        )
    canvas.shape([(955, 254), (1027, 254), (1021, 264), (961, 264)], (36, 34, 50))
    canvas.shape([(973, 222), (1009, 222), (1009, 254), (973, 254)], (72, 64, 70))
    canvas.shape([(967, 224), (991, 194), (1015, 224)], (170, 46, 48))


def boat() -> Image.Image:
    """Paint a paper boat on a pond."""
    dice, canvas = _dice(3), Canvas(WIDE)
    canvas.fade([(0, (150, 212, 210)), (0.4, (74, 160, 172)), (1, (8, 62, 92))], 0, 720)
    canvas.glow((250, 60), 520, (255, 246, 214), 0.55)
    for _ in range(330):
        y = 720 * dice.random() ** 0.8
        near = y / 720
        x, wide = dice.uniform(-60, 1320), (20 + 130 * dice.random()) * (0.3 + near)
        colour = between((196, 236, 230), (24, 96, 122), min(1.0, near + dice.uniform(-0.2, 0.2)))
        canvas.line([(x, y), (x + wide, y)], colour, 1 + 2 * near)
    canvas.veil([(400, 545), (880, 545), (770, 640), (520, 640)], (6, 50, 74), 0.75, 14)
    canvas.veil([(640, 545), (560, 545), (650, 690), (730, 545)], (228, 240, 236), 0.3, 9)
    canvas.shape([(640, 190), (505, 455), (640, 470)], (255, 253, 247))
    canvas.shape([(640, 190), (775, 455), (640, 470)], (218, 216, 208))
    canvas.shape([(385, 420), (640, 468), (895, 420), (780, 560), (500, 560)], (246, 243, 234))
    canvas.shape([(385, 420), (640, 468), (500, 560)], (255, 253, 246))
    canvas.shape([(895, 420), (640, 468), (780, 560)], (206, 204, 196))
    canvas.shape([(640, 468), (500, 560), (780, 560)], (232, 229, 219))
    return canvas.done()


def forest() -> Image.Image:
    """Paint a forest in the fog."""
    dice, canvas = _dice(8), Canvas(WIDE)
    canvas.fade([(0, (196, 212, 208)), (0.5, (226, 232, 222)), (1, (170, 190, 178))], 0, 720)
    canvas.glow((430, 150), 420, (255, 246, 214), 0.6)
    for layer in range(6):
        part = layer / 5
        colour = between((190, 206, 198), (12, 30, 28), part**1.1)
        foot = 500 + 46 * layer
        ground = ridge(1280, foot, 14, 0.5, dice)
        canvas.shape([*ground, (1280, 720), (0, 720)], colour)
        x = dice.uniform(-60, 0)
        while x < 1330:
            tall = dice.uniform(150, 250) * (1 + 0.75 * part)
            open_here = part > 0.7 and 300 < x < 760  # a clearing, so that the fog is seen
            if not open_here:
                _spruce(canvas, (x, foot + 20), tall, colour, dice)
            x += dice.uniform(26, 62) * (1 + 1.6 * part)
        canvas.mist((230, 236, 226), foot - 170, 720, 0.62 * (1 - part))
    for x, wide in ((250, 40), (380, 70), (560, 36)):
        beam = [(430, -20), (x - wide, 720), (x + wide, 720)]
        canvas.veil(beam, (255, 250, 226), 0.14, 16)
    return canvas.done()


def _spruce(
    canvas: Canvas, foot: tuple[float, float], tall: float, colour: Colour, dice: random.Random
) -> None:
    """Paint a spruce: ragged, ever wider branches below a thin top."""
    x, y = foot
    left, right = [(x, y - tall)], [(x, y - tall)]
    levels = 13
    for level in range(1, levels + 1):
        down = y - tall + tall * 0.92 * level / levels
        spread = tall * 0.2 * (level / levels) ** 0.9
        for side, sign in ((left, -1), (right, 1)):
            reach = spread * dice.uniform(0.75, 1.15)
            side += [(x + sign * reach, down), (x + sign * reach * 0.45, down - tall * 0.012)]
    canvas.shape([*left, *reversed(right)], colour)
    canvas.shape([(x - 3, y), (x - 2, y - tall), (x + 2, y - tall), (x + 3, y)], colour)


def city() -> Image.Image:
    """Paint a city at night by the water, upright."""
    dice, canvas = _dice(5), Canvas(TALL)
    canvas.fade([(0, (6, 8, 30)), (0.5, (38, 26, 78)), (1, (150, 66, 112))], 0, 900)
    _stars(canvas, dice, 130, (720, 460))
    canvas.glow((540, 220), 190, (150, 140, 200), 0.5)
    canvas.disk((540, 220), 50, (248, 242, 226))
    canvas.disk((522, 206), 9, (228, 220, 206))
    canvas.disk((556, 236), 13, (230, 222, 208))
    canvas.disk((546, 196), 6, (230, 222, 208))
    for layer in range(4):
        part = layer / 3
        _street(canvas, dice, between((74, 48, 108), (10, 10, 26), part), part)
        canvas.mist((170, 80, 130), 620, 960, 0.22 * (1 - part))
    canvas.mirror(960, (10, 12, 36), 0.45)
    for _ in range(150):
        y = 962 + 315 * dice.random()
        x, wide = dice.uniform(-20, 720), dice.uniform(20, 120)
        canvas.line([(x, y), (x + wide, y)], (26, 22, 56), 1 + 3 * (y - 960) / 320)
    return canvas.done()


def _street(canvas: Canvas, dice: random.Random, colour: Colour, part: float) -> None:
    """Paint a row of houses with lit windows."""
    x = dice.uniform(-40, 0)
    while x < 720:
        wide = dice.uniform(48, 96)
        top = dice.uniform(430, 700) + 130 * part + 90 * abs(x - 330) / 330
        canvas.shape([(x, top), (x + wide, top), (x + wide, 960), (x, 960)], colour)
        if dice.random() < 0.3:
            canvas.line([(x + wide / 2, top - 46), (x + wide / 2, top)], colour, 2)
            canvas.disk((x + wide / 2, top - 46), 2, (255, 70, 70))
        _windows(canvas, dice, (x, top, wide), colour)
        x += wide + dice.uniform(-6, 10)


def _windows(
    canvas: Canvas, dice: random.Random, house: tuple[float, float, float], colour: Colour
) -> None:
    x, top, wide = house
    columns = int((wide - 12) // 13)
    margin = (wide - 13 * columns + 5) / 2
    for row in range(int((940 - top) // 20)):
        for column in range(columns):
            if dice.random() < 0.36:
                lit = dice.choice([(255, 216, 140), (255, 188, 104), (176, 206, 255)])
                left, high = x + margin + 13 * column, top + 14 + 20 * row
                pane = [(left, high), (left + 8, high), (left + 8, high + 11), (left, high + 11)]
                canvas.shape(pane, between(colour, lit, dice.uniform(0.55, 0.95)))


def _stars(canvas: Canvas, dice: random.Random, count: int, within: tuple[int, int]) -> None:
    for _ in range(count):
        spot = (dice.uniform(0, within[0]), within[1] * dice.random() ** 1.4)
        bright = dice.uniform(0.3, 1)
        canvas.disk(spot, 0.5 + 0.6 * bright, between((70, 70, 120), (250, 248, 255), bright))


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - for trees and windows, not for secrets


PICTURES: Mapping[str, Callable[[], Image.Image]] = {
    "mountains.jpg": mountains,
    "lighthouse.jpg": lighthouse,
    "boat.jpg": boat,
    "forest.jpg": forest,
    "city.png": city,
}


def save(name: str, image: Image.Image, target: Path) -> None:
    """Write a painted picture as it is shipped: JPEG, or PNG with a palette."""
    if name.endswith(".png"):
        image.quantize(160, dither=Image.Dither.NONE).save(target, optimize=True)
    else:
        image.save(target, quality=86, optimize=True)


def paint(folder: Path) -> None:
    """Paint all pictures into a folder."""
    for name, painter in PICTURES.items():
        save(name, painter(), folder / name)


if __name__ == "__main__":
    paint(Path(sys.argv[1]))

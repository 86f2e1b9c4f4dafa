"""The shape of a video where nobody asked for one: that of its first picture.

The services crop to the ratio that is asked for, and their default is wide: an upright picture
would lose its head and feet.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

from seedance_watch.core.model import JobSpec, Picture, Value
from seedance_watch.core.models import Model

NAME = "aspect_ratio"
FROM_PICTURE = "closest to the image"
FROM_MODEL = "model default"


def nearest(choices: Iterable[Value], width: int, height: int) -> str | None:
    """Give the choice ("16:9") whose shape is closest to a size; None when none is a ratio."""
    wanted = math.log(width / height)
    shapes = {text: shape for text in map(str, choices) if (shape := _shape(text))}
    return min(shapes, key=lambda text: abs(math.log(shapes[text]) - wanted), default=None)


def _shape(text: str) -> float | None:
    """Read "16:9" as width over height; None for a word such as "adaptive"."""
    wide, colon, high = text.partition(":")
    sound = colon and wide.isdecimal() and high.isdecimal() and int(wide) and int(high)
    return int(wide) / int(high) if sound else None


def fitted(spec: JobSpec, model: Model, pictures: tuple[Picture, ...]) -> JobSpec:
    """Give the wish with the shape of its first picture, unless somebody asked for one."""
    if not pictures or spec.origins.get(NAME) != FROM_MODEL:
        return spec
    choice = nearest(model.params[NAME].choices, pictures[0].width_px, pictures[0].height_px)
    if choice is None:
        return spec
    params, origins = {**spec.params, NAME: choice}, {**spec.origins, NAME: FROM_PICTURE}
    return replace(spec, params=params, origins=origins)

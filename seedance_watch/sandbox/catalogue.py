"""The sandbox's own table of models, kept apart from the product's on purpose.

Source: the model pages of both services as collected in November 2026. Where a page does not
say, the row is lenient, never stricter than the page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

_FLAG = ("false", "true")


@dataclass(frozen=True, slots=True)
class Param:
    """One entry of Rivya's ``params``: a list of strings, or a range of integers."""

    default: str | int
    options: tuple[str, ...] = ()
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RivyaModel:
    """What one model of Rivya takes; ``scenes`` is the image count per seedance_scene."""

    credits: int
    prompt_max: int
    images_max: int
    params: Mapping[str, Param]
    scenes: Mapping[str, tuple[int, int]] = field(default_factory=dict)


_RESOLUTIONS = ("480p", "720p", "1080p")
_FIRST_GENERATION = {
    "resolution": Param("720p", _RESOLUTIONS),
    "duration": Param("5", ("5", "10")),
    "camera_fixed": Param("false", _FLAG),
    "seed": Param(-1, low=-1, high=2147483647),
    "enable_safety_checker": Param("true", _FLAG),
}
_LITE = _FIRST_GENERATION | {
    "aspect_ratio": Param("16:9", ("16:9", "4:3", "1:1", "3:4", "9:16", "9:21"))
}
_PRO = _FIRST_GENERATION | {
    "aspect_ratio": Param("16:9", ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16"))
}
_PRO_15 = {
    "resolution": Param("720p", _RESOLUTIONS),
    "duration": Param("8", ("4", "8", "12")),
    "generate_audio": Param("false", _FLAG),
    "aspectRatio": Param("1:1", ("1:1", "4:3", "3:4", "16:9", "9:16", "21:9")),
    "fixed_lens": Param("false", _FLAG),
}
_SECOND_GENERATION = {
    "seedance_scene": Param("text", ("text", "frames", "reference")),
    "resolution": Param("720p", ("480p", "720p")),
    "aspect_ratio": Param("16:9", ("1:1", "4:3", "3:4", "16:9", "9:16", "21:9", "adaptive")),
    "duration": Param(5, low=4, high=15),
    "generate_audio": Param("true", _FLAG),
    "return_last_frame": Param("false", _FLAG),
    "web_search": Param("false", _FLAG),
    "nsfw_checker": Param("true", _FLAG),
}
_SCENES = {"text": (0, 0), "frames": (1, 2), "reference": (1, 9)}

RIVYA: Mapping[str, RivyaModel] = MappingProxyType({
    "seedance-1-0-lite": RivyaModel(credits=16, prompt_max=10000, images_max=2, params=_LITE),
    "seedance-1-0-pro": RivyaModel(credits=25, prompt_max=10000, images_max=1, params=_PRO),
    "seedance-1-5-pro": RivyaModel(credits=28, prompt_max=2500, images_max=2, params=_PRO_15),
    "seedance-2": RivyaModel(
        credits=175, prompt_max=2500, images_max=9, params=_SECOND_GENERATION, scenes=_SCENES
    ),
    "seedance-2-fast": RivyaModel(
        credits=140, prompt_max=2500, images_max=9, params=_SECOND_GENERATION, scenes=_SCENES
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmindModel:
    """What one slug of Segmind takes; ``styles`` are the ways to give images."""

    price: Decimal
    styles: frozenset[str]
    durations: frozenset[int]
    resolutions: frozenset[str]
    image_needed: bool = False
    ratios: frozenset[str] = frozenset()
    ratio_needed: bool = False
    needed: tuple[str, ...] = ("prompt",)


_RATIOS = frozenset({"16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21", "adaptive"})
_ALL = frozenset(_RESOLUTIONS)
_SMALL = frozenset({"480p", "720p"})


def _second(price: str, longest: int) -> SegmindModel:
    return SegmindModel(
        price=Decimal(price),
        styles=frozenset({"first_frame_url", "reference"}),
        durations=frozenset(range(4, longest + 1)),
        resolutions=_ALL,
        ratios=_RATIOS,
    )


SEGMIND: Mapping[str, SegmindModel] = MappingProxyType({
    "seedance-v1-lite-image-to-video": SegmindModel(
        price=Decimal("0.18"), styles=frozenset({"image_url", "first_frame_url"}),
        durations=frozenset({5, 10}), resolutions=_SMALL, image_needed=True,
        needed=("prompt", "duration", "resolution"),
    ),
    "seedance-v1-lite-text-to-video": SegmindModel(
        price=Decimal("0.18"), styles=frozenset(), durations=frozenset({5, 10}),
        resolutions=_ALL, ratios=_RATIOS,
    ),
    "seedance-pro": SegmindModel(
        price=Decimal("0.35"), styles=frozenset({"image_url"}),
        durations=frozenset({5, 10}), resolutions=_ALL, ratios=_RATIOS,
    ),
    "seedance-1.0-pro-fast": SegmindModel(
        price=Decimal("0.25"), styles=frozenset({"image_url"}),
        durations=frozenset(range(2, 13)), resolutions=_ALL, ratios=_RATIOS,
    ),
    "seedance-1.5-pro": SegmindModel(
        price=Decimal("0.41"), styles=frozenset({"first_frame_url"}),
        durations=frozenset(range(4, 13)), resolutions=_ALL, ratios=_RATIOS, ratio_needed=True,
    ),
    "seedance-2.0": _second("1.21", 15),
    "seedance-2.0-fast": _second("0.77", 15),
    "seedance-2.0-mini": _second("0.40", 15),
    "seedance-2.5": _second("1.90", 30),
})  # fmt: skip

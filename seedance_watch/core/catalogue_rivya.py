"""Rivya's Seedance models.

Source: Rivya's model pages (seedance-1-0-lite, -1-0-pro, -1-5-pro, -2, -2-fast), stored copies
seen 2026-11. If a row is wrong, Rivya answers `validation_failed` and nothing is paid.
"""

from decimal import Decimal

from seedance_watch.core.models import Model, Param, Price, Wire

RESOLUTIONS = ("480p", "720p", "1080p")


def _select(wire: str, *choices: int | str, default: int | str) -> Param:
    """A choice; Rivya's examples write every choice as a string, numbers and booleans too."""
    return Param(wire, Wire.STRING, type(choices[0]), choices, default=default)


def _flag(wire: str, *, default: bool) -> Param:
    """A switch, written as "true" or "false"."""
    return _select(wire, False, True, default=default)


def _ratio(wire: str, *more: str, default: str = "16:9") -> Param:
    """The shapes that all models have, and some more."""
    return _select(wire, "16:9", "4:3", "1:1", "3:4", "9:16", *more, default=default)


_SEED = Param("seed", Wire.NUMBER, int, low=0, high=2_147_483_647, default=-1)

_FIRST = {
    "duration": _select("duration", 5, 10, default=5),
    "resolution": _select("resolution", *RESOLUTIONS, default="720p"),
    "camera_fixed": _flag("camera_fixed", default=False),
    "seed": _SEED,
    "safety_checker": _flag("enable_safety_checker", default=True),
}
_MIDDLE = {
    "duration": _select("duration", 4, 8, 12, default=8),
    "resolution": _select("resolution", *RESOLUTIONS, default="720p"),
    "aspect_ratio": _ratio("aspectRatio", "21:9", default="1:1"),
    "camera_fixed": _flag("fixed_lens", default=False),
    "generate_audio": _flag("generate_audio", default=False),
}
_SECOND = {
    "duration": Param("duration", Wire.NUMBER, int, low=4, high=15, default=5),
    "resolution": _select("resolution", "480p", "720p", default="720p"),
    "aspect_ratio": _ratio("aspect_ratio", "21:9", "adaptive", default="16:9"),
    "generate_audio": _flag("generate_audio", default=True),
    "web_search": _flag("web_search", default=False),
    "safety_checker": _flag("nsfw_checker", default=True),
}


def _credits(amount: int) -> Price:
    """A fixed price; whether length or resolution change it is not documented."""
    return Price("credits", Decimal(amount), note="documented base price, billing type FIXED")


RIVYA = (
    Model(
        "rivya",
        "seedance-1-0-lite",
        {**_FIRST, "aspect_ratio": _ratio("aspect_ratio", "9:21")},
        prompt_max=10_000,
        images=(1, 2),
        price=_credits(16),
        usual_s=45.0,
        aliases=("lite", "1.0-lite", "seedance-1.0-lite"),
        image_style="items",
        note="its maker announced the end of Seedance 1.0 Lite for 2026-05",
    ),
    Model(
        "rivya",
        "seedance-1-0-pro",
        {**_FIRST, "aspect_ratio": _ratio("aspect_ratio", "21:9")},
        prompt_max=10_000,
        images=(1, 1),
        price=_credits(25),
        usual_s=60.0,
        aliases=("pro", "1.0-pro", "seedance-1.0-pro"),
        image_style="items",
    ),
    Model(
        "rivya",
        "seedance-1-5-pro",
        _MIDDLE,
        prompt_max=2_500,
        images=(0, 2),
        price=_credits(28),
        usual_s=90.0,
        aliases=("1.5-pro", "seedance-1.5-pro"),
        image_style="items",
    ),
    Model(
        "rivya",
        "seedance-2",
        _SECOND,
        prompt_max=2_500,
        images=(0, 2),
        price=_credits(175),
        usual_s=150.0,
        aliases=("2", "2.0", "seedance-2.0"),
        image_style="scene",
    ),
    Model(
        "rivya",
        "seedance-2-fast",
        _SECOND,
        prompt_max=2_500,
        images=(0, 2),
        price=_credits(140),
        usual_s=100.0,
        aliases=("2-fast", "2.0-fast", "seedance-2.0-fast"),
        image_style="scene",
    ),
)

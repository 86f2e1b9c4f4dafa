"""Segmind's Seedance models.

Source: Segmind's model pages and directory, stored copies seen 2026-08 to 2026-11. Prices are
the directory's means, or the page's highest price where only a span is known; the price that is
really charged comes with the result. If a row is wrong, Segmind answers 400 or 406 unpaid.
"""

from decimal import Decimal

from seedance_watch.core.model import Value
from seedance_watch.core.models import Model, Param, Price, Wire

_FRAMES = "frames"  # first_frame_url, last_frame_url
_EITHER = "either"  # image_url alone; both frames where there is an end image
_IMAGE = "image"  # image_url only


def _text(wire: str, *choices: str, default: str) -> Param:
    return Param(wire, Wire.STRING, str, choices, default=default)


def _number(wire: str, *choices: int, default: int) -> Param:
    return Param(wire, Wire.NUMBER, int, choices, default=default)


def _flag(wire: str, *, default: bool) -> Param:
    return Param(wire, Wire.BOOLEAN, bool, (False, True), default=default)


def _resolution(*choices: str) -> Param:
    return _text("resolution", *choices, default="720p")


_SEED = Param("seed", Wire.NUMBER, int, low=1, high=999_999, default=-1)
_RATIO = _text("aspect_ratio", "16:9", "4:3", "1:1", "3:4", "9:16", "21:9", default="16:9")
_AUDIO = _flag("generate_audio", default=False)
_CAMERA = _flag("camera_fixed", default=False)
_ALL = _resolution("480p", "720p", "1080p")
_SMALL = _resolution("480p", "720p")
# The moderation switch is written the other way round, as a string on the older models.
_SAFE = Param("skip_moderation", Wire.STRING, bool, (False, True), default=True, inverted=True)
_SAFE_2 = Param("skip_moderation", Wire.BOOLEAN, bool, (False, True), default=True, inverted=True)


def _mean(usd: str) -> Price:
    return Price("usd", Decimal(usd), note="mean of the directory; the charge may differ")


def _row(  # noqa: PLR0913 - a row of a table
    slug: str,
    usd: str,
    usual_s: float,
    *,
    params: dict[str, Param],
    images: tuple[int, int],
    style: str,
    aliases: tuple[str, ...] = (),
    note: str = "",
    price: Price | None = None,
) -> Model:
    """Give one row; the prompt limit is not documented, the shortest of its makers' is used."""
    common = {"seed": _SEED, **params}
    return Model(
        "segmind",
        slug,
        common,
        prompt_max=2_500,
        images=images,
        price=price or _mean(usd),
        usual_s=usual_s,
        aliases=aliases,
        image_style=style,
        note=note,
    )


def _second(longest: int) -> dict[str, Param]:
    return {
        "duration": Param("duration", Wire.NUMBER, int, low=4, high=longest, default=5),
        "resolution": _SMALL,
        "aspect_ratio": _RATIO,
        "generate_audio": _AUDIO,
    }


_TEN = _number("duration", 5, 10, default=5)

# The Lite page names a span of 0.091 to 0.45 USD and no grid: the dearest is reserved for what
# is dearest, and half of it for five seconds at the small size.
_LITE_CASES: tuple[tuple[dict[str, Value], Decimal], ...] = (
    ({"duration": 5, "resolution": "480p"}, Decimal("0.18")),
    ({"duration": 5, "resolution": "720p"}, Decimal("0.23")),
)
_LITE_PRICE = Price(
    "usd", Decimal("0.45"), _LITE_CASES, note="a span of 0.091 to 0.45 is documented, no grid"
)

SEGMIND = (
    _row(
        "seedance-v1-lite-image-to-video",
        "0.45",
        40.0,
        params={"duration": _TEN, "resolution": _SMALL, "camera_fixed": _CAMERA},
        images=(1, 2),
        style=_EITHER,
        aliases=("lite", "1.0-lite", "seedance-1-0-lite", "seedance-v1-lite"),
        note="missing in the directory of 2026-08: it may have been withdrawn",
        price=_LITE_PRICE,
    ),
    _row(
        "seedance-pro",
        "0.35",
        62.0,
        params={
            "duration": _TEN,
            "resolution": _ALL,
            "aspect_ratio": _RATIO,
            "camera_fixed": _CAMERA,
        },
        images=(0, 1),
        style=_IMAGE,
        aliases=("pro", "1.0-pro", "seedance-1-0-pro"),
    ),
    _row(
        "seedance-1.0-pro-fast",
        "0.25",
        49.0,
        params={
            "duration": Param("duration", Wire.NUMBER, int, low=2, high=12, default=5),
            "resolution": _ALL,
            "aspect_ratio": _RATIO,
            "camera_fixed": _CAMERA,
            "safety_checker": _SAFE,
        },
        images=(0, 1),
        style=_IMAGE,
        aliases=("pro-fast", "1.0-pro-fast", "seedance-1-0-pro-fast"),
    ),
    _row(
        "seedance-1.5-pro",
        "0.41",
        100.0,
        params={
            "duration": Param("duration", Wire.NUMBER, int, low=4, high=12, default=5),
            "resolution": _ALL,
            "aspect_ratio": _RATIO,
            "generate_audio": _AUDIO,
            "safety_checker": _SAFE,
        },
        images=(0, 2),
        style=_FRAMES,
        aliases=("1.5-pro", "seedance-1-5-pro"),
    ),
    _row(
        "seedance-2.0",
        "1.21",
        189.0,
        params=_second(15),
        images=(0, 2),
        style=_FRAMES,
        aliases=("2", "2.0", "seedance-2"),
    ),
    _row(
        "seedance-2.0-fast",
        "0.77",
        117.0,
        params=_second(15),
        images=(0, 2),
        style=_FRAMES,
        aliases=("2-fast", "2.0-fast", "seedance-2-fast"),
    ),
    _row(
        "seedance-2.0-mini",
        "0.40",
        159.0,
        params={**_second(15), "safety_checker": _SAFE_2},
        images=(0, 2),
        style=_FRAMES,
        aliases=("2-mini", "2.0-mini", "seedance-2-mini"),
    ),
    _row(
        "seedance-2.5",
        "1.90",
        240.0,
        params=_second(30),
        images=(0, 2),
        style=_FRAMES,
        aliases=("2.5",),
    ),
)

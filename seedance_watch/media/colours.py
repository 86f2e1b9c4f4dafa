"""Brings every kind of pixel to plain sRGB, 8 bits a channel, nothing transparent."""

import io
from collections.abc import Callable

from PIL import Image, ImageCms

from seedance_watch.core.words import printable

_PLAIN = frozenset({"RGB", "L"})
_CLEAR = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_CMS_MODES = frozenset({"RGB", "L", "CMYK", "LAB"})
# Greys, primaries and skin: if a profile leaves these alone, nobody can tell it from sRGB.
_PROBE = bytes.fromhex(
    "000000 404040 808080 c0c0c0 ffffff ff0000 00ff00 0000ff c89678 3ca05a 283c96"
)
_UNSEEN = 6  # steps of 255 that a profile may differ from sRGB

Step = Callable[[str], None]


def plain(image: Image.Image) -> bool:
    """Say whether decoded pixels can be sent as they are."""
    if image.mode in {"RGBA", "LA"}:
        return _opaque(image) and not _converting(image)
    return image.mode in _PLAIN and "transparency" not in image.info and not _converting(image)


def to_plain(image: Image.Image, say: Step) -> Image.Image:
    """Convert to RGB or grey as a person expects to see it, saying what was done."""
    for way in (_shallow, _without_palette, _opaque_on_white, _in_srgb):
        image = way(image, say)
    return image


def _shallow(image: Image.Image, say: Step) -> Image.Image:
    """Bring deep grey values to 8 bits; deep colours were reduced while decoding."""
    if not image.mode.startswith("I") and image.mode != "F":
        return image
    say("reduced to 8 bits a channel")
    if image.mode.startswith("I;16"):
        image = image if image.mode == "I;16" else image.convert("I")  # I;16B cannot be scaled
        return image.point(lambda value: value * (1 / 257) + 0).convert("L")
    _low, high = image.getextrema()
    return image.point(lambda value: value * _scale(float(high))).convert("L")  # type: ignore[arg-type]


def _scale(high: float) -> float:
    """Guess the range from the largest value: 0..1, 8 bits, 16 bits or more."""
    fits = ((1.0, 255.0), (255.0, 1.0), (65_535.0, 1 / 257))
    return next((factor for most, factor in fits if high <= most), 255.0 / max(high, 1.0))


def _without_palette(image: Image.Image, say: Step) -> Image.Image:
    if image.mode not in {"P", "PA", "1", "YCbCr", "HSV", "RGBX", "La", "RGBa"}:
        return image
    clear = image.mode in _CLEAR or "transparency" in image.info
    if image.mode in {"P", "PA"}:
        say("replaced the palette by full colours")
    return _carry(image, image.convert("RGBA" if clear else "RGB"))


def _opaque_on_white(image: Image.Image, say: Step) -> Image.Image:
    """Put what is transparent on white, as pages and viewers do; videos are opaque."""
    if image.mode in {"RGB", "L"} and "transparency" in image.info:
        image = _carry(image, image.convert("RGBA"))
    if image.mode not in {"RGBA", "LA"}:
        return image
    flat = "L" if image.mode == "LA" else "RGB"
    if _opaque(image):
        return _carry(image, image.convert(flat))
    say("put on white where it was transparent")
    white = Image.new(flat, image.size, "white")
    white.paste(image.convert(flat), mask=image.getchannel("A"))
    return _carry(image, white)


def _opaque(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema()[0] == 255


def _in_srgb(image: Image.Image, say: Step) -> Image.Image:
    """Apply the colour profile, so that nobody needs to know it any more."""
    if image.mode in {"CMYK", "LAB"} or _converting(image):
        transform = _transform(image)
        if transform is not None:
            say(f"converted colours from {_name(image)} to sRGB")
            return transform.apply(image)
    if image.mode in _PLAIN:
        return image
    say(f"converted from {image.mode} to RGB without a colour profile: colours may differ")
    return image.convert("RGB")


def _converting(image: Image.Image) -> bool:
    """Say whether a profile changes colours visibly."""
    if not image.info.get("icc_profile"):
        return False
    mode = "L" if image.mode in {"L", "LA"} else "RGB"
    probe = Image.frombytes("RGB", (len(_PROBE) // 3, 1), _PROBE).convert(mode)
    transform = _transform(_carry(image, probe))
    if transform is None:
        return False
    seen = transform.apply(probe)
    pairs = zip(probe.convert("RGB").tobytes(), seen.convert("RGB").tobytes(), strict=True)
    return max(abs(before - after) for before, after in pairs) > _UNSEEN


def _transform(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """Give the way from the picture's profile to sRGB; None: it has none that fits."""
    try:
        return ImageCms.buildTransform(
            _profile(image),
            ImageCms.createProfile("sRGB"),
            image.mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile:
    stored = image.info.get("icc_profile")
    if stored:
        return ImageCms.ImageCmsProfile(io.BytesIO(stored))
    if image.mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    raise ValueError("no profile")


def _name(image: Image.Image) -> str:
    """Give the profile's name for people."""
    try:
        said = ImageCms.getProfileDescription(_profile(image))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.mode
    return printable(" ".join(said.split()))[:60] or image.mode


def _carry(source: Image.Image, done: Image.Image) -> Image.Image:
    """Take the colour profile along and nothing else."""
    profile = source.info.get("icc_profile")
    done.info = {"icc_profile": profile} if profile else {}
    return done

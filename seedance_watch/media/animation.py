"""A small animation of a video, for chats and mails: bounded in length, size and bytes.

The video is decoded picture by picture; only small ones are kept, at most some 90 MB of them.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from seedance_watch.media import jobfiles, reel

# What chats play where they show it and mails take along; a longer video is shown in part.
LONGEST_S = 10.0
MOST_BYTES = 3_000_000
_FAST_MS = 80  # GIF counts in hundredths of a second


@dataclass(frozen=True, slots=True)
class _Step:
    """One way to encode, the best ones first.

    Attributes:
        longest_px: The longer side.
        every: Shows each first, second, ... picture.
        options: For the encoder.
    """

    longest_px: int
    every: int
    options: Mapping[str, Any]


_STEPS: Mapping[str, Sequence[_Step]] = {
    "webp": (
        _Step(480, 1, {"quality": 75, "method": 3}),
        _Step(480, 1, {"quality": 45, "method": 3}),
        _Step(400, 2, {"quality": 45, "method": 3}),
        _Step(320, 2, {"quality": 35, "method": 3}),
        _Step(240, 2, {"quality": 25, "method": 3}),
    ),
    "gif": (
        _Step(400, 1, {}),
        _Step(320, 1, {}),
        _Step(320, 2, {}),
        _Step(240, 2, {}),
        _Step(200, 2, {}),
    ),
}


def preview(video: Path, target: Path, *, kind: str) -> None:
    """Write a small animation of a verified video's beginning; it plays again and again.

    Args:
        video: It is only read.
        target: Where the animation goes; replaced.
        kind: "webp" or "gif".

    Raises:
        Fault: GARBLED: the video cannot be decoded. LOCAL: our own disk.
    """
    with reel.opened(video) as shown:
        pictures = [_small(each) for each in _picked(shown)]
        if not pictures:
            raise reel.Garbled("has no frame")
    jobfiles.write(target, _fitted(pictures, kind))


def _picked(shown: reel.Reel) -> Iterator[Any]:
    """Give the pictures to show, at an even pace whatever the video's is."""
    start, due = 0.0, 0
    for number, frame in enumerate(shown.frames()):
        at_s = frame.time if frame.pts is not None else number / 24
        start = start if number else at_s
        at_ms = round((at_s - start) * 1000)
        if at_ms >= LONGEST_S * 1000:
            return
        if at_ms >= due:
            due += _FAST_MS * max(1, (at_ms - due) // _FAST_MS + 1)
            yield frame


def _small(frame: Any) -> Image.Image:
    """Give a picture of the largest size that any step shows."""
    longest = max(step.longest_px for steps in _STEPS.values() for step in steps)
    factor = min(1.0, longest / max(frame.width, frame.height))
    width, height = (max(1, round(side * factor)) for side in (frame.width, frame.height))
    image: Image.Image = frame.to_image(width=width, height=height, interpolation="AREA")
    return image


def _fitted(pictures: list[Image.Image], kind: str) -> bytes:
    """Encode as well as few enough bytes allow; at last, show less of it."""
    content = b""
    for step in _STEPS[kind]:
        content = _encoded(pictures, kind, step)
        if len(content) <= MOST_BYTES:
            return content
    while len(content) > MOST_BYTES and len(pictures) > 1:
        pictures = pictures[: len(pictures) * 2 // 3]
        content = _encoded(pictures, kind, _STEPS[kind][-1])
    return content


def _encoded(pictures: list[Image.Image], kind: str, step: _Step) -> bytes:
    shown = [_scaled(each, step.longest_px) for each in pictures[:: step.every]]
    if kind == "gif":
        shown = _in_few_colours(shown)
    out = io.BytesIO()
    shown[0].save(
        out,
        kind,
        save_all=True,
        append_images=shown[1:],
        duration=_FAST_MS * step.every,
        loop=0,
        **step.options,
    )
    return out.getvalue()


def _scaled(image: Image.Image, longest_px: int) -> Image.Image:
    small = image.copy()
    small.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return small


def _in_few_colours(pictures: list[Image.Image]) -> list[Image.Image]:
    """Give all the same 256 colours: each its own would flicker, and be larger."""
    some = pictures[:: max(1, len(pictures) // 8)]
    width, height = some[0].size
    sheet = Image.new("RGB", (width, height * len(some)))
    for number, each in enumerate(some):
        sheet.paste(each, (0, height * number))
    palette = sheet.quantize(256, method=Image.Quantize.MEDIANCUT)
    return [each.quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures]

"""Real, playable H.264 MP4 files from a still: a slow pan, a cross-fade to an end frame.

Pure Pillow and PyAV, both imported when first needed; about 0.4 s for five seconds of 720p.
"""

import hashlib
import io
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_PAN = 1.12  # how much larger than the frame the still is drawn
_LIMITED_RANGE, _BT601 = 1, 6  # AVCOL_RANGE_MPEG, AVCOL_SPC_SMPTE170M
_LUMA = [round(16 + value * 219 / 255) for value in range(256)]
_CHROMA = [round(128 + (value - 128) * 224 / 255) for value in range(256)]

_Planes = tuple["Image", "Image", "Image"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSpec:
    """Everything that decides what a video looks like.

    ``ratio`` is width to height, None takes the first image's; ``images`` are file contents,
    none makes a generated picture from the prompt.
    """

    images: tuple[bytes, ...]
    prompt: str
    duration_s: float
    short_side_px: int
    ratio: tuple[int, int] | None
    fps: int = 24
    scale: float = 1.0
    seed: int = 0
    still: bool = False


def render(spec: VideoSpec) -> bytes:
    """Return an MP4 with its index at the front.

    Raises:
        OSError: An image is not decodable.
    """
    stills = [_opened(image) for image in spec.images] or [_generated(spec)]
    width, height = _size_px(spec, stills[0].size)
    planes = [_planes(still, width, height) for still in stills[:2]]
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        path = Path(folder) / "video.mp4"
        _encode(path, planes, spec=spec, size=(width, height))
        return path.read_bytes()


def signed(video: bytes, text: str) -> bytes:
    """Return the video with a text in a box at its end that players skip."""
    note = text.encode()
    return video + struct.pack(">I4s", 8 + len(note), b"free") + note


def _opened(image: bytes) -> "Image":
    from PIL import Image  # noqa: PLC0415 - only who renders pays for the import

    return Image.open(io.BytesIO(image)).convert("RGB")


def _generated(spec: VideoSpec) -> "Image":
    """Draw a picture that depends on the prompt and the seed."""
    from PIL import Image  # noqa: PLC0415 - as above

    digest = hashlib.sha256(f"{spec.prompt}{spec.seed}".encode()).digest()
    ratio = spec.ratio or (16, 9)
    swatch = Image.frombytes("RGB", (3, 3), digest[:27])
    size = (round(360 * ratio[0] / ratio[1]), 360)
    return swatch.resize(size, Image.Resampling.BICUBIC)


def _size_px(spec: VideoSpec, image_size: tuple[int, int]) -> tuple[int, int]:
    """Return even width and height whose shorter side is the resolution."""
    wide, high = spec.ratio or image_size
    side = spec.short_side_px * spec.scale / min(wide, high)
    return max(16, round(wide * side / 2) * 2), max(16, round(high * side / 2) * 2)


def _planes(still: "Image", width: int, height: int) -> _Planes:
    """Return luma and two half-size chroma pictures, larger than the frame by the pan."""
    from PIL import ImageOps  # noqa: PLC0415 - as above

    size = (round(width * _PAN / 2) * 2, round(height * _PAN / 2) * 2)
    luma, blue, red = ImageOps.fit(still, size).convert("YCbCr").split()
    half = (size[0] // 2, size[1] // 2)
    return luma.point(_LUMA), blue.resize(half).point(_CHROMA), red.resize(half).point(_CHROMA)


def _watermark(width: int, height: int) -> "Image":
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - as above

    mask = Image.new("L", (width, height), 0)
    font = ImageFont.load_default(max(8, height // 14))
    ImageDraw.Draw(mask).text((width // 40, height // 40), "sandbox", fill=180, font=font)
    box = mask.getbbox()
    return mask.crop((0, 0, box[2], box[3])) if box else mask


def _encode(path: Path, planes: list[_Planes], *, spec: VideoSpec, size: tuple[int, int]) -> None:
    import av  # noqa: PLC0415 - as above

    mark = _watermark(*size)
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(
            "libx264", rate=spec.fps, options={"preset": "ultrafast", "crf": "30"}
        )
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        stream.codec_context.color_range, stream.codec_context.colorspace = _LIMITED_RANGE, _BT601
        stream.codec_context.thread_count = 1
        count = max(2, round(spec.duration_s * spec.fps))
        for index in range(count):
            frame = av.VideoFrame(size[0], size[1], "yuv420p")
            pictures = _moment(planes, index / (count - 1), spec=spec, size=size)
            pictures[0].paste(235, (0, 0), mark)
            for plane, picture in zip(frame.planes, pictures, strict=True):
                padded = picture.crop((0, 0, plane.line_size, plane.height))
                plane.update(padded.tobytes())
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _moment(
    planes: list[_Planes], part: float, *, spec: VideoSpec, size: tuple[int, int]
) -> list["Image"]:
    """Return the three planes at a part (0..1) of the video."""
    from PIL import Image  # noqa: PLC0415 - as above

    way = 0.5 if spec.still else (part if spec.seed % 2 == 0 else 1 - part)
    shown = [_window(planes[0], way, size)]
    if len(planes) > 1:
        shown.append(_window(planes[1], way, size))
    fade = max(0.0, min(1.0, (part - 0.5) * 2.5))
    if len(shown) == 1 or fade == 0:
        return shown[0]
    return [Image.blend(first, last, fade) for first, last in zip(*shown, strict=True)]


def _window(planes: _Planes, way: float, size: tuple[int, int]) -> list["Image"]:
    """Cut the frame out of the larger planes, at a part of the way from corner to corner."""
    left = int((planes[0].width - size[0]) * way) // 2
    top = int((planes[0].height - size[1]) * way) // 2
    width, height = size
    return [
        planes[0].crop((2 * left, 2 * top, 2 * left + width, 2 * top + height)),
        *(plane.crop((left, top, left + width // 2, top + height // 2)) for plane in planes[1:]),
    ]

"""Makes real picture and video files of every kind and oddity, for tests."""

import io
import struct
import tempfile
import zlib
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageCms, ImageDraw

from seedance_watch.core.model import ImageLimits, Picture, Role
from seedance_watch.media import images

# Corner colours of `scene`, clockwise from the upper left.
CORNERS = ((250, 20, 20), (20, 230, 20), (20, 20, 250), (240, 240, 20))


def scene(size: tuple[int, int] = (640, 400)) -> Image.Image:
    """Paint a picture whose four corners have a colour each."""
    image = Image.new("RGB", size, (128, 128, 128))
    draw, (wide, high) = ImageDraw.Draw(image), size
    for (x, y), colour in zip(((0, 0), (1, 0), (1, 1), (0, 1)), CORNERS, strict=True):
        left, top = x * wide * 3 // 4, y * high * 3 // 4
        draw.rectangle([left, top, left + wide // 4, top + high // 4], fill=colour)
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Give the colours near the four corners, clockwise from the upper left."""
    wide, high = image.size
    image, edge = image.convert("RGB"), 12
    spots = ((edge, edge), (wide - edge, edge), (wide - edge, high - edge), (edge, high - edge))
    return [image.getpixel(spot) for spot in spots]


def near(seen: list[tuple[int, ...]], wanted: list[tuple[int, ...]], *, within: int = 24) -> bool:
    """Whether colours are the same but for what compression does."""
    pairs = zip(seen, wanted, strict=True)
    return all(
        abs(a - b) <= within for one, other in pairs for a, b in zip(one, other, strict=True)
    )


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """Encode a picture."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def camera_exif(orientation: int = 1) -> Image.Exif:
    """Give EXIF as a phone writes it, with a position."""
    exif = Image.Exif()
    exif[0x010F] = "Lens & Sons"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (55.0, 13.0, 10.0)})
    return exif


def chunk(name: bytes, body: bytes) -> bytes:
    """Make a PNG chunk."""
    crc = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + crc


def png_rgb16(size: tuple[int, int] = (640, 400)) -> bytes:
    """Make a PNG with 16 bits a channel, which Pillow cannot write in colour."""
    row = b"\0" + b"".join(
        struct.pack(">HHH", 200 * 257, 100 * 257, 50 * 257) for _ in range(size[0])
    )
    head = struct.pack(">IIBBBBB", *size, 16, 2, 0, 0, 0)
    body = zlib.compress(row * size[1])
    chunks = (chunk(b"IHDR", head), chunk(b"IDAT", body), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_bomb(wide: int, high: int) -> bytes:
    """Make a small PNG that claims to be huge."""
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def swapped_profile() -> bytes:
    """Give a colour profile in which red and green are exchanged: nobody can overlook it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.find(b"rXYZ", 128), profile.find(b"gXYZ", 128)
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


def srgb_profile() -> bytes:
    """Give the ordinary colour profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def limits(**changes: object) -> ImageLimits:
    """Give a model's limits with some changed."""
    return ImageLimits(**changes)  # type: ignore[arg-type]


def prepared(
    folder: Path,
    name: str,
    content: bytes,
    *,
    fits: ImageLimits | None = None,
    keep_metadata: bool = False,
) -> Picture:
    """Write an original into a folder and prepare it."""
    (folder / name).write_bytes(content)
    return images.prepare(
        folder / name,
        folder,
        stem="job.image",
        role=Role.IMAGE,
        limits=fits or ImageLimits(),
        keep_metadata=keep_metadata,
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)


def heic(image: Image.Image, *, turns: int = 0) -> bytes:
    """Encode a HEIC still: one HEVC frame in the smallest container that is one.

    Args:
        image: What to encode.
        turns: Quarter turns against the clock that a viewer is told to make.
    """
    setup, sample = _hevc(image)
    wide, high = image.size
    handler = _full(b"hdlr", bytes(4), b"pict", bytes(12), b"\0")
    items = _full(b"iinf", b"\0\1", _full(b"infe", b"\0\1\0\0hvc1\0", version=2))
    properties = [setup, _full(b"ispe", struct.pack(">II", wide, high))]
    properties += [_box(b"irot", bytes([turns]))] if turns else []
    links = bytes([0x80 | 1, 2, *([0x80 | 3] if turns else [])])
    linked = _full(b"ipma", struct.pack(">IHB", 1, 1, len(links)), links)
    described = _box(b"iprp", _box(b"ipco", *properties), linked)
    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(offset: int) -> bytes:
        place = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(sample))
        located = _full(b"iloc", place)
        return _full(b"meta", handler, _full(b"pitm", b"\0\1"), located, items, described)

    offset = len(head) + len(meta(0)) + 8
    return head + meta(offset) + _box(b"mdat", sample)


def _hevc(image: Image.Image) -> tuple[bytes, bytes]:
    """Give the decoder's set-up box and one key frame."""
    codec = av.CodecContext.create("libx265", "w")
    codec.width, codec.height = image.size
    codec.pix_fmt, codec.time_base = "yuv420p", Fraction(1, 24)
    codec.options = {"x265-params": "log-level=none:repeat-headers=1:info=0"}
    frame = av.VideoFrame.from_image(image)
    packets = [*codec.encode(frame), *codec.encode(None)]
    stream = b"".join(map(bytes, packets)).replace(b"\0\0\0\1", b"\0\0\1")
    units = [unit for unit in stream.split(b"\0\0\1") if unit]
    heads = [unit for unit in units if unit[0] >> 1 in {32, 33, 34}]  # VPS, SPS, PPS
    profile = next(unit for unit in heads if unit[0] >> 1 == 33)[3:15]
    arrays = b"".join(
        struct.pack(">BHH", 0x80 | unit[0] >> 1, 1, len(unit)) + unit for unit in heads
    )
    fixed = b"\1" + profile + b"\xf0\0\xfc\xfd\xf8\xf8\0\0\x0f" + bytes([len(heads)])
    key = b"".join(struct.pack(">I", len(unit)) + unit for unit in units if unit[0] >> 1 < 32)
    return _box(b"hvcC", fixed + arrays), key


def video(
    frames: list[Image.Image],
    *,
    codec: str = "libx264",
    sound: bool = False,
    options: dict[str, str] | None = None,
    form: str = "mp4",
    flags: str = "+faststart",
) -> bytes:
    """Encode frames at 24 per second, with a second of silence when sound is asked for."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip"
        with av.open(
            path, "w", format=form, options={"movflags": flags} if form == "mp4" else {}
        ) as container:
            _encode(container, frames, codec, sound=sound, options=options or {})
        return path.read_bytes()


def _encode(
    container: av.container.OutputContainer,
    frames: list[Image.Image],
    codec: str,
    *,
    sound: bool,
    options: dict[str, str],
) -> None:
    stream = container.add_stream(codec, rate=24, options=options)
    stream.width, stream.height = frames[0].size
    stream.pix_fmt = "yuv420p"
    track = container.add_stream("aac", rate=48_000) if sound else None
    for number, frame in enumerate(frames):
        shown = av.VideoFrame.from_image(frame)
        shown.pts, shown.time_base = number, Fraction(1, 24)
        container.mux(stream.encode(shown))
    container.mux(stream.encode(None))
    if track is not None:
        _silence(container, track)


def sound() -> bytes:
    """Encode a second of silence, without any picture."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        _silence(container, container.add_stream("aac", rate=48_000))
    return out.getvalue()


def _silence(container: av.container.OutputContainer, track: av.AudioStream) -> None:
    for number in range(40):
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts = 48_000, number * 1024
        container.mux(track.encode(frame))
    container.mux(track.encode(None))


def moving(count: int = 24, size: tuple[int, int] = (320, 180)) -> list[Image.Image]:
    """Give frames in which something moves."""
    still = scene(size)
    return [still.rotate(3 * number) for number in range(count)]

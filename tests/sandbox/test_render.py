"""Videos are real: they decode to the last frame in the size and length that was asked."""

import io
from fractions import Fraction

import av
import pytest
from PIL import Image

from seedance_watch.sandbox.render import VideoSpec, render, signed


def picture(size: tuple[int, int], colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def spec(**changes) -> VideoSpec:
    plain = {
        "images": (picture((640, 400), "teal"),),
        "prompt": "a boat",
        "duration_s": 5,
        "short_side_px": 480,
        "ratio": (16, 9),
        "scale": 0.1,
    }
    return VideoSpec(**{**plain, **changes})


def frames(video: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(video)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"scale": 1, "duration_s": 1}, (854, 480)),
        ({"scale": 1, "duration_s": 1, "short_side_px": 720}, (1280, 720)),
        ({"ratio": (9, 16), "short_side_px": 1080}, (108, 192)),
        ({"ratio": (9, 21), "short_side_px": 720}, (72, 168)),
        ({"ratio": (1, 1)}, (48, 48)),
        ({"ratio": None}, (76, 48)),
        ({"images": (), "ratio": (21, 9)}, (112, 48)),
        ({"duration_s": 10}, (86, 48)),
        ({"fps": 6}, (86, 48)),
    ],
)
def test_a_video_is_whole(changes, size):
    """Every frame decodes; size, rate, codec and duration are as asked; index at the front."""
    wish = spec(**changes)
    video = render(wish)
    pictures = frames(video)
    assert {(frame.width, frame.height) for frame in pictures} == {size}
    assert len(pictures) == wish.duration_s * wish.fps
    with av.open(io.BytesIO(video)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.average_rate == Fraction(wish.fps)
        assert container.duration == wish.duration_s * 1_000_000
    assert video[4:8] == b"ftyp"
    assert video.index(b"moov") < video.index(b"mdat")


def test_an_end_frame_is_reached():
    """The first frame shows the first image, the last one the second."""
    both = (picture((320, 180), "red"), picture((320, 180), "blue"))
    shown = frames(render(spec(images=both, scale=0.3)))
    first, last = (shown[index].to_image().getpixel((120, 120)) for index in (0, -1))
    assert first[0] > 200
    assert first[2] < 60
    assert last[2] > 200
    assert last[0] < 60


def test_the_picture_moves_unless_the_camera_is_fixed():
    """A pan changes the picture over time; a fixed camera does not."""
    gradient = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(gradient, "PNG")
    for still in (False, True):
        shown = frames(render(spec(images=(gradient.getvalue(),), still=still, scale=0.3)))
        first, last = (shown[index].to_image().getpixel((120, 70))[0] for index in (0, -1))
        assert (abs(first - last) > 5) is not still


def test_the_watermark_is_there():
    """The corner is brighter than the rest of a dark picture."""
    shown = frames(render(spec(images=(picture((320, 180), "black"),), scale=1, duration_s=1)))
    corner = shown[0].to_image().convert("L").crop((0, 0, 200, 60))
    assert corner.getextrema()[1] > 100


def test_prompts_and_seeds_make_other_pictures():
    """A text job's picture depends on both."""
    made = {render(spec(images=(), prompt=prompt, seed=seed, duration_s=1))
            for prompt, seed in [("a", 1), ("b", 1), ("a", 2)]}  # fmt: skip
    assert len(made) == 3


def test_a_signed_video_still_plays():
    """The note at the end is a box that players skip."""
    video = signed(render(spec(duration_s=1)), "task_1")
    assert video.endswith(b"task_1")
    assert len(frames(video)) == 24

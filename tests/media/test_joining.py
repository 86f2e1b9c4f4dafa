"""Videos joined to one: every picture there, in time, and heard in time."""

import resource
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pictures
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seedance_watch.app import joining
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.extras import Joined
from seedance_watch.media.decoders import Decoders
from seedance_watch.sandbox.render import VideoSpec, render

MOST = 10**9


def greys(count: int, first: int, size: tuple[int, int] = (320, 180)) -> list[Image.Image]:
    """Give frames, each a little brighter than the one before."""
    return [Image.new("RGB", size, (first + 2 * n,) * 3) for n in range(count)]


def lay(folder: Path, *contents: bytes) -> list[Path]:
    """Write videos."""
    paths = [folder / f"shot{number}.mp4" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def join(videos: Sequence[Path], target: Path) -> Joined:
    """Join them."""
    return joining.joined(videos, target, Decoders(), max_bytes=MOST)


def frames(path: Path) -> tuple[list[Fraction], list[int]]:
    """Give the moments and the brightness of a video's pictures."""
    with av.open(path) as container:
        found = [(frame.pts * frame.time_base, frame) for frame in container.decode(video=0)]
        return [at for at, _ in found], [
            frame.to_image().getpixel((160, 90))[0] for _, frame in found
        ]


@pytest.mark.parametrize("bf", ["0", "3"])
def test_alike_videos_are_joined_as_they_are(tmp_path: Path, bf: str) -> None:
    """Every picture bit by bit, one after the other at an even pace, in order."""
    videos = lay(
        tmp_path, *[pictures.video(greys(20, 70 * n), options={"bf": bf}) for n in range(3)]
    )

    joined = join(videos, tmp_path / "film")

    assert (joined.why, joined.clip.frames, joined.clip.duration_s) == ("", 60, 2.5)
    at, seen = frames(tmp_path / "film")
    assert at == [Fraction(n, 24) for n in range(60)]
    assert seen == [grey for video in videos for grey in frames(video)[1]]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "film", "shot0.mp4", "shot1.mp4", "shot2.mp4",
    ]  # fmt: skip


def test_it_plays_while_it_is_fetched(tmp_path: Path) -> None:
    """The index stands in front of the pictures."""
    join(lay(tmp_path, *[pictures.video(greys(9, 9))] * 2), tmp_path / "film")

    content = (tmp_path / "film").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_the_same_videos_give_the_same_bytes(tmp_path: Path) -> None:
    """A repetition after a crash finds equal bytes already there; also where it encodes."""
    videos = lay(
        tmp_path,
        pictures.video(greys(20, 70), sound=True),
        pictures.video(greys(20, 70, (160, 90)), sound=True),
    )
    for each in ([videos[0]] * 2, videos):
        join(each, tmp_path / "one")
        join(each, tmp_path / "other")
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def loud(path: Path) -> list[float]:
    """Give how loud each hundredth of a second of a video's sound is."""
    found: list[float] = []
    with av.open(path) as container:
        resampler = av.AudioResampler("flt", "mono", 48_000)
        fifo = av.AudioFifo()
        for frame in container.decode(audio=0):
            for each in resampler.resample(frame):
                each.pts = None
                fifo.write(each)
        while piece := fifo.read(480):
            samples = memoryview(bytes(piece.planes[0])).cast("f")[:480]
            found.append(max(map(abs, samples)))
    return found


def test_sound_stays_with_its_picture(tmp_path: Path) -> None:
    """However long each sound is; a video without one is silent for as long as it lasts."""
    videos = lay(tmp_path, *[pictures.video(greys(24, 9), sound=n != 1) for n in range(3)])
    tones = [_with_tone(video, tmp_path / f"t{n}.mp4") for n, video in enumerate(videos)]
    shown = [tones[0], videos[1], tones[2]]

    joined = join(shown, tmp_path / "film")

    assert joined.clip.has_audio
    heard = loud(tmp_path / "film")
    assert len(heard) == pytest.approx(300, abs=3)
    assert min(heard[5:95] + heard[205:295]) > 0.2
    assert max(heard[105:195]) < 0.02


def _with_tone(video: Path, target: Path) -> Path:
    """Give a video whose sound is a tone, a little longer than its picture."""
    with av.open(video) as there, av.open(target, "w", format="mp4") as container:
        shown = container.add_stream_from_template(there.streams.video[0])
        heard = container.add_stream("aac", rate=44_100)
        for packet in there.demux(video=0):
            if packet.size:
                packet.stream = shown
                container.mux(packet)
        for number in range(45):
            frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            wave = [0.5 if (n // 50) % 2 else -0.5 for n in range(1024)]
            data = memoryview(bytearray(4096)).cast("f")
            for n, value in enumerate(wave):
                data[n] = value
            for plane in frame.planes:
                plane.update(bytes(data) + bytes(plane.buffer_size - 4096))
            frame.sample_rate, frame.pts = 44_100, number * 1024
            container.mux(heard.encode(frame))
        container.mux(heard.encode(None))
    return target


def test_other_videos_are_encoded_again(tmp_path: Path) -> None:
    """Other size, pace, compression: it is said, and each picture keeps its moment."""
    videos = lay(
        tmp_path,
        pictures.video(greys(24, 20)),
        render(
            VideoSpec(images=(), prompt="x", duration_s=1, short_side_px=90, ratio=(9, 16), fps=30)
        ),
        pictures.video(greys(12, 200, (640, 360)), codec="mpeg4"),
    )

    joined = join(videos, tmp_path / "film")

    assert "shot1.mp4 has another size than shot0.mp4" in joined.why
    assert (joined.clip.width_px, joined.clip.height_px, joined.clip.codec) == (320, 180, "h264")
    assert joined.clip.frames == 24 + 30 + 12
    at, seen = frames(tmp_path / "film")
    assert all(before < after for before, after in pairwise(at))
    assert [float(at[n]) for n in (23, 24, 53)] == pytest.approx([23 / 24, 1, 1 + 29 / 30], 0.01)
    assert seen[:24] == pytest.approx(frames(videos[0])[1], abs=6)
    assert seen[-12:] == pytest.approx(frames(videos[2])[1], abs=6)
    assert len(list(tmp_path.iterdir())) == 4


PIECES = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from(["0", "2"]), st.booleans()),
    min_size=2,
    max_size=5,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=PIECES)
def test_any_videos_are_joined_whole(tmp_path: Path, pieces: list[tuple[int, str, bool]]) -> None:
    """Of whatever length, order of pictures and sound: none is missing, time never goes back."""
    contents = [
        pictures.video(greys(count, 20 * n), options={"bf": bf}, sound=sound)
        for n, (count, bf, sound) in enumerate(pieces)
    ]

    joined = join(lay(tmp_path, *contents), tmp_path / "film")

    assert joined.clip.frames == sum(count for count, _, _ in pieces)
    at, _ = frames(tmp_path / "film")
    assert all(before < after for before, after in pairwise(at))
    assert joined.clip.has_audio == any(sound for _, _, sound in pieces)


def test_a_broken_video_is_joined_to_nothing(tmp_path: Path) -> None:
    """It is a fault of the video, and nothing is left on its way."""
    videos = lay(tmp_path, pictures.video(greys(9, 9)), b"no video")

    with pytest.raises(Fault, match=r"shot1\.mp4") as caught:
        join(videos, tmp_path / "film")

    assert FaultKind.GARBLED is caught.value.kind
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_is_no_fault_of_a_video(tmp_path: Path) -> None:
    """It is told from a broken video, so that it can be waited for."""
    videos = lay(tmp_path, *[pictures.video(pictures.moving(24), sound=True)] * 2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    for most in (0, 20_000, 2 * videos[0].stat().st_size - 5_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            with pytest.raises(Fault) as caught:
                join(videos, tmp_path / "film")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert FaultKind.LOCAL is caught.value.kind

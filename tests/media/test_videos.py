"""A video is whole and plays, or it is refused."""

import errno
import hashlib
import os
import random
import resource
import struct
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pictures
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip
from seedance_watch.media import reel, videos

CLIP = pictures.video(pictures.moving(24))
LOUD = pictures.video(pictures.moving(24), sound=True)
MOST = 50_000_000


def verified(folder: Path, content: bytes, *, max_bytes: int = MOST) -> Clip:
    """Write a video and verify it."""
    (folder / "shot.part").write_bytes(content)
    return videos.verify(folder / "shot.part", max_bytes=max_bytes)


def garbled(folder: Path, content: bytes, *, max_bytes: int = MOST) -> str:
    """Give the reason for refusing what must be refused."""
    with pytest.raises(Fault) as caught:
        verified(folder, content, max_bytes=max_bytes)
    assert FaultKind.GARBLED is caught.value.kind
    return caught.value.reason


def test_a_whole_video_is_described(tmp_path: Path) -> None:
    """Every number comes from what was decoded."""
    clip = verified(tmp_path, CLIP)

    assert (clip.width_px, clip.height_px, clip.frames, clip.fps) == (320, 180, 24, 24.0)
    assert (clip.codec, clip.has_audio, clip.duration_s) == ("h264", False, 1.0)
    assert (len(CLIP), hashlib.sha256(CLIP).hexdigest()) == (clip.size_bytes, clip.sha256)


def test_sound_is_seen(tmp_path: Path) -> None:
    """A clip with a sound track says so."""
    assert verified(tmp_path, LOUD).has_audio


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx-vp9"])
def test_other_encoders_are_accepted(tmp_path: Path, codec: str) -> None:
    """Strictness about damage never refuses a sound video."""
    content = pictures.video(pictures.moving(24), codec=codec, sound=True)

    assert verified(tmp_path, content).frames == 24


def test_frames_out_of_order_are_accepted(tmp_path: Path) -> None:
    """B-frames and several groups of pictures are ordinary."""
    content = pictures.video(pictures.moving(50), options={"bf": "3", "g": "12"})

    assert verified(tmp_path, content).frames == 50


def test_fragments_are_accepted(tmp_path: Path) -> None:
    """A fragmented MP4 is an MP4."""
    content = pictures.video(
        pictures.moving(48), options={"g": "12"}, flags="frag_keyframe+empty_moov"
    )

    assert verified(tmp_path, content).frames == 48


def test_sound_that_cannot_be_decoded_costs_nobody_a_video(tmp_path: Path) -> None:
    """What was paid for is the picture; that there is sound is still said."""
    clip = verified(tmp_path, LOUD.replace(b"mp4a", b"xxxx"))

    assert (clip.frames, clip.has_audio) == (24, True)


def test_no_byte_of_the_index_crashes_anything(tmp_path: Path) -> None:
    """Whatever the description of the streams says, it is a video or it is refused."""
    start, end = LOUD.index(b"stsd"), LOUD.index(b"stts")
    for place in range(start, end):
        hurt = bytearray(LOUD)
        hurt[place] ^= 0xFF
        came = outcome(tmp_path, bytes(hurt))
        assert isinstance(came, Clip) or FaultKind.GARBLED is came.kind


def outcome(folder: Path, content: bytes) -> Clip | Fault:
    """Verify what may or may not be a video."""
    try:
        return verified(folder, content)
    except Fault as fault:
        return fault


REFUSED = {
    "empty": (b"", "is empty"),
    "html": (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
    "json": (b'{"error": "expired"}', "JSON"),
    "zip": (b"PK\x03\x04" + bytes(200), "ZIP"),
    "webm": (
        pictures.video(pictures.moving(5), codec="libvpx-vp9", form="webm"),
        "Matroska or WebM",
    ),
    "picture": (pictures.saved(pictures.scene(), "JPEG"), "no picture format"),
    "heic": (pictures.heic(pictures.scene()), "no index"),
    "only a head": (CLIP[:32], "no index"),
    "no index": (CLIP.replace(b"moov", b"free", 1), "no index"),
    "holes": (CLIP[:32] + bytes(64), "no index"),
    "short box": (CLIP[:32] + b"\0\0\0\4free" + bytes(64), "damaged or cut off"),
    "no picture": (pictures.sound(), "only sound"),
    "unknown compression": (CLIP.replace(b"avc1", b"xxxx"), "cannot be decoded here"),
    "locked": (CLIP.replace(b"avc1", b"encv"), "cannot be decoded here"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_video_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    """An error page or archive in place of the video is told apart."""
    content, words = REFUSED[name]

    assert words in garbled(tmp_path, content)


def test_a_video_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Size is checked first."""
    assert "more than the 1000" in garbled(tmp_path, CLIP, max_bytes=1_000)


def test_a_missing_end_is_measured(tmp_path: Path) -> None:
    """The reason says how much is missing."""
    assert "cut off: 100 bytes" in garbled(tmp_path, CLIP[:-100])


ONCE = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("content", [CLIP, LOUD], ids=["mute", "loud"])
@ONCE
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_cut_anywhere_is_refused(tmp_path: Path, content: bytes, share: float) -> None:
    """Only the whole file is a video."""
    garbled(tmp_path, content[: int(len(content) * share)])


@ONCE
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_never_crashes(tmp_path: Path, place: float, bit: int) -> None:
    """Damage is refused, or harmless: then every frame is still there."""
    hurt = bytearray(CLIP)
    hurt[int(len(hurt) * place)] ^= 1 << bit
    came = outcome(tmp_path, bytes(hurt))
    if isinstance(came, Fault):
        assert FaultKind.GARBLED is came.kind
    else:
        assert came.frames >= 1


@pytest.fixture(params=[0, 640 * 360], ids=["threads", "one thread"])
def decoding(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decode with threads, as large pictures are, and without, as small ones are."""
    monkeypatch.setattr(reel, "_SMALL_PIXELS", request.param)


@pytest.mark.usefixtures("decoding")
def test_damage_in_the_picture_data_is_found(tmp_path: Path) -> None:
    """Noise, as a bad transfer leaves it, is found; not always, as the codec has no checksum."""
    start, found = CLIP.index(b"mdat") + 900, 0  # behind the encoder's own remarks
    for seed in range(60):
        dice, hurt = random.Random(seed), bytearray(CLIP)
        place = dice.randrange(start, len(hurt) - 64)
        hurt[place : place + 64] = dice.randbytes(64)
        found += isinstance(outcome(tmp_path, bytes(hurt)), Fault)

    assert found > 60 * 8 // 10


@pytest.mark.usefixtures("decoding")
def test_zeros_in_the_middle_are_found(tmp_path: Path) -> None:
    """A hole that a resumed download left is not played over."""
    middle = len(CLIP) * 2 // 3
    hurt = CLIP[:middle] + bytes(2_000) + CLIP[middle + 2_000 :]

    garbled(tmp_path, hurt)


def test_who_looks_at_no_picture_has_all_of_them(tmp_path: Path) -> None:
    """What is left out changes how pictures look, not how many there are."""
    (tmp_path / "shot.part").write_bytes(CLIP)

    with reel.opened(tmp_path / "shot.part") as opened:
        smooth = [bytes(frame.planes[0]) for frame in opened.frames()]
    with reel.opened(tmp_path / "shot.part") as opened:
        opened.roughly()
        rough = [bytes(frame.planes[0]) for frame in opened.frames()]

    assert len(rough) == len(smooth) == 24
    assert rough != smooth


@pytest.mark.parametrize(("size", "kind"), [((320, 180), "NONE"), ((864, 480), "AUTO")])
def test_threads_decode_only_what_is_large(
    tmp_path: Path, size: tuple[int, int], kind: str
) -> None:
    """For a small video it takes longer to start threads than to decode it."""
    (tmp_path / "shot.part").write_bytes(pictures.video(pictures.moving(2, size)))

    with reel.opened(tmp_path / "shot.part") as opened:
        assert kind == opened.stream.thread_type.name


def test_an_index_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    """No memory is set aside for what cannot be there."""
    place = CLIP.index(b"stsz") + 8
    hurt = CLIP[:place] + struct.pack(">II", 1, 2**31) + CLIP[place + 8 :]

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "promises" in garbled(tmp_path, hurt)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_absurd_numbers_of_frames_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding ends, whatever a video holds."""
    monkeypatch.setattr(videos, "MAX_FRAMES", 10)

    assert "more than any model makes" in garbled(tmp_path, CLIP)


def test_absurd_frame_sizes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One frame cannot exhaust memory."""
    monkeypatch.setattr(reel, "MAX_PIXELS", 1_000)

    assert "320x180" in garbled(tmp_path, CLIP)


class _Witness(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_nothing_but_the_file_is_opened(tmp_path: Path) -> None:
    """A playlist or a reference inside a video leads nowhere."""
    server = HTTPServer(("127.0.0.1", 0), _Witness)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        there = f"http://127.0.0.1:{server.server_port}/x.ts"
        (tmp_path / "secret.mp4").write_bytes(CLIP)
        playlist = f"#EXTM3U\n#EXTINF:1,\n{there}\n#EXT-X-ENDLIST\n".encode()
        garbled(tmp_path, playlist)
        garbled(tmp_path, f"ffconcat version 1.0\nfile {tmp_path}/secret.mp4\n".encode())
        garbled(tmp_path, CLIP[:32] + playlist)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert _Witness.asked == []


def test_names_are_never_taken_for_addresses(tmp_path: Path) -> None:
    """A file may be called like a protocol."""
    path = tmp_path / "concat:http:x|y.mp4"
    path.write_bytes(CLIP)

    assert videos.verify(path, max_bytes=MOST).frames == 24


def test_the_decoder_keeps_quiet(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What a library thinks of a broken video does not reach the log."""
    hurt = bytearray(CLIP)
    hurt[-900:-500] = bytes(400)
    garbled(tmp_path, bytes(hurt))

    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_our_own_trouble(tmp_path: Path) -> None:
    """An unmounted share does not make a paid video garbled."""
    with pytest.raises(Fault) as caught:
        videos.verify(tmp_path / "gone", max_bytes=MOST)
    assert FaultKind.LOCAL is caught.value.kind


def test_a_disk_that_fails_while_reading_is_our_own_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even in the middle of decoding."""

    def broken(*_: object, **__: object) -> object:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(videos, "_decode", broken)
    with pytest.raises(Fault) as caught:
        verified(tmp_path, CLIP)
    assert FaultKind.LOCAL is caught.value.kind


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nothing outside the part folder is read."""
    (tmp_path / "real.mp4").write_bytes(CLIP)
    (tmp_path / "shot.part").symlink_to(tmp_path / "real.mp4")

    with pytest.raises(Fault) as caught:
        videos.verify(tmp_path / "shot.part", max_bytes=MOST)
    assert FaultKind.LOCAL is caught.value.kind

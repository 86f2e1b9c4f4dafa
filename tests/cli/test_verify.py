"""`verify`: what is missing or changed among the videos, through the real command line."""

import hashlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import studios
from shell import run

from seedance_watch.sandbox.server import Sandbox, threaded


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio with two videos."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.drop('prompt = "waves"\n')
    made.drop('prompt = "wind"\n', name="scenes/wind")
    run(made, "run", "--once")
    assert [name for name in made.seen("outbox") if name.endswith(".mp4")] == [
        "scenes/wind.mp4",
        "shot.mp4",
    ]
    return made


def codes(studio: studios.Studio, *arguments: str) -> dict[str, str]:
    """Give what is wrong, by video."""
    told = json.loads(run(studio, "verify", "--json", *arguments).stdout)
    return {each["video"]: each["code"] for each in told["findings"]}


def test_what_was_placed_is_found_good(studio: studios.Studio) -> None:
    """Decoded too where that is asked for; a plain pipe gets plain lines."""
    for where in ([], ["outbox"]):
        told = run(studio, "verify", *where, "--decode")

        assert (told.returncode, told.stdout) == (0, "2 of 2 videos are as they were placed\n")
        assert told.stderr == ""


def test_what_is_missing_or_changed_is_named(studio: studios.Studio) -> None:
    """With exit code 1; a video without a receipt is told and is no fault."""
    shot = studio.outbox / "shot.mp4"
    content = bytearray(shot.read_bytes())
    content[-1] ^= 1
    shot.write_bytes(content)
    (studio.outbox / "scenes/wind.mp4").unlink()
    (studio.outbox / "mine.mp4").write_bytes(b"x")

    told = run(studio, "verify")

    assert told.returncode == 1
    assert "outbox/shot.mp4: its bytes are not those that were placed (job shot-" in told.stderr
    assert "outbox/scenes/wind.mp4: it is not there (job wind-" in told.stderr
    assert "outbox/mine.mp4: it has no receipt\n0 of 2 videos" in told.stdout
    assert codes(studio) == {
        "outbox/shot.mp4": "changed",
        "outbox/scenes/wind.mp4": "missing",
        "outbox/mine.mp4": "bare",
    }


def test_a_folder_elsewhere_needs_no_configuration(studio: studios.Studio, tmp_path: Path) -> None:
    """Videos that were taken away with their receipts are compared where they are."""
    away = tmp_path / "archive"
    (studio.outbox / "scenes").rename(away)
    (away / "notes.toml").write_text("a = 1")
    (away / "wind.mp4").write_bytes(b"short")
    command = [sys.executable, "-m", "seedance_watch", "verify", str(away), "--json"]

    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    [finding] = json.loads(told.stdout)["findings"]
    assert (told.returncode, finding["code"]) == (1, "size")


def test_a_damaged_receipt_or_a_video_that_plays_no_more_is_told(studio: studios.Studio) -> None:
    """The second only where decoding is asked for: its bytes are those of the receipt."""
    receipt = studio.outbox / "shot.toml"
    receipt.write_text(receipt.read_text()[:40])
    other, fake = studio.outbox / "scenes/wind.toml", b"no video"
    video = studio.outbox / "scenes/wind.mp4"
    old = video.read_bytes()
    text = other.read_text().replace(
        hashlib.sha256(old).hexdigest(), hashlib.sha256(fake).hexdigest()
    )
    other.write_text(text.replace(f"size_bytes = {len(old)}", f"size_bytes = {len(fake)}"))
    video.write_bytes(fake)

    assert codes(studio) == {"outbox/shot.mp4": "receipt"}
    assert codes(studio, "--decode")["outbox/scenes/wind.mp4"] == "broken"


def test_a_folder_that_is_not_there_is_an_error(studio: studios.Studio) -> None:
    """Nothing to verify is not the same as all is well."""
    told = run(studio, "verify", "nowhere")

    assert told.returncode == 1
    assert "cannot look into 'nowhere': No such file or directory" in told.stderr


def test_a_terminal_sees_a_bar(studio: studios.Studio) -> None:
    """On standard error, which is a terminal here; the result stays plain."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "seedance_watch", "verify", "-c", str(studio.config)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        out = process.communicate(timeout=60)[0]
    os.close(theirs)
    seen = os.read(ours, 65_536).decode()
    os.close(ours)

    assert "verifying" in seen
    assert out == "2 of 2 videos are as they were placed\n"

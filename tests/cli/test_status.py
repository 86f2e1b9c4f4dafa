"""`status` as it is typed."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import studios


@pytest.fixture
def studio(tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")


def command(studio: studios.Studio, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "seedance_watch", *arguments, "--config", str(studio.config)]


@contextmanager
def on_a_terminal(studio: studios.Studio, *arguments: str) -> Iterator[tuple[int, int]]:
    """Run a command on a terminal of its own; give its process id and the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(studio, *arguments), stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    try:
        yield process.pid, ours
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def seen(terminal: int, what: bytes, times: int) -> None:
    """Read until something was shown so often."""
    end, found = time.monotonic() + 60, b""
    while found.count(what) < times:
        assert time.monotonic() < end, found
        if select.select([terminal], [], [], 1.0)[0]:
            found += os.read(terminal, 65_536)


def test_watch_shows_it_anew_until_it_is_interrupted(studio: studios.Studio) -> None:
    """Ctrl-C is how it is meant to end."""
    with on_a_terminal(studio, "status", "--watch") as (_, terminal):
        seen(terminal, b"none yet", 4)


def test_watch_needs_a_terminal(studio: studios.Studio) -> None:
    """A pipe would only fill up."""
    found = subprocess.run(
        command(studio, "status", "--watch"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.returncode, found.stdout) == (64, "")
    assert "needs a terminal" in found.stderr


def test_before_the_first_run_there_is_nothing_and_nothing_is_made(studio: studios.Studio) -> None:
    """Limits are shown, because they are known."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 100")
    found = subprocess.run(
        command(studio, "status"), capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("jobs: none yet\ndaemon: none runs")
    assert "providers.rivya.budget.per_day: 0 of 100 credits until" in found.stdout
    assert not (studio.folder / "state").exists()

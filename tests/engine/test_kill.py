"""The real daemon as a process: kill -9 at random moments, and a polite stop.

For longer: `pytest tests/engine/test_kill.py --kills 500`.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import studios
from siege.killing import KNOBS, TIME_FACTOR, besiege

from seedance_watch.sandbox.server import Sandbox, threaded

_RUN = [sys.executable, "-m", "seedance_watch", "run"]


@pytest.fixture
def slow_sandbox() -> Iterator[Sandbox]:
    """A sandbox whose videos take a tenth of a second or so, so that kills hit every state."""
    with threaded(KNOBS, time_factor=TIME_FACTOR) as running:
        yield running


@contextmanager
def daemon(studio: studios.Studio, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command for the length of the block; kill it at the end if need be."""
    with (studio.folder / "daemon.log").open("ab") as log:
        child = subprocess.Popen([*_RUN, "--config", str(studio.config), *more], stderr=log)
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()


def wait_until(fact: "object", limit_s: float = 60.0) -> None:
    """Wait for a fact, looking often, with a deadline."""
    end = time.monotonic() + limit_s
    while not fact():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@pytest.mark.timeout(36_000)
@pytest.mark.parametrize(
    ("provider", "api"), [("rivya", "v2"), ("segmind", "v2"), ("segmind", "v1")]
)
def test_kill_9_at_random_moments_loses_nothing_and_pays_once(
    provider: str, api: str, tmp_path: Path, kills: int
) -> None:
    """Drops arrive, the daemon dies and dies: each video is there once, whole, and paid once."""
    figures = besiege(tmp_path / "studio", provider=provider, api=api, kills=kills, seed=7)

    assert figures.wrong == []
    assert figures.kills == kills
    assert figures.placed + figures.held == figures.takes > 0


@pytest.mark.timeout(120)
def test_sigterm_drains_and_the_next_start_goes_on(slow_sandbox: Sandbox, tmp_path: Path) -> None:
    """Exit code 0, prompt, and the job goes on where it was."""
    studio = studios.lay_out(tmp_path / "studio", slow_sandbox.url)
    with daemon(studio) as child:
        wait_until(lambda: b"daemon.ready" in (studio.folder / "daemon.log").read_bytes())
        studio.drop('prompt = "waves"\n')
        wait_until(lambda: slow_sandbox.ledger("charge"))
        child.terminate()
        assert child.wait(20) == 0
    with daemon(studio, "--once") as child:
        assert child.wait(60) == 0

    assert len(slow_sandbox.ledger("charge")) == 1
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]


@pytest.mark.timeout(120)
def test_a_second_daemon_names_the_first_and_exits(slow_sandbox: Sandbox, tmp_path: Path) -> None:
    """One writer per journal: exit code 75 and a sentence that names the process."""
    studio = studios.lay_out(tmp_path / "studio", slow_sandbox.url)
    with daemon(studio) as first:
        wait_until(lambda: b"daemon.ready" in (studio.folder / "daemon.log").read_bytes())
        second = subprocess.run(
            [*_RUN, "--config", str(studio.config)], capture_output=True, timeout=30, check=False
        )
        assert f"process {first.pid}".encode() in second.stderr
    assert second.returncode == 75

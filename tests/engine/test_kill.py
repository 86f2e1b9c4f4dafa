"""The real daemon as a process: kill -9 at random moments, and a polite stop."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import studios

from seedance_watch.core.model import State
from seedance_watch.media import videos
from seedance_watch.sandbox.server import Sandbox, threaded

_RUN = [sys.executable, "-m", "seedance_watch", "run"]


@pytest.fixture
def slow_sandbox() -> Iterator[Sandbox]:
    """A sandbox whose videos take a tenth of a second or so, so that kills hit every state."""
    knobs = replace(studios.KNOBS, rivya_queue_s=(2.0, 5.0), rivya_processing_s=(5.0, 20.0))
    with threaded(knobs, time_factor=0.01) as running:
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


@pytest.mark.timeout(300)
def test_kill_9_at_random_moments_loses_nothing_and_pays_once(
    slow_sandbox: Sandbox, tmp_path: Path, every: int
) -> None:
    """Twelve drops, a daemon that is killed again and again: twelve videos, twelve charges."""
    studio = studios.lay_out(tmp_path / "studio", slow_sandbox.url)
    dice = random.Random(7)
    names = [f"shot{n:02}" for n in range(12)]
    for name in names:
        studio.drop(f'prompt = "{name}"\n', name=name)

    for _ in range(max(3, 24 // every)):
        with daemon(studio) as child:
            time.sleep(dice.uniform(0.4, 1.6))
            os.kill(child.pid, signal.SIGKILL)
    with daemon(studio, "--once") as child:
        assert child.wait(120) == 0

    assert len(slow_sandbox.ledger("charge")) == len(names)
    assert [f"{name}.mp4" for name in names] == [
        path.name for path in sorted(studio.outbox.glob("*.mp4"))
    ]
    for path in studio.outbox.glob("*.mp4"):
        videos.verify(path, max_bytes=10**9)
    assert {row.state for row in studio.rows()} == {State.DONE}
    assert len(studio.seen("done")) == 2 * len(names)
    assert studio.seen("inbox") == []


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

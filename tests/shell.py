"""The commands as a person's shell runs them, alone or beside a daemon."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import studios

_LIMIT_S = 120.0


def run(studio: studios.Studio, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a studio's folder."""
    command = [sys.executable, "-m", "seedance_watch", *arguments, "--config", str(studio.config)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=_LIMIT_S, check=False, cwd=studio.folder
    )


@contextmanager
def daemon(studio: studios.Studio) -> Iterator[None]:
    """Run the daemon in a process of its own; stop it at the end."""
    command = [sys.executable, "-m", "seedance_watch", "run", "--config", str(studio.config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        ready = any("daemon.ready" in line for line in process.stderr)
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=_LIMIT_S)
            assert (ready, process.returncode) == (True, 0)


def wait(true: Callable[[], object]) -> None:
    """Wait for a fact."""
    end = time.monotonic() + _LIMIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)

"""A studio that spends nothing yet, its daemon as a process, and a service manager's socket."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import studios

from seedance_watch.sandbox.server import Sandbox, threaded

_DEADLINE_S = 60.0
_TESTS = Path(__file__).parent


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio that may spend nothing yet."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.configure(more="[providers.rivya.budget]\nper_day = 0")
    return made


def wait(fact: Callable[[], object]) -> None:
    """Wait for a fact."""
    end = time.monotonic() + _DEADLINE_S
    while not fact():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@dataclass
class Running:
    """A daemon's process and what it says."""

    studio: studios.Studio
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def said(self, event: str, times: int = 1) -> bool:
        """Whether the log has an event so often."""
        return sum(f'"{event}"' in line for line in self.lines) >= times

    def hang_up(self) -> None:
        """Ask for a reload as `kill -HUP` does."""
        self.process.send_signal(signal.SIGHUP)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another command beside it."""
        words = [sys.executable, "-m", "seedance_watch", *command]
        words += ["--config", str(self.studio.config)]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def daemon(
    studio: studios.Studio, *, module: tuple[str, ...] = ("seedance_watch",), **environ: str
) -> Iterator[Running]:
    """Run the daemon until the end of the block."""
    paths = os.pathsep.join([str(_TESTS), *sys.path[1:]])
    words = [sys.executable, "-m", *module, "run", "--config", str(studio.config)]
    with subprocess.Popen(
        words,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths} | environ,
    ) as process:
        running = Running(studio, process)
        assert process.stderr
        listener = threading.Thread(target=lambda: running.lines.extend(process.stderr or ()))
        listener.start()
        try:
            wait(lambda: running.said("daemon.ready") or process.poll() is not None)
            yield running
        finally:
            process.terminate()
            try:
                process.wait(_DEADLINE_S)
            finally:
                process.kill()
                listener.join()


@dataclass
class Manager:
    """Listens as a service manager does."""

    address: str
    messages: list[Mapping[str, str]] = field(default_factory=list)

    def told(self, name: str) -> list[str]:
        """Give the values that a variable was told with."""
        return [message[name] for message in self.messages if name in message]


@contextmanager
def managed(address: str) -> Iterator[Manager]:
    """Listen at a path, or with "@" at an abstract name."""
    manager = Manager(address)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as server:
        server.bind("\0" + address[1:] if address.startswith("@") else address)
        ended = threading.Event()
        server.settimeout(0.1)

        def listen() -> None:
            while not ended.is_set():
                try:
                    lines = server.recv(65_536).decode().split("\n")
                except TimeoutError:
                    continue
                manager.messages.append(dict(line.split("=", 1) for line in lines))

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield manager
        finally:
            ended.set()
            listener.join()

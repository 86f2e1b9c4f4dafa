"""The daemon as a process beside a sandbox, and what the system says about the process."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import studios
from PIL import Image

from seedance_watch.sandbox.server import Sandbox, threaded

_TICKS = os.sysconf("SC_CLK_TCK")
_LIMIT_S = 900.0


@dataclass
class Process:
    """A process and those that it started."""

    popen: "subprocess.Popen[bytes]"
    log: Path

    def cpu_s(self) -> float:
        """Give the seconds of processor time, its children's included."""
        return sum(_living(_cpu_s, each) for each in self._family())

    def memory_mib(self) -> float:
        """Give the resident memory of the process and its children; shared pages once."""
        return sum(_living(_pss_kib, each) for each in self._family()) / 1024

    def own_mib(self) -> float:
        """Give the resident memory of the process alone, as `ps` shows it."""
        return _status_kib(self.popen.pid, "VmRSS") / 1024

    def _family(self) -> list[int]:
        tasks = Path(f"/proc/{self.popen.pid}/task").iterdir()
        return [self.popen.pid, *(child for task in tasks for child in _children(task))]

    def stop(self) -> None:
        """Ask it to stop and wait."""
        self.popen.terminate()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()


def _children(task: Path) -> list[int]:
    """Give the processes that a thread started; one that has just ended has none."""
    try:
        return list(map(int, (task / "children").read_text().split()))
    except (FileNotFoundError, ProcessLookupError):
        return []


def _living(measured: Callable[[int], float], pid: int) -> float:
    """Measure a process; one that has just ended is counted with the one that started it."""
    try:
        return measured(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _cpu_s(pid: int) -> float:
    """Processor time of a process, and of the children that it waited for."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / _TICKS


def _status_kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _pss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@dataclass
class Stage:
    """A studio on the disk, its sandbox, and the daemon in between."""

    studio: studios.Studio
    sandbox: Sandbox
    folder: Path
    _made: int = field(default=0)

    def pairs(self, count: int) -> list[tuple[Path, Path]]:
        """Make pairs beside the inbox, on the same file system; sidecars come first."""
        beside = self.folder / f"beside{self._made}"
        beside.mkdir(exist_ok=True)
        made = []
        for number in range(self._made, self._made + count):
            sidecar, image = beside / f"shot{number:06}.toml", beside / f"shot{number:06}.png"
            sidecar.write_text(f'prompt = "waves, take {number}"\n')
            shutil.copyfile(_picture(self.folder), image)
            made.append((sidecar, image))
        self._made += count
        return made

    def drop(self, pair: tuple[Path, Path]) -> None:
        """Move a pair into the inbox."""
        for path in pair:
            path.rename(self.studio.inbox / path.name)

    def placed(self) -> int:
        """Count the videos."""
        with os.scandir(self.studio.outbox) as found:
            return sum(each.name.endswith(".mp4") for each in found)

    @contextmanager
    def daemon(self, *more: str) -> Iterator[Process]:
        """Run the daemon; it is ready at the beginning of the block."""
        log = self.folder / "daemon.log"
        command = [sys.executable, "-m", "seedance_watch", "run", "--config"]
        with log.open("wb") as file:
            popen = subprocess.Popen(
                [*command, str(self.studio.config), *more], stderr=file, stdout=file
            )
        process = Process(popen, log)
        try:
            until(lambda: popen.poll() is not None or _says_ready(log), every_s=0.005)
            if popen.poll() is not None:
                raise RuntimeError(f"the daemon did not start: {log.read_text()}")
            yield process
        finally:
            process.stop()


def _says_ready(log: Path) -> bool:
    return b"daemon.ready" in log.read_bytes()


def _picture(folder: Path) -> Path:
    path = folder / "picture.png"
    if not path.exists():
        Image.effect_mandelbrot((640, 360), (-2.0, -1.2, 1.0, 1.2), 60).convert("RGB").save(path)
    return path


def until(fact: Callable[[], bool], *, every_s: float = 0.02) -> None:
    """Wait for a fact, within a quarter of an hour."""
    end_s = time.monotonic() + _LIMIT_S
    while not fact():
        if time.monotonic() > end_s:
            raise TimeoutError("it did not come about")
        time.sleep(every_s)


@contextmanager
def stage(*, time_factor: float = 0.0, seats: int = 64, **knobs: object) -> Iterator[Stage]:
    """Set a stage up in a temporary folder on the disk; everything is gone afterwards.

    Args:
        time_factor: The sandbox's.
        seats: Jobs at the provider at once.
        knobs: More of the sandbox's.
    """
    tuned = replace(studios.KNOBS, rivya_credits=10**9, **knobs)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=os.environ.get("BENCH_DIR")))
    try:
        with threaded(tuned, time_factor=time_factor) as sandbox:
            studio = studios.lay_out(folder / "studio", sandbox.url)
            text = studio.config.read_text()
            text = text.replace("poll_first_s", f"max_in_flight = {seats}\npoll_first_s")
            studio.config.write_text(text)
            yield Stage(studio, sandbox, folder)
    finally:
        shutil.rmtree(folder)

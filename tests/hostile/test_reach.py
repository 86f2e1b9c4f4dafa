"""Promise 12, told by the system: what the daemon's process opens, changes, calls and runs."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import strangers
import studios
from hostile import flood, tracing

import seedance_watch
from seedance_watch.core.model import State
from seedance_watch.media.shapes import MAX_PIXELS
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.server import Sandbox, threaded

LIMIT_S = 100.0
# Idle it has 70 MB. Nothing from outside is held whole: a sidecar's first megabytes, a piece of a
# video, an answer of at most 4 MB. The rest is room for other versions and allocators.
DAEMON_BYTES = 200_000_000
# The largest picture that is let in, four bytes a pixel, three times (decoded, without
# transparency, on white) and an eighth; the process ends afterwards. Its own limit is 4 GB.
WORKER_BYTES = int(3.125 * 4 * MAX_PIXELS) + 400_000_000
FOLDERS = ("inbox", "outbox", "done", "failed", "held", "state")
OWN_SOCKET = re.compile(r"/proc/self/fd/\d+/control\.sock")  # in the state directory
RUN = (sys.executable, sys.executable, "-m", "seedance_watch", "run")
WORK = (sys.executable, sys.executable, "-P", "-m", "seedance_watch.media.worker")
FORBIDDEN = {"ptrace", "process_vm_writev", "io_uring_setup", "pidfd_getfd", "mount", "chroot"}
# Where the program and what it is made of lie, and what the system's libraries look at.
CODE = {
    sys.prefix, sys.base_prefix, *map(os.path.realpath, (sys.prefix, sys.base_prefix)),
    *sysconfig.get_paths().values(), str(Path(seedance_watch.__file__).parents[1]), *sys.path[1:],
}  # fmt: skip
SYSTEM = [
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo",
    "/usr/share/locale", "/etc/ld.so.cache", "/etc/localtime", "/etc/locale.alias", "/etc/ssl",
    "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
    "/proc", "/sys", "/dev/null", "/dev/urandom",
]  # fmt: skip


@pytest.fixture
def hostile() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


@pytest.fixture
def neighbour() -> Iterator[socket.socket]:
    """A server on this machine that is nobody's provider."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@contextmanager
def daemon(studio: studios.Studio, home: Path, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon for the length of the block, then stop it politely."""
    command = [*before, sys.executable, "-m", "seedance_watch", "run", "-c", str(studio.config)]
    keep = {
        name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ
    }
    environ = {**keep, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    with log_of(studio).open("wb") as log:
        child = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environ,
            cwd=home,
            start_new_session=True,
        )
        try:
            yield child
            os.kill(served_by(child), signal.SIGTERM)
            assert child.wait(30) == 0
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def served_by(child: subprocess.Popen[bytes]) -> int:
    """Give the daemon's own process, below strace where that was asked for."""
    below = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
    comm = Path(f"/proc/{child.pid}/comm").read_text().strip()
    return int(below[0]) if comm == "strace" else child.pid


def log_of(studio: studios.Studio) -> Path:
    return studio.folder / "daemon.log"


def wait_until(fact: Callable[[], object], child: subprocess.Popen[bytes]) -> None:
    """Wait for a fact, looking often, with a deadline."""
    end = time.monotonic() + LIMIT_S
    while not fact():
        assert child.poll() is None, "the daemon ended"
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def handled(studio: studios.Studio, sandbox: Sandbox) -> bool:
    """Whether every fault has struck and every wish was judged."""
    if sandbox._state.faults.pending():
        return False
    rows = {row.label: row for row in studio.rows()}
    early = {State.NEW, State.CLAIMING, State.CLAIMED}
    return {*flood.REACHING, "good", "huge"} <= rows.keys() and not any(
        row.state in early for row in rows.values()
    )


@pytest.mark.timeout(240)
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_promise_12_nothing_outside_is_opened_changed_called_or_run(
    hostile: Sandbox, neighbour: socket.socket, tmp_path: Path
) -> None:
    """A hostile inbox, a hostile provider, and every file, address and program looked at."""
    studio, outside, home = prepared(hostile, tmp_path)
    flood.turn(hostile, neighbour.getsockname()[1])
    with daemon(studio, home, *tracing.command(tmp_path / "trace")) as child:
        wait_until(lambda: handled(studio, hostile), child)
    seen = list(tracing.calls(tmp_path / "trace"))

    assert outside.unchanged()
    assert not list(home.iterdir())
    assert not strays(studio, seen)
    assert not foreign_reads(studio, seen)
    assert addresses(seen) == {("127.0.0.1", urlsplit(hostile.url).port)}
    with pytest.raises(BlockingIOError):
        neighbour.accept()
    assert programs(seen) <= {RUN, WORK}
    assert not [call.name for call in seen if call.name in FORBIDDEN]
    assert len(seen) > 5_000  # it was really looked at


def strays(studio: studios.Studio, seen: list[tracing.Call]) -> set[str]:
    """Give what was opened for writing, made, renamed or removed outside of the folders."""
    roots = [str(studio.folder / name) for name in FOLDERS]
    paths = {path for call in seen if call.writes or call.changes for path in call.paths()}
    paths |= {call.opened for call in seen if call.writes and call.opened}
    return {each for each in paths if not below(each, roots) and not OWN_SOCKET.fullmatch(each)}


def foreign_reads(studio: studios.Studio, seen: list[tracing.Call]) -> set[str]:
    """Give what was opened for reading and is neither the studio nor the program itself."""
    roots = [*(str(studio.folder / name) for name in FOLDERS), *CODE, *SYSTEM]
    roots += [str(studio.config), str(studio.folder / "rivya.key")]
    opened = {call.opened for call in seen if call.opens and call.opened}
    # The folders' own folder is synced, the working directory looked through for modules.
    around = {str(studio.folder), str(studio.folder.parent / "home")}
    return {each for each in opened - around if not below(each, roots)}


def addresses(seen: list[tracing.Call]) -> set[tuple[str, int]]:
    """Give every address on any network that something was sent to, or that was connected to."""
    return {at for call in seen for at in call.addresses()}


def programs(seen: list[tracing.Call]) -> set[tuple[str, ...]]:
    """Give what was run: the program and its first arguments."""
    return {tuple(call.texts[:5]) for call in seen if call.name.startswith("execve")}


def below(path: str, roots: list[str]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)


@pytest.mark.timeout(240)
def test_memory_is_bounded_and_the_log_says_nothing_it_should_not(
    hostile: Sandbox, neighbour: socket.socket, tmp_path: Path
) -> None:
    """Bombs, 100 MB of TOML and endless videos: the daemon stays small, its log readable."""
    studio, outside, home = prepared(hostile, tmp_path)
    flood.turn(hostile, neighbour.getsockname()[1])
    peaks: dict[int, int] = {}
    with daemon(studio, home) as child:
        wait_until(lambda: peaks.update(below_of(child)) or handled(studio, hostile), child)
        peaks[child.pid] = peak_bytes(child.pid)
    print({name: f"{each / 1e6:.0f} MB" for name, each in peaks.items()})

    assert peaks.pop(child.pid) < DAEMON_BYTES
    assert peaks, "pictures are decoded in processes of their own"
    assert max(peaks.values()) < WORKER_BYTES
    lines = log_of(studio).read_bytes().decode("ascii").splitlines()
    assert len(lines) > 100
    assert all(line.isprintable() and json.loads(line)["event"] for line in lines)
    assert outside.unchanged()
    assert not holding(studio.folder, RIVYA_KEY)
    assert not holding(studio.folder, SEGMIND_KEY)


def holding(folder: Path, key: str) -> list[Path]:
    """Give the files that a key stands in, but for the key files themselves."""
    plain = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [path for path in plain if path.suffix != ".key" and key.encode() in path.read_bytes()]


def below_of(child: subprocess.Popen[bytes]) -> dict[int, int]:
    """Give the most memory that each process of the daemon's had so far."""
    peaks = {}
    for thread in Path(f"/proc/{child.pid}/task").iterdir():
        with suppress(OSError, StopIteration):
            for each in (thread / "children").read_text().split():
                peaks[int(each)] = peak_bytes(int(each))
    return peaks


def peak_bytes(process: int) -> int:
    """Give the most memory that a process ever had resident."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def prepared(sandbox: Sandbox, folder: Path) -> tuple[studios.Studio, strangers.Outside, Path]:
    """Make a studio with a hostile inbox, a folder outside of it, and an empty home."""
    studio = studios.lay_out(folder / "studio", sandbox.url)
    limits = f"[limits]\nmax_video_bytes = {flood.MOST_VIDEO_BYTES}"
    studio.config.write_text(studio.config.read_text().replace("[limits]", limits))
    outside = strangers.outside(folder / "outside")
    flood.fill(studio, outside.folder)
    studio.drop(strangers.WISH, name="good")
    (folder / "home").mkdir()
    return studio, outside, folder / "home"

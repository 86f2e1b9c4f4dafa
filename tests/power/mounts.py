"""Disks and file systems for a while; only inside namespaces of their own (see `inside`).

Whatever happens to the process, its mounts, loop devices and servers end with the namespaces.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

FORMAT = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-E", "nodiscard,lazy_itable_init=1", "-I", "256"),
    "xfs": ("mkfs.xfs", "-q", "-K", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-K", "-f"),
}
_SIZE_MB = {"ext4": 32, "xfs": 300, "btrfs": 128}
TOOLS = ("unshare", "mount", "umount", "nbdkit", "nbdfuse")
# A minute's writing back in the background would put chance into which writes are pending.
_OPTIONS = {"ext4": ",commit=300", "btrfs": ",commit=300", "xfs": ""}
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_START_S = 10.0


def missing(kind: str) -> str:
    """Say why the power cannot be cut here, "" when it can."""
    if os.geteuid() != 0:
        return "cutting the power needs root, for mounts"
    lacking = [tool for tool in (*TOOLS, FORMAT[kind][0]) if shutil.which(tool) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}; run tests/power/install.sh"
    known = Path("/proc/filesystems").read_text().split()
    if kind not in known:
        return f"this kernel has no {kind}"
    if "fuse" not in known or not Path("/dev/loop-control").exists():
        return "this kernel has no FUSE or no loop devices"
    for trial in ([*_NAMESPACES, "true"], ["nbdkit", "--dump-plugin", "python"]):
        if subprocess.run(trial, capture_output=True, check=False).returncode != 0:
            return f"not possible here: {' '.join(trial)}"
    return ""


def inside(arguments: Sequence[str], *, limit_s: float) -> subprocess.CompletedProcess[str]:
    """Run `python -m power ARGUMENTS` in namespaces of its own; killed whole when it is late."""
    tests = str(Path(__file__).parents[1])
    paths = [tests, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.run(
        [*_NAMESPACES, sys.executable, "-m", "power", *arguments],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )


def make(image: Path, kind: str) -> None:
    """Make an image with an empty file system."""
    image.touch()
    os.truncate(image, _SIZE_MB[kind] << 20)
    _do(*FORMAT[kind], image)


@contextlib.contextmanager
def in_memory(folder: Path) -> Iterator[Path]:
    """Let a folder lie in memory: images are copied often."""
    _do("mount", "-t", "tmpfs", "-o", "size=1500m", "tmpfs", folder)
    try:
        yield folder
    finally:
        _do("umount", "--lazy", folder)


@contextlib.contextmanager
def mounted(image: Path, kind: str, at: Path) -> Iterator[None]:
    """Mount an image's file system; the loop device goes with the mount."""
    at.mkdir(exist_ok=True)
    _do("mount", "-t", kind, "-o", f"loop,noatime,nodiscard{_OPTIONS[kind]}", image, at)
    try:
        yield
    finally:
        _do("umount", at)


@contextlib.contextmanager
def logged(image: Path, log: Path, at: Path) -> Iterator[Path]:
    """Give a disk that is an image, and whose writes and flushes are logged."""
    at.touch()
    plugin = Path(__file__).with_name("logged_disk.py")
    disk = ["nbdkit", "--exit-with-parent", "-f", "python", plugin, f"image={image}", f"log={log}"]
    with subprocess.Popen(["nbdfuse", at, "[", *disk, "]"]) as server:
        try:
            _wait(at, server)
            yield at
        finally:
            subprocess.run(["umount", at], check=False)
            try:
                server.wait(_START_S)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(disk: Path, server: subprocess.Popen[bytes]) -> None:
    """Wait until the disk is there."""
    end = time.monotonic() + _START_S
    while disk.stat().st_size == 0:
        if server.poll() is not None or time.monotonic() > end:
            raise OSError("the logged disk did not start")
        time.sleep(0.01)


def _do(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{command[0]} failed: {done.stderr.strip()}")

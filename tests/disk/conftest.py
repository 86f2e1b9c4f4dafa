"""Real mounts, and processes that really die in the middle of an operation."""

import os
import shutil
import subprocess
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from seedance_watch.disk import files

Mount = Callable[..., Path]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount for one test: `mount(path, "-t", "tmpfs", "none")`; needs root."""
    mounted: list[Path] = []

    def at(point: Path, *what: str) -> Path:
        if os.geteuid() != 0:
            pytest.skip("only root may mount a file system")
        point.mkdir(exist_ok=True)
        made = subprocess.run(
            ["mount", *what, str(point)], capture_output=True, text=True, check=False
        )
        if made.returncode != 0:
            pytest.skip(f"cannot mount here: {made.stderr.strip()}")
        if "remount,ro" not in what:
            mounted.append(point)
        return point

    yield at
    for point in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(point)], check=True)


@dataclass(frozen=True)
class Sides:
    """Two directories to move between, and a scratch folder on the target's mount."""

    source: Path
    target: Path
    scratch: Path


@pytest.fixture(params=["same", "tmpfs", "bind"])
def sides(request: pytest.FixtureRequest, tmp_path: Path, mount: Mount) -> Sides:
    """Give two directories: on one mount, on two devices, on two mounts of one device."""
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    if request.param == "tmpfs":
        mount(target, "-t", "tmpfs", "none")
    elif request.param == "bind":
        (tmp_path / "real").mkdir()
        mount(target, "--bind", str(tmp_path / "real"))
        assert source.stat().st_dev == target.stat().st_dev
    else:
        target.mkdir()
    return Sides(source, target, target / ".scratch")


# What the code under test asks of the system; each call is a place to die.
CALLS: tuple[tuple[ModuleType, str], ...] = (
    *((os, name) for name in ("open", "fsync", "link", "rename", "replace", "unlink")),
    *((os, name) for name in ("mkdir", "rmdir")),
    (shutil, "copyfileobj"),
    (files, "_rename_noreplace"),
)
KILLED = 77


def _die(how: str, name: str, args: tuple[Any, ...]) -> None:
    """End the process at once; torn: as a power cut does that leaves half of the last file."""
    if how == "torn" and name == "fsync" and os.path.isfile(f"/proc/self/fd/{args[0]}"):  # noqa: PTH113
        path = f"/proc/self/fd/{args[0]}"
        os.truncate(path, os.stat(path).st_size // 2)  # noqa: PTH116
    os._exit(KILLED)


def _arm(nth: int, how: str) -> None:
    """Let this process die at its nth call: before, after, or torn."""
    count = 0

    def armed(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            here = count == nth
            if here and how != "after":
                _die(how, name, args)
            try:
                return real(*args, **kwargs)
            finally:
                if here:
                    _die(how, name, args)

        return call

    for module, name in CALLS:
        setattr(module, name, armed(getattr(module, name), name))


def killed(operation: Callable[[], object], nth: int, how: str) -> bool:
    """Run an operation in a process of its own that dies at its nth call; False: it did not."""
    child = os.fork()
    if child == 0:
        try:
            _arm(nth, how)
            operation()
        except BaseException:  # noqa: BLE001 - said to the parent by the exit code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, KILLED}, f"the operation itself failed at call {nth}"
    return status == KILLED


Killed = Callable[[Callable[[], object], int, str], bool]
Sweep = Callable[[Callable[[Path], Callable[[], object]], Callable[[Path], None]], int]


@pytest.fixture(name="killed")
def _killed() -> Killed:
    return killed


@pytest.fixture(params=["before", "after", "torn"])
def sweep(request: pytest.FixtureRequest, tmp_path: Path) -> Sweep:
    """Kill an operation at each of its calls in turn, in a fresh world each time.

    The world is made by the first argument, which gives the operation; the second looks at what
    the kill left, repeats the operation and says what must be true. Gives how many kills it took.
    """

    def through(
        world: Callable[[Path], Callable[[], object]], after: Callable[[Path], None]
    ) -> int:
        for nth in range(1, 1000):
            root = tmp_path / f"{nth}"
            root.mkdir()
            operation = world(root)
            if not killed(operation, nth, request.param):
                after(root)
                return nth - 1
            after(root)
        raise AssertionError("the operation never ends")

    return through

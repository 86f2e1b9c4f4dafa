"""Real mounts, and processes that really die in the middle of an operation."""

import errno
import fcntl
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

from seedance_watch.core.errors import Fault
from seedance_watch.disk import files, mounts

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
        if any(each.point == str(point) for each in mounts.mounts()):
            unmount(point)


def unmount(point: Path) -> None:
    """Take a mount away, as an administrator does: even while somebody uses it."""
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


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Write down, in order, what is synced, renamed ("to" its new path) and unlinked."""
    story: list[tuple[str, str]] = []
    fsync, rename, unlink = os.fsync, files._rename_noreplace, os.unlink

    def synced(fd: int) -> None:
        story.append(("sync", os.readlink(f"/proc/self/fd/{fd}")))  # noqa: PTH115
        fsync(fd)

    def renamed(source: Path, target: Path) -> None:
        rename(source, target)
        story.extend([("from", str(source)), ("to", str(target))])

    def unlinked(path: Any, **how: Any) -> None:
        unlink(path, **how)
        story.append(("unlink", os.fspath(path)))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(files, "_rename_noreplace", renamed)
    monkeypatch.setattr(os, "unlink", unlinked)
    return story


# What the code under test asks of the system; each call is a place to fail.
CALLS: tuple[tuple[ModuleType, str], ...] = (
    *((os, name) for name in ("open", "fsync", "link", "rename", "replace", "unlink")),
    *((os, name) for name in ("mkdir", "rmdir")),
    (shutil, "copyfileobj"),
    (files, "_rename_noreplace"),
)
STRUCK = 77


def _strike(how: str, name: str, args: tuple[Any, ...]) -> None:
    """End the process at once, or let the call fail as on a full disk.

    Torn: as a power cut does that leaves half of the last file that we wrote.
    """
    if how == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if how == "torn" and name == "fsync" and _written(args[0]):
        path = f"/proc/self/fd/{args[0]}"
        os.truncate(path, os.stat(path).st_size // 2)  # noqa: PTH116
    os._exit(STRUCK)


def _written(fd: int) -> bool:
    """Whether we wrote to it; people's own files may be torn too, which tests/power looks at."""
    writable = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
    return writable and os.path.isfile(f"/proc/self/fd/{fd}")  # noqa: PTH113


def _arm(nth: int, how: str) -> Callable[[], bool]:
    """Let the nth call strike: before it, after it, torn, or full; gives whether it has."""
    count = 0

    def armed(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            here = count == nth
            if here and how != "after":
                _strike(how, name, args)
            try:
                return real(*args, **kwargs)
            finally:
                if here:
                    _strike(how, name, args)

        return call

    for module, name in CALLS:
        setattr(module, name, armed(getattr(module, name), name))
    return lambda: count >= nth


def struck(operation: Callable[[], object], nth: int, how: str) -> bool:
    """Run an operation in a process of its own that is struck at its nth call; False: it is not.

    An operation that is struck by a full disk may fail with a Fault or an OSError, or go on.
    """
    child = os.fork()
    if child == 0:
        has_struck = _arm(nth, how)
        try:
            operation()
        except BaseException as error:  # noqa: BLE001 - said to the parent by the exit code
            if not (has_struck() and isinstance(error, OSError | Fault)):
                traceback.print_exc()
                os._exit(1)
        os._exit(STRUCK if has_struck() else 0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, STRUCK}, f"the operation itself failed at call {nth}"
    return status == STRUCK


Struck = Callable[[Callable[[], object], int, str], bool]
Sweep = Callable[[Callable[[Path], Callable[[], object]], Callable[[Path], None]], int]


@pytest.fixture(name="struck")
def _struck() -> Struck:
    return struck


@pytest.fixture(params=["before", "after", "torn", "full"])
def sweep(request: pytest.FixtureRequest, tmp_path: Path) -> Sweep:
    """Strike an operation at each of its calls in turn, in a fresh world each time.

    The world is made by the first argument, which gives the operation; the second looks at what
    is left, repeats the operation and says what must be true. Gives how many strikes there were.
    """

    def through(
        world: Callable[[Path], Callable[[], object]], after: Callable[[Path], None]
    ) -> int:
        for nth in range(1, 1000):
            root = tmp_path / f"{nth}"
            root.mkdir()
            operation = world(root)
            if not struck(operation, nth, request.param):
                after(root)
                return nth - 1
            after(root)
        raise AssertionError("the operation never ends")

    return through

"""A large inbox: a full look over it, and one event in it, against a bare walk."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from inboxes import TINY, an_inbox

from seedance_watch.disk.desk import Desk, Scope
from seedance_watch.disk.inbox import InboxSettings


@dataclass(frozen=True, slots=True)
class Looks:
    """What looks took, seconds: the quickest of some.

    Attributes:
        first_s: Over an inbox that was never seen.
        again_s: Over one that is known.
        event_s: Into one folder, because something happened there.
        bare_s: Of os.scandir over all folders.
    """

    first_s: float
    again_s: float
    event_s: float
    bare_s: float


def looks(folders: int, each: int) -> Looks:
    """Fill an inbox with pictures that wait for their sidecars, and look."""
    with _inbox(folders, each) as root:
        desk = an_inbox(root, settings=InboxSettings())._desk
        desk.scanner.remount()
        first_s = _took(desk, set(), Scope.ALL)
        while desk.unsettled():
            desk.turn(set(), Scope.NOTHING)
            time.sleep(0.05)
        again_s = min(_took(desk, set(), Scope.ALL) for _ in range(5))
        event_s = min(_event(desk, root, number) for number in range(5))
        return Looks(first_s, again_s, event_s, min(_walk(root) for _ in range(5)))


def _took(desk: Desk, hinted: set[str], scope: Scope) -> float:
    begun_s = time.perf_counter()
    desk.turn(hinted, scope)
    return time.perf_counter() - begun_s


def _event(desk: Desk, root: Path, number: int) -> float:
    (root / "folder0" / f"new{number}.png").write_bytes(TINY)
    return _took(desk, {"folder0"}, Scope.NOTHING)


def _walk(root: Path) -> float:
    begun_s = time.perf_counter()
    heap = [str(root)]
    while heap:
        with os.scandir(heap.pop()) as listed:
            heap += [entry.path for entry in listed if entry.is_dir(follow_symlinks=False)]
    return time.perf_counter() - begun_s


@contextmanager
def _inbox(folders: int, each: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for number in range(folders):
            home = Path(folder) / f"folder{number}"
            home.mkdir()
            for name in range(each):
                (home / f"{name}.png").write_bytes(TINY)
        yield Path(folder)

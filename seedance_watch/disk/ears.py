"""The system's events of one inbox: armed, proved to arrive, made anew when they died.

The proof is a canary: a hidden file, made and removed right after the watch is armed, whose event
the handler must notice. Where it does not arrive within two seconds the inbox is scanned often.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from seedance_watch.disk import watcher
from seedance_watch.disk.scan import OWN

CANARY = "canary"
_SOON_S = 0.1
_AGAIN_S = 60.0  # until a system that refused to watch is asked again


@dataclass(slots=True)
class Hints:
    """Folders to look into, gathered from other threads.

    Attributes:
        loop: Where they are waited for.
        wake: Set with every hint, and by a stop.
        folders: Those named.
        all: Anything may have happened.
    """

    loop: asyncio.AbstractEventLoop
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    folders: set[str] = field(default_factory=set)
    all: bool = False
    _soon: asyncio.TimerHandle | None = None

    def from_thread(self, folder: str | None) -> None:
        """Take a hint from watchdog's thread; the loop may be closed already."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.take, folder)

    def take(self, folder: str | None) -> None:
        """Take a hint; None: anything may have happened."""
        if folder is None:
            self.all = True
        else:
            self.folders.add(folder)
        self.wake.set()

    def wake_soon(self) -> None:
        """Wake in a moment, once for all who ask until then: claims end one after another."""
        if self._soon is None:
            self._soon = self.loop.call_later(_SOON_S, self._woken)

    def _woken(self) -> None:
        self._soon = None
        self.wake.set()


class Ears:
    """Listens to one inbox; used by one thread at a time.

    Attributes:
        rebuilds: How often the watch had to be made anew.

    Args:
        root: The inbox.
        hint: Takes hints, from any thread.
        recursive: Whether subfolders count.
        events: "auto", "always" or "never".
        proof_s: How long the canary may take.
        start: Starts the watch.
    """

    def __init__(
        self,
        root: Path,
        hint: Callable[[str | None], None],
        *,
        recursive: bool,
        events: str,
        proof_s: float,
        start: Callable[..., watcher.Watcher | None] = watcher.start,
    ) -> None:
        self._root, self._hint, self._recursive = root, hint, recursive
        self._events, self._proof_s, self._start = events, proof_s, start
        self._watch: watcher.Watcher | None = None
        self._told = self._sung = False
        self._armed_s = self._refused_s = 0.0
        self.rebuilds = 0

    def believed(self) -> bool:
        """Whether events are known to arrive, or are to be believed."""
        return self._watch is not None and (self._sung or self._events == "always")

    def doubted_s(self) -> float | None:
        """Say until when the canary may still be heard, monotonic; None: nothing is awaited."""
        if self._watch is None or self.believed() or self._told:
            return None
        return self._armed_s + self._proof_s

    def check(self) -> bool:
        """Arm the watch where there is none, or a dead one; give whether it was made anew."""
        if self._events == "never" or time.monotonic() < self._refused_s:
            return False
        if self._watch and self._watch.healthy():
            self._doubt()
            return False
        lost = self._watch is not None
        if lost:
            self.stop()
            self.rebuilds += 1
            structlog.get_logger().warning("watcher.rebuilt", inbox=str(self._root))
        return (self._root.is_dir() and self._arm()) or lost

    def stop(self) -> None:
        """Listen no more; may be called twice."""
        watch, self._watch = self._watch, None
        if watch:
            watch.stop()

    def _arm(self) -> bool:
        self._sung = self._told = False
        perch = self._perch()
        self._watch = self._start(
            self._root, self._hint, recursive=self._recursive, canary=(perch.name, self._sings)
        )
        self._armed_s = time.monotonic()
        if self._watch:
            _sing(perch)
        else:
            self._refused_s = self._armed_s + _AGAIN_S
        return self._watch is not None

    def _perch(self) -> Path:
        """Give the canary's place; our own folder is heard only where subfolders are."""
        if not self._recursive:
            return self._root / f"{OWN}-{CANARY}-{os.getpid()}"
        with suppress(OSError):
            (self._root / OWN).mkdir(exist_ok=True)
        return self._root / OWN / f"{CANARY}-{os.getpid()}"

    def _sings(self) -> None:
        """Take the canary's event from watchdog's thread."""
        self._sung = True
        self._hint("")  # wakes whoever waits, so that the news is taken in

    def _doubt(self) -> None:
        """Tell once that the canary was not heard."""
        due_s = self.doubted_s()
        if due_s is not None and time.monotonic() >= due_s:
            self._told = True
            reason = "events do not arrive here"
            structlog.get_logger().info("watcher.polling", inbox=str(self._root), reason=reason)


def _sing(perch: Path) -> None:
    """Make and remove the canary; where it cannot be made, nothing is proved."""
    with suppress(OSError):
        perch.open("wb").close()
        perch.unlink()

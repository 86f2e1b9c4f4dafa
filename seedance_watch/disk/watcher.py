"""The system's file events, as hints: "look into this folder".

watchdog does the work, with a narrow subscription on its own classes. Measured on 7.1: the usual
subscription drowns the kernel's queue in a burst, a rename out of the folder (each claim is one)
holds up all later events for half a second unless such events are masked, an overflow is only
logged, and a symlinked, unreadable or replaced folder is silently deaf. So events are never the
truth: the inbox scans, and asks `healthy` every few seconds.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import structlog
from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyFullEmitter
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from seedance_watch.disk.scan import OWN

Hint = Callable[[str | None], None]  # a folder below the root; None: anything may have happened
Canary = tuple[str, Callable[[], None]]  # the name of a hidden file, told when it is seen
_FILTER: list[type[FileSystemEvent]] = [FileClosedEvent, FileMovedEvent, FileCreatedEvent]


class _Emitter(InotifyFullEmitter):
    """Leaves out what only hurts: names that move away."""

    def get_event_mask_from_filter(self) -> Mask:
        """Take the events of moving out from what the kernel is asked for."""
        mask = super().get_event_mask_from_filter()
        return Mask(mask & ~InotifyConstants.IN_MOVED_FROM)


class _SignallingFD(InotifyFD):
    """Says when the kernel's queue overflowed, and knows whether it was cut off.

    It does not listen below our own folder: ten thousand claimed drops would take as many of the
    system's watches, and each of their files would wake three threads for nothing.

    Attributes:
        unmounted: Whether a file system that it listened to was taken away. When it is brought
            back it looks the same as before, but nothing is heard from it.
    """

    def __init__(self, root: Path, overflowed: Callable[[], None]) -> None:
        super().__init__()
        self._private = os.fsencode(root / OWN) + b"/"
        self._overflowed = overflowed
        self.unmounted = False

    def _add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Listen to a folder, without a warning for one met twice, as new ones often are.

        Raises:
            OSError: It cannot be listened to, or is not to be; watchdog passes over it.
        """
        if path.startswith(self._private):
            raise PermissionError(errno.EPERM, "not listened to", os.fsdecode(path))
        self._get_or_create_watch(path, mask).callbacks.pop(id_, None)
        return super()._add_callback(path, mask, callback, id_)

    def handle_event(self, event: InotifyEvent) -> None:
        """Pass the event on, and tell of a lost rest."""
        super().handle_event(event)
        cut_off = bool(event.mask & InotifyConstants.IN_UNMOUNT)
        self.unmounted |= cut_off
        if event.is_queue_overflow or cut_off:
            self._overflowed()


class _Handler(FileSystemEventHandler):
    """Turns events into hints; an exception here would end watchdog's thread."""

    def __init__(self, root: str, hint: Hint, canary: Canary) -> None:
        self._root, self._hint = root, hint
        self._canary, self._sings = canary

    def dispatch(self, event: FileSystemEvent) -> None:
        """Name the folder that something happened in."""
        path = os.fsdecode(event.dest_path or event.src_path)
        rel = os.path.relpath(path, self._root)
        if rel.rpartition(os.sep)[2] == self._canary:
            self._sings()
        elif rel.split(os.sep, 1)[0] != OWN:
            self._hint(rel.rpartition(os.sep)[0])
            if event.is_directory:
                self._hint(rel)


class Watcher:
    """Watches one root until stopped.

    Args:
        root: The folder; it must exist.
        recursive: Whether its subfolders count.
        hint: Called from watchdog's threads; must be quick and never raise.
        canary: A name that is no hint but a proof, and what to call for it, likewise.

    Raises:
        OSError: The folder cannot be read, or the system's watches are used up.
    """

    def __init__(self, root: Path, hint: Hint, *, recursive: bool, canary: Canary) -> None:
        self._root = root.resolve(strict=True)
        os.scandir(self._root).close()  # watchdog would swallow a missing permission
        self._identity = self._seen()
        self._fd = _SignallingFD(self._root, lambda: hint(None))
        self._fd.start()
        self._observer = BaseObserver(_Emitter, inotify_fd=self._fd)
        self._observer.schedule(
            _Handler(str(self._root), hint, canary),
            str(self._root),
            recursive=recursive,
            event_filter=_FILTER,
        )
        self._observer.start()

    def _seen(self) -> tuple[int, int]:
        """Tell the folder from another one that takes its place."""
        found = self._root.stat()
        return found.st_dev, found.st_ino

    def healthy(self) -> bool:
        """Whether all its threads live and the folder is still the same one."""
        threads = [self._observer, self._fd, *self._observer.emitters]
        try:
            same = self._seen() == self._identity
        except OSError:
            return False
        return same and not self._fd.unmounted and all(thread.is_alive() for thread in threads)

    def stop(self) -> None:
        """End its threads; may be called twice."""
        try:
            if self._observer.is_alive():
                self._observer.stop()
                self._observer.join(5.0)
        finally:
            self._fd.stop()
            self._fd.join(5.0)


def start(root: Path, hint: Hint, *, recursive: bool, canary: Canary) -> Watcher | None:
    """Start watching, None where the system cannot: then only scans tell."""
    try:
        return Watcher(root, hint, recursive=recursive, canary=canary)
    except OSError as error:
        structlog.get_logger().warning(
            "watcher.failed",
            inbox=str(root),
            reason=error.strerror or str(error),
            cure="the inbox is scanned instead; for too many watches raise "
            "fs.inotify.max_user_watches and fs.inotify.max_user_instances",
        )
        return None

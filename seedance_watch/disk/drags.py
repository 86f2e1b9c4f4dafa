"""Notes in held/, or dragged out of it: found, read, and taken away when they are of no use.

What lies there may come from anybody, so only regular files of little size are read, nothing is
reached through a link, and only what was read is removed.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from seedance_watch.core import dragged
from seedance_watch.disk import files
from seedance_watch.disk.places import Places, below
from seedance_watch.ports import Dragged

_MOST_NAMES = 200_000  # of failed/ that are gone through; whoever has more puts notes on top
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def found(places: Places, watch: str, names: Iterable[str]) -> list[Dragged]:
    """Give the notes that lie in the inbox and in failed/.

    Args:
        places: The folders.
        watch: Name of their watch entry.
        names: What the inbox's own looks found in it, below it, "/" between parts.

    Raises:
        OSError: failed/ itself cannot be listed.
    """
    there = [("inbox", name) for name in names]
    there += [("failed", name) for name in _below(places.failed)]
    notes = (_read(places, watch, to, name) for to, name in there)
    return [note for note in notes if note]


def standing(places: Places, watch: str) -> list[Dragged]:
    """Give the notes that stand in held/.

    Raises:
        OSError: It cannot be listed.
    """
    notes = (_read(places, watch, "held", name) for name in _below(places.held))
    return [note for note in notes if note]


def take_away(places: Places, note: Dragged) -> None:
    """Remove a note, if it still is what was read; one that is gone is fine."""
    again = _read(places, note.watch, note.to, note.name)
    if again == note:
        files.remove(_path(places, note.to, note.name))


def _path(places: Places, to: str, name: str) -> Path:
    roots = {"inbox": places.inbox, "failed": places.failed, "held": places.held}
    return below(roots[to], name)


def _below(root: Path) -> Iterator[str]:
    """Give the notes below a folder; hidden folders and links are left out."""
    heap, left = [""], _MOST_NAMES
    while heap and left > 0:
        rel = heap.pop(0)
        try:
            with os.scandir(root / rel) as entries:
                listed = list(entries)
        except OSError:
            if not rel:
                raise
            continue
        left -= len(listed)
        for entry in listed:
            path = f"{rel}/{entry.name}" if rel else entry.name
            if dragged.is_note(entry.name):
                yield path
            elif not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                heap.append(path)


def _read(places: Places, watch: str, to: str, name: str) -> Dragged | None:
    """Read a note; None when it is none, or is gone, or cannot be read."""
    with suppress(OSError):
        fd = os.open(_path(places, to, name), _READ)
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return None
            content = file.read(dragged.MOST_BYTES + 1)
        if len(content) <= dragged.MOST_BYTES:
            return Dragged(watch, to, name, content.decode("utf-8-sig", "replace"))
    return None

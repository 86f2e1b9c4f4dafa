"""Folders tried out: a real write and real renames, which leave nothing behind.

Nothing of ours is made in a folder that was never worked in but hidden files for a moment: a
private folder there would look as if it had been.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from seedance_watch.disk import files, marks
from seedance_watch.disk.marks import Known
from seedance_watch.disk.scan import OWN

_BYTES = 64 * 1024


def recognised(root: Path, known: Known) -> str:
    """Say why a folder is not the one that was worked in, "" when it is, or never was.

    Raises:
        OSError: It is not there, or cannot be read.
    """
    os.scandir(root).close()
    before = known.get(root)
    if before is None or marks.read(root) == before.id:
        return ""
    return "it is not the folder that was worked in: its mark is missing or another one"


def written(root: Path) -> None:
    """Write a file into a folder, give it another name, and remove it.

    Raises:
        OSError: One of these cannot be done.
    """
    first, second = _name(root, "1"), _name(root, "2")
    try:
        files.write(first, bytes(_BYTES))
        files.rename_new(first, second)
        files.sync_dir(root)
    finally:
        _clear(first, second)


def together(one: Path, other: Path) -> bool:
    """Whether a file can be renamed from a folder into another: never predicted, tried.

    Raises:
        OSError: It can neither be renamed nor be refused for lying elsewhere.
    """
    source, target = _name(one, "3"), _name(other, "4")
    try:
        files.write(source, b"")
        files.rename_new(source, target)
    except OSError as error:
        if error.errno == errno.EXDEV:
            return False
        raise
    finally:
        _clear(source, target)
    return True


def count_folders(root: Path, *, most: int) -> int:
    """Count a folder and those below it, hidden ones left out; at most so many."""
    count, heap = 0, [root]
    while heap and count < most:
        count += 1
        with suppress(OSError), os.scandir(heap.pop()) as entries:
            heap += [
                Path(each.path)
                for each in entries
                if each.is_dir(follow_symlinks=False) and not each.name.startswith(".")
            ]
    return count


def _name(root: Path, number: str) -> Path:
    return root / f"{OWN}-doctor-{os.getpid()}-{number}"


def _clear(*paths: Path) -> None:
    for path in paths:
        with suppress(OSError):
            files.remove(path)

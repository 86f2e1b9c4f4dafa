"""Copies of end images that others need too, so that a claim stays a plain move.

They lie in `.seedance/ends/UNIQUE/NAME` inside the inbox, on the mount it is on, until the claim
takes them. What a crash left there is swept when it is a day old.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from seedance_watch.core.settling import Look
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.quiet import Moved, digest, look_at

FOLDER = ".seedance/ends"
LEFT_OVER_S = 86_400.0  # far longer than any claim takes, and the copy can be made again
_FICLONE = 0x40049409


def copy(root: Path, source: Path, *, look: Look, sha256: str) -> str:
    """Make a durable copy of an end image; give its path below the inbox.

    Raises:
        Moved: The source is not what was looked at and hashed.
        OSError: No space, no permission; nothing is left behind.
    """
    (root / FOLDER).mkdir(parents=True, exist_ok=True) if root.is_dir() else None
    home = Path(tempfile.mkdtemp(dir=root / FOLDER))
    target = home / source.name
    try:
        _write(source, target)
        _synced(home)
        _compare(source, target, look=look, sha256=sha256)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise
    return f"{FOLDER}/{home.name}/{source.name}"


def _compare(source: Path, target: Path, *, look: Look, sha256: str) -> None:
    if look_at(source) != look or digest(target, _looked(target)) != sha256:
        raise Moved


def sweep(root: Path, kept: Kept, *, now: float) -> int:
    """Remove empty folders and copies that nobody took within a day; give how many files."""
    swept = 0
    for home in _listed(root / FOLDER):
        for file in _listed(home):
            source = f"{FOLDER}/{home.name}/{file.name}"
            if source not in kept and _age_s(file, now) > LEFT_OVER_S:
                with suppress(OSError):
                    file.unlink()
                    swept += 1
        with suppress(OSError):
            home.rmdir()  # only when nothing is left in it
    return swept


def _write(source: Path, target: Path) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(source, flags), "rb") as there, target.open("xb") as here:
        if not _cloned(there, here):
            shutil.copyfileobj(there, here, 1 << 20)
        here.flush()
        os.fsync(here.fileno())


def _cloned(there: BinaryIO, here: BinaryIO) -> bool:
    try:
        fcntl.ioctl(here.fileno(), _FICLONE, there.fileno())
    except OSError:
        return False
    return True


def _synced(home: Path) -> None:
    for folder in (home, home.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _looked(path: Path) -> Look:
    look = look_at(path)
    if look is None:
        raise Moved
    return look


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _age_s(file: Path, now: float) -> float:
    try:
        return now - file.lstat().st_mtime
    except OSError:
        return 0.0

"""A drop that comes over the network: grown out of sight, then put into the inbox at once.

    inbox/.seedance/arriving/KEY/   what has come of it so far

Nothing in the inbox is overwritten. The sidecar goes first and the picture that completes the
drop last, so that a crash in between leaves something that waits, and never a picture that the
folder's defaults would be paid for.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from seedance_watch.core.naming import slug
from seedance_watch.core.pairing import IMAGE_ENDINGS
from seedance_watch.disk import files
from seedance_watch.disk.places import PRIVATE, below

_OLD_S = 86_400.0
_DEPTH, _FOLDERS_MOST = 3, 200
_TRIES = 1000


def ending_of(name: str) -> str:
    """Give a picture's ending, ".jpg"; "" where it is none that is dropped."""
    ending = Path(name).suffix.lower()
    return ending if ending in IMAGE_ENDINGS else ""


def stem_for(name: str) -> str:
    """Make a name from whatever a stranger calls a file: letters, digits and hyphens."""
    base = re.split(r"[/\\]", name)[-1]
    return slug(base.rpartition(".")[0] or base)


def folders(inbox: Path) -> list[str]:
    """Give the subfolders of an inbox that can be dropped into, "" for itself first; blocking.

    Hidden ones and links are none.
    """
    return ["", *sorted(_below(inbox, "", _DEPTH))][:_FOLDERS_MOST]


def _below(inbox: Path, above: str, depth: int) -> Iterator[str]:
    if depth == 0:
        return
    with suppress(OSError), os.scandir(inbox / above) as entries:
        for each in entries:
            if not each.name.startswith(".") and each.is_dir(follow_symlinks=False):
                path = f"{above}/{each.name}".lstrip("/")
                yield path
                yield from _below(inbox, path, depth - 1)


def sweep(inbox: Path, now: float) -> None:
    """Take away what never became a drop and is a day old; blocking."""
    with suppress(OSError), os.scandir(inbox / PRIVATE / "arriving") as entries:
        for each in entries:
            with suppress(OSError):
                if each.stat(follow_symlinks=False).st_mtime < now - _OLD_S:
                    files.remove_dir(Path(each.path))


@dataclass(slots=True)
class Arrival:
    """A drop on its way; blocking.

    Attributes:
        inbox: Where it is to go.
        key: Tells it from others; letters and digits.
    """

    inbox: Path
    key: str
    _open: int = -1
    _lock: Lock = field(default_factory=Lock)  # a write may hang while it is discarded

    @property
    def scratch(self) -> Path:
        """Where it grows."""
        return self.inbox / PRIVATE / "arriving" / self.key

    def begin(self, name: str) -> Path:
        """Begin a file; the inbox must be there.

        Raises:
            OSError: It cannot be made.
        """
        self.end()
        if not (self.inbox / PRIVATE).is_dir():
            raise FileNotFoundError(str(self.inbox))
        files.make_dirs(self.scratch)
        path = self.scratch / name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._open = os.open(path, flags, 0o666)
        return path

    def write(self, data: bytes) -> None:
        """Go on with it."""
        view = memoryview(data)
        with self._lock:
            while view:
                view = view[os.write(self._open, view) :]

    def end(self) -> None:
        """It is whole; durable."""
        with self._lock:
            fd, self._open = self._open, -1
            if fd >= 0:
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)

    def place(
        self, folder: str, stem: str, parts: Mapping[str, Path], sidecar: Callable[[str], bytes]
    ) -> str:
        """Put everything into the inbox, under the first name that nobody has.

        Args:
            folder: Subfolder of the inbox, "" for itself; it must be there.
            stem: The name wished for.
            parts: The files by what their names end in: "-end.png" before ".png".
            sidecar: Writes the sidecar for the name that was free.

        Returns:
            The drop's path below the inbox, without ending.

        Raises:
            OSError: Nothing was placed, or it was taken away again.
        """
        target = below(self.inbox, f"{folder}/x".lstrip("/")).parent
        for number in range(1, _TRIES):
            free = stem if number == 1 else f"{stem}-{number}"
            if not _taken(target, free):
                with suppress(files.Taken):
                    self._put(target, free, parts, sidecar(free))
                    return f"{folder}/{free}".lstrip("/")
        raise FileExistsError(f"{stem} and all names like it are taken")

    def _put(self, target: Path, stem: str, parts: Mapping[str, Path], sidecar: bytes) -> None:
        note = self.begin("sidecar.toml")
        self.write(sidecar)
        self.end()
        moves = {target / f"{stem}.toml": note}
        moves |= {target / f"{stem}{mark}": part for mark, part in parts.items()}
        placed: list[tuple[Path, Path]] = []
        try:
            for to, part in moves.items():
                files.move_new(part, to, scratch=self.scratch)
                placed.append((to, part))
        except (OSError, files.Taken):
            for to, part in reversed(placed):
                files.move(to, part, scratch=self.scratch)
            files.remove(note)
            raise
        files.sync_dir(target)

    def discard(self) -> None:
        """Take away what is left of it; may be called twice."""
        with suppress(OSError):
            self.end()
        with suppress(OSError):
            files.remove_dir(self.scratch)


def _taken(folder: Path, stem: str) -> bool:
    """Whether anything there has this name, or one that would be paired with it."""
    wanted = stem.casefold()
    with os.scandir(folder) as entries:
        names = [each.name.casefold() for each in entries]
    return any(
        name.partition(".")[0] == wanted or name.startswith((f"{wanted}.", f"{wanted}-end."))
        for name in names
    )

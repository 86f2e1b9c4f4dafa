"""Small pictures that were made once and are kept, as many as there is room for."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from seedance_watch.disk import files

_SPARE = 0.9  # when it is full, it is emptied to this part


@dataclass(slots=True)
class Shelf:
    """A folder of files that can be made again; used from any thread.

    Attributes:
        folder: Where they are kept; made when it is needed.
        most_bytes: How much room they may take.
    """

    folder: Path
    most_bytes: int
    _kept_bytes: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def find(self, name: str) -> Path | None:
        """Give a file that is kept, None when it is not."""
        path = self.folder / name
        if not files.plain(path):
            return None
        with suppress(OSError):
            os.utime(path)  # what is looked at stays
        return path

    def make(self, name: str, write: Callable[[Path], object]) -> Path:
        """Make a file and keep it.

        Args:
            name: Its name.
            write: Writes it to a path.

        Raises:
            OSError: It cannot be kept.
        """
        files.make_dirs(self.folder)
        path, part = self.folder / name, self.folder / f".{name}.part"
        try:
            write(part)
            with suppress(FileExistsError):  # somebody else made it meanwhile
                files.rename_new(part, path)
        finally:
            files.remove(part)
        self._make_room(path.stat().st_size)
        return path

    def _make_room(self, more_bytes: int) -> None:
        with self._lock:
            if self._kept_bytes is None:
                self._kept_bytes = sum(size for _, size, _ in self._all())
            else:
                self._kept_bytes += more_bytes
            if self._kept_bytes > self.most_bytes:
                self._kept_bytes = self._cleared(int(self.most_bytes * _SPARE))

    def _cleared(self, most_bytes: int) -> int:
        """Take away what was not looked at for longest; give how much is left."""
        found = sorted(self._all())
        left = sum(size for _, size, _ in found)
        for _, size, path in found:
            if left <= most_bytes:
                break
            files.remove(path)
            left -= size
        return left

    def _all(self) -> list[tuple[float, int, Path]]:
        """Give when each was last looked at, its size and its path."""
        found = []
        with os.scandir(self.folder) as entries:
            for each in entries:
                with suppress(OSError):
                    about = each.stat(follow_symlinks=False)
                    found.append((about.st_mtime, about.st_size, Path(each.path)))
        return found

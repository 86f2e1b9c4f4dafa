"""The inbox's folders as they were seen last: names always, looks only where they matter.

Listing is cheap and done for every folder; a file is looked at when it is new, when it is a
sidecar, and while somebody waits for it to settle. So a scan costs little more than walking.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seedance_watch.core.ignore import Ignore
from seedance_watch.core.pairing import DEFAULTS, Glance, Kind, kind_of
from seedance_watch.core.settling import Look, Watched, again
from seedance_watch.disk import mounts, quiet

OWN = ".seedance"  # never looked into, whatever a user's patterns say


@dataclass(slots=True)
class File:
    """A file that may become part of a drop.

    Attributes:
        name: Its name in the folder.
        kind: What it is by its name.
        watched: What was seen of it over time.
        seen_at: When it was seen first, UTC seconds.
        glance: What it says, for a settled sidecar whose last look still holds.
        whole: Whether its content looked finished, and the look this was found at.
        due_s: When to look at it again, monotonic; None while nobody waits for it.
        told: Whether people were told that it does not settle.
        busy: Whether somebody was writing it when that was asked last.
        trouble: Why it could not be read the last time, "" when it could.
        handed: Whether it was handed over; it may be gone since.
    """

    name: str
    kind: Kind
    watched: Watched
    seen_at: float
    glance: Glance | None = None
    whole: tuple[Look, bool] | None = None
    due_s: float | None = None
    told: bool = False
    busy: bool = False
    trouble: str = ""
    handed: bool = False


@dataclass(slots=True, eq=False)
class Folder:
    """A folder of the inbox.

    Attributes:
        rel: Path below the inbox, "" for the top.
        path: Path on disk, "" parts never.
        local: Whether its every writer passes through this kernel.
        listing: All names in the order listed last; emptied when it may not be trusted.
        known: All names that were sorted.
        files: Those that may become parts of a drop.
        odd: Names like files of ours that are none, and what they are: links, pipes, folders.
        below: Its subfolders.
        stirred: Whether anything changed since it was planned last.
        stirred_s: Monotonic time of the last change.
        due_s: When it must be looked at again, monotonic; None for not before the next scan.
        lacks: What files wait for besides being settled, by name; replaced, never changed.
        ripe: When those are taken as they are, monotonic, by name, as far as they are.
        trouble: Why it could not be listed the last time, "" when it could.
    """

    rel: str
    path: Path
    local: bool
    listing: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    files: dict[str, File] = field(default_factory=dict)
    odd: dict[str, str] = field(default_factory=dict)
    below: dict[str, "Folder"] = field(default_factory=dict)
    stirred: bool = True
    stirred_s: float = 0.0
    due_s: float | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)
    ripe: Mapping[str, float] = field(default_factory=dict)
    trouble: str = ""

    def under(self, name: str) -> str:
        """Give the path below the inbox of one of its names."""
        return f"{self.rel}/{name}" if self.rel else name

    def defaults(self) -> list[File]:
        """Give its file of defaults, if there is one."""
        return [self.files[DEFAULTS]] if DEFAULTS in self.files else []


Note = Callable[[str, str], None]  # path below the inbox, the rule that ignores it


class Scanner:
    """Lists folders and keeps what was seen."""

    def __init__(
        self, root: Path, *, ignore: Ignore, exclude: Iterable[Path], recursive: bool, note: Note
    ) -> None:
        """Begin with nothing seen.

        Args:
            root: The inbox.
            ignore: The list of litter.
            exclude: Folders that are never looked into.
            recursive: Whether subfolders count.
            note: Told of each ignored name once.
        """
        self._root, self._real = root, str(root)
        self._ignore = ignore
        self._exclude = {os.path.realpath(path) for path in exclude}
        self._recursive = recursive
        self._note = note
        self._table: tuple[mounts.Mount, ...] = ()
        self.new = 0  # files met, ever
        self.defaults = 0  # changes of any _defaults.toml, ever
        self.top = Folder("", root, local=False)

    def remount(self) -> None:
        """Read which folders lie on which file system; until then none is believed to be local."""
        self._table = mounts.mounts()
        real = self._real = os.path.realpath(self._root)
        nested = any(each.point.startswith(f"{real}/") for each in self._table)
        home = mounts.local(real, self._table)
        for folder in self.walk(self.top):
            here = f"{real}/{folder.rel}" if folder.rel else real
            folder.local = mounts.local(here, self._table) if nested else home

    def walk(self, folder: Folder) -> Iterator[Folder]:
        """Give a folder and all known ones below it; may grow while it is walked."""
        heap = [folder]
        while heap:
            current = heap.pop()
            yield current
            heap.extend(current.below.values())

    def nearest(self, rel: str) -> Folder:
        """Give the known folder of a path, or the lowest known one above it."""
        folder = self.top
        for name in rel.split("/") if rel else ():
            below = folder.below.get(name)
            if below is None:
                return folder
            folder = below
        return folder

    def list(self, folder: Folder, now_s: float, now: float) -> list[Folder]:
        """Compare a folder's names with those seen last; give its new subfolders.

        Args:
            folder: The folder to list.
            now_s: Monotonic time.
            now: UTC seconds.

        Raises:
            OSError: It cannot be listed; what was seen stays.
        """
        if self._led_away(folder):
            raise NotADirectoryError(errno.ENOTDIR, "a link, never followed", str(folder.path))
        with os.scandir(folder.path) as listed:
            entries = list(listed)
        names = [entry.name for entry in entries]
        if names == folder.listing:
            return []
        for name in folder.known.difference(names):
            self._part(folder, name, now_s)
        met = [entry for entry in entries if entry.name not in folder.known]
        folder.listing, folder.known = names, set(names)
        return [new for entry in met if (new := self._meet(folder, entry, now_s, now))]

    def _led_away(self, folder: Folder) -> bool:
        """Say whether a folder that was looked into became a link, or one above it did."""
        rel, real = folder.rel, str(self._root)
        while rel:  # pathlib would take as long as the listing
            try:
                if stat.S_ISLNK(os.lstat(f"{real}/{rel}").st_mode):
                    return True
            except OSError:
                return False  # the listing will tell
            rel = rel.rpartition("/")[0]
        return False

    def relook(self, folder: Folder, now_s: float, now: float) -> None:
        """Look again at the files of a folder that matter, and at what was no file of ours."""
        image = Kind.IMAGE  # asking an enumeration takes longer than all else here
        files = folder.files.values()
        for file in [each for each in files if each.due_s is not None or each.kind is not image]:
            self.look(folder, file, now_s)
        for name in list(folder.odd):
            self._consider(folder, name, now_s, now)

    def look(self, folder: Folder, file: File, now_s: float) -> bool:
        """Look at one file; False when it is gone or no longer a file."""
        try:
            look = quiet.look_at(folder.path / file.name)
        except OSError:
            look = None
        if look is None:
            self._part(folder, file.name, now_s)
            return False
        before, file.watched = file.watched, again(file.watched, look, now_s)
        if before.look != look:
            file.glance, file.trouble, file.handed = None, "", False
            self._stir(folder, file, now_s)
        return True

    def drop(self, above: Folder, gone: Folder) -> None:
        """Forget a subfolder that cannot be listed because it is no more."""
        self._unknown(above, gone.path.name)

    def _meet(
        self, folder: Folder, entry: os.DirEntry[str], now_s: float, now: float
    ) -> Folder | None:
        """Sort a new name; give the subfolder when it is one to look into."""
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
        except OSError:
            is_folder = False
        if is_folder and kind_of(entry.name) is None:
            return self._enter(folder, entry.name)
        self._consider(folder, entry.name, now_s, now)
        return None

    def _enter(self, folder: Folder, name: str) -> Folder | None:
        rel = folder.under(name)
        if not self._recursive or name == OWN:
            return None
        if self.shut(rel):
            self._note(rel, self.shut(rel))
            return None
        here = os.path.join(os.path.realpath(self._root), rel)  # noqa: PTH118  (surrogates, speed)
        below = Folder(rel, folder.path / name, local=mounts.local(here, self._table))
        folder.below[name] = below
        return below

    def shut(self, rel: str) -> str:
        """Say why a folder is not looked into, "" when it is."""
        if f"{rel}/".startswith(f"{OWN}/"):
            return "seedance-watch's own folder"
        if os.path.realpath(self._root / rel) in self._exclude:
            return "an output folder"
        rule = self._ignore.rule(rel, folder=True)
        return str(rule) if rule else ""

    def refused(self, rel: str, name: str) -> str:
        """Say why a file name is none of ours, "" when it is."""
        if kind_of(name) is None:
            return "neither an image nor a TOML file by its name"
        rule = self._ignore.rule(rel)
        return str(rule) if rule else ""

    def passed_over(self, rel: str, name: str) -> str:
        """Say why a listed name that is neither file nor folder of ours is none; asks no disk."""
        rule = self._ignore.rule(rel) or self._ignore.rule(rel, folder=True)
        if rule:
            return str(rule)
        if f"{self._real}/{rel}" in self._exclude:
            return "an output folder"
        return self.refused(rel, name)

    def _consider(self, folder: Folder, name: str, now_s: float, now: float) -> None:
        rel = folder.under(name)
        why = self.refused(rel, name)
        kind = kind_of(name)
        if why or kind is None:
            self._note(rel, why)
            return
        try:
            found = os.lstat(folder.path / name)
        except OSError:
            self._unknown(folder, name)
            return
        if not stat.S_ISREG(found.st_mode):
            if name not in folder.odd:
                self._note(rel, odd(found.st_mode))
            folder.odd[name] = odd(found.st_mode)
            return
        folder.odd.pop(name, None)
        look = Look(found.st_size, found.st_mtime_ns, found.st_ino)
        folder.files[name] = File(name, kind, again(None, look, now_s), now)
        self.new += 1
        self._stir(folder, folder.files[name], now_s)

    def _part(self, folder: Folder, name: str, now_s: float) -> None:
        self._unknown(folder, name)
        file = folder.files.pop(name, None)
        if file is not None:
            self._stir(folder, file, now_s)

    def _unknown(self, folder: Folder, name: str) -> None:
        """Meet a name anew when it is listed again, even in the same place."""
        folder.listing = []
        folder.known.discard(name)
        folder.odd.pop(name, None)
        folder.below.pop(name, None)

    def _stir(self, folder: Folder, file: File, now_s: float) -> None:
        folder.stirred = True
        folder.stirred_s = now_s
        self.defaults += file.kind is Kind.DEFAULTS


def odd(mode: int) -> str:
    """Name what is no regular file."""
    kinds = (
        (stat.S_ISLNK, "a link, never followed"),
        (stat.S_ISDIR, "a folder named like a file"),
        (stat.S_ISFIFO, "a pipe, never opened"),
        (stat.S_ISSOCK, "a socket, never opened"),
    )
    return next((words for test, words in kinds if test(mode)), "a device, never opened")

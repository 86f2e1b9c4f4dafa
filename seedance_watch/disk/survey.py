"""An inbox looked at once, by somebody who takes nothing: only reads, claims nothing.

The same names are ignored and the same files paired as by the desk. Whether a file is finished
takes time to find out; here it only counts whether somebody has it open for writing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from seedance_watch.core import waiting
from seedance_watch.core.ignore import Ignore
from seedance_watch.core.naming import natural
from seedance_watch.core.pairing import Bundle, Glance, Kind, Lack, pair
from seedance_watch.core.settling import Proof
from seedance_watch.core.snapshot import Waiting
from seedance_watch.disk import quiet
from seedance_watch.disk.scan import OWN, File, Folder, Scanner
from seedance_watch.disk.settings import InboxSettings

_TAKEN = frozenset({Lack.NOTHING, Lack.SIDECAR})  # what may be missing of a drop to come


@dataclass(frozen=True, slots=True)
class Coming:
    """Files that will be one drop.

    Attributes:
        folder: The subfolder that they lie in.
        bundle: Their names.
        glance: What the sidecar says, or the defaults alone.
        busy: Whether somebody has one of them open for writing.
    """

    folder: str
    bundle: Bundle
    glance: Glance
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Survey:
    """Looks at an inbox.

    Attributes:
        root: The inbox.
        settings: How it is watched.
        glance: What pairing must know of a sidecar's text in a subfolder ("" for no sidecar).
        has_prompt: Whether the defaults of a subfolder carry a prompt.
    """

    root: Path
    settings: InboxSettings
    glance: Callable[[str, str], Glance]
    has_prompt: Callable[[str], bool]

    def look(self) -> tuple[list[Coming], list[Waiting]]:
        """Give the drops to come in natural order, and what is said of each file.

        Raises:
            OSError: The inbox itself cannot be listed.
        """
        coming, told = list[Coming](), list[Waiting]()
        scanner = self._scanner()
        for folder in self._folders(scanner, told):
            said = dict(self._said(folder, told))
            plan = pair(_images(folder), said, prompted=self.has_prompt(folder.rel))
            told += [waiting.partner(folder.under(n), w) for n, w in plan.waits.items()]
            bundles = sorted(plan.bundles, key=lambda each: natural(each.names[0]))
            drops = [self._coming(folder, each, said) for each in bundles]
            coming += [each for each in drops if each.bundle.lack in _TAKEN]
            for each in drops:
                told += _stands(folder, each)
            told += _passed(scanner, folder)
        return coming, told

    def _scanner(self) -> Scanner:
        keys = self.settings
        scanner = Scanner(
            self.root,
            ignore=Ignore(keys.ignore),
            exclude=keys.exclude,
            recursive=keys.recursive,
            note=lambda _path, _rule: None,
        )
        scanner.remount()
        return scanner

    def _folders(self, scanner: Scanner, told: list[Waiting]) -> Iterator[Folder]:
        """List every folder, in natural order; tell of those that cannot be."""
        scanner.list(scanner.top, 0.0, 0.0)
        heap = [scanner.top]
        while heap:
            folder = heap.pop()
            try:
                if folder is not scanner.top:
                    scanner.list(folder, 0.0, 0.0)
            except OSError as error:
                told.append(waiting.unreadable(folder.rel, error.strerror or repr(error)))
                continue
            heap += sorted(folder.below.values(), key=lambda each: natural(each.rel), reverse=True)
            yield folder

    def _said(self, folder: Folder, told: list[Waiting]) -> Iterator[tuple[str, Glance]]:
        """Read the sidecars of a folder; tell of those that cannot be read."""
        for name, file in folder.files.items():
            if file.kind is not Kind.SIDECAR:
                continue
            try:
                yield name, self._read(folder, file)
            except quiet.Moved:
                told.append(waiting.busy(folder.under(name)))
            except OSError as error:
                told.append(waiting.unreadable(folder.under(name), error.strerror or repr(error)))

    def _read(self, folder: Folder, file: File) -> Glance:
        text = quiet.read_text(folder.path / file.name, file.watched.look)
        return Glance(broken=True) if text is None else self.glance(text, folder.rel)

    def _coming(self, folder: Folder, bundle: Bundle, said: dict[str, Glance]) -> Coming:
        asked = said[bundle.sidecar] if bundle.sidecar else self.glance("", folder.rel)
        files = (folder.path / name for name in bundle.names)
        busy = folder.local and any(quiet.writers(each) is Proof.BUSY for each in files)
        return Coming(folder.rel, bundle, asked, busy)


def _images(folder: Folder) -> list[str]:
    return [name for name, file in folder.files.items() if file.kind is Kind.IMAGE]


def _stands(folder: Folder, drop: Coming) -> Iterator[Waiting]:
    """Tell of a bundle's files."""
    for name in drop.bundle.names:
        path = folder.under(name)
        if drop.busy:
            yield waiting.busy(path)
        elif drop.bundle.lack in _TAKEN:
            yield waiting.complete(path)
        else:
            yield waiting.partner(path, drop.bundle.words)


def _passed(scanner: Scanner, folder: Folder) -> Iterator[Waiting]:
    """Tell of what is passed over, and of defaults."""
    for name in folder.listing:
        path = folder.under(name)
        if name in folder.odd:
            yield waiting.ignored(path, folder.odd[name])
        elif name in folder.files:
            if folder.files[name].kind is Kind.DEFAULTS:
                yield waiting.defaults(path)
        elif name in folder.below:
            yield waiting.watched(path)
        elif name != OWN:
            yield waiting.ignored(path, scanner.passed_over(path, name))

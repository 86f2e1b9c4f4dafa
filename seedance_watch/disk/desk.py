"""One turn of the inbox, in a worker thread: look, pair, settle, hand over.

Everything here is used by one thread at a time; nothing here waits.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from pathlib import Path

from natsort import natsort_keygen, ns

from seedance_watch.core.model import Drop, Part, Role
from seedance_watch.core.pairing import (
    Bundle,
    Glance,
    Kind,
    Lack,
    Plan,
    pair,
    shared,
    split_ending,
)
from seedance_watch.disk import ends
from seedance_watch.disk.gate import Gate
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.quiet import Moved
from seedance_watch.disk.remarks import Remarks
from seedance_watch.disk.scan import File, Folder, Scanner
from seedance_watch.ports import Clock

BUDGET_S = 0.4  # of work per turn before what is ready is handed over; a stop waits no longer
RETRY_S = 1.0  # until a file that moved under our hands is looked at again
GROWING_S = 600.0  # a file still being written after this is reported, never forced
_natural = natsort_keygen(alg=ns.IGNORECASE)
_ROLES = ((Role.IMAGE, "image"), (Role.SIDECAR, "sidecar"), (Role.END_IMAGE, "end"))


class Scope(StrEnum):
    """Which folders a turn lists besides those that were hinted at."""

    NOTHING = "nothing"
    NETWORK = "network"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn gave.

    Attributes:
        drops: Settled drops in natural order.
        due_s: When the next turn is due, monotonic; None: only when something happens.
        met: How many files were seen for the first time.
    """

    drops: tuple[Drop, ...]
    due_s: float | None
    met: int


@dataclass(slots=True)
class Desk:
    """What is known about an inbox, and the turns over it.

    Attributes:
        watch: Name of the watch entry.
        root: The inbox.
        scanner: Lists its folders.
        gate: Settles its files.
        kept: Files that are not offered.
        remarks: Tells people.
        clock: Wall clock.
        has_prompt: Whether the defaults of a subfolder carry a prompt.
        grace_s: How long a sidecar may still arrive where none is needed.
        orphan_s: How long an end image may still arrive.
        stopping: Set to end a turn early.
    """

    watch: str
    root: Path
    scanner: Scanner
    gate: Gate
    kept: Kept
    remarks: Remarks
    clock: Clock
    has_prompt: Callable[[str], bool]
    grace_s: float
    orphan_s: float
    stopping: bool = False
    _defaults: int = 0
    _late: dict[str, float] = field(default_factory=dict)

    def turn(self, hinted: Collection[str], scope: Scope) -> Turn:
        """Look where something may have changed, and give what is ready.

        Raises:
            OSError: The inbox itself cannot be listed.
        """
        now_s, met = time.monotonic(), self.scanner.new
        visited = list(self._visited(hinted, scope, now_s))
        folders = dict.fromkeys(chain(visited, self._restless(now_s), self._prompted_anew()))
        drops: list[Drop] = []
        for folder in sorted(folders, key=lambda each: _natural(each.rel)):
            drops += (
                self._serve(folder, now_s) if self._goes_on(now_s, drops) else self._later(folder)
            )
        return Turn(tuple(drops), self._next_s(), self.scanner.new - met)

    def _goes_on(self, now_s: float, drops: list[Drop]) -> bool:
        """Whether the turn has time left; something is handed over in any case."""
        return not self.stopping and (not drops or time.monotonic() - now_s < BUDGET_S)

    def _later(self, folder: Folder) -> list[Drop]:
        folder.due_s = 0.0
        return []

    def _next_s(self) -> float | None:
        known = (f.due_s for f in self.scanner.walk(self.scanner.top) if f.due_s is not None)
        return min(chain(known, self._late.values()), default=None)

    def unsettled(self) -> bool:
        """Say whether anything may still settle or pair by itself, late end images aside."""
        return any(f.due_s is not None for f in self.scanner.walk(self.scanner.top))

    # Which folders

    def _visited(self, hinted: Collection[str], scope: Scope, now_s: float) -> Iterator[Folder]:
        if scope is Scope.ALL:
            yield from self._listed([self.scanner.top], now_s, deep=True)
            return
        asked = dict.fromkeys(self.scanner.nearest(rel) for rel in hinted)
        if scope is Scope.NETWORK:
            asked |= dict.fromkeys(f for f in self.scanner.walk(self.scanner.top) if not f.local)
        yield from self._listed(list(asked), now_s, deep=False)

    def _listed(self, heap: list[Folder], now_s: float, *, deep: bool) -> Iterator[Folder]:
        """List folders, and the new ones below them; with deep the known ones too."""
        now = self.clock.now()
        while heap and not self.stopping:
            folder = heap.pop()
            try:
                new = self.scanner.list(folder, now_s, now)
            except OSError as error:
                self._unlisted(folder, error)
                continue
            self.scanner.relook(folder, now_s, now)
            self.kept.tidy(folder.rel)
            heap += folder.below.values() if deep else new
            if folder.stirred:
                yield folder

    def _unlisted(self, folder: Folder, error: OSError) -> None:
        if folder is self.scanner.top:
            raise error
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            above = self.scanner.nearest(folder.rel.rpartition("/")[0])
            self.scanner.drop(above, folder)
        else:
            self.remarks.unreadable(folder.rel, error)

    def _restless(self, now_s: float) -> Iterator[Folder]:
        """Give the folders whose time has come."""
        for rel, due_s in list(self._late.items()):
            if due_s <= now_s:
                del self._late[rel]
                yield self.scanner.nearest(rel)
        for folder in list(self.scanner.walk(self.scanner.top)):
            if folder.due_s is not None and folder.due_s <= now_s:
                yield folder

    def _prompted_anew(self) -> Iterable[Folder]:
        """Give every folder when any defaults changed: they reach down to all below them."""
        if self._defaults == self.scanner.defaults:
            return ()
        self._defaults = self.scanner.defaults
        return list(self.scanner.walk(self.scanner.top))

    # One folder

    def _serve(self, folder: Folder, now_s: float) -> list[Drop]:
        """Pair and settle the files of one folder; give what is ready."""
        free = {n: f for n, f in folder.files.items() if folder.under(n) not in self.kept}
        plan, reading = self._plan(folder, free, now_s)
        dues = [file.due_s for file in reading if file.due_s is not None]
        drops: list[Drop] = []
        for bundle in sorted(plan.bundles, key=lambda each: _natural(each.names[0])):
            outcome = self._judge(folder, bundle, plan, now_s, waits=bool(reading))
            if isinstance(outcome, Drop):
                drops.append(outcome)
            elif outcome is not None:
                dues.append(outcome)
        self._hand(folder, drops)
        self._tell(folder, plan, now_s)
        folder.stirred = False
        folder.due_s = min(dues, default=None)
        return drops

    def _plan(
        self, folder: Folder, free: dict[str, File], now_s: float
    ) -> tuple[Plan, list[File]]:
        """Pair the files as far as sidecars are settled; give the ones that are not."""
        asked = [file for file in free.values() if file.kind is Kind.SIDECAR]
        sidecars: dict[str, Glance | None] = {
            file.name: self.gate.says(folder, file, now_s) for file in asked
        }
        here = {name: said for name, said in sidecars.items() if name in folder.files}
        images = [
            name for name, f in free.items() if f.kind is Kind.IMAGE and name in folder.files
        ]
        prompted = bool(images) and self.has_prompt(folder.rel)
        reading = [file for file in asked if here.get(file.name, 0) is None]
        return pair(images, here, prompted=prompted), reading

    def _judge(
        self, folder: Folder, bundle: Bundle, plan: Plan, now_s: float, *, waits: bool
    ) -> Drop | float | None:
        """Give the drop, or when to look again, or None: only when something changes."""
        files = [folder.files[name] for name in bundle.names if name in folder.files]
        if bundle.lack is Lack.READING or len(files) < len(bundle.names):
            return None
        loose = [
            f for f in files if f.kind is Kind.IMAGE and not self.gate.passes(folder, f, now_s)
        ]
        if loose:
            self._growing(folder, loose, now_s)
            return min((f.due_s for f in loose if f.due_s is not None), default=now_s + RETRY_S)
        ripe_s = self._ripe_s(folder, bundle, files)
        since_s = max(file.watched.since_s for file in files)
        if waits and bundle.lack is Lack.NOTHING:
            # A sidecar still being written may name one of these as its end image.
            pace = self.gate.pace
            ripe_s = since_s + 3 * (pace.proved_s if folder.local else pace.quiet_s)
        if now_s < ripe_s:
            return self._patient(folder, bundle, ripe_s)
        return self._drop(folder, bundle, plan) or now_s + RETRY_S

    def _ripe_s(self, folder: Folder, bundle: Bundle, files: list[File]) -> float:
        """Say from when on a bundle that lacks something is taken as it is, monotonic."""
        first_s = max(file.watched.first_s for file in files)
        waits_s = {Lack.END: self.orphan_s, Lack.SIDECAR: self.grace_s, Lack.IMAGE: self.grace_s}
        return first_s + waits_s.get(bundle.lack, 0.0)

    def _patient(self, folder: Folder, bundle: Bundle, ripe_s: float) -> float | None:
        """Note when to look again; a missing end image keeps nobody waiting for the inbox."""
        if bundle.lack is not Lack.END:
            return ripe_s
        self._late[folder.rel] = min(ripe_s, self._late.get(folder.rel, ripe_s))
        return None

    def _growing(self, folder: Folder, files: list[File], now_s: float) -> None:
        """Tell once that a file is being written for very long."""
        for file in files:
            age_s = now_s - file.watched.first_s
            if age_s > GROWING_S and not file.told:
                file.told = True
                self.remarks.unsettled(folder.under(file.name), age_s)

    # Handing over

    def _drop(self, folder: Folder, bundle: Bundle, plan: Plan) -> Drop | None:
        """Hash the files of a settled bundle; None when one moved under our hands."""
        names = {role: getattr(bundle, field_) for role, field_ in _ROLES}
        parts = [
            self._part(folder, folder.files[name], role, bundle, plan)
            for role, name in names.items()
            if name is not None
        ]
        if any(part is None for part in parts):
            return None
        glance = folder.files[bundle.sidecar].glance if bundle.sidecar else None
        glance = glance or self.gate.glance("", folder.rel)  # the defaults alone
        return Drop(
            watch=self.watch,
            folder=folder.rel,
            stem=split_ending(bundle.image or bundle.names[0])[0],
            parts=tuple(part for part in parts if part is not None),
            takes=glance.takes,
            priority=glance.priority,
            seen_at=min(folder.files[name].seen_at for name in bundle.names),
        )

    def _part(
        self, folder: Folder, file: File, role: Role, bundle: Bundle, plan: Plan
    ) -> Part | None:
        part = self.gate.part(folder, file, role, time.monotonic())
        if part is None or role is not Role.END_IMAGE or not shared(bundle, plan.bundles):
            return part
        try:
            source = ends.copy(
                self.root, folder.path / file.name, look=file.watched.look, sha256=part.sha256
            )
        except (Moved, OSError) as error:
            if isinstance(error, OSError):
                self.remarks.unreadable(folder.under(file.name), error)
            return None
        return Part(role, source, _beside(file.name, bundle), part.size_bytes, part.sha256)

    def _hand(self, folder: Folder, drops: list[Drop]) -> None:
        """Keep what is handed over from being offered again."""
        for drop in drops:
            sources = [part.source for part in drop.parts]
            self.kept.hand(folder.rel, sources)

    def _tell(self, folder: Folder, plan: Plan, now_s: float) -> None:
        """Tell people what waits, and for what."""
        lacking = {b.names[0]: b.words for b in plan.bundles if b.lack is not Lack.NOTHING}
        words = {folder.under(name): said for name, said in {**plan.waits, **lacking}.items()}
        due_s = self.remarks.waits(folder.rel, words, now_s)
        if due_s is not None:
            self._late[folder.rel] = min(due_s, self._late.get(folder.rel, due_s))


def _beside(name: str, bundle: Bundle) -> str:
    """Give the end image's name in the job folder: another than the first image's."""
    if name != bundle.image:
        return name
    stem, ending = split_ending(name)
    return f"{stem}.end{ending}"

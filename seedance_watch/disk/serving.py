"""One folder of the inbox served once: its files paired, settled, and handed over.

What is settled is handed over together as far as drops hang together by end images, so that a
drop never takes an image away that another one, settled a moment later, ends with.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from seedance_watch.core.endings import like_sidecar
from seedance_watch.core.model import Drop, Part, Role
from seedance_watch.core.naming import natural
from seedance_watch.core.pairing import Bundle, Glance, Kind, Lack, Plan, pair, split_ending
from seedance_watch.disk import access, ends
from seedance_watch.disk.gate import Gate
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.quiet import Moved
from seedance_watch.disk.remarks import Remarks
from seedance_watch.disk.scan import File, Folder

RETRY_S = 1.0  # until a file that moved under our hands is looked at again
GROWING_S = 600.0  # a file still being written after this is reported, never forced
_ROLES = ((Role.IMAGE, "image"), (Role.SIDECAR, "sidecar"), (Role.END_IMAGE, "end"))


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every folder of an inbox.

    Attributes:
        watch: Name of the watch entry.
        root: The inbox.
        gate: Settles its files.
        kept: Files that are not offered.
        remarks: Tells people.
        has_prompt: Whether the defaults of a subfolder carry a prompt.
        grace_s: How long a sidecar may still arrive where none is needed.
        orphan_s: How long an end image may still arrive.
    """

    watch: str
    root: Path
    gate: Gate
    kept: Kept
    remarks: Remarks
    has_prompt: Callable[[str], bool]
    grace_s: float
    orphan_s: float


@dataclass(slots=True)
class Serving:
    """One pass over one folder.

    Attributes:
        rules: What holds for all folders.
        folder: The folder.
        now_s: Monotonic time of the pass.
        goes_on: Asked with when it began, monotonic, and how many drops there are so far, whether
            there is time for more.
        late_s: When to look again for the sake of people or a missing end image; None: never.
    """

    rules: Rules
    folder: Folder
    now_s: float
    goes_on: Callable[[float, int], bool]
    late_s: float | None = None
    _plan: Plan = field(default_factory=lambda: Plan((), {}))
    _reading: list[File] = field(default_factory=list)
    _images: frozenset[str] = frozenset()
    _ends: Counter[str] = field(default_factory=Counter)
    _by_end: dict[str, list[Bundle]] = field(default_factory=dict)
    _dues: dict[int, float | None] = field(default_factory=dict)
    _ripe: dict[str, float] = field(default_factory=dict)

    def drops(self) -> list[Drop]:
        """Give what is ready; note in the folder when it must be served again."""
        self._pair()
        begun_s = time.monotonic()
        dues = [file.due_s for file in self._reading if file.due_s is not None]
        drops: list[Drop] = []
        for bundle in sorted(self._plan.bundles, key=lambda each: natural(each.names[0])):
            if not self._linked(bundle) and not self.goes_on(begun_s, len(drops)):
                dues.append(self.now_s)
                break
            outcome = self._outcome(bundle)
            if isinstance(outcome, Drop):
                drops.append(outcome)
            elif outcome is not None:
                dues.append(outcome)
        self._tell()
        self.folder.stirred = False
        self.folder.due_s = min(dues, default=None)
        return drops

    def _pair(self) -> None:
        """Pair the files as far as sidecars are settled."""
        folder, kept = self.folder, self.rules.kept
        free = {n: f for n, f in folder.files.items() if folder.under(n) not in kept}
        asked = [file for file in free.values() if file.kind is Kind.SIDECAR]
        said = {file.name: self.rules.gate.says(folder, file, self.now_s) for file in asked}
        here = {name: glance for name, glance in said.items() if name in folder.files}
        images = [n for n, f in free.items() if f.kind is Kind.IMAGE and n in folder.files]
        prompted = bool(images) and self.rules.has_prompt(folder.rel)
        self._plan = pair(images, here, prompted=prompted)
        self._reading = [file for file in asked if here.get(file.name, 0) is None]
        bundles = self._plan.bundles
        self._images = frozenset(each.image for each in bundles if each.image is not None)
        for each in bundles:
            if each.end is not None:
                self._by_end.setdefault(each.end, []).append(each)
        self._ends = Counter({end: len(given) for end, given in self._by_end.items()})

    def _linked(self, bundle: Bundle) -> bool:
        """Whether a bundle shares files with others, or may."""
        return bundle.end is not None or bundle.image in self._ends

    def _outcome(self, bundle: Bundle) -> Drop | float | None:
        """Give the drop, or when to look again, or None: only when something changes."""
        due_s = self._due(bundle)
        if due_s is None or due_s > self.now_s:
            return due_s
        for other in self._ending_with(bundle):
            later_s = self._due(other)
            if later_s is None or later_s > self.now_s:
                return later_s
        return self._drop(bundle) or self.now_s + RETRY_S

    def _ending_with(self, bundle: Bundle) -> list[Bundle]:
        """Give the bundles that end with a bundle's image."""
        others = self._by_end.get(bundle.image or "", [])
        return [each for each in others if each is not bundle]

    # Settling

    def _due(self, bundle: Bundle) -> float | None:
        """Say when a bundle is ready or to be looked at again; None: when something changes."""
        if id(bundle) not in self._dues:
            self._dues[id(bundle)] = self._judged(bundle)
        return self._dues[id(bundle)]

    def _judged(self, bundle: Bundle) -> float | None:
        here = self.folder.files
        files = [here[name] for name in bundle.names if name in here]
        if bundle.lack is Lack.READING or len(files) < len(bundle.names):
            return None
        loose = [f for f in files if f.kind is Kind.IMAGE and not self._passes(f)]
        if loose:
            self._growing(loose)
            dues = [file.due_s for file in loose if file.due_s is not None]
            return max(min(dues, default=0.0), self.now_s + 0.001)
        ripe_s = self._ripe_s(bundle, files)
        if bundle.lack is not Lack.NOTHING:
            self._ripe.update(dict.fromkeys(bundle.names, ripe_s))
        if bundle.lack is Lack.END and ripe_s > self.now_s:
            self._late(ripe_s)  # a missing end image keeps nobody waiting for the inbox
            return None
        return ripe_s

    def _passes(self, file: File) -> bool:
        return self.rules.gate.passes(self.folder, file, self.now_s)

    def _ripe_s(self, bundle: Bundle, files: list[File]) -> float:
        """Say from when on a bundle is taken as it is, monotonic."""
        rules, first_s = self.rules, max(file.watched.first_s for file in files)
        waits_s = {
            Lack.END: rules.orphan_s,
            Lack.SIDECAR: rules.grace_s,
            Lack.IMAGE: rules.grace_s,
        }
        if bundle.lack is not Lack.NOTHING or not self._reading:
            return first_s + waits_s.get(bundle.lack, 0.0)
        # A sidecar still being written may name one of these as its end image.
        pace = rules.gate.pace
        since_s = max(file.watched.since_s for file in files)
        return since_s + 3 * (pace.proved_s if self.folder.local else pace.quiet_s)

    def _growing(self, files: list[File]) -> None:
        """Tell once that a file is being written for very long."""
        for file in files:
            age_s = self.now_s - file.watched.first_s
            if age_s > GROWING_S and not file.told:
                file.told = True
                self.rules.remarks.unsettled(self.folder.under(file.name), age_s)

    # Handing over

    def _drop(self, bundle: Bundle) -> Drop | None:
        """Hash the files of a settled bundle; None when one moved under our hands."""
        here, rules = self.folder.files, self.rules
        if any(name not in here for name in bundle.names):
            return None
        parts = self._parts(bundle)
        if parts is None:
            return None
        if bundle.end is not None:
            self._ends[bundle.end] -= 1
        sources = {part.source for part in parts}
        rules.kept.hand(self.folder.rel, sources)
        for name in bundle.names:
            here[name].handed = self.folder.under(name) in sources
        glance = self._glance(bundle)
        return Drop(
            watch=rules.watch,
            folder=self.folder.rel,
            stem=split_ending(bundle.names[0])[0],
            parts=tuple(parts),
            takes=glance.takes,
            priority=glance.priority,
            seen_at=min(here[name].seen_at for name in bundle.names),
            start_from=glance.start_from,
        )

    def _glance(self, bundle: Bundle) -> Glance:
        """Give what its sidecar says, or the defaults alone."""
        said = self.folder.files[bundle.sidecar].glance if bundle.sidecar else None
        return said or self.rules.gate.glance("", self.folder.rel)

    def _parts(self, bundle: Bundle) -> list[Part] | None:
        parts = []
        for role, field_ in _ROLES:
            name = getattr(bundle, field_)
            part = self._part(self.folder.files[name], role, bundle) if name is not None else None
            if part is not None:
                parts.append(part)
            elif name is not None:
                return None
        return parts

    def _part(self, file: File, role: Role, bundle: Bundle) -> Part | None:
        part = self.rules.gate.part(self.folder, file, role, time.monotonic())
        if part is None or role is not Role.END_IMAGE or not self._shared(file.name):
            return part
        source = self._copied(file, part.sha256)
        if source is None:
            return None
        return Part(role, source, _beside(file.name, bundle), part.size_bytes, part.sha256)

    def _shared(self, end: str) -> bool:
        """Whether an end image is some drop's image too, or more drops than one end with it."""
        return end in self._images or self._ends[end] > 1

    def _copied(self, file: File, sha256: str) -> str | None:
        """Copy an end image; None when it moved under our hands or could not be copied."""
        path = self.folder.path / file.name
        try:
            return ends.copy(self.rules.root, path, look=file.watched.look, sha256=sha256)
        except Moved:
            return None
        except OSError as error:
            self.rules.remarks.unreadable(self.folder.under(file.name), access.said(error, path))
            return None

    # Telling

    def _late(self, due_s: float | None) -> None:
        if due_s is not None:
            self.late_s = due_s if self.late_s is None else min(self.late_s, due_s)

    def _tell(self) -> None:
        """Tell people what waits, and for what."""
        under = self.folder.under
        for file in self.folder.files.values():
            if file.trouble:
                self.rules.remarks.unreadable(under(file.name), file.trouble)
        lacks = [b for b in self._plan.bundles if b.lack is not Lack.NOTHING and self._lies(b)]
        waits = {**self._plan.waits, **{b.names[0]: b.words for b in lacks}}
        waits = {name: said + self._passed_over(name, said) for name, said in waits.items()}
        words = {under(name): said for name, said in waits.items()}
        self._late(self.rules.remarks.waits(self.folder.rel, words, self.now_s))
        shared = {name: bundle.words for bundle in lacks for name in bundle.names}
        self.folder.lacks, self.folder.ripe = {**shared, **waits}, self._ripe

    def _lies(self, bundle: Bundle) -> bool:
        """Whether a bundle was not handed over just now, as it is."""
        file = self.folder.files.get(bundle.names[0])
        return file is not None and not file.handed

    def _passed_over(self, name: str, said: str) -> str:
        """Name what lies there in place of what a file waits for, and is none; "" for nothing."""
        stem = split_ending(name)[0]
        like = (
            odd for odd in self.folder.odd if f" {odd}" in said or split_ending(odd)[0] == stem
        )
        found = min(like, default="")
        if found:
            return f" ({found} is a link or no plain file, and never opened)"
        meant = f"{stem}.toml" if f" {stem}.toml" in said else ""
        if meant and (alike := self.folder.known.intersection(like_sidecar(stem))):
            return f" ({min(alike)} is none: rename it to {meant})"
        return ""


def _beside(name: str, bundle: Bundle) -> str:
    """Give the end image's name in the job folder: another than the first image's."""
    if name != bundle.image:
        return name
    stem, ending = split_ending(name)
    return f"{stem}.end{ending}"

"""One turn of the inbox, in a worker thread: look, pair, settle, hand over.

Everything here is used by one thread at a time; nothing here waits.
"""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from seedance_watch.core.model import Drop
from seedance_watch.core.naming import natural
from seedance_watch.core.pairing import Kind
from seedance_watch.disk import access
from seedance_watch.disk.scan import Folder, Scanner
from seedance_watch.disk.serving import Rules, Serving
from seedance_watch.ports import Clock

BUDGET_S = 0.4  # of work per turn before what is ready is handed over; a stop waits no longer


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
        scanner: Lists its folders.
        rules: How they are served.
        clock: Wall clock.
        goes_on: Told before each folder that a turn goes on.
        stopping: Set to end a turn early.
    """

    scanner: Scanner
    rules: Rules
    clock: Clock
    goes_on: Callable[[], None] = lambda: None
    stopping: bool = False
    _defaults: int = 0
    _late: dict[str, float] = field(default_factory=dict)
    _due: set[Folder] = field(default_factory=set)  # folders that are to be looked at again

    def turn(self, hinted: Collection[str], scope: Scope) -> Turn:
        """Look where something may have changed, and give what is ready.

        Raises:
            OSError: The inbox itself cannot be listed.
        """
        now_s, met = time.monotonic(), self.scanner.new
        visited = list(self._visited(hinted, scope, now_s))
        folders = dict.fromkeys(chain(visited, self._restless(now_s), self._prompted_anew()))
        drops: list[Drop] = []
        begun_s = time.monotonic()
        for folder in sorted(folders, key=lambda each: natural(each.rel)):
            self.goes_on()
            if self._goes_on(begun_s, len(drops)):
                drops += self._serve(folder, now_s, len(drops))
            else:
                folder.due_s = 0.0
            self._mind(folder)
        return Turn(tuple(drops), self._next_s(), self.scanner.new - met)

    def _goes_on(self, begun_s: float, drops: int) -> bool:
        """Whether the turn has time left; something is handed over in any case."""
        return not self.stopping and (not drops or time.monotonic() - begun_s < BUDGET_S)

    def _serve(self, folder: Folder, now_s: float, before: int) -> list[Drop]:
        """Serve one folder, once the defaults that apply to it are settled."""
        waits_s = self._defaults_due_s(folder, now_s)
        if waits_s is not None:
            folder.due_s = waits_s
            return []
        serving = Serving(
            self.rules,
            folder,
            now_s,
            lambda begun_s, drops: self._goes_on(begun_s, drops + before),
        )
        drops = serving.drops()
        if serving.late_s is not None:
            self._late[folder.rel] = min(
                serving.late_s, self._late.get(folder.rel, serving.late_s)
            )
        return drops

    def _defaults_due_s(self, folder: Folder, now_s: float) -> float | None:
        """Say when to look again at defaults that are being written; None: all are settled."""
        parts = folder.rel.split("/") if folder.rel else []
        for above in {self.scanner.nearest("/".join(parts[:n])) for n in range(len(parts) + 1)}:
            for file in above.defaults():
                if self.rules.gate.says(above, file, now_s) is None:
                    return max(file.due_s or 0.0, now_s + 0.001)
        return None

    def _mind(self, folder: Folder) -> None:
        """Keep in mind whether a folder is to be looked at again."""
        (self._due.discard if folder.due_s is None else self._due.add)(folder)

    def _next_s(self) -> float | None:
        known = (folder.due_s for folder in self._due if folder.due_s is not None)
        return min(chain(known, self._late.values()), default=None)

    def unsettled(self) -> bool:
        """Say whether anything may still settle or pair by itself, late end images aside."""
        return bool(self._due)

    def stirred_s(self) -> float:
        """Say when anything changed last, monotonic."""
        return max(folder.stirred_s for folder in self.scanner.walk(self.scanner.top))

    def remote(self) -> bool:
        """Whether any folder lies where not every change is reported."""
        return not all(folder.local for folder in self.scanner.walk(self.scanner.top))

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
            self.goes_on()
            try:
                new = self.scanner.list(folder, now_s, now)
            except OSError as error:
                self._unlisted(folder, error)
                continue
            folder.trouble = ""
            self.scanner.relook(folder, now_s, now)
            self.rules.kept.tidy(folder.rel)
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
            folder.trouble = access.said(error, folder.path)
            self.rules.remarks.unreadable(folder.rel, folder.trouble)

    def _restless(self, now_s: float) -> Iterator[Folder]:
        """Give the folders whose time has come, or that have files which were let go of."""
        for source in self.rules.kept.freed():
            yield from self._offered_again(source, now_s)
        for rel, due_s in list(self._late.items()):
            if due_s <= now_s:
                del self._late[rel]
                yield self.scanner.nearest(rel)
        for folder in list(self._due):
            if self.scanner.nearest(folder.rel) is not folder:
                self._due.discard(folder)  # it is gone
            elif folder.due_s is not None and folder.due_s <= now_s:
                yield folder

    def _offered_again(self, source: str, now_s: float) -> Iterator[Folder]:
        """Give the folder of a file that was let go of, if it is still there.

        Most often it was claimed. No event tells of that: what is gone is forgotten here, or it
        would be said to wait for its partner until the next scan.
        """
        rel, _, name = source.rpartition("/")
        folder = self.scanner.nearest(rel)
        file = folder.files.get(name)
        if file is None:
            here = os.path.lexists(folder.path / name)
        elif here := self.scanner.look(folder, file, now_s):
            file.handed = False
        if here:
            yield folder

    def _prompted_anew(self) -> Iterable[Folder]:
        """Give every folder when any defaults changed: they reach down to all below them."""
        if self._defaults == self.scanner.defaults:
            return ()
        self._defaults = self.scanner.defaults
        folders = list(self.scanner.walk(self.scanner.top))
        for file in chain.from_iterable(folder.files.values() for folder in folders):
            file.glance = None if file.kind is Kind.SIDECAR else file.glance
        return folders

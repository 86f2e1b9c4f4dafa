"""An inbox: hands over each drop once, when it is settled and complete.

Scanning is the truth, the system's events are hints: they name a folder to look into. A full
scan follows when the watch is armed, after an overflow, and every half minute, so that nothing
depends on an event. The looking itself is done by a desk, in a worker thread.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from seedance_watch.core.ignore import Ignore
from seedance_watch.core.pairing import Glance
from seedance_watch.core.settling import Pace
from seedance_watch.disk import ends, watcher
from seedance_watch.disk.desk import Desk, Scope, Turn
from seedance_watch.disk.gate import Gate
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.remarks import Remarks
from seedance_watch.disk.scan import Scanner
from seedance_watch.ports import Admit, Clock

_HEALTH_S = 5.0
_RETRY_S = 2.0  # until an inbox that is gone is looked for again


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """How an inbox is watched.

    Attributes:
        scan_local_s: Seconds between full scans on a local disk.
        scan_network_s: Seconds between scans of what lies on a network file system.
        quiet_s: Seconds a file must not change where nothing proves that its writer is done.
        proved_s: Seconds of quiet where it is proved; lets one more write follow a close.
        sidecar_grace_s: Seconds an image waits for its own sidecar although none is needed.
        orphan_s: Seconds until what waits for a partner is reported.
        recursive: Whether subfolders count.
        ignore: More names to ignore, gitignore-style.
        events: "auto", "always" or "never" use the system's events.
        exclude: Folders inside the inbox that are never looked into.
    """

    scan_local_s: float = 30.0
    scan_network_s: float = 10.0
    quiet_s: float = 5.0
    proved_s: float = 0.05
    sidecar_grace_s: float = 10.0
    orphan_s: float = 900.0
    recursive: bool = True
    ignore: tuple[str, ...] = ()
    events: str = "auto"
    exclude: tuple[Path, ...] = ()


@dataclass(slots=True)
class Facts:
    """What an inbox can say about its own health.

    Attributes:
        last_scan_at: When the last full scan ended, UTC seconds; None: none yet.
        found_by_scan_only: Files that no event had told of.
        rebuilds: How often the watch had to be made anew.
        mode: "events" or "scans".
    """

    last_scan_at: float | None = None
    found_by_scan_only: int = 0
    rebuilds: int = 0
    mode: str = "scans"


@dataclass(slots=True)
class _Hints:
    """Folders to look into, gathered from other threads."""

    loop: asyncio.AbstractEventLoop
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    folders: set[str] = field(default_factory=set)
    all: bool = False
    heard_s: float = 0.0

    def from_thread(self, folder: str | None) -> None:
        """Take a hint from watchdog's thread; the loop may be closed already."""
        try:
            self.loop.call_soon_threadsafe(self._take, folder)
        except RuntimeError:
            return

    def _take(self, folder: str | None) -> None:
        self.heard_s = time.monotonic()
        if folder is None:
            self.all = True
        else:
            self.folders.add(folder)
        self.wake.set()


class Inbox:
    """One watched folder; implements ports.Inbox.

    Args:
        watch: Name of its watch entry.
        root: The folder.
        settings: How it is watched.
        clock: The wall clock.
        whole: Whether an image decodes to its last byte.
        glance: What pairing must know of a sidecar's text in a subfolder ("" for no sidecar).
        has_prompt: Whether the defaults of a subfolder carry a prompt.
    """

    def __init__(  # noqa: PLR0913 - what the desk needs, introduced once
        self,
        watch: str,
        root: Path,
        *,
        settings: InboxSettings,
        clock: Clock,
        whole: Callable[[Path], bool],
        glance: Callable[[str, str], Glance],
        has_prompt: Callable[[str], bool],
    ) -> None:
        self._watch, self._root, self._settings, self._clock = watch, root, settings, clock
        self.facts = Facts()
        self._kept = Kept(root)
        remarks = Remarks(watch, max(10.0, settings.quiet_s), settings.orphan_s)
        scanner = Scanner(
            root,
            ignore=Ignore(settings.ignore),
            exclude=settings.exclude,
            recursive=settings.recursive,
            note=remarks.ignored,
        )
        pace = Pace(settings.proved_s, settings.quiet_s, settings.quiet_s)
        self._desk = Desk(
            watch=watch,
            root=root,
            scanner=scanner,
            gate=Gate(scanner, pace, _RETRY_S, whole, glance),
            kept=self._kept,
            remarks=remarks,
            clock=clock,
            has_prompt=has_prompt,
            grace_s=settings.sidecar_grace_s,
            orphan_s=settings.orphan_s,
        )
        self._hints: _Hints | None = None
        self._missing = False

    @property
    def watch(self) -> str:
        """Name of its watch entry."""
        return self._watch

    def keep_off(self, sources: Iterable[str]) -> None:
        """Leave these paths alone: a claim of them is under way."""
        self._kept.keep_off(sources)

    def let_go(self, sources: Iterable[str]) -> None:
        """Look at these paths again: the claim is over."""
        gone = list(sources)
        self._kept.let_go(gone)
        if self._hints:
            self._hints.folders.update(source.rpartition("/")[0] for source in gone)
            self._hints.wake.set()

    # Watching

    async def run(self, admit: Admit, stop: asyncio.Event) -> None:
        """Hand over each settled drop exactly once, until stopped."""
        hints = self._hints = _Hints(asyncio.get_running_loop())
        async with asyncio.TaskGroup() as tasks:
            waker = tasks.create_task(_wake_at(stop, hints.wake))
            try:
                await self._watching(admit, stop, hints)
            finally:
                self._desk.stopping = True
                waker.cancel()

    async def _watching(self, admit: Admit, stop: asyncio.Event, hints: _Hints) -> None:
        """Turn after turn; the watch is armed before the first full scan."""
        watch = await asyncio.to_thread(self._arm, hints)
        await asyncio.to_thread(ends.sweep, self._root, self._kept, now=self._clock.now())
        scan_s = health_s = 0.0
        try:
            while not stop.is_set():
                now_s = time.monotonic()
                if now_s >= health_s:
                    watch, changed = await asyncio.to_thread(self._checked, watch, hints)
                    hints.all, health_s = hints.all or changed, now_s + _HEALTH_S
                scope = Scope.ALL if hints.all or now_s >= scan_s else Scope.NOTHING
                due_s = await self._turn(admit, scope, hints)
                if scope is Scope.ALL:
                    scan_s = now_s + self._scan_s()
                await self._rest(hints, min(due_s, scan_s, health_s))
        finally:
            if watch:
                await asyncio.to_thread(watch.stop)

    def _scan_s(self) -> float:
        """Give the pause between full scans."""
        local = self._desk.scanner.top.local and self.facts.mode == "events"
        return self._settings.scan_local_s if local else self._settings.scan_network_s

    async def _turn(self, admit: Admit, scope: Scope, hints: _Hints) -> float:
        """Do one turn and hand over what is ready; give when the next is due, monotonic."""
        folders, hints.folders, hinted_all = hints.folders, set(), hints.all
        hints.all = False
        hints.wake.clear()
        turn = await self._look(folders, scope)
        if turn is None:
            hints.all = True
            return time.monotonic() + _RETRY_S
        if scope is Scope.ALL:
            self.facts.last_scan_at = self._clock.now()
            self.facts.found_by_scan_only += 0 if hinted_all or folders else turn.met
        if turn.drops:
            await admit(turn.drops)
        return turn.due_s if turn.due_s is not None else float("inf")

    async def _look(self, folders: set[str], scope: Scope) -> Turn | None:
        """Look, None when the inbox is not there; said once, and once when it is back."""
        log = structlog.get_logger()
        try:
            turn = await asyncio.to_thread(self._desk.turn, folders, scope)
        except OSError as error:
            if not self._missing:
                cure = "mount or create it; nothing is lost and it is taken up again by itself"
                reason = error.strerror or str(error)
                log.error("inbox.missing", inbox=str(self._root), reason=reason, cure=cure)
            self._missing = True
            return None
        if self._missing:
            self._missing = False
            log.info("inbox.returned", inbox=str(self._root))
        log.debug("inbox.scanned", watch=self._watch, scope=str(scope), drops=len(turn.drops))
        return turn

    @staticmethod
    async def _rest(hints: _Hints, until_s: float) -> None:
        """Sleep until a time or a hint."""
        wait_s = until_s - time.monotonic()
        if wait_s <= 0:
            return
        try:
            async with asyncio.timeout(wait_s):
                await hints.wake.wait()
        except TimeoutError:
            return

    # The watch

    def _arm(self, hints: _Hints) -> watcher.Watcher | None:
        """Start the system's events and prove that they arrive; None: scans only."""
        if self._settings.events == "never" or not self._root.is_dir():
            return None
        watch = watcher.start(self._root, hints.from_thread, recursive=self._settings.recursive)
        self.facts.mode = "events" if watch else "scans"
        return watch

    def _checked(
        self, watch: watcher.Watcher | None, hints: _Hints
    ) -> tuple[watcher.Watcher | None, bool]:
        """Make a watch anew that is dead or looks at another folder; give whether it was."""
        never = self._settings.events == "never" or (watch is None and not self._missing)
        if never or (watch and watch.healthy()):
            return watch, False
        if watch:
            watch.stop()
            self.facts.rebuilds += 1
            structlog.get_logger().warning("watcher.rebuilt", inbox=str(self._root))
        self._desk.scanner.remount()
        self._missing = self._missing or not self._root.is_dir()
        return self._arm(hints), True

    # Once

    async def sweep(self, admit: Admit) -> bool:
        """Hand over what can still settle or pair, and return when nothing more will."""
        scope = Scope.ALL
        while True:
            turn = await self._look(set(), scope)
            if turn is None:
                return True
            if turn.drops:
                await admit(turn.drops)
            if not self._desk.unsettled():
                return bool(self._desk.remarks.waiting())
            await asyncio.sleep(min(1.0, max(0.01, (turn.due_s or 0.0) - time.monotonic())))
            scope = Scope.ALL if turn.drops else Scope.NOTHING


async def _wake_at(stop: asyncio.Event, wake: asyncio.Event) -> None:
    """Wake the inbox when a stop is asked for."""
    await stop.wait()
    wake.set()

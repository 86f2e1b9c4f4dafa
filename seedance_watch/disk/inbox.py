"""An inbox: hands over each drop once, when it is settled and complete.

Scanning is the truth, the system's events are hints: they name a folder to look into. A full
scan follows when the watch is armed, after an overflow, and every half minute, so that nothing
depends on an event. The looking itself is done by a desk, in a worker thread.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

import structlog

from seedance_watch.core.dragged import is_note
from seedance_watch.core.ignore import Ignore
from seedance_watch.core.pairing import Glance
from seedance_watch.core.settling import Pace
from seedance_watch.core.snapshot import InboxView
from seedance_watch.disk import ends
from seedance_watch.disk.desk import Desk, Scope, Turn
from seedance_watch.disk.ears import Ears, Hints
from seedance_watch.disk.gate import Gate
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.pending import pending
from seedance_watch.disk.remarks import Remarks
from seedance_watch.disk.scan import Scanner
from seedance_watch.disk.serving import Rules
from seedance_watch.disk.settings import Facts, InboxSettings
from seedance_watch.ports import Admit, Clock

__all__ = ["Facts", "Inbox", "InboxSettings"]

_FOREVER_S = 3600.0
_LONG_S = 0.1  # a shorter turn, or one with drops, is followed by the next at once
_PAUSE_S = 2.0
# The longest honest step of a turn: listing a folder of a hundred thousand files on a slow
# share, or two decoders that a picture hangs for five minutes each.
_STEP_S = 780.0
_SHARE = 0.5  # of the time at most is spent looking in vain, however many events come


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
        sure: Makes sure, in a thread, that the folder may be worked in, or raises OSError;
            it tells people itself.
        beat: Told how long it rests at most, after each turn.
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
        sure: Callable[[], None] = lambda: None,
        beat: Callable[[float], None] = lambda rest_s: None,
    ) -> None:
        self._watch, self._root, self._settings, self._clock = watch, root, settings, clock
        self._sure, self._beat = sure, beat
        self.facts = Facts()
        self._kept = Kept(root)
        remarks = Remarks(
            watch, min(max(10.0, settings.quiet_s), settings.orphan_s), settings.orphan_s
        )
        scanner = Scanner(
            root,
            ignore=Ignore(settings.ignore),
            exclude=settings.exclude,
            recursive=settings.recursive,
            note=remarks.ignored,
        )
        pace = Pace(settings.proved_s, settings.quiet_s, settings.quiet_s)
        self._desk = Desk(
            scanner,
            Rules(
                watch=watch,
                root=root,
                gate=Gate(scanner, pace, settings.retry_s, whole, glance),
                kept=self._kept,
                remarks=remarks,
                has_prompt=has_prompt,
                grace_s=settings.sidecar_grace_s,
                orphan_s=settings.orphan_s,
            ),
            clock,
            partial(self._beat, _STEP_S),
        )
        self._hints: Hints | None = None
        self.armed = asyncio.Event()
        self._missing = True  # until it was looked into
        self._told = False

    @property
    def watch(self) -> str:
        """Name of its watch entry."""
        return self._watch

    def keep_off(self, sources: Iterable[str]) -> None:
        """Leave these paths alone: a claim of them is under way."""
        self._kept.keep_off(sources)

    def let_go(self, sources: Iterable[str]) -> None:
        """Look at these paths again: the claim is over."""
        self._kept.let_go(sources)
        if self._hints:
            self._hints.wake_soon()

    def view(self) -> InboxView:
        """Say how it stands."""
        facts = self.facts
        waiting, more = pending(self._desk)
        return InboxView(
            self._watch,
            str(self._root),
            hearing=facts.mode,
            scanned_at=facts.last_scan_at,
            missed=facts.found_by_scan_only,
            rebuilt=facts.rebuilds,
            waiting=waiting,
            more=more,
        )

    def notes(self) -> tuple[str, ...]:
        """Give the notes from held/ that lie in it, as paths below it; asks no disk."""
        scanner = self._desk.scanner
        return tuple(
            folder.under(name)
            for folder in scanner.walk(scanner.top)
            for name in folder.listing
            if is_note(name)
        )

    # Watching

    async def run(self, admit: Admit, stop: asyncio.Event) -> None:
        """Hand over each settled drop exactly once, until stopped."""
        hints = self._hints = Hints(asyncio.get_running_loop())
        async with asyncio.TaskGroup() as tasks:
            waker = tasks.create_task(self._wake_at(stop, hints.wake))
            try:
                await self._watching(admit, stop, hints)
            finally:
                self._desk.stopping = True
                waker.cancel()

    async def _wake_at(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        """End the turn under way when a stop is asked for."""
        await stop.wait()
        self._desk.stopping = True
        wake.set()

    async def _watching(self, admit: Admit, stop: asyncio.Event, hints: Hints) -> None:
        """Turn after turn; the watch is armed before the first full scan."""
        ears = Ears(
            self._root,
            hints.from_thread,
            recursive=self._settings.recursive,
            events=self._settings.events,
            proof_s=self._settings.proof_s,
        )
        try:
            await self._turns(admit, stop, hints, ears)
        finally:
            await asyncio.to_thread(ears.stop)

    async def _turns(self, admit: Admit, stop: asyncio.Event, hints: Hints, ears: Ears) -> None:
        scans = {Scope.ALL: 0.0, Scope.NETWORK: 0.0}  # when each is due
        health_s = 0.0
        while not stop.is_set():
            begun_s = time.monotonic()
            self._beat(_STEP_S)
            if begun_s >= health_s:
                changed = await asyncio.to_thread(self._checked, ears)
                self.armed.set()
                hints.all = hints.all or changed  # read after the wait: a hint may have come
                health_s = begun_s + self._settings.health_s
                health_s = min(health_s, ears.doubted_s() or health_s)
            self.facts.mode = "events" if ears.believed() else "scans"
            scope = Scope.ALL if hints.all else _due(scans, begun_s)
            due_s, pause_s = await self._turn(admit, scope, hints)
            self._next(scans, scope)
            self._beat(self._settings.health_s)
            await self._rest(hints, min(due_s, health_s, *scans.values()), pause_s, stop)

    def _next(self, scans: dict[Scope, float], scope: Scope) -> None:
        """Say when the next scans are due, after one."""
        if scope is Scope.NOTHING:
            return
        now_s, keys = time.monotonic(), self._settings
        often = self.facts.mode == "scans"
        if scope is Scope.ALL:
            scans[Scope.ALL] = now_s + (keys.scan_network_s if often else keys.scan_local_s)
        mixed = not often and keys.events != "always" and self._desk.remote()
        scans[Scope.NETWORK] = now_s + (keys.scan_network_s if mixed else _FOREVER_S)

    def _checked(self, ears: Ears) -> bool:
        """See that events arrive; give whether something may have been missed."""
        try:
            self._sure()
        except OSError:
            return False
        changed = ears.check()
        if changed:
            self._desk.scanner.remount()
        self.facts.rebuilds = ears.rebuilds
        return changed

    async def _turn(self, admit: Admit, scope: Scope, hints: Hints) -> tuple[float, float]:
        """Do one turn and hand over what is ready.

        Returns:
            When the next is due, monotonic, and how long to rest at least before it.
        """
        begun_s = time.monotonic()
        folders, hints.folders = hints.folders, set()
        hinted, hints.all = hints.all or bool(folders), False
        hints.wake.clear()
        turn = await self._look(folders, scope)
        if turn is None:
            hints.all = True
            return time.monotonic() + self._settings.retry_s, 0.0
        if scope is Scope.ALL:
            first = self.facts.last_scan_at is None
            self.facts.last_scan_at = self._clock.now()
            self.facts.found_by_scan_only += 0 if hinted or first else turn.met
        spent_s = time.monotonic() - begun_s
        if turn.drops:
            await admit(turn.drops)
        idle = not turn.drops and spent_s > _LONG_S
        pause_s = min(spent_s * (1 - _SHARE) / _SHARE, _PAUSE_S) if idle else 0.0
        return turn.due_s if turn.due_s is not None else float("inf"), pause_s

    async def _look(self, folders: set[str], scope: Scope) -> Turn | None:
        """Look, None when the inbox may not be worked in."""
        turn = await asyncio.to_thread(self._looked, folders, scope)
        if turn is not None:
            log = structlog.get_logger()
            log.debug("inbox.scanned", watch=self._watch, scope=str(scope), drops=len(turn.drops))
        return turn

    def _looked(self, folders: set[str], scope: Scope) -> Turn | None:
        """Look, in a thread; that it cannot be is said once, and once that it can again."""
        try:
            self._sure()
        except OSError:
            self._missing = True
            return None
        try:
            if self._missing:
                self._desk.scanner.remount()
                ends.sweep(self._root, self._kept, now=self._clock.now())
            turn = self._desk.turn(folders, scope)
        except OSError as error:
            self._unlisted(error)
            return None
        self._missing = False
        if self._told:
            self._told = False
            structlog.get_logger().info("inbox.returned", inbox=str(self._root))
        return turn

    def _unlisted(self, error: OSError) -> None:
        self._missing = True
        if not self._told:
            self._told = True
            cure = "mount or create it; nothing is lost and it is taken up again by itself"
            reason = error.strerror or str(error)
            log = structlog.get_logger()
            log.error("inbox.missing", inbox=str(self._root), reason=reason, cure=cure)

    @staticmethod
    async def _rest(hints: Hints, until_s: float, pause_s: float, stop: asyncio.Event) -> None:
        """Sleep until a time or a hint, at least for the pause; a stop ends it."""
        await _wait(stop, pause_s)
        if not stop.is_set():
            await _wait(hints.wake, until_s - time.monotonic())

    # Once

    async def sweep(self, admit: Admit) -> bool:
        """Hand over what can still settle or pair, and return when nothing more will."""
        scope, still_s = Scope.ALL, time.monotonic()
        while True:
            turn = await self._look(set(), scope)
            if turn is None:
                return True
            if turn.drops:
                await admit(turn.drops)
                still_s = time.monotonic()
            still_s = max(still_s, self._desk.stirred_s())
            idle = time.monotonic() - still_s > self._settings.idle_s
            if idle or not self._desk.unsettled():
                return self._desk.rules.remarks.waiting_told() or idle
            await asyncio.sleep(min(1.0, max(0.01, (turn.due_s or 0.0) - time.monotonic())))
            scope = Scope.ALL if turn.drops else Scope.NOTHING


def _due(scans: dict[Scope, float], now_s: float) -> Scope:
    """Give the widest scan that is due."""
    return next((scope for scope, due_s in scans.items() if now_s >= due_s), Scope.NOTHING)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but no longer."""
    if seconds <= 0:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(None if seconds == float("inf") else seconds):
            await event.wait()

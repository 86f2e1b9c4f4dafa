"""The folders of one watch entry: are they there, are they the same as ever, do they answer?

Whoever is about to work in a folder asks first (`sure`). Besides, a pulse looks every few
seconds, so that a folder that is gone is noticed and told even when nobody works, and one whose
server does not answer (a look that never returns) holds up nobody else. Each trouble is told
once, when it begins, and once more when it is over.
"""

import asyncio
import errno
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

import structlog

from seedance_watch.core.errors import SpoolError
from seedance_watch.disk import files, marks
from seedance_watch.disk.marks import Known
from seedance_watch.disk.owner import KNOCK_S, Hold, Owner
from seedance_watch.disk.places import PRIVATE, Away, Frozen, cure_of
from seedance_watch.ports import ROOM

PULSE_S = 5.0
PATIENCE_S = 20.0  # longer than sleeping disks take to spin up: then the server does not answer
_TRIAL_BYTES = 64 * 1024
_ASK_S = 0.25  # between looks at a start
_LEAVE_S = 5.0


class Ground:
    """What is known of the folders of one watch entry; implements ports.Ground.

    Args:
        watch: Name of the watch entry.
        roots: Its folders by role: inbox, outbox, done, failed, held.
        known: The marks of all folders.
        min_free_bytes: While less is free in the outbox, nothing is to be bought.
    """

    def __init__(
        self, watch: str, roots: Mapping[str, Path], known: Known, *, min_free_bytes: int = 0
    ) -> None:
        self._watch, self._roots, self._known = watch, roots, known
        self._min_free_bytes = min_free_bytes
        self._owner = Owner(roots["inbox"])
        self._lock = Lock()
        self._troubles: dict[str, str] = {}  # what is wrong now, by role
        self._looking = ""  # the folder that the pulse looks into now, by role
        self._frozen = ""  # the folder that does not answer, by role
        self._hold, self._doubted, self._low = Hold.OURS, False, False
        self._under_way: asyncio.Future[None] | None = None
        self._wake: Callable[[], object] = lambda: None

    # Asking

    def open(self, *needs: str) -> bool:
        """Whether all of these can be worked in, as far as is known; asks no disk."""
        lacking = any(need in self._troubles for need in needs) or (self._low and ROOM in needs)
        return not self._frozen and not lacking

    @property
    def frozen(self) -> bool:
        """Whether a folder does not answer: who asks it now may never come back."""
        return bool(self._frozen)

    @property
    def closed(self) -> str:
        """Say what is wrong with the folders, "" for nothing; asks no disk."""
        if self._frozen:
            return f"{_the(self._frozen)} does not answer ({self._roots[self._frozen]})"
        troubles = dict(self._troubles).items()
        return "; ".join(f"{_the(role)} ({self._roots[role]}): {why}" for role, why in troubles)

    @property
    def low(self) -> bool:
        """Whether there is too little room for a video that is not paid yet."""
        return self._low

    def sure(self, *roles: str) -> None:
        """Make sure that folders may be worked in; blocking.

        Raises:
            Frozen: One does not answer.
            Away: One is not there, or another is in its place; nothing was made.
            OSError: One cannot be read, or cannot be marked.
        """
        for role in roles:
            if self._frozen:
                reason = f"{_the(self._frozen)} does not answer"
                raise Frozen(errno.ETIMEDOUT, reason, str(self._roots[role]))
            try:
                self._recognise(role)
            except OSError as error:
                self._tell(role, error)
                raise

    def doubt(self) -> None:
        """Try the folders out soon: something could not be done in them."""
        self._doubted = True
        self._wake()

    def _recognise(self, role: str) -> None:
        """Make sure that a folder is the one that it was, ours alone, and may be written."""
        root = self._roots[role]
        self._mark(role)
        if role == "inbox" and self._owner.other is not None:
            reason = f"the inbox is in use by {self._owner.other}"
            raise Away(root, reason, "stop one of them, or give each an inbox of its own")
        if not os.access(root, os.W_OK | os.X_OK):
            read_only = os.statvfs(root).f_flag & os.ST_RDONLY
            code = errno.EROFS if read_only else errno.EACCES
            raise OSError(code, os.strerror(code), str(root))

    def _mark(self, role: str) -> None:
        if marks.recognise(self._roots[role], self._known):
            cure = "what was in the old one is gone; drops that were already taken in have failed"
            self._say("warning", "spool.renewed", role, cure=cure)

    # Looking

    async def enter(self) -> None:
        """Begin to work here, as far as the folders are there and answer.

        Raises:
            SpoolError: Another daemon works in the inbox.
        """
        until_s = time.monotonic() + 2 * KNOCK_S
        while await self._answers() and self._hold is Hold.UNKNOWN:
            if time.monotonic() > until_s:
                return  # the pulse goes on asking
            await asyncio.sleep(_ASK_S)
        if self._hold is Hold.THEIRS:
            raise SpoolError(
                f"the inbox {self._roots['inbox']} is in use by {self._owner.other}; "
                "stop that one first, or give this one an inbox of its own"
            )

    async def leave(self) -> None:
        """Let others work here; a folder that does not answer is left as it is."""
        if self._under_way:
            await asyncio.wait({self._under_way}, timeout=0.0 if self._frozen else _LEAVE_S)
        if self._under_way is None or self._under_way.done():
            left = asyncio.get_running_loop().run_in_executor(None, self._owner.leave)
            await asyncio.wait({left}, timeout=_LEAVE_S)

    async def run(self, changed: Callable[[], None]) -> None:
        """Look every few seconds, until cancelled.

        Args:
            changed: Called when something else is the matter with the folders, or nothing.
        """
        loop, wake = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(wake.set)
        told = self._state()
        while True:
            await self._answers()
            if told != (told := self._state()):
                changed()
            with suppress(TimeoutError):
                async with asyncio.timeout(PULSE_S):
                    await wake.wait()
            wake.clear()

    def _state(self) -> tuple[object, ...]:
        return self._frozen, self._low, dict(self._troubles)

    async def _answers(self) -> bool:
        """Look, or wait a while for the look under way; tell when that begins or ends to hang."""
        if self._under_way is None:
            self._under_way = asyncio.get_running_loop().run_in_executor(None, self._look)
        await asyncio.wait({self._under_way}, timeout=PULSE_S if self._frozen else PATIENCE_S)
        if not self._under_way.done():
            self._freeze()
            return False
        looked, self._under_way = self._under_way, None
        looked.result()
        if self._frozen:
            role, self._frozen = self._frozen, ""
            self._say("info", "spool.answered", role)
        return True

    def _freeze(self) -> None:
        if not self._frozen:
            self._frozen = role = self._looking or "inbox"
            cure = "check the network and the server of its share; it goes on by itself"
            self._say("error", "spool.frozen", role, cure=cure)

    def _look(self) -> None:
        """Look into every folder; blocking, and for ever where one does not answer."""
        doubted, self._doubted = self._doubted, False
        self._hold = Hold.OURS
        for role, root in self._roots.items():
            self._looking = role
            try:
                self._look_into(role)
                if doubted or role in self._troubles:
                    _try_out(root)
            except OSError as error:
                self._tell(role, error)
            else:
                self._tell(role, None)
        self._look_for_room()
        self._looking = ""

    def _look_into(self, role: str) -> None:
        """Look into one folder; the inbox is taken, or kept."""
        if role == "inbox":
            self._mark(role)
            self._hold = self._owner.look()
        self._recognise(role)
        marks.note_home(self._roots[role], self._known)

    def _look_for_room(self) -> None:
        """See whether there is room for a video that is not paid yet."""
        if not self.open("outbox"):
            return
        with suppress(OSError):
            free = shutil.disk_usage(self._roots["outbox"]).free
            spare = self._min_free_bytes // 10 if self._low else 0  # or it would flutter
            low = free < self._min_free_bytes + spare
            if low and not self._low:
                cure = "make room; nothing is bought until then, all else goes on"
                self._say("warning", "spool.low", "outbox", free_bytes=free, cure=cure)
            elif self._low and not low:
                self._say("info", "spool.roomy", "outbox", free_bytes=free)
            self._low = low

    # Telling

    def _tell(self, role: str, error: OSError | None) -> None:
        """Tell what is wrong with a folder when it begins, and when nothing is any more."""
        with self._lock:
            before = self._troubles.get(role, "")
            reason = "" if error is None else error.strerror or str(error)
            if reason == before:
                return
            if error is None:
                del self._troubles[role]
                self._say("info", "spool.opened", role)
            else:
                self._troubles[role] = reason
                self._say("error", "spool.closed", role, reason=reason, cure=cure_of(error))
        with suppress(RuntimeError):  # the loop has ended
            self._wake()

    def _say(self, level: str, event: str, role: str, **facts: object) -> None:
        path = str(self._roots[role])
        log = structlog.get_logger()
        getattr(log, level)(event, watch=self._watch, folder=role, path=path, **facts)


def _the(role: str) -> str:
    """Name a folder as people say it."""
    return f"the {role}" if role in {"inbox", "outbox"} else f"the folder {role}"


def _try_out(root: Path) -> None:
    """See whether anything can be stored in a folder.

    Raises:
        OSError: It cannot.
    """
    trial = root / PRIVATE / "trial"
    try:
        files.write(trial, bytes(_TRIAL_BYTES))
    finally:
        with suppress(OSError):
            files.remove(trial)

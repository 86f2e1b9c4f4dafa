"""One daemon per inbox: who works in it stands in `.seedance/owner`.

A lock held on an open file would keep the share from being unmounted, and many network drives
keep such locks to one machine. So the owner is a note, and whoever finds one makes sure: on the
same machine the process is looked up, anywhere else the newcomer knocks (`.seedance/knock`) and
a living owner answers by writing its note anew. Nothing is written while nobody knocks.
"""

import fcntl
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path

from seedance_watch.disk import files
from seedance_watch.disk.places import PRIVATE

KNOCK_S = 20.0  # several times as long as a living owner takes to look for knocks
AGAIN_S = 60.0  # after an answer, until it is made sure again that the owner lives
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_BYTES = 2000
_ENDED = frozenset("ZXx")  # as proc(5) calls what is over


class Hold(StrEnum):
    """How it stands with an inbox."""

    OURS = "ours"
    THEIRS = "theirs"
    UNKNOWN = "unknown"  # somebody knocked and waits for an answer


@dataclass(frozen=True, slots=True)
class Note:
    """Who works in an inbox.

    Attributes:
        token: Drawn by each daemon at its start.
        host: The machine's name, for people.
        process: The process id, as the process sees itself.
        begun: When the process began, in the machine's ticks.
        machine: Tells one run of one machine, and one container on it, from all others.
        answers: The token of the last one that knocked.
    """

    token: str
    host: str
    process: int
    begun: str
    machine: str
    answers: str = ""

    def __str__(self) -> str:
        """Name it for people."""
        return f"process {self.process} on {self.host}"


def new_note() -> Note:
    """Describe this daemon."""
    process = os.getpid()
    return Note(secrets.token_hex(16), socket.gethostname(), process, _begun(process), _machine())


@cache
def _machine() -> str:
    """Tell this run of this machine, and this container on it, from all others."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no path
    except OSError:
        return secrets.token_hex(16)


def _begun(process: int) -> str:
    """Give when a process began, "" when there is none: tells it from another with its number.

    One that has ended and that nobody has taken notice of yet is none: in a container without an
    init it would stand there for ever.
    """
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    state, *facts = stat.rpartition(")")[2].split()
    return "" if state in _ENDED else facts[18]


@dataclass(slots=True)
class Owner:
    """The claim of one daemon to one inbox; used by one thread at a time.

    Attributes:
        inbox: The inbox.
        me: This daemon.
        other: Who else has it, None: nobody known.
    """

    inbox: Path
    me: Note = field(default_factory=new_note)
    other: Note | None = None
    _knock: str = ""
    _knocked_s: float = 0.0

    def look(self) -> Hold:
        """Take the inbox, keep it, answer who knocks; or say that somebody else has it.

        Raises:
            OSError: The inbox cannot be used.
        """
        found = self._read(self._path("owner"))
        if found is not None and found.token == self.me.token:
            self._answer()
            return self._ours()
        with self._alone():
            found = self._read(self._path("owner"))
            if found is None or self._is_dead(found):
                self._sign(self.me)
                return self._ours()
        return self._doubt(found)

    def leave(self) -> None:
        """Give the inbox back, if it is ours."""
        with suppress(OSError), self._alone():
            found = self._read(self._path("owner"))
            if found is not None and found.token == self.me.token:
                files.remove(self._path("owner"))

    def _ours(self) -> Hold:
        self.other, self._knock = None, ""
        return Hold.OURS

    def _is_dead(self, found: Note) -> bool:
        """Whether the owner is certainly gone, or did not answer."""
        if found.machine == self.me.machine:
            return found.process == self.me.process or _begun(found.process) != found.begun
        unanswered = bool(self._knock) and found == self.other and found.answers != self._knock
        return unanswered and time.monotonic() - self._knocked_s >= KNOCK_S

    def _doubt(self, found: Note) -> Hold:
        """Knock, and wait for the answer over several looks."""
        now_s, before = time.monotonic(), self.other
        self.other = found
        if found.machine == self.me.machine:
            return Hold.THEIRS
        answered = bool(self._knock) and found.answers == self._knock
        if answered and now_s - self._knocked_s < AGAIN_S:
            return Hold.THEIRS
        if answered or found != before or not self._knock:
            self._knock, self._knocked_s = secrets.token_hex(16), now_s
            files.replace_note(self._path("knock"), self._knock.encode(), scratch=self._private)
        return Hold.THEIRS if answered else Hold.UNKNOWN

    def _answer(self) -> None:
        """Answer whoever knocked."""
        try:
            knocked = _bytes(self._path("knock")).decode("ascii", "replace")
        except FileNotFoundError:
            return
        self._sign(replace(self.me, answers=knocked))
        files.remove(self._path("knock"))

    def _sign(self, note: Note) -> None:
        content = json.dumps(asdict(note), indent=1).encode()
        files.replace_note(self._path("owner"), content, scratch=self._private)

    @property
    def _private(self) -> Path:
        return self.inbox / PRIVATE

    def _path(self, name: str) -> Path:
        return self._private / name

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others off for a moment, where the file system can; else the next look tells."""
        descriptor = os.open(self._private, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @staticmethod
    def _read(path: Path) -> Note | None:
        """Read a note, None when there is none, or none that anybody could have written."""
        try:
            return Note(**json.loads(_bytes(path)))
        except (FileNotFoundError, ValueError, TypeError):
            return None


def _bytes(path: Path) -> bytes:
    with os.fdopen(os.open(path, _READ), "rb") as file:
        return file.read(_LONGEST_BYTES)

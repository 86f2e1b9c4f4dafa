"""The folders: what lies in them, and whether they can be worked in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from seedance_watch.core.events import Claiming, Returned
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, ExtraKind

ROOM = "room"  # what a new paid call needs besides folders: a place for its video


class Claim(StrEnum):
    """What came of moving a drop's files into its job folder."""

    CLAIMED = "claimed"  # all there, all as they were when they settled
    CHANGED = "changed"  # all there, but somebody wrote on: to be settled again
    GONE = "gone"  # a file is neither in the inbox nor in the folder


class Putting(StrEnum):
    """What came of placing a video."""

    PLACED = "placed"
    TAKEN = "taken"  # the name belongs to somebody else: choose another
    MISSING = "missing"  # the video is no longer in the part folder: fetch again


@dataclass(frozen=True, slots=True)
class Dragged:
    """A note as it lies in a folder: in held/, or where somebody put it.

    Attributes:
        watch: Name of the watch entry whose folder it lies in.
        to: That folder: "inbox", "failed" or "held".
        name: Its path below it, "/" between parts.
        text: What stands in it.
    """

    watch: str
    to: str
    name: str
    text: str


class Spool(Protocol):
    """The job folders; blocking, to be called in a worker thread. Raises only Fault(LOCAL)."""

    def serves(self, watch: str) -> bool:
        """Whether the watch entry is configured."""
        ...

    def folder(self, claim: Claiming) -> Path:
        """Give the job folder that all takes of a drop share."""
        ...

    def part(self, job: Job) -> Path:
        """Give the path where a job's video grows; its directory may not exist yet."""
        ...

    def claim(self, claim: Claiming) -> Claim:
        """Move a drop's files into its job folder and compare them with what was settled."""
        ...

    def sure(self, job: Job, *roles: str) -> None:
        """Make sure that folders of a job are there, the same as ever, and answer."""
        ...

    def free_bytes(self, job: Job) -> int:
        """Give how much is free where the job's video will go."""
        ...

    def strays(self, known: Callable[[str], bool]) -> list[Path]:
        """Give job folders whose drop is not known; they are never touched."""
        ...

    def named(self, job: Job) -> tuple[str, tuple[Extra, ...]]:
        """Give a name that nobody has, without ending, and what is to be made beside it."""
        ...

    def place(self, job: Job, name: str, clip: Clip, receipt: bytes) -> Putting:
        """Put receipt and video into the outbox, never overwriting."""
        ...

    def has_video(self, watch: str, video: str) -> bool:
        """Whether a watch entry's outbox has a file of this name."""
        ...

    def lying(self, job: Job) -> str:
        """Name a file in the inbox that belongs to the shot a job goes on from, "" for none."""
        ...

    def reuse(self, job: Job, watch: str, video: str) -> None:
        """Copy a placed video into the job's part file."""
        ...

    def discard(self, job: Job) -> None:
        """Throw the job's part file away, because it is not a whole video."""
        ...

    def extra_part(self, job: Job, kind: ExtraKind) -> Path:
        """Give the path where something is made that goes beside a job's video."""
        ...

    def video(self, watch: str, name: str, clip: Clip) -> Path | None:
        """Give a placed video's path, None when it is not there any more as it was placed."""
        ...

    def add(self, job: Job, extra: Extra, receipt: bytes = b"") -> Putting:
        """Put what was made beside a video into the outbox, never overwriting."""
        ...

    def say_unjoined(self, job: Job, extra: Extra) -> None:
        """Write why there is no joined video to where it would be."""
        ...

    def archive(self, job: Job, to: Returned | None) -> list[str]:
        """Clear; move the originals to done/ (None), failed/ or the inbox; name lost ones."""
        ...

    def clear(self, job: Job) -> None:
        """Remove what is left in the part folder of a job that needs nothing there any more."""
        ...

    def put_back(self, job: Job) -> list[str]:
        """Move originals from failed/ back into the inbox, never overwriting; give their paths."""
        ...

    def write_note(self, job: Job, kind: str, text: str) -> None:
        """Write a note for people into done/, failed/ or held/ (kind says which)."""
        ...

    def remove_note(self, job: Job, kind: str) -> None:
        """Take a note away; one that is not there is fine."""
        ...

    def dragged(self, watch: str, names: Iterable[str]) -> list[Dragged]:
        """Give the notes in failed/, and those in the inbox that its looks found there (names)."""
        ...

    def noted(self, watch: str) -> list[Dragged]:
        """Give the notes that stand in held/."""
        ...

    def take_away(self, note: Dragged) -> None:
        """Remove a note, unless it is another one by now."""
        ...


class Ground(Protocol):
    """The folders of one watch entry: whether they can be worked in."""

    @property
    def frozen(self) -> bool:
        """Whether a folder does not answer: who asks it now may never come back."""
        ...

    @property
    def closed(self) -> str:
        """Say what is wrong with the folders, "" for nothing; asks no disk."""
        ...

    @property
    def low(self) -> bool:
        """Whether there is too little room for a video that is not paid yet."""
        ...

    def open(self, *needs: str) -> bool:
        """Whether all of these can be worked in, as far as is known; asks no disk.

        Args:
            needs: Folders ("inbox", "outbox", "done", "failed", "held"), or ROOM.
        """
        ...

    def doubt(self) -> None:
        """Try the folders out soon: something could not be done in them."""
        ...

    async def enter(self) -> None:
        """Begin to work here; SpoolError when another daemon does."""
        ...

    async def run(self, changed: Callable[[], None]) -> None:
        """Look every few seconds, until cancelled; tell when something changed."""
        ...

    async def leave(self) -> None:
        """Let others work here."""
        ...

"""What the engine needs from the outside, as promises.

Each port has one real implementation or more; tests run the real parts. All methods that touch
the outside are coroutines and raise Fault for the outside's failures, never anything of a library.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.events import (
    Absent,
    Accepted,
    Claiming,
    Event,
    Intended,
    Prepared,
    Ready,
    Record,
    Returned,
    Staged,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Drop, JobSpec, Money, Picture
from seedance_watch.core.polling import PollPace
from seedance_watch.core.snapshot import InboxView, Row

ROOM = "room"  # what a new paid call needs besides folders: a place for its video
Admit = Callable[[Sequence[Drop]], Awaitable[None]]


class Clock(Protocol):
    """Time as data; the only source of it."""

    def now(self) -> float:
        """Give the wall clock's time, UTC seconds since 1970."""
        ...

    async def pause(self, seconds: float, until: asyncio.Event) -> bool:
        """Wait, but no longer than until the event is set; True when it was set."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What must hold in the transaction that records an intent.

    Attributes:
        ceilings: None may be exceeded, this intent included.
        fingerprint: No other job may have bought, or be buying, the same; "" for no matter.
    """

    ceilings: tuple[Ceiling, ...] = ()
    fingerprint: str = ""


class Journal(Protocol):
    """All jobs' events.

    Appending with the expected number is the fencing token: of two writers one gets Stale.
    """

    async def append(
        self, records: Sequence[Record], jobs: Sequence[Job], *, terms: Terms | None = None
    ) -> None:
        """Make the records durable, all or none, and update the row of each job.

        Args:
            records: Each must be its job's next number.
            jobs: The jobs as they are after their records, one per job concerned.
            terms: What must hold in the same transaction, for the first job.

        Returns after the transaction that holds them is synced to disk.

        Raises:
            Stale: A number is already taken; nothing was recorded.
            Declined: The terms do not hold; nothing was recorded.
            JournalError: Disk full or not writable; nothing was recorded, and nothing may be
                sent any more.
        """
        ...

    async def history(self, job_id: str) -> list[Record]:
        """Give a job's records in order; empty when there is no such job."""
        ...

    async def working(self) -> list[Job]:
        """Give every job that is not at rest, folded, in the order they were claimed."""
        ...

    async def siblings(self, drop_id: str) -> list[Row]:
        """Give the rows of all takes of a drop."""
        ...

    async def spent(self, ceiling: Ceiling) -> Money:
        """Add up what counts as spent under a ceiling."""
        ...

    async def twin(self, fingerprint: str, job_id: str) -> Row | None:
        """Give the first other job that bought, or is buying, the same; None: there is none."""
        ...

    async def taker(self, task_id: str, job_id: str) -> str:
        """Name another job that the provider took under a task id, "" when there is none."""
        ...

    async def rows(self, *, limit: int = 1000, at_rest: bool | None = None) -> list[Row]:
        """Give jobs, the last changed first; at_rest chooses one side, None both."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the files; may be called twice."""
        ...


@dataclass(frozen=True, slots=True)
class Download:
    """What was fetched into a part file, not yet looked into."""

    size_bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Doubts:
    """How an unknown outcome may be settled at a provider.

    Attributes:
        looks_s: Seconds after the intent at which to look, ascending.
        window_s: Seconds after the intent beyond which looking is not allowed (a replay could
            pay again); a large number where looking is always harmless.
    """

    looks_s: tuple[float, ...]
    window_s: float


class Provider(Protocol):
    """A hosted service, as the engine sees it; built by the gateway around a dialect.

    Every method raises Fault and nothing else for the outside's failures.
    """

    @property
    def name(self) -> str:
        """The provider's name in the configuration."""
        ...

    @property
    def doubts(self) -> Doubts:
        """How an unknown outcome may be settled here."""
        ...

    async def stage(self, pictures: Sequence[Picture], folder: Path, spec: JobSpec) -> Staged:
        """Make the pictures reachable; free, repeatable, addresses new each time."""
        ...

    async def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call's exact bytes, for the account whose key there is; sends nothing.

        Raises:
            Fault: DENIED, there is no key.
        """
        ...

    async def submit(self, intent: Intended, part: Path) -> Sequence[Event]:
        """Make the one paid call, once, on a fresh connection, under its overall deadline.

        Must only be called right after the intent became durable.

        Args:
            intent: Exactly what to send.
            part: Where video bytes go that come with the answer.

        Returns:
            Accepted, or Accepted and Ready.
        """
        ...

    async def reconcile(self, intent: Intended, intended_at: float) -> Accepted | Absent | None:
        """Look whether the intent was taken; never pays anew. None: not to be known yet.

        Raises:
            Fault: With code "key_changed": not asked, the key is not that of the intent.
        """
        ...

    async def poll(self, task_id: str, accepted_at: float, *, account: str = "") -> Ready | None:
        """Ask once how a task stands; None: not finished. A failed task is Fault(REFUSED).

        Args:
            task_id: The provider's name for it.
            accepted_at: When it was accepted, UTC seconds.
            account: Fingerprint of the key that it was paid with, "" when not known: who is
                asked under another one is not believed that there is no such task.
        """
        ...

    async def refresh(self, task_id: str, *, account: str = "") -> Ready:
        """Ask for a fresh link of a finished task; arguments as for `poll`."""
        ...

    async def download(self, url: str, part: Path) -> Download:
        """Fetch into the part file, going on where it ends when the server allows it."""
        ...

    async def balance(self) -> Money:
        """Ask what is left on the account."""
        ...

    async def close(self) -> None:
        """Let go of the connections; may be called twice."""
        ...


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
    """A note that somebody put into another folder than held/.

    Attributes:
        watch: Name of the watch entry whose folder it lies in.
        to: That folder: "inbox" or "failed".
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

    def free_stem(self, job: Job) -> str:
        """Give the first output name, without ending, that nobody has."""
        ...

    def place(self, job: Job, name: str, clip: Clip, receipt: bytes) -> Putting:
        """Put receipt and video into the outbox, never overwriting."""
        ...

    def has_video(self, watch: str, video: str) -> bool:
        """Whether a watch entry's outbox has a file of this name."""
        ...

    def reuse(self, job: Job, watch: str, video: str) -> None:
        """Copy a placed video into the job's part file."""
        ...

    def holds(self, job: Job, clip: Clip) -> bool:
        """Whether the part file still is the verified video, byte for byte."""
        ...

    def discard(self, job: Job) -> None:
        """Throw the job's part file away, because it is not a whole video."""
        ...

    def archive(self, job: Job, to: Returned | None) -> list[str]:
        """Move the originals to done/ (None), failed/ or the inbox; give lost ones' names."""
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

    def take_away(self, note: Dragged) -> None:
        """Remove a dragged note, unless it is another one by now."""
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


class Studio(Protocol):
    """The local work on wishes, pictures and videos; blocking, for a worker thread."""

    def prepare(self, job: Job, folder: Path) -> Prepared:
        """Understand the wish and make its pictures fit the model.

        Raises:
            SidecarError: The wish cannot be understood; every complaint at once.
            Fault: REFUSED for a picture that cannot be used, LOCAL for our own disk.
        """
        ...

    def verify(self, part: Path) -> Clip:
        """Decode a video from its first to its last frame; Fault(GARBLED) when it is not whole."""
        ...

    def receipt(self, job: Job, name: str, *, placed_at: float) -> str:
        """Write the receipt of a job whose video gets this name below the outbox."""
        ...

    def pace(self, job: Job) -> PollPace:
        """Say how often to ask how the job's task stands."""
        ...


class Inbox(Protocol):
    """One watched folder."""

    @property
    def watch(self) -> str:
        """Name of its watch entry."""
        ...

    async def run(self, admit: Admit, stop: asyncio.Event) -> None:
        """Hand over each settled drop exactly once, until stopped.

        When admit returns, the drops' claims are durable.
        """
        ...

    async def sweep(self, admit: Admit) -> bool:
        """Hand over what can still settle or pair, and return when nothing more will.

        Returns:
            Whether anything lies there that waits for a partner or is ignored as unfinished.
        """
        ...

    def keep_off(self, sources: Iterable[str]) -> None:
        """Leave these paths alone: a claim of them is under way."""
        ...

    def let_go(self, sources: Iterable[str]) -> None:
        """Look at these paths again: the claim is over."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Give the notes from held/ that lie in it, as paths below it; asks no disk."""
        ...

    def view(self) -> InboxView:
        """Say how it stands."""
        ...

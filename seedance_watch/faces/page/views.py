"""What the page shows, and whom it asks: the whole border between it and the program."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Protocol

from seedance_watch.core.closeup import Closeup
from seedance_watch.core.errors import Complaint
from seedance_watch.core.models import Param
from seedance_watch.core.orders import Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.core.snapshot import Snapshot


class Busy(Exception):
    """Too much of this is being done already; nothing was begun."""


@dataclass(frozen=True, slots=True)
class Board:
    """Everything but the finished videos.

    Attributes:
        snapshot: The picture that all of it is from.
        queue: Open jobs that are not held, the first of the line first.
        queue_more: How many others there are.
        held: Held jobs, the last first.
        failed: Jobs that failed or were cancelled and were not dropped again since.
    """

    snapshot: Snapshot
    queue: tuple[Closeup, ...] = ()
    queue_more: int = 0
    held: tuple[Closeup, ...] = ()
    failed: tuple[Closeup, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """Finished videos, the newest first.

    Attributes:
        cards: The videos.
        more: The job after which there are others, "" for none.
    """

    cards: tuple[Closeup, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a drop may go.

    Attributes:
        watch: Name of the watch entry.
        folders: Subfolders of its inbox, "" for the inbox itself first.
        closed: Why nothing can be dropped there, "" when it can.
        provider: Who makes its videos.
        model: The model's id.
        params: What else may be wished, by its name in a sidecar.
        end_image: Whether the model takes a second picture.
        prompt: What is wished where nothing else is, "" for nothing.
    """

    watch: str
    folders: tuple[str, ...] = ("",)
    closed: str = ""
    provider: str = ""
    model: str = ""
    params: Mapping[str, Param] = field(default_factory=dict)
    end_image: bool = False
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Wished:
    """What a person typed into the form of a drop.

    Attributes:
        watch: Name of the watch entry.
        folder: Subfolder of its inbox, "" for none.
        fields: Everything else, by its name in a sidecar; only what was filled in.
    """

    watch: str
    folder: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What became of a drop.

    Attributes:
        label: Its path below the inbox without ending, "" when it was refused.
        complaints: Why it was refused.
    """

    label: str = ""
    complaints: tuple[Complaint, ...] = ()


class Arriving(Protocol):
    """A drop on its way to disk."""

    async def begin(self, role: str, name: str) -> None:
        """Begin a picture ("image" or "end_image"), under the name that it came with."""
        ...

    async def write(self, data: bytes) -> None:
        """Go on with it."""
        ...

    async def finish(self, wished: Wished) -> Dropped:
        """Check everything, then put it into the inbox; or nothing of it."""
        ...

    async def discard(self) -> None:
        """Take away what was written; may be called at any time, and twice."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """What came of an order.

    Attributes:
        obeyed: Whether it was.
        said: What is so now, or why it was not obeyed.
    """

    obeyed: bool
    said: str


class Film(Protocol):
    """An open video or picture, which can be read for as long as it is open."""

    @property
    def path(self) -> Path:
        """Where it can be read."""
        ...

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def close(self) -> None:
        """Let go of it; may be called twice."""
        ...


class Source(Protocol):
    """Whom the page asks; every answer is from the journal and the daemon."""

    zone: tzinfo
    version: str

    def now(self) -> float:
        """Give the time, UTC seconds."""
        ...

    async def board(self) -> Board:
        """Give everything but the finished videos."""
        ...

    async def sheet(self, before: str) -> Sheet:
        """Give finished videos, those before a job; "" for the newest."""
        ...

    async def job(self, job_id: str) -> Closeup | None:
        """Give one job with its history, None when there is none."""
        ...

    async def still(self, job_id: str, kind: str) -> Path | None:
        """Give a JPEG of a job's video ("poster") or picture ("thumb"), None when there is none.

        Raises:
            Busy: Too many are being made.
        """
        ...

    async def film(self, job_id: str) -> Film | None:
        """Give a job's video, None when it is not to be had."""
        ...

    async def beside(self, job_id: str, kind: str) -> Film | None:
        """Give what was made beside a job's video, None when it is not to be had.

        Args:
            job_id: The job.
            kind: What; see ExtraKind.
        """
        ...

    async def picture(self, job_id: str) -> Film | None:
        """Give the picture that was dropped for a job, None when it is not to be had."""
        ...

    async def obey(self, order: Order | LaneOrder) -> Said:
        """Do what a person orders."""
        ...

    async def slots(self) -> tuple[Slot, ...]:
        """Say where a drop may go."""
        ...

    def arriving(self, watch: str) -> Arriving:
        """Begin a drop.

        Raises:
            KeyError: There is no such watch entry.
        """
        ...

    async def change(self, after: int) -> int:
        """Wait until the count of changes is another one, and give it; it begins with 1."""
        ...

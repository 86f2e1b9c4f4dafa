"""What the engine needs from the outside, as promises.

Each port has one real implementation or more; tests run the real parts. All methods that touch
the outside are coroutines and raise Fault for the outside's failures, never anything of a library.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seedance_watch.core.events import Absent, Accepted, Event, Intended, Ready, Record, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Picture, State


class Clock(Protocol):
    """Time as data; the only source of it."""

    def now(self) -> float:
        """Give the wall clock's time, UTC seconds since 1970."""
        ...

    async def pause(self, seconds: float, until: asyncio.Event) -> bool:
        """Wait, but no longer than until the event is set; True when it was set."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """A job as the journal's table of jobs shows it, without its history.

    Attributes:
        job_id: Its name.
        drop_id: The folder it shares with its sibling takes.
        watch: Name of its watch entry.
        label: Path of the drop below the inbox without ending, for people.
        state: Where it stands.
        held: Code of its hold, "" for none.
        provider: Provider name, "" before it is prepared.
        model: Model id, "" before it is prepared.
        cost: Reserved or actual cost, None before it is prepared.
        wake_at: When it will be touched next, UTC seconds, None: at once or never.
        reason: Why it is held, deferred or failed; "" otherwise.
        created_at: When it was claimed, UTC seconds.
        changed_at: When its last event was recorded, UTC seconds.
        seq: Number of its last event.
    """

    job_id: str
    drop_id: str
    watch: str
    label: str
    state: State
    held: str
    provider: str
    model: str
    cost: Money | None
    wake_at: float | None
    reason: str
    created_at: float
    changed_at: float
    seq: int


class Journal(Protocol):
    """All jobs' events.

    Appending with the expected number is the fencing token: of two writers one gets Stale.
    """

    async def append(self, records: Sequence[Record], jobs: Sequence[Job]) -> None:
        """Make the records durable, all or none, and update the row of each job.

        Args:
            records: Each must be its job's next number.
            jobs: The jobs as they are after their records, one per job concerned.

        Returns after the transaction that holds them is synced to disk.

        Raises:
            Stale: A number is already taken; nothing was recorded.
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

    def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call's exact bytes; pure, sends nothing."""
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
        """Look whether the intent was taken; never pays anew. None: not to be known yet."""
        ...

    async def poll(self, task_id: str) -> Ready | None:
        """Ask once how a task stands; None: not finished. A failed task is Fault(REFUSED)."""
        ...

    async def refresh(self, task_id: str) -> Ready:
        """Ask for a fresh link of a finished task."""
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

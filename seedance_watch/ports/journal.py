"""All jobs' events, and what must hold where money is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import Row


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

    async def named(self, watch: str, labels: Sequence[str]) -> list[Row]:
        """Give the jobs whose drops have one of at most four labels, the newest first.

        A label is the drop's folder and stem, "/" between parts.
        """
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

    def waited_s(self) -> float:
        """Give how long the oldest unfinished append has waited, seconds; 0.0: there is none."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go of the files; may be called twice."""
        ...

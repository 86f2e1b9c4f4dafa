"""A hosted service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seedance_watch.core.events import Absent, Accepted, Event, Intended, Ready, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Picture


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

    async def download(
        self, url: str, part: Path, *, sure: Callable[[], object] = lambda: None
    ) -> Download:
        """Fetch into the part file, going on where it ends when the server allows it.

        Args:
            url: The link.
            part: The part file.
            sure: Called, blocking, before its folder is worked in; raises Fault.
        """
        ...

    async def balance(self) -> Money:
        """Ask what is left on the account."""
        ...

    async def close(self) -> None:
        """Let go of the connections; may be called twice."""
        ...

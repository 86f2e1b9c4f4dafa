"""A watched folder."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from seedance_watch.core.model import Drop
from seedance_watch.core.snapshot import InboxView

if TYPE_CHECKING:
    import asyncio

Admit = Callable[[Sequence[Drop]], Awaitable[None]]


class Inbox(Protocol):
    """One watched folder."""

    @property
    def watch(self) -> str:
        """Name of its watch entry."""
        ...

    @property
    def armed(self) -> "asyncio.Event":
        """Set once it hears of changes, or it is known that it cannot."""
        ...

    async def run(self, admit: Admit, stop: "asyncio.Event") -> None:
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

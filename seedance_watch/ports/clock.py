"""Time."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio


class Clock(Protocol):
    """Time as data; the only source of it."""

    def now(self) -> float:
        """Give the wall clock's time, UTC seconds since 1970."""
        ...

    async def pause(self, seconds: float, until: "asyncio.Event") -> bool:
        """Wait, but no longer than until the event is set; True when it was set."""
        ...

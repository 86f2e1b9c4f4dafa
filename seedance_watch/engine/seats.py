"""How much is worked on at once where it costs a processor or memory.

What waits for a hung disk counts not.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Seats:
    """Seats for work that costs much.

    Args:
        seats: How many.
        hung: Whether a watch entry's disk does not answer: then its work goes on nowhere.
    """

    def __init__(self, seats: int, hung: Callable[[str], bool] = lambda _: False) -> None:
        self._seats, self._hung = seats, hung
        self._busy: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def seat(self, watch: str) -> AsyncIterator[None]:
        """Work on something of a watch entry, as soon as there is a seat."""
        async with self._changed:
            try:
                await self._changed.wait_for(self._free)
            except asyncio.CancelledError:
                self._changed.notify()  # the seat may have been meant for this one
                raise
            self._busy[watch] += 1
        try:
            yield
        finally:
            self._busy[watch] -= 1
            async with self._changed:
                self._changed.notify()

    async def look(self) -> None:
        """Let those who wait see whether there is a seat."""
        async with self._changed:
            self._changed.notify_all()

    def _free(self) -> bool:
        busy = sum(count for watch, count in self._busy.items() if not self._hung(watch))
        return busy < self._seats

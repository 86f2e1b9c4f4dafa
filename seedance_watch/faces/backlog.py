"""News that wait to be told: bounded, so that what cannot tell grows without end nowhere."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from seedance_watch.core.news import News


@dataclass(slots=True)
class Backlog:
    """A queue that never makes anybody wait who adds to it.

    Attributes:
        name: Whose it is, for people.
        most: What comes while so many wait is dropped; that is said once until it has emptied.
    """

    name: str
    most: int = 10_000
    _news: deque[News] = field(default_factory=deque)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _full: bool = False

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._news)

    def add(self, news: News) -> None:
        """Let it wait, or drop it when too much does."""
        if len(self._news) < self.most:
            self._news.append(news)
            self._came.set()
        elif not self._full:
            self._full = True
            structlog.get_logger().error("outlet.full", outlet=self.name, waiting=self.most)

    async def next(self, stop: asyncio.Event) -> News | None:
        """Take the first; None when a stop was asked for and nothing is left.

        `woken` must run beside it.
        """
        while not self._news:
            self._full = False
            if stop.is_set():
                return None
            self._came.clear()
            await self._came.wait()
        return self._news.popleft()

    def rest(self) -> list[News]:
        """Take all that waits."""
        found = [*self._news]
        self._news.clear()
        self._full = False
        return found

    async def woken(self, stop: asyncio.Event) -> None:
        """Let those who wait see that a stop was asked for."""
        await stop.wait()
        self._came.set()


async def pause(seconds: float, stop: asyncio.Event) -> None:
    """Rest, but no longer than until a stop is asked for."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()

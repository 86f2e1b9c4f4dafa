"""Real time: the only place that reads the wall clock or sleeps."""

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio


class RealClock:
    """The machine's own time."""

    def now(self) -> float:
        """Give the wall clock's time, UTC seconds since 1970."""
        return time.time()

    async def pause(self, seconds: float, until: "asyncio.Event") -> bool:
        """Wait, but no longer than until the event is set; True when it was set."""
        import asyncio  # noqa: PLC0415 - commands that only look need no loop

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await until.wait()
        return until.is_set()

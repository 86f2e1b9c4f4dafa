"""The sandbox's own time: real, skewed for the client, or moved by hand."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate

from seedance_watch.sandbox.knobs import Knobs

_LOOK_S = 0.02  # how often a waiting call looks whether somebody moved the clock


class SandboxClock:
    """Virtual UTC seconds since 1970 that can be advanced."""

    def __init__(self, knobs: Callable[[], Knobs]) -> None:
        self._knobs = knobs
        self._advanced_s = 0.0
        self._stopped_at: float | None = None

    def now_at(self) -> float:
        """Return the virtual time."""
        real_at = time.time()  # noqa: TID251 - the far side has a clock of its own
        if self._knobs().clock == "real":
            self._stopped_at = None
            return real_at + self._advanced_s
        if self._stopped_at is None:
            self._stopped_at = real_at
        return self._stopped_at + self._advanced_s

    def advance(self, seconds: float) -> None:
        """Move the virtual time forward."""
        self._advanced_s += seconds

    async def reached(self, at: float, *, lost: asyncio.Event) -> bool:
        """Wait until the virtual time; False when the client went away first."""
        while self.now_at() < at:
            if await lost_within(lost, min(_LOOK_S, max(at - self.now_at(), 0.001))):
                return False
        return True

    def text(self, at: float) -> str:
        """Return a time as the services print it: ISO 8601, milliseconds, Z."""
        moment = datetime.fromtimestamp(at + self._knobs().clock_skew_s, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def http_date(self) -> str:
        """Return the time as the Date header has it, skewed like everything that is shown."""
        return formatdate(self.now_at() + self._knobs().clock_skew_s, usegmt=True)


async def lost_within(lost: asyncio.Event, seconds: float) -> bool:
    """Wait for the client to go away, at most so long; True when it did."""
    try:
        async with asyncio.timeout(seconds):
            await lost.wait()
    except TimeoutError:
        return False
    return True

"""Whether every loop makes progress: each one says when it will be back.

A loop that has not come back by then hangs, whatever its task says about itself. Durations are
the monotonic clock's: a wall clock that is set makes nobody late.
"""

import time
from dataclasses import dataclass, field

from seedance_watch.core.snapshot import LoopView

GRACE_S = 120.0  # beyond the planned rest: a scan of a slow share, a journal on a slow disk


def inbox_loop(watch: str) -> str:
    """Name the loop of a watched folder."""
    return f"inbox {watch}"


@dataclass(slots=True)
class Beats:
    """Every loop that has begun, by name."""

    _turned_s: dict[str, tuple[float, float]] = field(default_factory=dict)

    def beat(self, loop: str, rest_s: float = 0.0) -> None:
        """Note that a loop came round.

        Args:
            loop: Its name, as people read it ("jobs", "inbox studio").
            rest_s: How long it rests at most before its next turn.
        """
        self._turned_s[loop] = time.monotonic(), rest_s + GRACE_S

    def end(self, loop: str) -> None:
        """Note that a loop has ended as it should."""
        self._turned_s.pop(loop, None)

    def view(self) -> tuple[LoopView, ...]:
        """Say how long ago each came round."""
        now_s = time.monotonic()
        return tuple(
            LoopView(name, now_s - turned_s, most_s)
            for name, (turned_s, most_s) in self._turned_s.items()
        )

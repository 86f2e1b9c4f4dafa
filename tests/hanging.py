"""The real command with a loop that hangs: `python -m hanging LOOP FILE run ...`.

It hangs once the file is there. Loops are late after a moment instead of minutes.
"""

import asyncio
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

ARM_S = 3.0
_INBOX = {"inbox": "_looked", "watch": "_checked"}


def _hurry() -> None:
    """Let every loop be late soon."""
    from seedance_watch.disk import ground, inbox
    from seedance_watch.engine import beats, daemon, live

    beats.GRACE_S = live.GRACE_S = 1.0
    inbox._STEP_S = 3.0
    ground.PATIENCE_S = ground.PULSE_S = 1.0
    daemon._IDLE_S = 0.5
    daemon._ARM_S = ARM_S


def _hang(loop: str, now: Path) -> None:
    from seedance_watch.disk.inbox import Inbox
    from seedance_watch.journal.writer import Writer

    if loop == "journal":
        _replace(Writer, "_outcomes", now, lambda: threading.Event().wait())
    elif loop in _INBOX:
        _replace(Inbox, _INBOX[loop], now, lambda: threading.Event().wait())
    elif loop == "jobs":
        from seedance_watch.engine.clock import RealClock

        real = RealClock.pause

        async def pause(self: Any, seconds: float, until: asyncio.Event) -> bool:
            if now.exists() and seconds <= 0.5:
                await asyncio.Event().wait()
            return await real(self, seconds, until)

        RealClock.pause = pause  # type: ignore[method-assign]


def _replace(kind: Any, name: str, now: Path, act: Callable[[], object]) -> None:
    real = getattr(kind, name)

    def replaced(*given: Any) -> Any:
        if now.exists():
            act()
        return real(*given)

    setattr(kind, name, replaced)


if __name__ == "__main__":
    from seedance_watch.cli.main import main

    _hurry()
    _hang(sys.argv[1], Path(sys.argv[2]))
    main(sys.argv[3:])

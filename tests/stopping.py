"""The real command, asked to stop within an effect: `python -m stopping EFFECT N run ...`.

N is how often it is asked. The effect is under way when the signal comes: its first wait lets
the signal in.
"""

import os
import signal
import sys
from typing import Any


def _ask_in(effect: str, times: int) -> None:
    """Send the signals when the effect begins for the first time."""
    from seedance_watch.core.events import Effect
    from seedance_watch.engine import effects

    perform: dict[Any, Any] = effects.PERFORM  # type: ignore[assignment]
    real = perform[Effect(effect)]

    async def performed(*args: Any) -> Any:
        perform[Effect(effect)] = real
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGTERM)
        return await real(*args)

    perform[Effect(effect)] = performed


if __name__ == "__main__":
    import crashing

    from seedance_watch.cli.main import main

    crashing.look_soon(crashing.LOOKS_S)
    _ask_in(sys.argv[1], int(sys.argv[2]))
    main(sys.argv[3:])

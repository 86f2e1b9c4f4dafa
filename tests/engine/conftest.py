"""A sandbox and a hurried policy."""

from collections.abc import AsyncIterator

import pytest
import studios

from seedance_watch.core import reactions
from seedance_watch.core.events import Effect
from seedance_watch.ports import Doubts
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind
from seedance_watch.sandbox.server import Sandbox, running


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    async with running(studios.KNOBS, time_factor=0) as found:
        yield found


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds where the daemon waits seconds or minutes."""
    pace = reactions.Pace(0.02, 0.1)
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, pace))
    doubts = Doubts(looks_s=(0.05, 0.2, 0.6), window_s=1800.0)
    monkeypatch.setattr(Rivya, "doubts", doubts)
    monkeypatch.setattr(Segmind, "doubts", doubts)

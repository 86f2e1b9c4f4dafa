"""A studio whose inbox strangers write to, and a folder outside that is nobody's business."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import strangers
import studios

from seedance_watch.core import reactions
from seedance_watch.core.events import Effect
from seedance_watch.sandbox.server import Sandbox, running


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    async with running(studios.KNOBS, time_factor=0) as found:
        yield found


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


@pytest.fixture
def outside(tmp_path: Path) -> strangers.Outside:
    return strangers.outside(tmp_path / "outside")


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds where the daemon waits seconds."""
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, reactions.Pace(0.02, 0.1)))

"""A sandbox, a studio beside it, and a hurried policy."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import studios
from skies import WAYS, Skies
from structlog.testing import capture_logs

from seedance_watch.core import policy
from seedance_watch.core.events import Effect
from seedance_watch.ports import Doubts
from seedance_watch.providers import download, network, wire
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind
from seedance_watch.sandbox.server import Sandbox, running


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    async with running(studios.KNOBS, time_factor=0) as found:
        yield found


_MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder in memory where there is one: weather is not about slow disks."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as made:
        yield Path(made)


@pytest.fixture
async def skies(sandbox: Sandbox, folder: Path) -> AsyncIterator[Skies]:
    with capture_logs() as said:
        yield Skies(sandbox, folder / "studio", said)
        assert not [line for line in said if line["event"] == "job.bug"]


@pytest.fixture(params=sorted(WAYS))
def anywhere(skies: Skies, request: pytest.FixtureRequest) -> Skies:
    """Try it in every way to be paid for."""
    skies.way = request.param
    return skies


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds where the daemon waits seconds or minutes."""
    pace = policy.Pace(0.02, 0.1)
    monkeypatch.setattr(policy, "BACKOFF", dict.fromkeys(Effect, pace))
    doubts = Doubts(looks_s=(0.02, 0.1, 0.5), window_s=1800.0)
    monkeypatch.setattr(Rivya, "doubts", doubts)
    monkeypatch.setattr(Segmind, "doubts", doubts)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every call and download a fraction of a second where it has minutes."""
    for module in (wire, download):
        monkeypatch.setattr(module, "deadline", lambda _: network.deadline(0.3))

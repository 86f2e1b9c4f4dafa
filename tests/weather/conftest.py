"""A sandbox, a studio beside it, and a hurried policy."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import studios
from skies import WAYS, Skies
from structlog.testing import capture_logs

from seedance_watch.core import reactions
from seedance_watch.core.events import Effect
from seedance_watch.journal import opening
from seedance_watch.ports import Doubts
from seedance_watch.providers import download, sockets, wire
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind
from seedance_watch.sandbox.server import Sandbox, running


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    async with running(studios.KNOBS, time_factor=0) as found:
        yield found


@pytest.fixture
async def skies(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Skies]:
    with capture_logs() as said:
        yield Skies(sandbox, tmp_path / "studio", said)
        assert not [line for line in said if line["event"] == "job.bug"]


@pytest.fixture(params=sorted(WAYS))
def anywhere(skies: Skies, request: pytest.FixtureRequest) -> Skies:
    """Try it in every way to be paid for."""
    skies.way = request.param
    return skies


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds where the daemon waits seconds or minutes."""
    pace = reactions.Pace(0.02, 0.1)
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, pace))
    doubts = Doubts(looks_s=(0.02, 0.1, 0.5, 1.5), window_s=1800.0)
    monkeypatch.setattr(Rivya, "doubts", doubts)
    monkeypatch.setattr(Segmind, "doubts", doubts)


@pytest.fixture(autouse=True)
def careless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sync nothing: no power is cut here, and on a busy disk it is most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    pragmas = dict(opening.PRAGMAS) | {"synchronous": "OFF"}
    monkeypatch.setattr(opening, "PRAGMAS", tuple(pragmas.items()))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every call and download a fraction of a second where it has minutes."""
    for module in (wire, download):
        monkeypatch.setattr(module, "deadline", lambda _: sockets.deadline(0.3))

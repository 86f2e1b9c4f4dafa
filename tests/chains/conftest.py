"""A sandbox of its own for each storyboard, and a hurried patience."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import studios
from chains import board

from seedance_watch.core import chain
from seedance_watch.sandbox.server import Sandbox, threaded


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with threaded(board.KNOBS, time_factor=0) as running:
        yield running


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a shot that may still be dropped."""
    monkeypatch.setattr(chain, "PATIENCE_S", 0.0)
    monkeypatch.setattr(chain, "SETTLING_S", 0.0)

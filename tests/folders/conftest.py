"""A hurried sandbox, hurried looks at the folders, and small disks."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import small_disks
import studios

from seedance_watch.core import reactions
from seedance_watch.core.events import Effect
from seedance_watch.disk import ground
from seedance_watch.sandbox.server import Sandbox, running, threaded

Disks = Callable[[Path], small_disks.SmallDisk]


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    """Videos take a quarter of a second: time to do something to the folders meanwhile."""
    knobs = replace(studios.KNOBS, rivya_processing_s=(25.0, 25.0))
    async with running(knobs, time_factor=0.01) as found:
        yield found


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


@pytest.fixture
def real_studio(tmp_path: Path) -> Iterator[studios.Studio]:
    """A studio for daemons in processes of their own."""
    with threaded(studios.KNOBS, time_factor=0.01) as found:
        yield studios.lay_out(tmp_path / "studio", found.url)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every few hundredths of a second, retry soon."""
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, reactions.Pace(0.4, 0.4)))
    monkeypatch.setattr(ground, "PULSE_S", 0.05)
    monkeypatch.setattr(ground, "PATIENCE_S", 0.5)


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    """Give small disks at points; they are gone after the test."""
    found: list[small_disks.SmallDisk] = []

    def at(point: Path) -> small_disks.SmallDisk:
        found.append(small_disks.made(tmp_path / f"disk{len(found)}.img", point))
        return found[-1]

    yield at
    for disk in found:
        if disk.there:
            disk.unmount()

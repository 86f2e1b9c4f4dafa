"""A sandbox, a studio, and the daemon with everything that tells others."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import studios
from structlog.testing import capture_logs

from seedance_watch.app.build import Built, build, folders_made
from seedance_watch.app.outlets import Outlets
from seedance_watch.config.load import load
from seedance_watch.core import reactions
from seedance_watch.core.events import Effect
from seedance_watch.engine.threads import Threads
from seedance_watch.sandbox.server import Sandbox, running

DEADLINE_S = 60.0


@dataclass
class Telling:
    """A daemon that runs, and what it said."""

    built: Built
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    logs: list[MutableMapping[str, Any]] = field(default_factory=list)

    def said(self, event: str) -> list[Mapping[str, Any]]:
        """Give the lines of a name."""
        return [line for line in self.logs if line["event"] == event]

    async def until(self, fact: Callable[[], object]) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not fact():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(self.logs[-30:]) from None


@asynccontextmanager
async def telling(studio: studios.Studio) -> AsyncIterator[Telling]:
    """Run the daemon as `run` does, for the length of the block."""
    settings, stop = load(studio.config), asyncio.Event()
    Threads.installed()
    with capture_logs() as logs:
        await folders_made(settings)
        outlets = Outlets(settings)
        built = await build(settings, stop=stop, listeners=(outlets.heard,), apart=False)
        try:
            async with outlets.running(built), asyncio.TaskGroup() as tasks:
                ready = asyncio.Event()
                tasks.create_task(built.daemon.run(ready.set))
                await ready.wait()
                try:
                    yield Telling(built, stop, logs)
                finally:
                    stop.set()
        finally:
            await built.close()


@pytest.fixture
async def sandbox(anyio_backend: str) -> AsyncIterator[Sandbox]:
    async with running(studios.KNOBS, time_factor=0) as found:
        yield found


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio that finds its drops quickly."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.configure(watch="quiet_s = 0.2")
    return made


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds where the daemon waits seconds or minutes."""
    pace = reactions.Pace(0.02, 0.1)
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, pace))

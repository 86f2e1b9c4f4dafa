"""The real daemon in this process, for as long as a test looks at it."""

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import studios
from structlog.testing import capture_logs

from seedance_watch.app.build import build, folders_made
from seedance_watch.config.load import load
from seedance_watch.core.events import Event, Record
from seedance_watch.core.machine import Job
from seedance_watch.engine.threads import Threads
from seedance_watch.ports import Clock

DEADLINE_S = 60.0


@dataclass
class Life:
    """A daemon that runs.

    Attributes:
        stop: Set to ask it for a stop.
        logs: What it said.
        events: What it recorded.
        jobs: The jobs as they are now.
    """

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    logs: list[MutableMapping[str, Any]] = field(default_factory=list)
    events: list[tuple[str, Event]] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    _when: list[tuple[type[Event], Callable[[], None]]] = field(default_factory=list)

    def when(self, kind: type[Event], act: Callable[[], None]) -> None:
        """Do something right after the first event of a kind, before anything else is done."""
        self._when.append((kind, act))

    def heard(self, _before: Job, after: Job, record: Record) -> None:
        """Take in an event."""
        self.events.append((after.id, record.event))
        self.jobs[after.id] = after
        for each in [each for each in self._when if isinstance(record.event, each[0])]:
            self._when.remove(each)
            each[1]()

    def said(self, event: str, **facts: object) -> list[MutableMapping[str, Any]]:
        """Give the lines of a name with these facts."""
        lines = [line for line in self.logs if line["event"] == event]
        return [line for line in lines if facts.items() <= line.items()]

    def states(self) -> list[str]:
        """Give the states of all jobs, sorted."""
        return sorted(str(job.state) for job in self.jobs.values())

    def count(self, kind: type[Event]) -> int:
        """Count the events of a kind."""
        return sum(isinstance(event, kind) for _, event in self.events)

    async def until(self, fact: Callable[[], object], limit_s: float = DEADLINE_S) -> None:
        """Wait until something is so."""
        try:
            async with asyncio.timeout(limit_s):
                while not fact():
                    await asyncio.sleep(0.01)
        except TimeoutError:
            names = [line["event"] for line in self.logs if not line["event"].startswith("inbox")]
            raise AssertionError((self.states(), self.events[-5:], names[-40:])) from None

    async def pulses(self, count: int = 3) -> None:
        """Let the folders be looked into a few more times."""
        await asyncio.sleep(count * 0.05)


@asynccontextmanager
async def living(studio: studios.Studio, clock: Clock | None = None) -> AsyncIterator[Life]:
    """Run the daemon for the length of the block."""
    settings, life = load(studio.config), Life()
    Threads.installed()
    with capture_logs() as life.logs:
        await folders_made(settings)
        built = await build(
            settings, stop=life.stop, listeners=(life.heard,), clock=clock, apart=False
        )
        ready = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(built.daemon.run(ready.set))
                await ready.wait()
                try:
                    yield life
                finally:
                    life.stop.set()
        finally:
            await built.close()

"""A studio under bad weather: the daemon runs while the sandbox is turned beside it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import studios

from seedance_watch.core.events import Deferred, Event, Record, Unsent
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.engine.clock import RealClock
from seedance_watch.ports import Clock
from seedance_watch.sandbox.ledger import Line
from seedance_watch.sandbox.server import Sandbox

_DEADLINE_S = 60.0
_PATIENT = 10**9
_LANES = ("lane.paused", "lane.narrowed", "lane.resumed")

# Every way to be paid for a video: whom, and by which version of their interface.
WAYS = {"rivya": ("rivya", "v2"), "segmind": ("segmind", "v2"), "segmind-v1": ("segmind", "v1")}
# The endpoint of each way's paid call.
PAID = {"rivya": "rivya.create", "segmind": "segmind.submit", "segmind-v1": "segmind.v1"}


@dataclass
class Skies:
    """A studio, its provider, and what was heard and said meanwhile.

    Attributes:
        said: Lines of the log.
        told: Recorded events with their jobs' names and times, oldest first.
        way: Key of WAYS.
        clock: The daemon's; None: the machine's.
    """

    sandbox: Sandbox
    folder: Path
    said: list[MutableMapping[str, Any]]
    told: list[Record] = field(default_factory=list)
    way: str = "rivya"
    clock: Clock | None = None

    @property
    def studio(self) -> studios.Studio:
        """The studio, laid out when it is first asked for."""
        made = studios.Studio(self.folder)
        if not made.config.exists():
            provider, api = WAYS[self.way]
            studios.lay_out(self.folder, self.sandbox.url, provider=provider, api=api)
        return made

    def change(self, old: str, new: str) -> None:
        """Write something else into the configuration."""
        text = self.studio.config.read_text()
        assert old in text
        self.studio.config.write_text(text.replace(old, new))

    @property
    def paid(self) -> str:
        """The endpoint of the paid call."""
        return PAID[self.way]

    def drop(self, *names: str, more: str = "") -> None:
        """Drop a wish under each name; no two are alike."""
        for name in names or ("shot",):
            self.studio.drop(f'prompt = "waves at {name}"\n{more}', name=name)

    async def cut(self, fact: Callable[[], object]) -> None:
        """Run the daemon until a fact is there, then end it in the middle of what it does."""
        running = asyncio.ensure_future(self.once())
        await until(fact)
        running.cancel()
        await asyncio.wait([running])

    async def once(self) -> Counter[State]:
        """Run the daemon until all is done or held, however long a lane is paused."""
        return await studios.once(self.studio, self._heard, clock=self.clock, probes=_PATIENT)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the daemon beside the block, and wait for its end after it."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.once())
            yield

    def _heard(self, _before: Job, _after: Job, record: Record) -> None:
        self.told.append(record)

    def now(self) -> float:
        """Give the daemon's time."""
        return (self.clock or RealClock()).now()

    def events(self, kind: type[Event]) -> list[Any]:
        """Give the recorded events of a kind, oldest first."""
        return [record.event for record in self.told if isinstance(record.event, kind)]

    def waits(self) -> list[Any]:
        """Give the recorded decisions to try again later."""
        return [*self.events(Unsent), *self.events(Deferred)]

    def words(self, *names: str) -> list[str]:
        """Give the names of log lines: those about lanes, or the given ones."""
        return [line["event"] for line in self.said if line["event"] in (names or _LANES)]

    def errors(self) -> list[MutableMapping[str, Any]]:
        """Give log lines that say that something of ours went wrong."""
        return [line for line in self.said if line["event"] in {"job.bug", "job.stale"}]

    def row(self) -> Row:
        """Give the only job's row."""
        (row,) = self.studio.rows()
        return row

    def charges(self) -> list[Line]:
        """Give what was charged."""
        return self.sandbox.ledger("charge")

    def statuses(self, endpoint: str) -> list[int | None]:
        """Give the answers that an endpoint gave, oldest first."""
        return [call.status for call in self.sandbox.calls(endpoint)]

    def whole(self, *names: str, held: Collection[str] = (), charges: int | None = None) -> None:
        """Make sure that each wish but the held has its one video, paid once; all is put away."""
        wanted = [name for name in names or ("shot",) if name not in held]
        rows = {row.label: row for row in self.studio.rows() if row.label not in held}
        assert {name: row.state for name, row in rows.items()} == dict.fromkeys(
            wanted, State.DONE
        ), [(row.label, row.reason) for row in rows.values()]
        both = sorted(f"{name}.{end}" for name in wanted for end in ("mp4", "toml"))
        assert self.studio.seen("outbox") == both
        assert self.studio.seen("inbox") == []
        assert len(self.charges()) == (len(wanted) if charges is None else charges)
        assert not self.errors()


async def until(fact: Callable[[], object]) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(_DEADLINE_S):
        while not fact():
            await asyncio.sleep(0.01)

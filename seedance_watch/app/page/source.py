"""Answers the page: takes a look in a thread, gives orders to the daemon beside it."""

import asyncio
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from seedance_watch.app.build import Built
from seedance_watch.app.obeying import obeyed
from seedance_watch.app.page.dropping import Drops
from seedance_watch.app.page.looking import Looking
from seedance_watch.app.page.stills import Stills
from seedance_watch.app.studio import Studio
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.core.closeup import Closeup
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.orders import Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.disk.shelf import Shelf
from seedance_watch.faces.page.views import Arriving, Board, Film, Said, Sheet, Slot

STILLS = "page/stills"
_PATIENCE_S = 2.0  # for an inbox that does not answer; nobody asks it twice meanwhile
_SLOTS_S = 3.0  # folders do not come and go
_FRESH_S = 0.4  # a look is good for so long: all browsers ask at the same moment


@dataclass(slots=True)
class Answers:
    """Answers the page; implements views.Source.

    Attributes:
        config: What is in force.
        built: The daemon.
    """

    config: Config
    built: Built
    zone: tzinfo = field(init=False)
    version: str = field(init=False)
    _looking: Looking = field(init=False)
    _stills: Stills = field(init=False)
    _drops: Drops = field(init=False)
    _slots: asyncio.Future[tuple[Slot, ...]] | None = None
    _looked_at: float = 0.0
    _orders: int = 0
    _ended: bool = False
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _board: Board | None = None
    _seen: int = 0
    _count: int = 1
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Look at what is configured."""
        self.zone = zone_of(self.config)
        studio = self.built.tools.studio
        assert isinstance(studio, Studio)
        self.version = studio.version
        self._looking = Looking(self.config, studio)
        grounds = self.built.tools.grounds
        self._drops = Drops(self.config, grounds.grounds, studio.decoders, self.now)
        shelf = Shelf(self.config.state_dir / STILLS, self.config.web.max_stills_bytes)
        watches = {each.name: each for each in self.config.watches}
        self._stills = Stills(watches, grounds.frozen, studio.decoders, shelf)

    def now(self) -> float:
        """Give the time."""
        return self.built.tools.clock.now()

    # Looking

    async def board(self) -> Board:
        """Give everything but the finished videos; the same look for all who ask at once."""
        async with self._one:
            now, count = self.now(), self._count
            if self._board is None or not 0 <= now - self._board.snapshot.at < _FRESH_S:
                live = self.built.lookout.look()
                self._board = await asyncio.to_thread(self._looking.board, live, now)
                self._seen = count
            elif self._seen != count:  # whoever asked has to look once more
                self._seen = count
                asyncio.get_running_loop().call_later(_FRESH_S, self.mark)
            return self._board

    async def sheet(self, before: str) -> Sheet:
        """Give finished videos."""
        live = self.built.lookout.look()
        return await asyncio.to_thread(self._looking.sheet, before, live, self.now())

    async def job(self, job_id: str) -> Closeup | None:
        """Give one job with its history."""
        live = self.built.lookout.look()
        return await asyncio.to_thread(self._looking.job, job_id, live, self.now())

    async def still(self, job_id: str, kind: str) -> Path | None:
        """Give a JPEG of a job's video or picture."""
        job = await asyncio.to_thread(self._looking.folded, job_id)
        return await self._stills.still(job, kind) if job else None

    async def film(self, job_id: str) -> Film | None:
        """Give a job's video."""
        job = await asyncio.to_thread(self._looking.folded, job_id)
        return await self._stills.film(job) if job else None

    async def beside(self, job_id: str, kind: str) -> Film | None:
        """Give what was made beside a job's video."""
        job = await asyncio.to_thread(self._looking.folded, job_id)
        return await self._stills.beside(job, kind) if job else None

    async def picture(self, job_id: str) -> Film | None:
        """Give the picture that was dropped for a job."""
        job = await asyncio.to_thread(self._looking.folded, job_id)
        return await self._stills.original(job) if job else None

    # Acting

    async def obey(self, order: Order | LaneOrder) -> Said:
        """Do what a person orders; refused once the daemon is about to be another one."""
        if self._ended:
            return Said(False, "the daemon is stopping or reloading: try again in a moment")
        self._orders += 1
        try:
            answer = await obeyed(self.built, order)
        finally:
            self._orders -= 1
            self.mark()
        return Said(answer.obeyed, answer.said)

    async def slots(self) -> tuple[Slot, ...]:
        """Say where a drop may go."""
        fresh = self._slots is not None and self.now() - self._looked_at < _SLOTS_S
        if self._slots is None or (self._slots.done() and not fresh):
            loop = asyncio.get_running_loop()
            self._slots = loop.run_in_executor(None, self._drops.slots)
            self._looked_at = self.now()
        await asyncio.wait({self._slots}, timeout=_PATIENCE_S)
        if self._slots.done():
            return self._slots.result()
        return tuple(Slot(each.name, closed="it does not answer") for each in self.config.watches)

    def arriving(self, watch: str) -> Arriving:
        """Begin a drop."""
        return self._drops.arriving(watch)

    async def settled(self) -> None:
        """Take no more orders, and wait until none is being obeyed."""
        self._ended = True
        while self._orders:
            await self.change(self._count)

    # Changes

    def heard(self, _before: Job, _after: Job, _record: Record) -> None:
        """Notice that something was recorded; a listener of the runner."""
        self.mark()

    def mark(self) -> None:
        """Say that something may have changed."""
        self._count += 1
        self._changed.set()

    async def change(self, after: int) -> int:
        """Wait until something may have changed."""
        while self._count == after:
            self._changed.clear()
            await self._changed.wait()
        return self._count

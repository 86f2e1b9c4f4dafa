"""The daemon as a service: one process, one journal, and a new life for each reload.

A reload patches nothing in place. The engine drains as at a stop (no new step is begun, a paid
call under way is finished and recorded), and another one is built from the new configuration
under the same journal lock, and begins with a replay as every start does.
"""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import structlog

from seedance_watch.app.build import Built, build, folders_made, open_journal
from seedance_watch.app.control import Answer, listening
from seedance_watch.app.obeying import obeyed
from seedance_watch.app.outlets import Outlets
from seedance_watch.app.reloading import Change, changes, obstacles
from seedance_watch.config.entry import servable
from seedance_watch.config.load import load
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import SeedanceWatchError
from seedance_watch.core.orders import Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.core.snapshot import Live
from seedance_watch.engine.runner import Heard
from seedance_watch.engine.threads import Threads
from seedance_watch.faces import log
from seedance_watch.faces.systemd import Manager
from seedance_watch.journal.sqlite import SqliteJournal

_MANY = 1_000_000


@dataclass(slots=True)
class Service:
    """Runs the daemon; implements control.Front.

    Attributes:
        config: What is in force.
        threads: Where blocking calls are done.
        manager: The service manager.
        listeners: Told every recorded event.
        stop: Set once a stop was asked for.
        built: The daemon as it is, None before the first.
    """

    config: Config
    threads: Threads
    manager: Manager = field(default_factory=Manager)
    listeners: tuple[Heard, ...] = ()
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    built: Built | None = None
    _halt: asyncio.Event = field(default_factory=asyncio.Event)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _quiet: asyncio.Condition = field(default_factory=asyncio.Condition)
    _orders: int = 0
    _before: Config | None = None
    _trouble: str = ""
    _single: bool = False
    _outlets: Outlets | None = None
    _since: float | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def working(self) -> bool:
        """Whether every loop has to make progress: not while it begins, drains or stops."""
        return self._open.is_set() and not self._halt.is_set()

    # Running

    def ask_to_stop(self) -> None:
        """Begin no new step; a paid call under way is finished and recorded."""
        self.manager.tell(STOPPING=1, STATUS="stopping")
        self.stop.set()
        self._halt.set()

    async def run(self) -> None:
        """Watch and drive until stopped, through any number of reloads.

        Raises:
            SpoolError: Another daemon works in an inbox or has the journal.
            JournalError: The journal cannot be used any more.
        """
        async with self._listening() as journal:
            while not self.stop.is_set():
                await self._life(journal)

    async def run_once(self) -> Built:
        """Work off what lies in the inboxes; give the daemon, closed, for what it counted."""
        self._single = True
        outlets = Outlets(self.config)
        async with (
            self._listening() as journal,
            self._living(journal, outlets.heard) as built,
            outlets.running(built),
        ):
            self._open.set()
            await built.daemon.run_once()
            return built

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[SqliteJournal]:
        await folders_made(self.config)
        journal = await open_journal(self.config)
        try:
            async with listening(self, self.config.state_dir):
                yield journal
        finally:
            await journal.close()

    async def _life(self, journal: SqliteJournal) -> None:
        """Run with one configuration; go back to the one before when it cannot even begin."""
        outlets = self._outlets = Outlets(self.config, before=self._outlets)
        try:
            async with self._living(journal, outlets.heard) as built, outlets.running(built):
                await self._lived(built)
        except (SeedanceWatchError, OSError) as error:
            self._undo(error)

    async def _lived(self, built: Built) -> None:
        try:
            await built.daemon.run(ready=self._watching)
        except (SeedanceWatchError, OSError) as error:
            self._undo(error)

    def _undo(self, error: Exception) -> None:
        """Go back to the configuration before, when this one is new and could not begin."""
        if self._before is None:
            raise error
        self.config, self._before, self._trouble = self._before, None, str(error)

    @contextlib.asynccontextmanager
    async def _living(self, journal: SqliteJournal, *also: Heard) -> AsyncIterator[Built]:
        """Have a daemon for the length of the block, and nothing of it left afterwards."""
        if not self.stop.is_set():
            self._halt.clear()
        built = self.built = await build(
            self.config, stop=self._halt, listeners=(*self.listeners, *also), journal=journal
        )
        if self._since is not None:
            _let_go()
        built.lookout.since = self._since = self._since or built.lookout.since
        try:
            yield built
            self._open.clear()
            if self._halt.is_set() and not self.stop.is_set():
                await self._drained()
        finally:
            self._open.clear()
            await built.close()

    def _watching(self) -> None:
        """Everything is watched."""
        self._before = None
        self._open.set()
        inboxes = [str(watch.inbox) for watch in self.config.watches]
        structlog.get_logger().info("daemon.ready", inboxes=inboxes)
        self.manager.tell(READY=1)

    async def _drained(self) -> None:
        """Wait for the orders and the blocking calls that still know the old daemon.

        What decodes now makes extras, which were cut short, or pictures for the page.
        """
        assert self.built
        self.built.workers.abandon()
        async with self._quiet:
            await self._quiet.wait_for(lambda: self._orders == 0)
        await self.threads.idle()

    # Asking and ordering

    def look(self) -> Live | None:
        """Say how things stand."""
        return self.built.lookout.look() if self.built else None

    async def obey(self, order: Order | LaneOrder) -> Answer:
        """Do what a person orders; during a reload as soon as that is over."""
        await self._open.wait()
        assert self.built
        self._orders += 1
        try:
            return await obeyed(self.built, order)
        finally:
            self._orders -= 1
            async with self._quiet:
                self._quiet.notify_all()

    # Reloading

    async def reload(self) -> Answer:
        """Take up the configuration as it is now; keep the one in force when it cannot be used."""
        if self._single:
            return Answer(False, "`run --once` keeps the configuration that it began with")
        async with self._one:
            await self._open.wait()
            self.manager.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
            new, wrong = await self._read()
            if new is None or wrong:
                return self._kept(wrong)
            changed = changes(self.config, new)
            if not changed:
                self.manager.tell(READY=1)
                return Answer(True, "the configuration has not changed")
            return await self._taken_up(new, changed)

    async def _read(self) -> tuple[Config | None, str]:
        """Read the configuration anew; give it, and what is in its way."""
        try:
            new = await asyncio.to_thread(load, self.config.file)
            servable(new)
            hindered = obstacles(self.config, new, await self._busy()) + self._frozen()
            if not hindered:
                await folders_made(new)
        except (SeedanceWatchError, OSError) as error:
            return None, str(error)
        return new, "\n".join(hindered)

    async def _busy(self) -> set[str]:
        assert self.built
        rows = await self.built.tools.journal.rows(limit=_MANY, at_rest=False)
        return {row.watch for row in rows}

    def _frozen(self) -> list[str]:
        """Name the folders whose disk does not answer: what hangs there would outlive a drain."""
        assert self.built
        grounds = self.built.tools.grounds
        cure = "does not answer: reload when it does, or restart the daemon"
        names = [watch.name for watch in self.config.watches]
        return [f"the disk of {name} {cure}" for name in names if grounds.frozen(name)]

    def _kept(self, wrong: str) -> Answer:
        cure = "correct the file and reload again; the configuration before stays in force"
        structlog.get_logger().error("config.refused", reason=wrong, cure=cure)
        self.manager.tell(READY=1)
        return Answer(False, f"{wrong}\nnothing was changed: {cure}")

    async def _taken_up(self, new: Config, changed: Sequence[Change]) -> Answer:
        """Drain, and go on with the new configuration."""
        self._before, self.config, self._trouble = self.config, new, ""
        self._open.clear()
        self._halt.set()
        await self._open.wait()
        if self._trouble:
            return self._kept(self._trouble)
        log.configure(level=new.log.level, form=new.log.format)
        told = [str(each) for each in changed]
        structlog.get_logger().info("config.loaded", changes=told)
        return Answer(True, "\n".join(told))


def _let_go() -> None:
    """Free what the life before left behind: a start with many jobs keeps it from being found."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()

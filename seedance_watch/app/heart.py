"""Signs of life for the service manager, as long as every loop makes progress, and the status."""

import asyncio
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

import structlog

from seedance_watch.app.reading import JOURNAL
from seedance_watch.app.service import Service
from seedance_watch.core.errors import SeedanceWatchError
from seedance_watch.core.events import Record
from seedance_watch.core.health import ills
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Live, Snapshot
from seedance_watch.faces.systemd import Manager, status_line
from seedance_watch.journal.reader import SqliteReader

_BEAT_S = 10.0
_STATUS_S, _SOON_S = 5.0, 0.5


@dataclass(slots=True)
class Heart:
    """Beats beside the daemon.

    Attributes:
        service: What is to be alive.
        manager: Who is told.
    """

    service: Service
    manager: Manager
    _changed: bool = True
    _ills: list[str] = field(default_factory=list)
    _counts: Mapping[tuple[State, str], int] | None = None
    _said: str = ""
    _blind: bool = False
    _every_s: float = field(init=False)

    def __post_init__(self) -> None:
        """Beat four times in the time that the manager waits."""
        self._every_s = min(_BEAT_S, (self.manager.watchdog_s or _BEAT_S) / 4)

    def heard(self, _before: Job, _after: Job, _record: Record) -> None:
        """Notice that something was recorded; a listener of the runner."""
        self._changed = True

    async def run(self) -> None:
        """Beat, and say how things stand, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._beat())
            if self.manager.address:
                tasks.create_task(self._tell_status())

    async def _beat(self) -> None:
        while True:
            found = self._found()
            if found and not self._ills:
                cure = "a service manager with a watchdog restarts it; else restart it yourself"
                structlog.get_logger().error("daemon.stuck", loops=found, cure=cure)
            self._ills = found
            if not found:
                self.manager.tell(WATCHDOG=1)
            await asyncio.sleep(self._every_s)

    def _found(self) -> list[str]:
        """Say what makes no progress, as far as anything has to."""
        live = self._look()
        return ills(live) if live and self.service.working else []

    def _look(self) -> Live | None:
        """See how things stand; None: nothing is to be seen, be it by a mistake in this program.

        Such a mistake is no loop that stands still: it is told once, and the beat goes on.
        """
        try:
            live = self.service.look()
        except Exception:  # noqa: BLE001 - no job may end by how it is looked at
            if not self._blind:
                cure = "the jobs go on; please report it with the lines below"
                structlog.get_logger().exception("daemon.unseen", cure=cure)
            self._blind = True
            return None
        self._blind = False
        return live

    async def _tell_status(self) -> None:
        """Say how things stand every few seconds, where that has changed."""
        while not self.service.stop.is_set():
            line = await self._line()
            if line and line != self._said and not self.service.stop.is_set():
                self._said = line
                self.manager.tell(STATUS=line)
            await asyncio.sleep(_STATUS_S if self.service.working else _SOON_S)

    async def _line(self) -> str:
        live = self._look()
        if live is None or not live.loops:
            return "" if self._blind else "reading the journal"
        if self._changed or self._counts is None:
            self._changed = False
            try:
                self._counts = await asyncio.to_thread(self._counted)
            except SeedanceWatchError:
                return ""
        return status_line(Snapshot(at=live.since, counts=self._counts, live=live))

    def _counted(self) -> Mapping[tuple[State, str], int]:
        """Count the jobs; blocking."""
        with closing(SqliteReader(self.service.config.state_dir / JOURNAL)) as reader:
            return reader.counts()

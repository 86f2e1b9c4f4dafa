"""The text in each outbox that says how things stand; imported only where configured."""

import asyncio
from contextlib import closing
from dataclasses import dataclass, field

import structlog

from seedance_watch.app.build import Built
from seedance_watch.app.picture import take
from seedance_watch.app.reading import JOURNAL
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core.snapshot import Live, Snapshot
from seedance_watch.disk import status_file
from seedance_watch.disk.places import cure_of
from seedance_watch.disk.status_file import NotOurs
from seedance_watch.faces.status_text import NAME, SIGN, headed, status
from seedance_watch.journal.reader import SqliteReader

EVERY_S = 5.0
_OPEN_MOST, _ENDED_MOST = 2000, 200
_PATIENCE_S = 20.0  # for a drive that does not answer; its ground notices by then


@dataclass(slots=True)
class StatusFiles:
    """Writes the texts, each only when it changes.

    Attributes:
        config: Who wants one.
        built: The daemon.
    """

    config: Config
    built: Built
    _said: dict[str, tuple[str, bool]] = field(default_factory=dict)
    _troubles: dict[str, str] = field(default_factory=dict)

    async def run(self, stop: asyncio.Event) -> None:
        """Write every few seconds until stopped, and then that nothing runs any more.

        Raises:
            JournalError: The journal cannot be read.
        """
        await self._write(runs=True)
        while not await self.built.tools.clock.pause(EVERY_S, stop):
            await self._write(runs=True)
        await self._write(runs=False)

    async def _write(self, *, runs: bool) -> None:
        live = self.built.lookout.look()
        if not (live.loops if runs else self._said):
            return  # it has not begun: the folders may still be another daemon's
        snapshot = await asyncio.to_thread(self._snapshot, live)
        for watch in self.config.watches:
            if watch.status_file:
                await self._write_one(watch, snapshot, runs=runs)

    def _snapshot(self, live: Live) -> Snapshot:
        now = self.built.tools.clock.now()
        with closing(SqliteReader(self.config.state_dir / JOURNAL)) as reader:
            return take(
                self.config, reader, live, now=now, open_most=_OPEN_MOST, ended_most=_ENDED_MOST
            )

    async def _write_one(self, watch: Watch, snapshot: Snapshot, *, runs: bool) -> None:
        """Write one text if it changed and its folder can be worked in."""
        zone, ground = zone_of(self.config), self.built.tools.grounds.grounds[watch.name]
        text = status(snapshot, watch.name, zone)
        if self._said.get(watch.name) == (text, runs) or not ground.open("outbox"):
            return
        content = headed(text, at=snapshot.at, zone=zone, runs=runs).encode("utf-8", "replace")
        trouble, cure = "", ""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.to_thread(
                    status_file.write, watch.outbox, NAME, content, sign=SIGN.encode()
                )
            self._said[watch.name] = text, runs
        except NotOurs:
            trouble, cure = "another file has its name", "give that one another name"
        except OSError as error:  # a TimeoutError too
            trouble, cure = error.strerror or "no answer", cure_of(error)
        if trouble and trouble != self._troubles.get(watch.name):
            structlog.get_logger().warning(
                "spool.status_unwritten", file=str(watch.outbox / NAME), reason=trouble, cure=cure
            )
        self._troubles[watch.name] = trouble

"""The figures for monitoring: over HTTP, in a file, or both; imported only where configured."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from seedance_watch.app.build import Built
from seedance_watch.app.picture import take
from seedance_watch.app.reading import JOURNAL
from seedance_watch.config.resolved import Config
from seedance_watch.config.values import loopback
from seedance_watch.core.health import ills, notes
from seedance_watch.core.snapshot import Live, Snapshot
from seedance_watch.disk import files
from seedance_watch.faces.metrics import MEDIA_TYPE, exposition
from seedance_watch.faces.tally import Tally
from seedance_watch.journal.reader import SqliteReader


@dataclass(slots=True)
class Figures:
    """What monitoring gets.

    Attributes:
        config: Where it is given.
        built: The daemon.
        tally: What happened since the start.
    """

    config: Config
    built: Built
    tally: Tally
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _unwritten: str = ""

    async def page(self) -> bytes:
        """Write every metric.

        Raises:
            JournalError: The journal cannot be read.
        """
        async with self._one:
            live = self.built.lookout.look()
            snapshot = await asyncio.to_thread(self._snapshot, live)
            return exposition(snapshot, self.tally)

    def _snapshot(self, live: Live) -> Snapshot:
        with closing(SqliteReader(self.config.state_dir / JOURNAL)) as reader:
            return take(self.config, reader, live, now=self.built.tools.clock.now())

    def health(self) -> tuple[bool, Mapping[str, object]]:
        """Say whether all is well, and what is not."""
        live = self.built.lookout.look()
        wrong = ills(live)
        return not wrong, {
            "status": "ill" if wrong else "ok",
            "wrong": wrong,
            "notes": notes(live),
            "loops": {
                loop.name: {"still_s": round(loop.still_s, 1), "most_s": loop.most_s}
                for loop in live.loops
            },
            "version": live.version,
        }

    async def run(self, stop: asyncio.Event) -> None:
        """Give them until stopped.

        Raises:
            OSError: The address cannot be listened at.
        """
        keys = self.config.metrics
        async with AsyncExitStack() as stack:
            if keys.listen:
                from seedance_watch.faces.endpoint import (  # noqa: PLC0415 - costs memory
                    application,
                    serving,
                )

                app = application(
                    self.page, self.health, media_type=MEDIA_TYPE, local=loopback(keys.listen)
                )
                address = await stack.enter_async_context(serving(keys.listen, app))
                structlog.get_logger().info("metrics.served", address=f"{address}/metrics")
            if keys.textfile:
                await self._writing(Path(keys.textfile), keys.textfile_every_s, stop)
            await stop.wait()

    async def _writing(self, file: Path, every_s: float, stop: asyncio.Event) -> None:
        """Write the file now and then, and once more at the end."""
        while not stop.is_set():
            await self._written(file)
            await self.built.tools.clock.pause(every_s, stop)
        await self._written(file)

    async def _written(self, file: Path) -> None:
        """Write it; that it cannot be is said once, and once that it can again."""
        try:
            await asyncio.to_thread(files.publish, file, await self.page())
        except OSError as error:
            problem = error.strerror or str(error)
        else:
            problem = ""
        if problem == self._unwritten:
            return
        self._unwritten = problem
        log = structlog.get_logger()
        if problem:
            cure = "make its folder and let this program write there; all else goes on"
            log.error("metrics.unwritten", file=str(file), reason=problem, cure=cure)
        else:
            log.info("metrics.written", file=str(file))

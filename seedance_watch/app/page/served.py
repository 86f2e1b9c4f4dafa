"""The page, for as long as the daemon runs with this configuration."""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from seedance_watch.app.build import Built
from seedance_watch.app.page.source import Answers
from seedance_watch.config.entry import page_token
from seedance_watch.config.resolved import Config
from seedance_watch.config.values import loopback
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.disk import files
from seedance_watch.faces.endpoint import serving
from seedance_watch.faces.page.application import Page
from seedance_watch.faces.page.doors import Doors
from seedance_watch.faces.page.events import Audience
from seedance_watch.faces.page.gate import Gate
from seedance_watch.faces.page.guard import Guard

_KEY = "page/key"
_KEY_BYTES = 32
_LOOK_S = 2.0
_AT_ONCE = 64  # connections besides those that are kept up to date


def _key(state_dir: Path) -> bytes:
    """Give what signs cookies; kept, so that a restart logs nobody out."""
    path = state_dir / _KEY
    with suppress(OSError):
        if len(known := path.read_bytes()) == _KEY_BYTES:
            return known
    files.make_dirs(path.parent)
    path.parent.chmod(0o700)
    fresh = secrets.token_bytes(_KEY_BYTES)
    files.write(path, fresh)
    return fresh


@dataclass(slots=True)
class Served:
    """Serves the page.

    Attributes:
        config: What is in force.
        built: The daemon.
    """

    config: Config
    built: Built
    answers: Answers = field(init=False)

    def __post_init__(self) -> None:
        """Be ready to hear what happens."""
        self.answers = Answers(self.config, self.built)

    def heard(self, before: Job, after: Job, record: Record) -> None:
        """Take in a recorded event."""
        self.answers.heard(before, after, record)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until stopped.

        Raises:
            OSError: The address cannot be listened at.
        """
        keys = self.config.web
        assert keys.listen
        key = await asyncio.to_thread(_key, self.config.state_dir)
        doors = Doors(
            key, int(keys.listen.rpartition(":")[2]), self.answers.now, page_token(self.config)
        )
        page = Page(
            self.answers,
            doors,
            Audience(keys.max_clients),
            keys.max_upload_bytes,
        )
        gate = Gate(page.application(), doors)
        guard = Guard(gate, local=loopback(keys.listen), names=frozenset(keys.hosts))
        at_once = _AT_ONCE + 2 * keys.max_clients
        proxied = bool(keys.hosts)
        async with serving(keys.listen, guard, at_once=at_once, proxied=proxied) as address:
            structlog.get_logger().info("page.served", address=address)
            await self._watching(stop)
        await self.answers.settled()

    async def _watching(self, stop: asyncio.Event) -> None:
        """Notice what changes that no job records, until stopped."""
        before = None
        while not await self.built.tools.clock.pause(_LOOK_S, stop):
            live = self.built.lookout.look()
            now = live.lanes, live.inboxes, live.doing, live.left
            if now != before:
                before = now
                self.answers.mark()

"""The page, for as long as the daemon runs with this configuration."""

import asyncio
import secrets
from dataclasses import dataclass, field

import structlog

from seedance_watch.app.build import Built
from seedance_watch.app.page.source import Answers
from seedance_watch.config.resolved import Config
from seedance_watch.config.values import loopback
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.faces.endpoint import serving
from seedance_watch.faces.page.application import Page
from seedance_watch.faces.page.doors import Doors
from seedance_watch.faces.page.events import Audience
from seedance_watch.faces.page.guard import Guard

_LOOK_S = 2.0


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
        page = Page(
            self.answers,
            Doors(secrets.token_bytes(32), int(keys.listen.rpartition(":")[2])),
            Audience(keys.max_clients),
            keys.max_upload_bytes,
        )
        guard = Guard(page.application(), loopback(keys.listen), frozenset(keys.hosts))
        async with serving(keys.listen, guard) as address:
            structlog.get_logger().info("page.served", address=address)
            await self._watching(stop)

    async def _watching(self, stop: asyncio.Event) -> None:
        """Notice what changes that no job records, until stopped."""
        before = None
        while not await self.built.tools.clock.pause(_LOOK_S, stop):
            live = self.built.lookout.look()
            now = live.lanes, live.inboxes, live.doing, live.left
            if now != before:
                before = now
                self.answers.mark()

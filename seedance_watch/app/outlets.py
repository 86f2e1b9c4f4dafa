"""What tells others: built when configured, beside the daemon, and never able to hold it up.

What tells is told itself by a listener, after an event is durable, and only takes a note; the
telling is done by loops of their own. A mistake in one ends up in the log: this is the one place
besides the runner where every exception is caught, because a video matters more than its news.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Protocol

import structlog

from seedance_watch.app.build import Built
from seedance_watch.config.keys import key_reader, told_sources
from seedance_watch.config.resolved import Config
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money
from seedance_watch.core.news import Kind, News, changes, low, news_of
from seedance_watch.core.snapshot import Live
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces.hooks import Command, Hooks
from seedance_watch.faces.notices import Notices
from seedance_watch.faces.tally import Tally

if TYPE_CHECKING:
    from seedance_watch.app.page.served import Served

_AGAIN_S = 60.0  # until an outlet that broke is tried again
_LOOK_S = 2.0  # between two looks for what no job records
_LAST_WORDS_S = 10.0  # for what is not told yet at a stop; well below systemd's 90 s

Loop = Callable[[asyncio.Event], Coroutine[None, None, None]]


class Outlet(Protocol):
    """Tells news to somebody."""

    name: str

    def take(self, news: News) -> None:
        """Note what happened; returns at once, whatever becomes of it."""
        ...

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what was noted, until stopped and nothing is left."""
        ...

    def untold(self) -> list[News]:
        """Take what was noted and could not be told before the end."""
        ...

    def follows(self, before: "Outlet") -> bool:
        """Whether it tells the same receiver as one before a reload."""
        ...


@dataclass(slots=True)
class Outlets:
    """Everything that tells others.

    Attributes:
        config: What is wanted.
        tally: Counts since the start, None where nobody reads them.
        outlets: Who is told news.
        before: Those of the life before, whose counts and untold news are taken over.
        page: The page for browsers, None where there is none.
    """

    config: Config
    tally: Tally | None = None
    outlets: list[Outlet] = field(default_factory=list)
    page: "Served | None" = None
    before: InitVar["Outlets | None"] = None
    _broken: set[str] = field(default_factory=set)

    def __post_init__(self, before: "Outlets | None") -> None:
        """Begin to count where somebody reads it, or go on where a reload ended."""
        if self.config.metrics.listen or self.config.metrics.textfile:
            self.tally = (before and before.tally) or Tally()
            self.tally.expect({keys.provider for keys in self.config.keys.watch})
        if commands := _commands(self.config):
            self.outlets.append(Hooks(commands))
        self.outlets += _channels(self.config)
        self.outlets += _addresses(self.config)
        if before:
            self._take_over(before)

    def _take_over(self, before: "Outlets") -> None:
        """Note what could not be told before a reload, where the same receiver is still told."""
        for old in before.outlets:
            untold = old.untold()
            for heir in (each for each in self.outlets if each.follows(old)):
                for news in untold:
                    heir.take(news)

    def heard(self, before: Job, after: Job, record: Record) -> None:
        """Take in a recorded event; a listener of the runner, which nothing here can stop."""
        if self.tally:
            self._safely("metrics", partial(self.tally.heard, before, after, record))
        if self.outlets:
            self._safely("news", partial(self._tell, after, record))
        if self.page:
            self._safely("page", partial(self.page.heard, before, after, record))

    def _tell(self, after: Job, record: Record) -> None:
        if news := news_of(after, record):
            self.tell(news)

    def tell(self, news: News) -> None:
        """Let every outlet note what happened."""
        for each in self.outlets:
            each.take(news)

    def _safely(self, what: str, act: Callable[[], None]) -> None:
        """Do something; that it fails is said once."""
        try:
            act()
        except Exception:  # noqa: BLE001 - a job must not end by what is told about it
            if what not in self._broken:
                self._broken.add(what)
                structlog.get_logger().exception("outlet.failed", outlet=what)

    @asynccontextmanager
    async def running(self, built: Built) -> AsyncIterator[None]:
        """Tell for the length of the block, and a little longer for what is left then."""
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            works = [
                tasks.create_task(self._lasting(name, loop, built, stop))
                for name, loop in self._loops(built)
            ]
            yield
            stop.set()
            if works:
                _, late = await asyncio.wait(works, timeout=_LAST_WORDS_S)
                for each in late:
                    each.cancel()
        if self.tally:
            self.tally.outlived(built.lookout.look())

    def _loops(self, built: Built) -> list[tuple[str, Loop]]:
        """Give every loop that is wanted; its parts are imported only now."""
        loops: list[tuple[str, Loop]] = [(each.name, each.run) for each in self.outlets]
        if self.outlets:
            loops.append(("lookout", partial(self._looking, built)))
        if self.tally:
            from seedance_watch.app.figures import Figures  # noqa: PLC0415 - costs memory

            loops.append(("metrics", Figures(self.config, built, self.tally).run))
        if any(watch.status_file for watch in self.config.watches):
            from seedance_watch.app.status_files import StatusFiles  # noqa: PLC0415 - as above

            loops.append(("status files", StatusFiles(self.config, built).run))
        if self.config.web.listen:
            loops.append(("page", partial(self._paging, built)))
        return loops

    async def _paging(self, built: Built, stop: asyncio.Event) -> None:
        """Serve the page."""
        from seedance_watch.app.page.served import Served  # noqa: PLC0415 - costs memory

        self.page = self.page or Served(self.config, built)
        await self.page.run(stop)

    async def _looking(self, built: Built, stop: asyncio.Event) -> None:
        """Tell what changes that no job records: lanes, folders, accounts."""
        before = Live(0, "", 0.0)
        while not stop.is_set():
            after, now = built.lookout.look(), built.tools.clock.now()
            least = {
                name: Money(Decimal(str(keys.warn_below)), after.left[name].unit)
                for name, keys in self.config.providers.items()
                if keys.warn_below is not None and name in after.left
            }
            for news in (*changes(before, after, at=now), *low(before, after, least, at=now)):
                self.tell(news)
            before = after
            await built.tools.clock.pause(_LOOK_S, stop)

    async def _lasting(self, name: str, loop: Loop, built: Built, stop: asyncio.Event) -> None:
        """Run a loop until the stop, anew when it breaks."""
        while True:
            try:
                await loop(stop)
            except OSError as error:
                reason = error.strerror or str(error)
                structlog.get_logger().error("outlet.failed", outlet=name, reason=reason)
            except Exception:  # noqa: BLE001 - see above
                structlog.get_logger().exception("outlet.failed", outlet=name)
            if stop.is_set() or await built.tools.clock.pause(_AGAIN_S, stop):
                return


_HOOKS = {Kind.DONE: "on_done", Kind.FAILED: "on_failed", Kind.HELD: "on_held"}


def _commands(config: Config) -> dict[tuple[str, Kind], Command]:
    """Give every command that is to be run."""
    return {
        (watch.name, kind): Command(tuple(words), watch.hooks.timeout_s, watch.outbox)
        for watch in config.watches
        for kind, key in _HOOKS.items()
        if (words := getattr(watch.hooks, key))
    }


def _channels(config: Config) -> list[Outlet]:
    """Give every channel that people are told through."""
    urls, _ = told_sources(config.notify, config.webhook)
    return [
        Notices(
            source.key.partition(".")[0],
            key_reader(source),
            frozenset(map(Kind, keys.events)),
            frozenset(keys.watches),
            keys.window_s,
        )
        for keys, source in zip(config.notify, urls, strict=True)
    ]


def _addresses(config: Config) -> list[Outlet]:
    """Give every address that programs are told at."""
    if not config.webhook:
        return []
    from seedance_watch.faces.webhooks import Webhook  # noqa: PLC0415 - only where wanted

    _, secrets = told_sources(config.notify, config.webhook)
    return [
        Webhook(
            source.key.partition(".")[0],
            keys.url,
            key_reader(source),
            frozenset(map(Kind, keys.events)),
            frozenset(keys.watches),
            keys.timeout_s,
            RealClock().now,
        )
        for keys, source in zip(config.webhook, secrets, strict=True)
    ]

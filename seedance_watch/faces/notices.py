"""Messages to people, by Apprise: many things that happened become one message.

The first goes out soon, what happens in the window after it is the next. A channel that fails
gets what it missed when it works again, in one message. Its URL is a secret: it is read when it
is needed, and cut from whatever the library says.
"""

import asyncio
import importlib.util
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import unquote

import structlog

from seedance_watch.core.errors import SeedanceWatchError
from seedance_watch.core.news import Kind, News
from seedance_watch.core.words import printable
from seedance_watch.faces.backlog import Backlog, pause
from seedance_watch.faces.digest import BAD, digest

FIRST_S = 2.0  # what comes at once is told at once
_LONGEST_S = 1800.0  # between two tries at a channel that fails
_SHORTEST_SECRET = 4  # shorter parts of a URL are words like "to"
_BAD = ("WARNING", "ERROR")
_CURE = "see that the URL is right; what happened is told when it works again"


class Unsent(Exception):
    """A message was not taken; why, without a secret."""


@dataclass(slots=True)
class Notices:
    """A channel; an outlet.

    Attributes:
        name: What the configuration calls it, for the log.
        read_url: Reads its URL anew; raises SeedanceWatchError where there is none.
        kinds: What is told.
        watches: About which watch entries; empty: all.
        window_s: How long what happens is gathered after a message.
        first_s: How long it is gathered when nothing was told for a while.
    """

    name: str
    read_url: Callable[[], str]
    kinds: frozenset[Kind]
    watches: frozenset[str]
    window_s: float
    first_s: float = FIRST_S
    _backlog: Backlog = field(init=False)
    _failures: int = 0
    _pending: list[News] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with nothing to tell."""
        self._backlog = Backlog(self.name, most=2_000)

    def take(self, news: News) -> None:
        """Note what people want to be told."""
        if wanted(news, self.kinds, self.watches):
            self._backlog.add(news)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what was noted, until stopped."""
        self._prove()
        async with asyncio.TaskGroup() as tasks:
            woken = tasks.create_task(self._backlog.woken(stop))
            await self._telling(stop)
            woken.cancel()

    def untold(self) -> list[News]:
        """Take what could not be told, the first first."""
        pending, self._pending = self._pending, []
        return pending + self._backlog.rest()

    def follows(self, before: object) -> bool:
        """Whether it is the same channel as one before a reload, by its place and sort."""
        return isinstance(before, Notices) and before.name == self.name

    def _prove(self) -> None:
        """Say at once what would fail later, when somebody should have been told."""
        try:
            self.read_url()
            if importlib.util.find_spec("apprise") is None:
                self._failed("Apprise is missing; pip install 'seedance-watch[notify]'")
        except SeedanceWatchError as error:
            self._failed(str(error))

    async def _telling(self, stop: asyncio.Event) -> None:
        while True:
            if not self._pending:
                first = await self._backlog.next(stop)
                if first is None:
                    return
                self._pending = [first]
                await pause(self.first_s, stop)
            self._pending += self._backlog.rest()
            if await self._told(self._pending):
                self._pending = []
            elif stop.is_set():
                return
            rest_s = min(self.window_s * 2 ** min(self._failures, 10), _LONGEST_S)
            await pause(rest_s, stop)

    async def _told(self, news: Sequence[News]) -> bool:
        """Send one message; that it fails is said once."""
        try:
            title, text = digest(news)
            bad = any(each.kind in BAD for each in news)
            await asyncio.to_thread(partial(send, self.read_url(), title, text, bad=bad))
        except (Unsent, SeedanceWatchError) as error:
            self._failed(str(error))
            return False
        log = structlog.get_logger()
        if self._failures:
            log.info("notice.recovered", channel=self.name)
        log.debug("notice.sent", channel=self.name, news=len(news))
        self._failures = 0
        return True

    def _failed(self, reason: str) -> None:
        if not self._failures:
            structlog.get_logger().error(
                "notice.failed", channel=self.name, reason=printable(reason), cure=_CURE
            )
        self._failures += 1


def wanted(news: News, kinds: frozenset[Kind], watches: frozenset[str]) -> bool:
    """Whether somebody wants to be told; what is about no folder concerns everybody."""
    return news.kind in kinds and (not watches or not news.watch or news.watch in watches)


def send(url: str, title: str, text: str, *, bad: bool) -> None:
    """Send one message; blocking.

    Args:
        url: The channel's Apprise URL.
        title: The title.
        text: The text.
        bad: Whether somebody has to do something.

    Raises:
        Unsent: It was not taken.
    """
    try:
        import apprise  # noqa: PLC0415 - costs much memory, and most never need it
    except ImportError as error:
        raise Unsent("Apprise is missing; pip install 'seedance-watch[notify]'") from error
    logging.getLogger("apprise").propagate = False  # what it says may hold the URL
    channel = apprise.Apprise()
    kind = apprise.NotifyType.FAILURE if bad else apprise.NotifyType.INFO
    try:
        known = channel.add(url)
        with channel.notify(text, title=title, notify_type=kind) as result:
            said = [line.message for line in result.logs() if line.level in _BAD]
            taken = bool(result)
    except Exception as error:  # noqa: BLE001 - of a hundred services; a trace shows the URL
        raise Unsent(without(url, repr(error))) from None
    if not known:
        raise Unsent("the URL is none that Apprise understands")
    if not taken:
        raise Unsent(without(url, " ".join(said) or "the message was not taken"))


def without(url: str, text: str) -> str:
    """Cut every part of a URL that may be secret from a text."""
    parts = {part for part in re.split(r"[/:@?&=#;,]+", url.partition("://")[2]) if part}
    parts |= {unquote(part) for part in parts}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, "***")
    return text

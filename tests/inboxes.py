"""An inbox under test: real files, real events, and a taker that claims as the daemon does."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from structlog.testing import capture_logs

from seedance_watch.core.model import Drop, Role
from seedance_watch.core.sidecar import glance
from seedance_watch.disk.inbox import Inbox, InboxSettings
from seedance_watch.media import images

DEADLINE_S = 60.0
FAST = InboxSettings(
    proved_s=0.02, quiet_s=0.1, sidecar_grace_s=0.3, orphan_s=60.0, scan_local_s=30.0
)


def _picture(side_px: int, kind: str) -> bytes:
    buffer = BytesIO()
    Image.radial_gradient("L").resize((side_px, side_px)).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


PNG = _picture(320, "PNG")
TINY = _picture(16, "PNG")
PROMPT = b'prompt = "a slow pan"\n'


class WallClock:
    """The time of day."""

    def now(self) -> float:
        return time.time()

    async def pause(self, seconds: float, until: asyncio.Event) -> bool:
        raise NotImplementedError


class Taker:
    """Claims what is handed over: checks that it is complete, and moves it away."""

    def __init__(self, inbox: Inbox, root: Path, away: Path) -> None:
        self.inbox, self.root, self.away = inbox, root, away
        self.drops: list[Drop] = []
        self.files: list[dict[Role, bytes]] = []
        self.at_s: list[float] = []
        self.logs: list[MutableMapping[str, Any]] = []
        self._news = asyncio.Event()

    async def admit(self, drops: Sequence[Drop]) -> None:
        """Move each drop's files away, as a claim does."""
        now_s = time.monotonic()
        for drop in drops:
            self.files.append(dict(self._take(drop)))
            self.drops.append(drop)
            self.at_s.append(now_s)
            self.inbox.let_go(part.source for part in drop.parts)
        self._news.set()

    def _take(self, drop: Drop) -> list[tuple[Role, bytes]]:
        home = self.away / str(len(self.drops))
        home.mkdir(parents=True)
        taken = []
        for part in drop.parts:
            source = self.root / part.source
            data = source.read_bytes()
            assert sha256(data).hexdigest() == part.sha256, part
            assert len(data) == part.size_bytes, part
            source.rename(home / part.name)
            taken.append((part.role, data))
        return taken

    @property
    def names(self) -> list[str]:
        """What was taken: for each drop its files, joined by "+", sorted."""
        return sorted("+".join(part.source for part in drop.parts) for drop in self.drops)

    async def until(self, count: int) -> None:
        """Wait until so many drops were taken."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.drops) < count:
                self._news.clear()
                await self._news.wait()

    async def scanned(self, times: int = 1) -> None:
        """Ask for full scans and wait until they are done."""
        for _ in range(times):
            self.inbox.facts.last_scan_at = None
            assert self.inbox._hints is not None
            self.inbox._hints.from_thread(None)
            await fact(lambda: self.inbox.facts.last_scan_at is not None)

    def said(self, event: str) -> list[MutableMapping[str, Any]]:
        """What was logged under a name."""
        return [line for line in self.logs if line["event"] == event]

    async def nothing_for(self, seconds: float, *, more_than: int = 0) -> None:
        """Scan again and again for a while; nothing more than that many drops may come."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            await self.scanned()
            assert len(self.drops) == more_than, self.names

    async def exactly(self, *names: str) -> None:
        """Wait for these drops, then look again: each came once, and no other."""
        await self.until(len(names))
        await self.nothing_for(0.15, more_than=len(names))
        assert sorted(names) == self.names
        assert all(times == 1 for times in Counter(self.names).values())


async def fact(holds: Callable[[], bool], within_s: float = DEADLINE_S) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.002)


def an_inbox(
    root: Path, *, settings: InboxSettings = FAST, prompted: bool = False, **given: Any
) -> Inbox:
    """Make an inbox with the real judges of content."""
    given.setdefault("glance", lambda text, _folder: glance(text))
    given.setdefault("has_prompt", lambda _folder: prompted)
    given.setdefault("whole", images.whole)
    return Inbox("studio", root, settings=settings, clock=WallClock(), **given)


@asynccontextmanager
async def watching(
    root: Path, *, armed: bool = True, inbox: Inbox | None = None, **given: Any
) -> AsyncIterator[Taker]:
    """Run an inbox; with armed, wait for the first scan. Ends it promptly."""
    inbox = inbox or an_inbox(root, **given)
    taker, stop = Taker(inbox, root, root.parent / "away"), asyncio.Event()
    with capture_logs() as taker.logs:
        async with _running(taker, stop, armed=armed):
            yield taker


@asynccontextmanager
async def _running(taker: Taker, stop: asyncio.Event, *, armed: bool) -> AsyncIterator[None]:
    inbox = taker.inbox
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(inbox.run(taker.admit, stop))
        try:
            if armed:
                await fact(lambda: inbox.facts.last_scan_at is not None)
            yield
        finally:
            stop.set()
            async with asyncio.timeout(DEADLINE_S):
                await running

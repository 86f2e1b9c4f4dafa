"""A studio whose daemon lives and dies in this process, on a clock that leaps over every wait.

Nothing of ours is replaced but the clock, which is a port: engine, spool, journal, inbox,
gateways and sandbox are the real ones. Steps that the outside can see are points; a life may end
at one of them as suddenly as a killed process does, or somebody may do something there.
"""

import asyncio
import contextlib
import errno
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from seedance_watch.app import build as building
from seedance_watch.app.build import Built, build, make_folders
from seedance_watch.config.load import load
from seedance_watch.disk import files
from seedance_watch.disk.inbox import InboxSettings
from seedance_watch.engine.daemon import Daemon
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.providers.gateway import Gateway

_IN_FLIGHT_S = 20.0  # the longest that one effect may take
_TALKING = ("stage", "submit", "reconcile", "poll", "refresh", "download")
_FILING = ("rename_new", "sync_dir", "sync_file", "write", "remove", "remove_dir")


class Killed(BaseException):
    """The process would be gone here."""


@dataclass
class Life:
    """One run of the daemon.

    Attributes:
        ends_at: The point at which it is killed; None: it ends by itself.
        acts: What somebody does at which point.
        refuses: A folder in which nothing can be renamed, written or synced.
    """

    ends_at: int | None = None
    acts: dict[int, Callable[[], None]] = field(default_factory=dict)
    refuses: Path | None = None
    passed: int = 0
    over: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def point(self) -> None:
        """Pass a point, or end there."""
        with self._lock:
            if self.over:
                raise Killed
            number, self.passed = self.passed, self.passed + 1
            self.acts.pop(number, lambda: None)()
            if number == self.ends_at:
                self.over = True
                raise Killed

    def look_at(self, args: tuple[Any, ...]) -> None:
        """Refuse what a read-only folder would refuse."""
        paths = [each for each in args if isinstance(each, Path)]
        if self.refuses and any(each.is_relative_to(self.refuses) for each in paths):
            raise OSError(errno.EROFS, "Read-only file system", str(paths[-1]))


_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


def _around(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if (life := _LIFE.get()) is None:
            return call(*args, **kwargs)
        life.point()
        life.look_at(args)
        result = call(*args, **kwargs)
        life.point()
        return result

    return wrapped


def _around_async(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        if (life := _LIFE.get()) is None:
            return await call(*args, **kwargs)
        life.point()
        result = await call(*args, **kwargs)
        life.point()
        return result

    return wrapped


class Clock:
    """Time that leaps over every wait and that anybody may set; ports.Clock.

    Attributes:
        leapt: Told each leap, in seconds.
        daemon: Whose waits are leapt over, once nothing is under way.
        until: Beyond this time the daemon is told to stop.
    """

    def __init__(self, at: float, leapt: Callable[[float], None]) -> None:
        self.at = at
        self.leapt = leapt
        self.daemon: Daemon | None = None
        self.until = at
        self.leaps = 0
        self.late = False

    def now(self) -> float:
        return self.at

    async def pause(self, seconds: float, until: asyncio.Event) -> bool:
        assert self.daemon is not None
        if self.daemon.turns.busy or not self.daemon._once:
            async with asyncio.timeout(_IN_FLIGHT_S):
                await until.wait()
        elif not until.is_set():
            self._leap(max(0.0, seconds), self.daemon)
            await asyncio.sleep(0)
        return until.is_set()

    def _leap(self, seconds: float, daemon: Daemon) -> None:
        self.leaps += 1
        if self.at + seconds > self.until or self.leaps > 2_000:
            self.late = True
            daemon.stop.set()
            return
        self.at += seconds
        self.leapt(seconds)


@contextmanager
def rigged() -> Iterator[None]:
    """Put a point before and after every step that the outside can see; waits are short."""
    hurried = functools.partial(InboxSettings, proved_s=0.005, idle_s=0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "InboxSettings", hurried)
        patch.setattr(SqliteJournal, "append", _around_async(SqliteJournal.append))
        for name in _TALKING:
            patch.setattr(Gateway, name, _around_async(getattr(Gateway, name)))
        for name in _FILING:
            if hasattr(files, name):
                patch.setattr(files, name, _around(getattr(files, name)))
        patch.setattr(Path, "unlink", _around(Path.unlink))
        yield


def live(config: Path, clock: Clock, life: Life) -> bool:
    """Let the daemon live once.

    Returns:
        Whether it came to rest by itself: everything done, or held for a person.
    """
    clock.late, clock.leaps = False, 0
    token = _LIFE.set(life)
    try:
        with contextlib.suppress(Killed), pytest.MonkeyPatch.context() as patch:
            patch.setattr(building, "RealClock", lambda: clock)
            asyncio.run(_live(config, clock, life))
            return not clock.late
        return False
    finally:
        life.over = True
        _LIFE.reset(token)


async def _live(config: Path, clock: Clock, life: Life) -> None:
    settings = load(config)
    make_folders(settings)
    built = await build(settings, stop=asyncio.Event(), listeners=(), apart=False)
    clock.daemon = built.daemon
    try:
        async with asyncio.timeout(60):
            await built.daemon.run_once()
        await built.close()
    except BaseException:
        await _abandon(built)
        if life.over:
            raise Killed from None
        raise


async def _abandon(built: Built) -> None:
    """Let go of what a dead process would not hold, and leave all else as it lies."""
    for provider in built.tools.providers.values():
        await provider.close()
    journal = built.tools.journal
    assert isinstance(journal, SqliteJournal)
    journal._writer.stop()
    await asyncio.to_thread(journal._writer.join)
    journal._reader.close()
    journal._connection.close(True)
    journal._lock.release()

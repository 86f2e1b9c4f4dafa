"""A daemon in a child process that dies at a chosen point: `os._exit`, as sudden as kill -9.

Points are before and after every durable step: each append to the journal, each rename, link,
unlink and sync, and each call to the provider; the paid call and the download have one more, in
their middle. Children come from a fork server that has everything imported, so that a run costs a
fraction of a second.
"""

import asyncio
import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DIED = 137
LOOKS_S = (0.05, 0.2, 0.5)
_MIDDLE_S = 0.03  # how long a call may be under way before the point in its middle
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["crashing", "seedance_watch.app.build", "av"])

Rig = Callable[[], object]


class Points:
    """Counts the points that are passed, and dies at one of them."""

    def __init__(self, die_at: int | None) -> None:
        self.die_at = die_at
        self.passed = 0

    def point(self) -> None:
        # Threads count at the same time, so that a number may be passed over.
        if self.die_at is not None and self.passed >= self.die_at:
            os._exit(DIED)
        self.passed += 1

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.point()
            result = call(*args, **kwargs)
            self.point()
            return result

        return wrapped

    def around_async(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.point()
            result = await call(*args, **kwargs)
            self.point()
            return result

        return wrapped

    def through(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Put a point into the middle of a call as well: it is under way, nothing came back."""
        around = self.around_async(call)

        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            if self.passed + 1 == self.die_at:
                self.die_at = None
                asyncio.get_running_loop().call_later(_MIDDLE_S, os._exit, DIED)
                return await call(*args, **kwargs)
            self.passed += 1
            return await around(*args, **kwargs)

        return wrapped


def _put_points(points: Points) -> None:
    """Put a point before and after every step that the outside can see."""
    from seedance_watch.disk import files
    from seedance_watch.journal.sqlite import SqliteJournal
    from seedance_watch.media import jobfiles
    from seedance_watch.providers.gateway import Gateway

    SqliteJournal.append = points.around_async(SqliteJournal.append)
    for name in ("stage", "reconcile", "poll", "refresh"):
        setattr(Gateway, name, points.around_async(getattr(Gateway, name)))
    for name in ("submit", "download"):
        setattr(Gateway, name, points.through(getattr(Gateway, name)))
    for name in ("rename_new", "sync_dir", "sync_file", "write", "remove", "remove_dir"):
        if hasattr(files, name):
            setattr(files, name, points.around(getattr(files, name)))
    Path.unlink = points.around(Path.unlink)
    jobfiles.write = points.around(jobfiles.write)


def look_soon(looks_s: tuple[float, ...]) -> None:
    """Let doubts be looked into within a test's patience."""
    from seedance_watch.ports import Doubts
    from seedance_watch.providers.rivya import Rivya
    from seedance_watch.providers.segmind import Segmind

    for dialect in (Rivya, Segmind):
        dialect.doubts = Doubts(looks_s=looks_s, window_s=1800.0)


def _child(
    config: Path, die_at: int | None, looks_s: tuple[float, ...], rig: Rig | None, counted: Any
) -> None:
    from seedance_watch.app.build import build, make_folders
    from seedance_watch.config.load import load
    from seedance_watch.faces import log

    points = Points(die_at)
    if rig is None:
        _put_points(points)
    else:
        rig()
    look_soon(looks_s)
    log_file = (config.parent / "log.jsonl").open("a")
    log.configure(level="debug", form="json", stream=log_file)

    async def main() -> None:
        settings = load(config)
        make_folders(settings)
        built = await build(settings, stop=asyncio.Event(), listeners=(log.heard,), apart=False)
        try:
            await built.daemon.run_once()
        finally:
            await built.close()

    asyncio.run(main())
    counted.value = points.passed


def run(
    config: Path,
    *,
    die_at: int | None = None,
    looks_s: tuple[float, ...] = LOOKS_S,
    rig: Rig | None = None,
    limit_s: float = 60.0,
) -> int | None:
    """Run the daemon once in a child; give how many points it passed, None when it died there.

    Args:
        config: Its configuration.
        die_at: The point to die at, None: nowhere.
        looks_s: When a doubt is looked into.
        rig: Called in the child before anything begins, instead of putting points.
        limit_s: When it is given up.
    """
    counted = _CONTEXT.Value("i", -1)
    child = _CONTEXT.Process(target=_child, args=(config, die_at, looks_s, rig, counted))
    child.start()
    child.join(limit_s)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise AssertionError(f"did not come to rest within {limit_s} s, die_at={die_at}")
    if child.exitcode == DIED:
        return None
    assert child.exitcode == 0, f"exit code {child.exitcode}, die_at={die_at}"
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    return int(counted.value)

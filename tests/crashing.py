"""A daemon in a child process that dies at a chosen point: `os._exit`, as sudden as kill -9.

Points are before and after every durable step: each append to the journal, each rename, link,
unlink and sync, and each call to the provider. Children come from a fork server that has
everything imported, so that a run costs a fraction of a second.
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
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["crashing", "seedance_watch.app.build", "av"])


class Points:
    """Counts the points that are passed, and dies at one of them."""

    def __init__(self, die_at: int | None) -> None:
        self.die_at = die_at
        self.passed = 0

    def point(self) -> None:
        if self.passed == self.die_at:
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


def _rig(points: Points) -> None:
    """Put a point before and after every step that the outside can see."""
    from seedance_watch.disk import files
    from seedance_watch.journal.sqlite import SqliteJournal
    from seedance_watch.ports import Doubts
    from seedance_watch.providers.gateway import Gateway
    from seedance_watch.providers.rivya import Rivya
    from seedance_watch.providers.segmind import Segmind

    SqliteJournal.append = points.around_async(SqliteJournal.append)
    for name in ("stage", "submit", "reconcile", "poll", "refresh", "download"):
        setattr(Gateway, name, points.around_async(getattr(Gateway, name)))
    for name in ("rename_new", "sync_dir", "sync_file", "write", "remove", "remove_dir"):
        if hasattr(files, name):
            setattr(files, name, points.around(getattr(files, name)))
    Path.unlink = points.around(Path.unlink)
    Rivya.doubts = Doubts(looks_s=(0.05, 0.2, 0.5), window_s=1800.0)
    Segmind.doubts = Doubts(looks_s=(0.05, 0.2, 0.5), window_s=1800.0)


def _child(config: Path, die_at: int | None, counted: Any) -> None:
    from seedance_watch.app.build import build, make_folders
    from seedance_watch.config.load import load
    from seedance_watch.faces import log

    points = Points(die_at)
    _rig(points)
    log_file = (config.parent / "log.jsonl").open("a")
    log.configure(level="debug", form="json", stream=log_file)

    async def main() -> None:
        settings = load(config)
        make_folders(settings)
        built = await build(settings, stop=asyncio.Event(), listeners=(log.heard,))
        try:
            await built.daemon.run_once()
        finally:
            await built.close()

    asyncio.run(main())
    counted.value = points.passed


def run(config: Path, *, die_at: int | None = None, limit_s: float = 60.0) -> int | None:
    """Run the daemon once in a child; give how many points it passed, None when it died there."""
    counted = _CONTEXT.Value("i", -1)
    child = _CONTEXT.Process(target=_child, args=(config, die_at, counted))
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

"""`run`: the daemon in the foreground."""

import asyncio
import contextlib
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import structlog
from cyclopts import Parameter

from seedance_watch.app.build import Built, build, folders_made
from seedance_watch.app.control import listening
from seedance_watch.app.outlets import Outlets
from seedance_watch.cli.exits import Exit, say
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.engine.threads import Threads
from seedance_watch.faces import log

_STOPS = (signal.SIGTERM, signal.SIGINT)
_SHOWN = 5


def run(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    once: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Watch the inboxes and make videos, in the foreground, until stopped.

    Ctrl-C or SIGTERM stops it: no new step is begun, a paid call under way is finished and
    recorded. A second one stops it at once, which is as harmless as a crash.

    Parameters
    ----------
    config
        The configuration. Default: $SEEDANCE_WATCH_CONFIG, ./seedance-watch.toml, the user's
        own, /etc/seedance-watch/config.toml.
    once
        Work off what lies in the inboxes, then exit: 0 all done, 1 something failed, is held,
        waits for its sidecar, image or end image, or for a provider that takes nothing (no key,
        no credits); what waits is named.
    """
    settings = load(find_config(config))
    log.configure(level=settings.log.level, form=settings.log.format)
    return asyncio.run(_main(settings, once=once))


async def _main(config: Config, *, once: bool) -> int:
    """Run until stopped; no disk that hangs can keep it from ending."""
    stop, threads = asyncio.Event(), Threads.installed()
    with _signals(stop):
        async with asyncio.TaskGroup() as tasks:
            unblock = tasks.create_task(threads.unblock(stop))
            try:
                return await _built(config, stop, once=once)
            finally:
                unblock.cancel()


async def _built(config: Config, stop: asyncio.Event, *, once: bool) -> int:
    """Build, run until stopped, close."""
    await folders_made(config)
    outlets = Outlets(config)
    built = await build(config, stop=stop, listeners=(log.heard, outlets.heard))
    try:
        async with outlets.running(built), listening(built, config.state_dir):
            return await _watched(config, built, once=once)
    finally:
        await built.close()
        structlog.get_logger().info("daemon.stopped")


async def _watched(config: Config, built: Built, *, once: bool) -> int:
    """Run until stopped, or until all is at rest."""
    structlog.get_logger().info(
        "daemon.started", config=str(config.file), state_dir=str(config.state_dir)
    )
    if once:
        await built.daemon.run_once()
        _tell(built.daemon.waiting())
        return _outcome(built)
    await built.daemon.run(ready=_ready(config))
    return Exit.OK


def _ready(config: Config) -> Callable[[], None]:
    """Give what is called when everything is watched."""
    inboxes = [str(watch.inbox) for watch in config.watches]
    return lambda: structlog.get_logger().info("daemon.ready", inboxes=inboxes)


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Let the first signal ask for a stop and the second one force it."""
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    assert main is not None

    def asked(name: str) -> None:
        if stop.is_set():
            structlog.get_logger().warning("daemon.stop_forced", signal=name)
            main.cancel()
            return
        structlog.get_logger().info("daemon.stopping", signal=name)
        stop.set()

    for each in _STOPS:
        loop.add_signal_handler(each, asked, each.name)
    try:
        yield
    finally:
        for each in _STOPS:
            loop.remove_signal_handler(each)


def _tell(waiting: Iterable[tuple[Job, str]]) -> None:
    """Name what is not finished, and why; what waits for the same together."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for job, why in waiting:
        by_reason[why or "not finished yet"].append(job.id)
    for why, names in by_reason.items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        say(f"seedance-watch: {', '.join(names[:_SHOWN])}{more}: {why}")


def _outcome(built: Built) -> int:
    """Say how a single run ended."""
    ended = built.daemon.ended
    bad = ended[State.FAILED] + ended[State.CANCELLED] + len(built.daemon.queue)
    return Exit.SOME_FAILED if bad or built.daemon.left else Exit.OK

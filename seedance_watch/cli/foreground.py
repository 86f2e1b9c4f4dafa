"""The daemon in the foreground, from its start to its exit code."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import structlog

from seedance_watch.app.build import Built
from seedance_watch.app.heart import Heart
from seedance_watch.app.service import Service
from seedance_watch.cli.exits import Exit, say
from seedance_watch.config.entry import servable
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.engine.threads import Threads
from seedance_watch.faces import log
from seedance_watch.faces.systemd import Manager

_STOPS = (signal.SIGTERM, signal.SIGINT)
_SHOWN = 5


def work(config: Path | None = None, *, once: bool = False) -> int:
    """Watch and make videos until stopped, or with `once` until all is at rest."""
    settings = load(find_config(config))
    servable(settings)
    log.configure(level=settings.log.level, form=settings.log.format)
    return asyncio.run(_main(settings, once=once))


async def _main(config: Config, *, once: bool) -> int:
    """Run until stopped; no disk that hangs can keep it from ending."""
    manager = Manager.found(os.environ, process=os.getpid())
    service = Service(config, Threads.installed(), manager)
    heart = Heart(service, manager)
    service.listeners = (log.heard, heart.heard)
    async with asyncio.TaskGroup() as tasks:
        beside = [tasks.create_task(service.threads.unblock(service.stop))]
        beside.append(tasks.create_task(heart.run()))
        try:
            with _signals(service, lambda: beside.append(tasks.create_task(_reload(service)))):
                return await _run(service, once=once)
        finally:
            for each in beside:
                each.cancel()


async def _run(service: Service, *, once: bool) -> int:
    """Run until stopped, or until all is at rest."""
    config, logger = service.config, structlog.get_logger()
    logger.info("daemon.started", config=str(config.file), state_dir=str(config.state_dir))
    try:
        if not once:
            await service.run()
            return Exit.OK
        built = await service.run_once()
        _tell(built.daemon.waiting())
        return _outcome(built)
    finally:
        logger.info("daemon.stopped")


async def _reload(service: Service) -> None:
    """Take up the configuration anew; what came of it is in the log."""
    await service.reload()


@contextlib.contextmanager
def _signals(service: Service, reload: Callable[[], object]) -> Iterator[None]:
    """Let the first signal ask for a stop and the second one force it; a hang-up reloads.

    On a terminal a hang-up is what it says: the terminal is gone, nobody watches any more.
    """
    loop, main = asyncio.get_running_loop(), asyncio.current_task()
    assert main is not None

    def asked(name: str) -> None:
        if service.stop.is_set():
            structlog.get_logger().warning("daemon.stop_forced", signal=name)
            main.cancel()
            return
        structlog.get_logger().info("daemon.stopping", signal=name)
        service.ask_to_stop()

    for each in _STOPS:
        loop.add_signal_handler(each, asked, each.name)
    if sys.stderr.isatty():
        loop.add_signal_handler(signal.SIGHUP, asked, "SIGHUP")
    else:
        loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        for each in (*_STOPS, signal.SIGHUP):
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
    """Say how a single run ended; name the folders that it could not work in."""
    troubles = built.tools.grounds.troubles()
    for watch, why in troubles.items():
        say(f"seedance-watch: {watch} cannot be worked in: {why}; what belongs there waits")
    if troubles:
        return Exit.TRY_AGAIN
    ended = built.daemon.ended
    bad = ended[State.FAILED] + ended[State.CANCELLED] + len(built.daemon.queue)
    return Exit.SOME_FAILED if bad or built.daemon.left else Exit.OK

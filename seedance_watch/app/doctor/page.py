"""Whether the page for browsers can be had, where one is wanted."""

import asyncio
import contextlib

from seedance_watch.app.asking import live
from seedance_watch.app.doctor.check import Check, broken, good, note
from seedance_watch.config.entry import servable
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import ConfigError

_ANSWER_S = 5.0


async def page(config: Config) -> list[Check]:
    """Look at the page; nothing where none is configured."""
    listen = config.web.listen
    if listen is None:
        return []
    try:
        servable(config)
    except ConfigError as error:
        [told] = error.complaints
        return [broken("page", told.problem, told.hint)]
    if await asyncio.to_thread(live, config.state_dir) is None:
        return [note("page", f"it will be at http://{listen}/ when the daemon runs")]
    if await _answers(listen):
        return [good("page", f"it is at http://{listen}/")]
    cure = "look for outlet.failed in the log: another program may have the port"
    return [broken("page", f"a daemon runs, and nothing answers at {listen}", cure)]


async def _answers(listen: str) -> bool:
    """Whether anybody takes connections there."""
    host, _, port = listen.rpartition(":")
    try:
        async with asyncio.timeout(_ANSWER_S):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except OSError:  # a TimeoutError is one too
        return False
    with contextlib.closing(writer):
        return True

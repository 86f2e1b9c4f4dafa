"""`reload`: let the running daemon apply a changed configuration."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.control import Answer
from seedance_watch.app.control import reload as ask
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.load import find_config, load
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.words import show_path

_PATIENCE_S = 3.0


def reload(*, config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None) -> int:
    """Let the running daemon apply a changed configuration; show what it changes.

    A paid call under way is finished first. With a configuration that is wrong nothing changes,
    and every complaint is shown.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    """
    try:
        settings = load(find_config(config))
    except ConfigError as error:
        say(f"seedance-watch: {error}\nnothing was changed: a daemon that runs goes on as before")
        return Exit.CONFIG
    answer = asyncio.run(_asked(settings.state_dir))
    if answer is None:
        where = show_path(settings.state_dir)
        say(
            f"seedance-watch: no daemon runs with the state_dir {where}; a new one reads it anyway"
        )
        return Exit.TRY_AGAIN
    (show if answer.obeyed else say)(answer.said)
    return Exit.OK if answer.obeyed else Exit.CONFIG


async def _asked(state_dir: Path) -> Answer | None:
    """Ask; say so when it takes a while."""
    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(ask(state_dir))
        if not (await asyncio.wait({asking}, timeout=_PATIENCE_S))[0]:
            say("seedance-watch: a call under way is finished first")
    return asking.result()

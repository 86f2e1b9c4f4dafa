"""`pause`, `resume`: a person stops what is paid at a provider, and lets it go on."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.obeying import give_all
from seedance_watch.app.providers import used
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.cli.patience import patiently
from seedance_watch.config.load import find_config, load
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.faces import log

_Config = Annotated[Path | None, Parameter(name=["--config", "-c"])]


def pause(*providers: str, config: _Config = None) -> int:
    """Pay for nothing new at a provider until it is resumed, also after a restart.

    What it has in work is asked about and fetched all the same.

    Parameters
    ----------
    providers
        Their names; without one all that the watched folders use.
    config
        The configuration; found as by `run`.
    """
    return _order(providers, config, paused=True)


def resume(*providers: str, config: _Config = None) -> int:
    """Let paused providers go on; one that turned everything away is tried again at once.

    Parameters
    ----------
    providers
        Their names; without one all.
    config
        The configuration; found as by `run`.
    """
    return _order(providers, config, paused=False)


def _order(providers: tuple[str, ...], config: Path | None, *, paused: bool) -> int:
    settings = load(find_config(config))
    every = sorted(used(settings)) if paused else list(settings.providers)
    orders = [LaneOrder(name, paused) for name in providers or every]
    log.configure(level="error")
    answers = asyncio.run(patiently(give_all(settings, orders)))
    for answer in answers:
        (show if answer.obeyed else say)(answer.said)
    return Exit.OK if all(answer.obeyed for answer in answers) else Exit.SOME_FAILED

"""`hold`, `release`, `cancel`, `adopt`, `resubmit`: what a person orders of jobs."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.control import give
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.load import find_config, load
from seedance_watch.core.orders import Act, Order
from seedance_watch.faces import log

_Config = Annotated[Path | None, Parameter(name=["--config", "-c"])]
_Anyway = Annotated[bool, Parameter(negative="")]


def hold(*jobs: str, config: _Config = None, anyway: _Anyway = False) -> int:
    """Let jobs wait until they are released; nothing is paid meanwhile.

    Parameters
    ----------
    jobs
        Their names, as `status` shows them.
    config
        The configuration; found as by `run`.
    anyway
        Also one that is paid, although its video may perish at the provider.
    """
    return _order(Act.HOLD, jobs, config, anyway=anyway)


def release(*jobs: str, config: _Config = None) -> int:
    """Let held jobs go on; a limit that still stands in the way holds them again.

    Parameters
    ----------
    jobs
        Their names, as `status` shows them.
    config
        The configuration; found as by `run`.
    """
    return _order(Act.RELEASE, jobs, config)


def cancel(*jobs: str, config: _Config = None, anyway: _Anyway = False) -> int:
    """Give jobs up; their originals go to failed/.

    Parameters
    ----------
    jobs
        Their names, as `status` shows them.
    config
        The configuration; found as by `run`.
    anyway
        Also one that is paid or may be, although its video is thrown away.
    """
    return _order(Act.CANCEL, jobs, config, anyway=anyway)


def adopt(job: str, task_id: str, /, *, config: _Config = None, anyway: _Anyway = False) -> int:
    """Tell a job in doubt under which task id the provider took it; nothing is paid again.

    One that adopted a wrong task can be told another.

    Parameters
    ----------
    job
        Its name, as `status` shows it.
    task_id
        The provider's name for the task, from the provider's own page.
    config
        The configuration; found as by `run`.
    anyway
        Also a task that another job has.
    """
    return _order(Act.ADOPT, (job,), config, task_id=task_id, anyway=anyway)


def resubmit(*jobs: str, config: _Config = None, anyway: _Anyway = False) -> int:
    """Pay for another attempt of jobs in doubt, or whose paid video is not to be had any more.

    The attempt before stays counted as spent.

    Parameters
    ----------
    jobs
        Their names, as `status` shows them.
    config
        The configuration; found as by `run`.
    anyway
        Also one that is under way, although that pays twice: the attempt before stays counted
        in the budgets, and its video is not fetched.
    """
    return _order(Act.RESUBMIT, jobs, config, anyway=anyway)


def _order(
    act: Act,
    jobs: tuple[str, ...],
    config: Path | None,
    *,
    task_id: str = "",
    anyway: bool = False,
) -> int:
    """Give the order for each job; say what came of it."""
    if not jobs:
        say(f"seedance-watch {act}: name the jobs; `seedance-watch status` lists them")
        return Exit.USAGE
    log.configure(level="warning")
    settings, code = load(find_config(config)), Exit.OK
    for job in jobs:
        answer = asyncio.run(give(settings, Order(act, job, task_id=task_id, anyway=anyway)))
        (show if answer.obeyed else say)(answer.said)
        code = code if answer.obeyed else Exit.SOME_FAILED
    return code

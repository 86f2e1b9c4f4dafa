"""`retry`, `hold`, `release`, `cancel`, `adopt`, `resubmit`: what a person orders of jobs."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.control import Answer
from seedance_watch.app.obeying import give_all
from seedance_watch.app.picked import Picked, Picker
from seedance_watch.app.reading import reading
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.cli.patience import patiently
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.orders import Act, Order
from seedance_watch.core.snapshot import Row
from seedance_watch.core.words import listing
from seedance_watch.faces import log

_WHICH = "name the jobs, or say --all-failed; `seedance-watch status` lists them"
_Jobs = Annotated[
    str,
    Parameter(help='Their names, labels, files, folders, or patterns over labels ("scenes/*").'),
]
_Config = Annotated[
    Path | None,
    Parameter(name=["--config", "-c"], help="The configuration; found as by `run`."),
]
_Anyway = Annotated[bool, Parameter(negative="")]
_AllHeld = Annotated[
    bool,
    Parameter(
        negative="",
        help='All held jobs; with words behind it those whose holds have these codes ("budget").',
    ),
]


def retry(
    *jobs: _Jobs,
    config: _Config = None,
    all_failed: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Drop the originals of jobs that failed or were cancelled once more: failed/ to the inbox.

    Nothing is overwritten. All takes of a drop are tried again together, as new jobs.

    Parameters
    ----------
    all_failed
        All whose originals still lie in failed/.
    """
    if bool(jobs) == all_failed:
        which = "either name the jobs or say --all-failed, not both" if jobs else _WHICH
        say(f"seedance-watch retry: {which}")
        return Exit.USAGE
    settings = load(find_config(config))
    with reading(settings) as reader:
        if reader is None:
            return _none_yet()
        picker = Picker(settings, reader, again=True)
        failed = [picker.every(lambda _: True, "failed or cancelled")] if all_failed else []
        picks = failed + [picker.pick(word) for word in jobs]
    return _given(settings, Order(Act.RETRY, ""), picks)


def hold(*jobs: _Jobs, config: _Config = None, anyway: _Anyway = False) -> int:
    """Let jobs wait until they are released; nothing is paid meanwhile.

    Parameters
    ----------
    anyway
        Also one that is paid, although its video may perish at the provider.
    """
    return _order(Order(Act.HOLD, "", anyway=anyway), jobs, config)


def release(*jobs: _Jobs, config: _Config = None, all_held: _AllHeld = False) -> int:
    """Let held jobs go on; a limit that still stands in the way holds them again."""
    return _order(Order(Act.RELEASE, ""), jobs, config, held=all_held)


def cancel(
    *jobs: _Jobs, config: _Config = None, anyway: _Anyway = False, all_held: _AllHeld = False
) -> int:
    """Give jobs up; their originals go to failed/.

    Parameters
    ----------
    anyway
        Also one that is paid or may be, although its video is thrown away.
    """
    return _order(Order(Act.CANCEL, "", anyway=anyway), jobs, config, held=all_held)


def adopt(job: str, task_id: str, /, *, config: _Config = None, anyway: _Anyway = False) -> int:
    """Tell a job in doubt under which task id the provider took it; nothing is paid again.

    One that adopted a wrong task can be told another.

    Parameters
    ----------
    job
        Its name, label or file, as long as it means one job.
    task_id
        The provider's name for the task, from the provider's own page.
    anyway
        Also a task that another job has.
    """
    settings = load(find_config(config))
    with reading(settings) as reader:
        if reader is None:
            return _none_yet()
        picked = Picker(settings, reader).pick(job)
    if len(picked.rows) > 1:
        say(f"{picked.said}; name the one that has the task")
        return Exit.SOME_FAILED
    return _given(settings, Order(Act.ADOPT, "", task_id=task_id, anyway=anyway), [picked])


def resubmit(*jobs: _Jobs, config: _Config = None, anyway: _Anyway = False) -> int:
    """Pay for another attempt of jobs in doubt, or whose paid video is not to be had any more.

    The attempt before stays counted as spent.

    Parameters
    ----------
    anyway
        Also one that is under way, although that pays twice: the attempt before stays counted
        in the budgets, and its video is not fetched.
    """
    return _order(Order(Act.RESUBMIT, "", anyway=anyway), jobs, config)


def _order(
    order: Order, words: tuple[str, ...], config: Path | None, *, held: bool = False
) -> int:
    """Give an order for every job that is meant; say which, and what came of it."""
    if not words and not held:
        say(f"seedance-watch {order.act}: name the jobs; `seedance-watch status` lists them")
        return Exit.USAGE
    settings = load(find_config(config))
    with reading(settings) as reader:
        if reader is None:
            return _none_yet()
        picker = Picker(settings, reader)
        picks = _held(picker, words) if held else [picker.pick(word) for word in words]
    return _given(settings, order, picks)


def _none_yet() -> int:
    say("there are no jobs yet: `run` has not been started here")
    return Exit.SOME_FAILED


def _held(picker: Picker, codes: tuple[str, ...]) -> list[Picked]:
    """Give all held jobs, or those whose holds have one of the codes."""
    known = picker.codes()
    wrong = [code for code in codes if code not in known]
    if wrong and known:
        now = listing(sorted(known), last="and", plain=True)
        said = f"no job is held with code {' or '.join(wrong)}; there are {now}"
        return [Picked(wrong=said)]
    about = f"held ({', '.join(codes)})" if codes else "held"
    return [picker.every(lambda row: row.held in codes if codes else bool(row.held), about)]


def _given(config: Config, order: Order, picks: list[Picked]) -> int:
    """Give the order for each job once; what nothing was matched by is an error."""
    for picked in picks:
        say(picked.wrong) if picked.wrong else show(picked.said) if picked.said else None
    rows = {_key(order, row): (row, picked.many) for picked in picks for row in picked.rows}
    orders = [replace(order, job_id=row.job_id) for row, _ in rows.values()]
    log.configure(level="warning")
    answers = asyncio.run(patiently(give_all(config, orders)))
    told = [
        _told(answer, many=many) for answer, (_, many) in zip(answers, rows.values(), strict=True)
    ]
    good = all(told) and not any(picked.wrong for picked in picks)
    return Exit.OK if good else Exit.SOME_FAILED


def _key(order: Order, row: Row) -> str:
    """Give what must be ordered once: all takes of a drop are tried again together."""
    return row.drop_id if order.act is Act.RETRY else row.job_id


def _told(answer: Answer, *, many: bool) -> bool:
    """Say what came of an order; False when it was refused.

    Of many jobs that a pattern matched, those with nothing left to do are no failure.
    """
    (show if answer.obeyed else say)(answer.said)
    return answer.obeyed or (answer.gone and many)

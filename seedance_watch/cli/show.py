"""`show`: a job's history with times and costs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from seedance_watch.app.asked import Asked
from seedance_watch.app.found import jobs_of
from seedance_watch.app.reading import reading
from seedance_watch.cli.exits import Exit, say
from seedance_watch.cli.exits import show as printed
from seedance_watch.cli.hearing import heard
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.load import find_config, load
from seedance_watch.core import story
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.snapshot import Row
from seedance_watch.core.why import Answer
from seedance_watch.core.words import printable
from seedance_watch.core.words import show as valued
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces import grid, times
from seedance_watch.faces.plain import plain


@dataclass(frozen=True, slots=True)
class _Life:
    """What is told of a job."""

    row: Row
    job: Job
    lines: list[story.Line]
    now: Answer


def show(
    *jobs: str,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show jobs: what was wished, what happened when, and what it cost. Only reads.

    Parameters
    ----------
    jobs
        Jobs, drops, or any file of theirs; as for `why`.
    config
        The configuration; found as by `run`.
    as_json
        One JSON object per job.
    """
    if not jobs:
        say("seedance-watch show: name a job; `seedance-watch status` lists them")
        return Exit.USAGE
    settings, code = load(find_config(config)), Exit.OK
    said = heard(settings.state_dir)
    with reading(settings) as reader:
        asked = Asked(settings, reader, said, RealClock().now())
        for text in jobs:
            rows = jobs_of(text, settings, reader) if reader else []
            if not rows:
                say(f"seedance-watch show: there is no job {printable(text)}")
                code = Exit.SOME_FAILED
            for row in rows:
                life = _life(row, asked)
                if as_json:
                    printed(json.dumps(_plain(life)))
                else:
                    _print(life, zone_of(settings), asked.now)
    return code


def _life(row: Row, asked: Asked) -> _Life:
    assert asked.reader is not None
    records = asked.reader.history(row.job_id)
    job, lines = fold(row.job_id, records), list(story.told(records))
    return _Life(row, job, lines, asked.job(row).answer)


def _plain(life: _Life) -> dict[str, Any]:
    spec = life.job.prepared.spec if life.job.prepared else None
    return {
        **plain(life.row),
        "prompt": spec.prompt if spec else None,
        "params": plain(spec.params) if spec else {},
        "start_from": life.job.claim.start_from,
        "start": life.job.prepared.start if life.job.prepared else "",
        "spent": plain(life.job.spendings),
        "history": plain(life.lines),
        "now": plain(life.now),
    }


def _print(life: _Life, zone: tzinfo, now: float) -> None:
    console = Console()
    for line in _head(life):
        printed(line)
    rows = [_cells(line, zone, now) for line in life.lines]
    grid.print_grid(("event", "when", "after", "what", "cost"), rows, console)
    printed("")


def _head(life: _Life) -> Iterator[str]:
    """Say what was wished, how it stands and what it cost."""
    row, job = life.row, life.job
    yield f"{row.job_id}: {printable(row.label)} of {printable(row.watch)}"
    yield f"  now: {printable(' '.join(life.now.said.split()))}"
    if job.prepared:
        spec = job.prepared.spec
        yield f"  wish: {valued(spec.prompt, most=200)}"
        yield "  with: " + ", ".join(
            f"{name} = {valued(each)}" for name, each in spec.params.items()
        )
    if job.claim.start_from:
        of = f" (job {job.prepared.start})" if job.prepared else ""
        yield f"  starts from: {printable(job.claim.start_from)}{of}"
    spent = [f"{each.amount} at {each.provider}" for each in job.spendings]
    yield f"  spent: {', '.join(spent) or 'nothing'}"


def _cells(line: story.Line, zone: tzinfo, now: float) -> tuple[str, ...]:
    waits = f" ({times.until(line.until, zone, now=line.at)})" if line.until else ""
    return (
        str(line.seq),
        times.moment(line.at, zone, now=now),
        f"{line.after_s:.1f} s",
        printable(" ".join(line.said.split()) + waits),
        str(line.cost or ""),
    )

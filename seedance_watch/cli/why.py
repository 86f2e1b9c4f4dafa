"""`why`: one answer why a file or a job stands as it does."""

import json
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.asked import Asked, Told
from seedance_watch.app.reading import reading
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.cli.hearing import heard
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.load import find_config, load
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces import times


def why(
    *what: str,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Say why a file or a job stands as it does, until when, and what can be done. Only reads.

    Parameters
    ----------
    what
        Jobs, drops, or files: in an inbox, an outbox, in done/, failed/ or held/, or taken from
        there since.
    config
        The configuration; found as by `run`.
    as_json
        One JSON object per answer.
    """
    if not what:
        say("seedance-watch why: name a file or a job; `seedance-watch status` lists the jobs")
        return Exit.USAGE
    settings, now = load(find_config(config)), RealClock().now()
    said = heard(settings.state_dir)
    with reading(settings) as reader:
        asked = Asked(settings, reader, said, now)
        told = [each for text in what for each in asked.why(text)]
    for each in told:
        show(json.dumps(plain(each)) if as_json else worded(each, zone_of(settings), now=now))
    unknown = any(each.answer.code == "unknown" for each in told)
    return Exit.SOME_FAILED if unknown else Exit.OK


def worded(told: Told, zone: tzinfo, *, now: float) -> str:
    """Write an answer for people: what is so, until when, what to do."""
    answer, row = told.answer, told.row
    about = f"{told.about} ({row.label})" if row and row.label != told.about else told.about
    lines = [f"{about}: {answer.said}"]
    lines += [times.until(answer.until, zone, now=now)] if answer.until else []
    lines += [f"to do: {answer.cure}"] if answer.cure else []
    return "\n  ".join("\n".join(lines).splitlines())


def plain(told: Told) -> dict[str, object]:
    """Give an answer as JSON has it."""
    row, answer = told.row, told.answer
    return {
        "about": told.about,
        "job": row.job_id if row else None,
        "drop": row.label if row else None,
        "state": row.state if row else None,
        "code": answer.code,
        "said": answer.said,
        "until": answer.until,
        "cure": answer.cure,
    }

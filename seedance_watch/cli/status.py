"""`status`: the jobs and where they stand, beside a running daemon or without one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from seedance_watch.app.build import JOURNAL
from seedance_watch.cli.exits import show
from seedance_watch.config.load import find_config, load
from seedance_watch.core.snapshot import Row
from seedance_watch.faces.table import print_rows
from seedance_watch.journal.reader import SqliteReader

_SIDES = {"all": None, "open": False, "ended": True}


def status(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    which: Literal["all", "open", "ended"] = "all",
    limit: int = 50,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Show the jobs, the last changed first. Only reads; works while the daemon runs.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    which
        All jobs, the open ones, or those that have ended.
    limit
        Most jobs to show.
    as_json
        One JSON object per line instead of a table.
    """
    reader = SqliteReader(load(find_config(config)).state_dir / JOURNAL)
    try:
        rows = reader.rows(limit=limit, at_rest=_SIDES[which])
    finally:
        reader.close()
    if as_json:
        for row in rows:
            show(json.dumps(_plain(row)))
    else:
        print_rows(rows)


def _plain(row: Row) -> dict[str, object]:
    """Give a row as JSON has it: amounts as text, so that nobody rounds them."""
    cost = {"amount": str(row.cost.amount), "unit": row.cost.unit} if row.cost else None
    return {**asdict(row), "cost": cost}

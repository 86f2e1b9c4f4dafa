"""`spend`: what was spent, by day, folder, provider and model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from seedance_watch.app.reading import reading
from seedance_watch.cli.exits import show
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.load import find_config, load
from seedance_watch.core import spent
from seedance_watch.core.spent import KEYS, Spent
from seedance_watch.core.words import printable
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces.grid import print_grid
from seedance_watch.faces.plain import plain


def spend(
    *,
    by: Annotated[
        tuple[Literal["day", "watch", "provider", "model"], ...], Parameter(negative="")
    ] = (),
    days: int = 31,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Show what was spent or is reserved, and the totals. Only reads.

    Parameters
    ----------
    by
        Add up what is alike in this; may be given several times. Default: day, watch, provider
        and model. Different providers are never added: each has a unit of its own.
    days
        The last so many days, today included, in the operator's time zone; 0 for all.
    config
        The configuration; found as by `run`.
    as_json
        One JSON object per line.
    """
    settings = load(find_config(config))
    zone = zone_of(settings)
    since = spent.since(days, RealClock().now(), zone)
    with reading(settings) as reader:
        found = reader.spendings(since, zone) if reader else []
    rows = spent.sums(found, by or KEYS)
    if as_json:
        for each in rows:
            show(json.dumps(plain(each)))
        return
    _print(rows, spent.sums(found, ()), by or KEYS)


def _print(rows: list[Spent], totals: list[Spent], by: Sequence[str]) -> None:
    names = tuple(key for key in KEYS if key in by or key == "provider")
    if not rows:
        show("nothing was spent")
        return
    lines = [_cells(each, names) for each in rows]
    right = frozenset({"attempts", "amount"})
    print_grid((*names, "attempts", "amount"), lines, Console(), right=right)
    for each in totals:
        attempts = "1 attempt" if each.attempts == 1 else f"{each.attempts} attempts"
        show(f"total {each.provider}: {each.amount} in {attempts}")


def _cells(each: Spent, names: Sequence[str]) -> tuple[str, ...]:
    told = (printable(getattr(each, name)) for name in names)
    return (*told, str(each.attempts), str(each.amount))

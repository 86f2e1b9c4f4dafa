"""`plan`: what would be paid for now, in which order, at which cost, against which limits."""

import json
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from seedance_watch.app.planned import Planner
from seedance_watch.app.reading import reading
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.cli.hearing import heard
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.load import find_config, load
from seedance_watch.core.plan import Entry, Plan
from seedance_watch.core.words import printable
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces import times
from seedance_watch.faces.grid import print_grid
from seedance_watch.faces.plain import plain

_NAMES = ("no", "drop", "provider", "model", "cost", "when", "why")


def plan(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show what would be paid for now, in which order and at which cost, and what would not.

    Open jobs and what lies in the inboxes. Only reads: nothing is claimed, uploaded or paid.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    as_json
        One JSON object with everything.
    """
    settings, now = load(find_config(config)), RealClock().now()
    said = heard(settings.state_dir)
    with reading(settings) as reader:
        found, troubles = Planner(settings, reader, said, now).plan()
    for each in troubles:
        say(f"seedance-watch plan: cannot look into {each}")
    if as_json:
        show(json.dumps({"at": now, **plain(found)}))
    else:
        _print(found, zone_of(settings), now)
    return Exit.TRY_AGAIN if troubles else Exit.OK


def _print(found: Plan, zone: tzinfo, now: float) -> None:
    if not found.entries:
        show("nothing waits to be paid for")
    else:
        rows = [_cells(each, zone, now) for each in found.entries]
        print_grid(_NAMES, rows, Console(), right=frozenset({"no", "cost"}))
    for line in _sums(found, zone, now):
        show(line)


def _cells(entry: Entry, zone: tzinfo, now: float) -> tuple[str, ...]:
    wish, verdict = entry.wish, entry.verdict
    take = f" take {wish.take}" if wish.takes > 1 else ""
    ends = f" {times.until(verdict.until, zone, now=now)}" if verdict.until else ""
    return (
        str(entry.number or "-"),
        printable(wish.drop) + take,
        wish.provider,
        wish.model,
        str(wish.cost or ""),
        verdict.code + ends,
        printable("; ".join(verdict.said.splitlines())),
    )


def _sums(found: Plan, zone: tzinfo, now: float) -> Iterator[str]:
    """Say what it comes to, and what is left of each limit."""
    for provider, amount in found.totals.items():
        count = sum(1 for each in found.entries if each.number and each.wish.provider == provider)
        yield f"{provider}: {count} video(s) for {amount}"
    for view in found.budgets:
        more = found.planned.get(view.cap.key, view.spent.none())
        ends = f" {times.until(view.until, zone, now=now)}" if view.until else ""
        said = f"{view.spent.digits} spent and {more.digits} planned of {view.cap.most}"
        yield f"{view.cap.key}: {said}{ends}"

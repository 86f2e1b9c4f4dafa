"""How everything stands, beside a running daemon or without one."""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seedance_watch.app.asking import live
from seedance_watch.app.picture import take
from seedance_watch.app.reading import reading
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.snapshot import Row, Snapshot
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces.board import board, print_board, write_board
from seedance_watch.faces.plain import of_snapshot

if TYPE_CHECKING:
    from rich.console import Console

_EVERY_S = 1.0
_HEAD = 12  # lines above the jobs that a terminal should have room for
Which = Literal["all", "open", "ended"]
Look = Callable[[], Snapshot]


def tell(
    config: Path | None = None,
    *,
    which: Which = "all",
    limit: int = 50,
    watch: bool = False,
    as_json: bool = False,
) -> int:
    """Show how everything stands; see `status`."""
    settings, console = load(find_config(config)), _terminal()
    if watch and not console:
        say("seedance-watch status: --watch needs a terminal; without it one look is printed")
        return Exit.USAGE
    look = _look(settings, which, limit)
    if as_json:
        show(json.dumps(of_snapshot(look())))
    elif watch and console:
        with contextlib.suppress(KeyboardInterrupt):
            _watch(look, settings, console)
    else:
        snapshot = look()
        _show(snapshot, jobs(snapshot, limit), settings, console)
    return Exit.OK


def _terminal() -> "Console | None":
    """Give the terminal that is written to; None: a pipe or a file, and nothing is loaded."""
    if not sys.stdout.isatty() and not {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys():
        return None
    from rich.console import Console  # noqa: PLC0415 - takes long to load

    console = Console()
    return console if console.is_terminal else None


def _show(snapshot: Snapshot, rows: list[Row], config: Config, console: "Console | None") -> None:
    if console:
        print_board(snapshot, rows, zone_of(config), console)
    else:
        write_board(snapshot, rows, zone_of(config), sys.stdout)


def _look(config: Config, which: Which, limit: int) -> Look:
    """Give what looks once."""
    most = {"open_most": 0 if which == "ended" else limit, "ended_most": limit}
    most |= {"ended_most": 0} if which == "open" else {}

    def look() -> Snapshot:
        said = live(config.state_dir)
        with reading(config) as reader:
            return take(config, reader, said, now=RealClock().now(), **most)

    return look


def jobs(snapshot: Snapshot, most: int) -> list[Row]:
    """Give the jobs, those at rest last, the last changed first."""
    return [*snapshot.open, *snapshot.ended][:most]


def _watch(look: Look, config: Config, console: "Console") -> None:
    """Show it anew every second, until interrupted."""
    from rich.live import Live as Screen  # noqa: PLC0415 - takes long to load

    zone = zone_of(config)
    with Screen(console=console, screen=True, auto_refresh=False) as screen:
        while True:
            snapshot = look()
            rows = jobs(snapshot, max(5, console.height - _HEAD))
            screen.update(board(snapshot, rows, zone, width=console.width), refresh=True)
            time.sleep(_EVERY_S)

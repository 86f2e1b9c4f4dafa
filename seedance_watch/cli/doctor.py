"""`doctor`: a table of checks, each with what to do."""

import asyncio
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seedance_watch.app.doctor import folders, outside
from seedance_watch.app.doctor.check import Check, Grade, broken, good
from seedance_watch.app.doctor.page import page
from seedance_watch.cli.exits import Exit, show
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.words import printable_lines
from seedance_watch.engine.threads import Threads
from seedance_watch.faces import log

_STYLES = {Grade.GOOD: "green", Grade.WARNING: "yellow", Grade.BROKEN: "bold red"}


def doctor(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Check everything that could keep jobs from being done; say what to do. Pays for nothing.

    Exits with 1 when something is broken. Folders are tried by a real write and a real rename,
    which leave nothing behind.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    as_json
        One JSON object with everything.
    """
    log.configure(level="critical")
    found = asyncio.run(_examined(config))
    counts = Counter(each.grade for each in found)
    if as_json:
        told = {"broken": counts[Grade.BROKEN], "warnings": counts[Grade.WARNING]}
        show(json.dumps({**told, "checks": [asdict(each) for each in found]}))
    else:
        _print(found)
    return Exit.SOME_FAILED if counts[Grade.BROKEN] else Exit.OK


async def _examined(path: Path | None) -> list[Check]:
    Threads.installed()  # a drive that hangs must not keep the command from ending
    try:
        config = load(find_config(path))
    except ConfigError as error:
        return [
            broken("configuration", str(error), "correct it; `seedance-watch check` says more")
        ]
    return [good("configuration", str(config.file)), *await _all(config)]


async def _all(config: Config) -> list[Check]:
    found = [*await asyncio.to_thread(lambda: list(folders.state(config)))]
    found += await folders.folders(config)
    found += [*folders.limits_of_files(), folders.user()]
    found += await outside.providers(config)
    found += [*await outside.daemon(config), *await page(config)]
    return found + await outside.unit()


def _print(found: list[Check]) -> None:
    """Print a table on a terminal, else plain lines."""
    console = Console()
    if not console.is_terminal:
        for each in found:
            cure = f" -> {each.cure}" if each.cure else ""
            show(f"{each.grade}\t{each.about}\t{each.said}{cure}")
        return
    table = Table("check", "", "what is so", "what to do", box=None, pad_edge=False)
    for each in found:
        grade = Text(each.grade, _STYLES.get(each.grade, ""))
        words = (printable_lines(text) for text in (each.said, each.cure))
        table.add_row(Text(each.about), grade, *(Text(text, overflow="fold") for text in words))
    console.print(table)

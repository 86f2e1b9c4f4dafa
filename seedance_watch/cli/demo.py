"""`demo`: everything once, with no account and no network."""

import asyncio
from pathlib import Path

from rich.console import Console

from seedance_watch.app.demo import play
from seedance_watch.cli.exits import Exit, say
from seedance_watch.config.load import NAME
from seedance_watch.core.model import State
from seedance_watch.faces import log
from seedance_watch.faces.progress import Bars

_FOLDERS = ("outbox", "done", "failed")


def demo(folder: Path = Path("seedance-demo"), /) -> int:
    """Make sample videos with the built-in sandbox: no account, no network, nothing paid.

    Drops a plain shot, one with an end frame, one with two takes, one for another provider and
    one with a mistake into a new studio folder, and runs the real daemon on them.

    Parameters
    ----------
    folder
        The studio folder to make; it must not hold a studio already.
    """
    if (folder / NAME).exists():
        say(f"seedance-watch demo: {folder} holds a studio already; name another folder")
        return Exit.CANNOT_CREATE
    console = Console()
    log.configure(level="error")
    bars = Bars(console)
    with bars.shown():
        ended = asyncio.run(play(folder, (bars.heard,)))
    _tell(folder, console)
    # One of the shots has a mistake on purpose: that it fails is part of the demo.
    return Exit.OK if ended[State.DONE] and ended[State.FAILED] == 1 else Exit.BUG


def _tell(folder: Path, console: Console) -> None:
    """Show what lies where now."""
    for name in _FOLDERS:
        console.print(f"\n{folder / name}/", style="bold", highlight=False)
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and ".seedance" not in path.parts:
                console.print(
                    f"  {path.name:<24} {path.stat().st_size:>9,} bytes", highlight=False
                )
    note = next((folder / "failed").glob("*.failed.txt"), None)
    if note:
        console.print(f"\nWhy one failed, as {note.name} says:", style="bold", highlight=False)
        lines = (line for line in note.read_text(encoding="utf-8").splitlines() if line)
        for line in lines:
            if line.startswith("#"):
                console.print(f"  {line.removeprefix('#').strip()}", highlight=False, markup=False)
    console.print(f"\nThe jobs: seedance-watch status --config {folder / NAME}", highlight=False)

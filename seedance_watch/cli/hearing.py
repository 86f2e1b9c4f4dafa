"""What the running daemon says, for commands that read; one that says nothing is told of."""

from pathlib import Path

from seedance_watch.app.asking import live
from seedance_watch.cli.exits import say
from seedance_watch.core.snapshot import Live


def heard(state_dir: Path) -> Live | None:
    """Ask the daemon how things stand; None when none runs."""
    found = live(state_dir)
    if found and found.silent:
        say(f"seedance-watch: process {found.process} {found.silent}; what it knows is missing")
    return found

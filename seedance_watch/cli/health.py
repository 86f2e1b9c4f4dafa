"""`health`: whether the daemon works, for container managers and monitors."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.asking import live
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.load import find_config, load
from seedance_watch.core.health import ills, notes


def health(*, config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None) -> int:
    """Say whether the daemon runs and every loop in it makes progress: exit code 0, else 1.

    What waits for somebody outside (no credits, a share that is not mounted) is said, and is no
    illness: a restart would not cure it.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    """
    found = live(load(find_config(config)).state_dir)
    wrong = ills(found) if found else ["no daemon runs"]
    for each in wrong:
        say(f"seedance-watch: {each}")
    for each in notes(found) if found else []:
        show(each)
    if not wrong:
        show("well")
    return Exit.SOME_FAILED if wrong else Exit.OK

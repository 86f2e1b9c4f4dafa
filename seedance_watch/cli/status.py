"""`status`: how everything stands."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.cli.standing import Which, tell


def status(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    which: Which = "all",
    limit: int = 50,
    watch: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Show how many jobs stand where, lanes, limits and folders, then the jobs. Only reads.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    which
        All jobs, the open ones, or those that have ended.
    limit
        Most jobs to show.
    watch
        Show it anew every second until Ctrl-C; on a terminal only.
    as_json
        One JSON object with everything.
    """
    return tell(config, which=which, limit=limit, watch=watch, as_json=as_json)

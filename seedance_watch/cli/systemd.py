"""`systemd`: a unit that runs the daemon as a service, for this configuration."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.unit import Unit
from seedance_watch.cli.exits import say, show
from seedance_watch.config.load import find_config, load

_PLACES = {False: "/etc/systemd/system", True: "~/.config/systemd/user"}


def systemd(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    user: Annotated[bool, Parameter(negative="")] = False,
    account: str = "seedance-watch",
) -> None:
    """Print a systemd unit for this configuration; where it belongs is said beside it.

    It names the configured folders: print it anew when they change.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    user
        For your own service manager instead of the system's: needs no root, is sandboxed less.
    account
        Who the daemon runs as, USER or USER:GROUP; must be able to work in the folders.
    """
    settings = load(find_config(config))
    program = Path(sys.prefix) / "bin" / "seedance-watch"
    unit = Unit(settings, program, account="" if user else account)
    show(unit.text())
    for remark in unit.remarks():
        say(f"seedance-watch: {remark}")
    say(
        _HOW.format(
            place=f"{_PLACES[user]}/seedance-watch.service",
            again=shlex.join(["seedance-watch", "systemd", *(["--user"] if user else [])]),
            systemctl="systemctl --user" if user else "systemctl",
        )
    )


_HOW = """\
seedance-watch: this belongs into {place}; then run:
  {systemctl} daemon-reload
  {systemctl} enable --now seedance-watch"""

"""`run`: the daemon in the foreground."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.cli.foreground import work


def run(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    once: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Watch the inboxes and make videos, in the foreground, until stopped.

    Ctrl-C or SIGTERM stops it: no new step is begun, a paid call under way is finished and
    recorded. A second one stops it at once, which is as harmless as a crash. SIGHUP applies a
    changed configuration, as `reload` does.

    Parameters
    ----------
    config
        The configuration. Default: $SEEDANCE_WATCH_CONFIG, ./seedance-watch.toml, the user's
        own, /etc/seedance-watch/config.toml.
    once
        Work off what lies in the inboxes, then exit: 0 all done (also what only points to a video
        that exists), 1 something failed, is held, waits for its sidecar, image or end image, or
        for a provider that takes nothing (no key, no credits), 75 a folder cannot be worked in;
        what waits is named. What is paid is waited for.
    """
    return work(config, once=once)

"""`sandbox`: the emulator of the providers, for rehearsals and other people's tests."""

import errno
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.sandbox.faults import FaultError, parse_fault
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.knob_text import KnobError, parse_knobs
from seedance_watch.sandbox.server import Sandbox, serve


def sandbox(
    *,
    host: str = "127.0.0.1",
    port: int = 8790,
    time_factor: float = 1.0,
    knob: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    fault: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    ledger: Path | None = None,
) -> int:
    """Serve an emulator of Rivya and Segmind until Ctrl-C; nothing is paid.

    Every knob, fault and control endpoint is in docs/SANDBOX.md.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on; 0 takes a free one.
    time_factor
        0 finishes every video at once, 1 takes as long as the real services.
    knob
        A choice of behaviour, NAME=VALUE; may be given many times.
    fault
        A fault to inject, such as reset_after@rivya.create,nth=2; may be given many times.
    ledger
        A file that follows every charge, one JSON line each.
    """
    try:
        knobs = parse_knobs([f"time_factor={time_factor}", *knob])
        faults = [parse_fault(each) for each in fault]
    except (KnobError, FaultError) as error:
        say(f"seedance-watch sandbox: {error}")
        return Exit.USAGE
    try:
        serve(host, port, knobs, ready=_announce, ledger_path=ledger, faults=faults)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        say(f"seedance-watch sandbox: port {port} is in use; --port 0 takes a free one")
        return Exit.CANNOT_CREATE
    return Exit.OK


_HOW = """\
For a rehearsal: `seedance-watch init rehearsal`, and in its configuration
  [providers.rivya]
  base_url = "{url}"
  [providers.segmind]
  base_url = "{url}"
  storage_url = "{url}"
  history_url = "{url}"
Then, where seedance-watch runs: export RIVYA_API_KEY={rivya} SEGMIND_API_KEY={segmind}"""


def _announce(running: Sandbox) -> None:
    """Say where it is and how to use it."""
    show(f"sandbox of Rivya and Segmind on {running.url}, nothing is paid; Ctrl-C ends it")
    show(_HOW.format(url=running.url, rivya=RIVYA_KEY, segmind=SEGMIND_KEY))

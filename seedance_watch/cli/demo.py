"""`demo`: everything once, with no account and no network."""

import asyncio
import contextlib
import importlib.util
import signal
import socket
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from seedance_watch.app.demo import play, show
from seedance_watch.app.service import Service
from seedance_watch.cli.exits import Exit, say
from seedance_watch.config.load import NAME
from seedance_watch.core.model import State
from seedance_watch.faces import log
from seedance_watch.faces.progress import Bars

_PORT = 8470
_FOLDERS = ("outbox", "done", "failed")


def demo(
    folder: Path = Path("seedance-demo"),
    /,
    *,
    page: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Make sample videos with the built-in sandbox: no account, no network, nothing paid.

    Drops a plain shot, one with an end frame, one with two takes, one for another provider and
    one with a mistake into a new studio folder, and runs the real daemon on them.

    Parameters
    ----------
    folder
        The studio folder to make; it must not hold a studio already.
    page
        Show it all on a page for browsers as well, until Ctrl-C; more can be dropped there.
    """
    if page and importlib.util.find_spec("jinja2") is None:
        say("seedance-watch demo: --page needs Jinja2: pip install 'seedance-watch[web]'")
        return Exit.CONFIG
    if (folder / NAME).exists():
        say(f"seedance-watch demo: {folder} holds a studio already; name another folder")
        return Exit.CANNOT_CREATE
    console = Console()
    log.configure(level="error")
    if page:
        asyncio.run(show(folder, _free(), partial(_begun, console)))
        return Exit.OK
    bars = Bars(console)
    with bars.shown():
        ended = asyncio.run(play(folder, (bars.heard,)))
    _tell(folder, console)
    # One of the shots has a mistake on purpose: that it fails is part of the demo.
    return Exit.OK if ended[State.DONE] and ended[State.FAILED] == 1 else Exit.BUG


def _begun(console: Console, service: Service) -> None:
    """Say where the page is, and let Ctrl-C end it."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, service.ask_to_stop)
    address = f"http://{service.config.web.listen}/"
    console.print(f"The page: {address}   (Ctrl-C ends it)", highlight=False)


def _free() -> str:
    """Give the page's usual address, another one of this machine where that is taken."""
    for port in (_PORT, 0):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)) as server:
            return f"127.0.0.1:{server.getsockname()[1]}"
    return f"127.0.0.1:{_PORT}"


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

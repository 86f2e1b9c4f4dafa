"""The question to a running daemon how things stand; without a loop, which is slow to load."""

import contextlib
import os
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seedance_watch.core.snapshot import Live

SOCKET = "control.sock"
LOOK = b'"live"\n'
LOOK_MOST_BYTES = 64 << 20
_PATIENCE_S = 5.0


@cache
def lives() -> TypeAdapter[Live]:
    """Give what translates the answer."""
    return TypeAdapter(Live)


def live(state_dir: Path) -> Live | None:
    """Ask the daemon how things stand; None when none runs, or it does not answer."""
    try:
        with reachable(state_dir) as path, socket.socket(socket.AF_UNIX) as daemon:
            daemon.settimeout(_PATIENCE_S)
            daemon.connect(path)
            daemon.sendall(LOOK)
            answer = daemon.makefile("rb").readline(LOOK_MOST_BYTES)
        return lives().validate_json(answer) if answer else None
    except (OSError, ValidationError):
        return None


@contextlib.contextmanager
def reachable(state_dir: Path) -> Iterator[str]:
    """Give the socket's path in a form that fits an address, however long the real one is."""
    folder = os.open(state_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)

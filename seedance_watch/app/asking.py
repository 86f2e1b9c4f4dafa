"""The question to a running daemon how things stand; without a loop, which is slow to load."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seedance_watch.core.snapshot import Live

SOCKET = "control.sock"
LOOK = b'"live"\n'
LOOK_MOST_BYTES = 64 << 20
_PATIENCE_S = 5.0
_PEER = struct.Struct("3i")  # process, user, group of who listens
BEGINS = "is just beginning: it reads the journal"
HANGS = (
    "does not answer: it hangs, or the machine is very busy; if that lasts, stop it with "
    "`kill -9` and start it again, nothing is lost by that"
)


@cache
def lives() -> TypeAdapter[Live]:
    """Give what translates the answer."""
    return TypeAdapter(Live)


def live(state_dir: Path) -> Live | None:
    """Ask the daemon how things stand; None when none runs.

    One that runs and says nothing is given with the reason in `silent`.
    """
    try:
        with reachable(state_dir) as path, socket.socket(socket.AF_UNIX) as daemon:
            daemon.settimeout(_PATIENCE_S)
            daemon.connect(path)
            peer = daemon.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
            return _said(daemon, _PEER.unpack(peer)[0])
    except OSError:
        return None


def _said(daemon: socket.socket, process: int) -> Live | None:
    """Give the answer of a daemon that listens; None where it has just ended."""
    try:
        daemon.sendall(LOOK)
        answer = daemon.makefile("rb").readline(LOOK_MOST_BYTES)
        if not answer:
            return None
        return lives().validate_json(answer) if answer.strip() else _silent(process, BEGINS)
    except TimeoutError:
        return _silent(process, HANGS)
    except ValidationError:
        return _silent(process, "is of another version: restart it")


def _silent(process: int, why: str) -> Live:
    return Live(process, "", 0.0, silent=why)


@contextlib.contextmanager
def reachable(state_dir: Path) -> Iterator[str]:
    """Give the socket's path in a form that fits an address, however long the real one is."""
    folder = os.open(state_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)

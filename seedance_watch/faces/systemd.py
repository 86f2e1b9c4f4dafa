"""What the service manager is told: that we are ready, that we live, and one line for people.

The protocol is one datagram of `NAME=value` lines to the socket named by $NOTIFY_SOCKET, which
may be a path or, with "@", an abstract name. Without that variable nothing is sent.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from seedance_watch.core.health import ills, notes
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Snapshot
from seedance_watch.core.words import printable

_PATIENCE_S = 1.0
_LONGEST = 500  # characters of a status line; `systemctl status` shows one
_TAKEN_IN = frozenset({State.NEW, State.CLAIMING, State.CLAIMED, State.PREPARED, State.STAGED})
_ENDED = frozenset({State.DONE, State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Manager:
    """The service manager.

    Attributes:
        address: Where it listens, "" when there is none.
        watchdog_s: How long it waits for a sign of life, seconds; None: it waits for none.
    """

    address: str = ""
    watchdog_s: float | None = None

    @classmethod
    def found(cls, environ: Mapping[str, str], *, process: int) -> Self:
        """Find out from the environment who started us.

        Args:
            environ: The environment.
            process: Our own process id; signs of life may be asked of another one.
        """
        asked = environ.get("WATCHDOG_PID", str(process)) == str(process)
        microseconds = environ.get("WATCHDOG_USEC", "")
        watchdog_s = int(microseconds) / 1e6 if asked and microseconds.isdecimal() else None
        return cls(environ.get("NOTIFY_SOCKET", ""), watchdog_s or None)

    def tell(self, **told: object) -> None:
        """Send a message; a manager that does not listen is none of our concern."""
        if not self.address:
            return
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        message = "\n".join(f"{name}={value}" for name, value in told.items())
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender,
        ):
            sender.settimeout(_PATIENCE_S)
            sender.sendto(message.encode(), address)


def status_line(snapshot: Snapshot) -> str:
    """Say in one line what is running, what waits and what is held."""
    return printable("; ".join(_parts(snapshot)))[:_LONGEST]


def _parts(snapshot: Snapshot) -> Iterator[str]:
    states, held = snapshot.states(), snapshot.held()
    waiting = sum(count for state, count in states.items() if state in _TAKEN_IN)
    going = sum(states.values()) - waiting - sum(states[state] for state in _ENDED)
    counted = [f"{going} running"] * bool(going) + [f"{waiting} waiting"] * bool(waiting)
    if held:
        whys = ", ".join(f"{code} {count}" for code, count in sorted(held.items()))
        counted.append(f"{sum(held.values())} held ({whys})")
    yield ", ".join(counted) or "nothing to do"
    if snapshot.live:
        yield from ills(snapshot.live)
        yield from notes(snapshot.live)

"""Memory, and processor time while all is waiting."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.stage import Process, Stage, stage, until

_LONG = {"rivya_queue_s": (0.0, 0.0), "rivya_processing_s": (1e6, 1e6)}


@dataclass(frozen=True, slots=True)
class Rest:
    """How a daemon rests.

    Attributes:
        mib: Resident memory of the daemon's process.
        all_mib: Of it and its decoders, shared pages counted once.
        cpu: Share of a core that it uses.
    """

    mib: float
    all_mib: float
    cpu: float


def idle(rest_s: float) -> Rest:
    """An empty inbox."""
    with stage() as scene, scene.daemon() as process:
        return _rest(process, rest_s)


def in_flight(jobs: int, rest_s: float) -> Rest:
    """Jobs that the provider has in work; nobody is asked about for an hour."""
    with _full(jobs, seats=jobs) as (scene, process):
        until(lambda: len(scene.sandbox.tasks()) == jobs)
        return _rest(process, rest_s)


def waiting(jobs: int, rest_s: float) -> tuple[Rest, Rest]:
    """Jobs that wait for the only seat at the provider; then there is a seat for each."""
    with _full(jobs, seats=1) as (scene, process):
        waited = _rest(process, rest_s)
        text = scene.studio.config.read_text()
        scene.studio.config.write_text(text.replace("in_flight = 1\n", f"in_flight = {jobs}\n"))
        process.popen.send_signal(signal.SIGHUP)
        until(lambda: len(scene.sandbox.tasks()) == jobs)
        time.sleep(6 * rest_s)  # what so many leave to be done ends half a minute later
        return waited, _rest(process, rest_s)


@contextmanager
def _full(jobs: int, *, seats: int) -> Iterator[tuple[Stage, Process]]:
    """Drop so many and wait until all are taken in, made ready and quiet."""
    with stage(time_factor=1.0, seats=seats, **_LONG) as scene:
        text = scene.studio.config.read_text().replace("_first_s = 0.02", "_first_s = 3600")
        scene.studio.config.write_text(text)
        pairs = scene.pairs(jobs)
        with scene.daemon() as process:
            for pair in pairs:
                scene.drop(pair)
            until(lambda: len(scene.studio.seen("inbox")) == 0, every_s=1.0)
            yield scene, process


def _rest(process: Process, rest_s: float) -> Rest:
    """Wait until it is quiet, then look for some seconds."""
    until(lambda: _cpu(process, rest_s / 2) < 0.1, every_s=0.0)
    cpu = _cpu(process, rest_s)
    return Rest(process.own_mib(), process.memory_mib(), cpu)


def _cpu(process: Process, seconds: float) -> float:
    """Give which share of a core it uses for so long."""
    cpu_s, begun_s = process.cpu_s(), time.monotonic()
    time.sleep(seconds)
    return (process.cpu_s() - cpu_s) / (time.monotonic() - begun_s)

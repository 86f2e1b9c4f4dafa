"""From the last rename or close of a drop to the paid call, as the sandbox saw it."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.stage import Stage, stage, until

Way = Callable[[Stage, tuple[Path, Path]], None]
_LOOK_S = 0.005
_REST_S = 0.1


@dataclass(frozen=True, slots=True)
class Waits:
    """How long drops waited, seconds."""

    p50_s: float
    p99_s: float
    worst_s: float


def waits(seen_s: list[float]) -> Waits:
    """Sum up."""
    cut = statistics.quantiles(seen_s, n=100, method="inclusive")
    return Waits(cut[49], cut[98], max(seen_s))


def renamed(scene: Stage, pair: tuple[Path, Path]) -> None:
    """Drop as a mover does."""
    scene.drop(pair)


def written(scene: Stage, pair: tuple[Path, Path]) -> None:
    """Drop as a copier does: open, write, close."""
    for path in pair:
        (scene.studio.inbox / path.name).write_bytes(path.read_bytes())


def ours(drops: int, way: Way, *, beside: int = 0) -> Waits:
    """Drop one pair after the other and wait for each one's paid call.

    Args:
        drops: How many.
        way: How they are dropped.
        beside: How many others are dropped meanwhile, twenty a second.
    """
    with stage(seats=64) as scene:
        pairs, others, first = scene.pairs(drops), scene.pairs(beside), scene.pairs(1)[0]
        with scene.daemon():
            _one(scene, first, way)
            feeding = threading.Thread(target=_feed, args=(scene, others))
            feeding.start()
            found = [_one(scene, pair, way) for pair in pairs]
            feeding.join()
            until(lambda: scene.placed() == drops + beside + 1)
    return waits(found)


def _feed(scene: Stage, others: list[tuple[Path, Path]]) -> None:
    for pair in others:
        scene.drop(pair)
        time.sleep(0.05)


def _one(scene: Stage, pair: tuple[Path, Path], way: Way) -> float:
    """Drop one; give the seconds until its paid call came."""
    prompt = pair[0].read_text().split('"')[1]
    way(scene, pair)
    dropped_at = time.time()
    came: list[float] = []
    while not came:
        time.sleep(_LOOK_S)
        tasks = scene.sandbox.tasks()
        came = [task.created_at for task in tasks[-100:] if task.body["prompt"] == prompt]
    time.sleep(_REST_S)
    return came[0] - dropped_at


def bare(drops: int, way: Way) -> Waits:
    """The reference: inotify, one sync, one call."""
    with stage() as scene:
        pairs = scene.pairs(drops)
        command = [sys.executable, "-m", "bench.bare_watch"]
        watcher = subprocess.Popen(
            [*command, scene.sandbox.url, str(scene.studio.inbox)], stdout=subprocess.PIPE
        )
        assert watcher.stdout
        try:
            watcher.stdout.readline()
            return waits([_call(scene, pair, way) for pair in pairs])
        finally:
            watcher.kill()
            watcher.communicate()


def _call(scene: Stage, pair: tuple[Path, Path], way: Way) -> float:
    before = len(scene.sandbox.calls())
    way(scene, pair)
    dropped_at = time.time()
    until(lambda: len(scene.sandbox.calls()) > before, every_s=_LOOK_S)
    time.sleep(_REST_S)
    return scene.sandbox.calls()[before].at - dropped_at

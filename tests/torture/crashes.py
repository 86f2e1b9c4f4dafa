"""Die at every durable step of every path, in any order, then twice in a row."""

import itertools
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import studios
from crash.lives import CASES, Life, points_of, tuned
from torture.figures import Figures

from seedance_watch.sandbox.server import Sandbox, threaded

Deaths = tuple[str, tuple[int, ...]]  # the case, and the points to die at


def crash(ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Crash until the time is used up; first every point once."""
    dice = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="torture-", ignore_cleanup_errors=True) as root,
        threaded(studios.KNOBS, time_factor=0) as sandbox,
    ):
        points = _points(Path(root), sandbox)
        once = [(name, (at,)) for name, count in points.items() for at in range(count)]
        dice.shuffle(once)
        for number, death in enumerate(itertools.chain(once, _twice(points, dice)), 1):
            figures = _die(Path(root) / str(number), sandbox, death)
            figures.note = f"{min(number, len(once))} of {len(once)} points"
            yield figures
            if time.monotonic() > ends_at_s:
                return


def _points(root: Path, sandbox: Sandbox) -> dict[str, int]:
    """Count the points of each case."""
    points = {}
    for name, case in CASES.items():
        with tuned(sandbox, case):
            points[name] = points_of(root / name, sandbox, case)
    return points


def _twice(points: dict[str, int], dice: random.Random) -> Iterator[Deaths]:
    """Give two points to die at, for ever."""
    while True:
        name = dice.choice(list(points))
        yield name, (dice.randrange(points[name]), dice.randrange(points[name]))


def _die(folder: Path, sandbox: Sandbox, death: Deaths) -> Figures:
    """Live one life."""
    name, dies_at = death
    case = CASES[name]
    figures = Figures(jobs=case.jobs, faults=bool(case.fault[0]), starts=len(dies_at) + 1)
    with tuned(sandbox, case):
        life = Life(folder, sandbox, case)
        try:
            figures.crashes = sum(life.start(at) is None for at in dies_at)
            life.start()
        except AssertionError as error:
            figures.wrong.append(f"{name}, died at {dies_at}: {error}")
    came = life.outcome()
    figures.videos, figures.held, figures.charges = came.videos, came.held, came.charges
    figures.lost = max(0, case.jobs - came.videos - came.held)
    figures.paid_twice = max(0, came.charges - case.jobs)
    figures.wrong += [f"{name}, died at {dies_at}: {each}" for each in came.wrong]
    return figures

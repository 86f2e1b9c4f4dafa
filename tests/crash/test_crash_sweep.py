"""The sweep: die at every durable step, start again, and look what came of it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import studios
from crash import lives
from crash.lives import CASES, Life, points_of
from outcomes import Case

from seedance_watch.sandbox.server import Sandbox, threaded


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


@pytest.fixture
def tuned(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Case]:
    """Give a case, with the sandbox's knobs turned as it asks."""
    with lives.tuned(sandbox, CASES[request.param]):
        yield CASES[request.param]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tuned", CASES, indirect=True)
def test_a_crash_at_any_durable_step_loses_nothing_and_pays_once(
    tuned: Case, sandbox: Sandbox, tmp_path: Path, every: int
) -> None:
    """Promises 1 to 5: whatever step the process dies at, the next start finishes the job."""
    total = points_of(tmp_path / "undisturbed", sandbox, tuned)
    for die_at in range(0, total, every if every == 1 else every * tuned.share):
        life = Life(tmp_path / f"at{die_at}", sandbox, tuned)
        life.start(die_at)
        life.end(die_at)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tuned", CASES, indirect=True)
def test_a_crash_while_recovering_from_a_crash_is_one_more_crash(
    tuned: Case, sandbox: Sandbox, tmp_path: Path, every: int, square: bool
) -> None:
    """Twice in a row: for each first point a second one by the dice, or all of them."""
    total = points_of(tmp_path / "undisturbed", sandbox, tuned)
    dice = random.Random(7)
    step = 1 if square else every * 4 * tuned.share
    for first in range(dice.randrange(step), total, step):
        seconds = range(total) if square else [dice.randrange(total - first // 2)]
        for second in seconds:
            life = Life(tmp_path / f"at{first}-{second}", sandbox, tuned)
            life.start(first)
            died = life.start(second) is None
            life.end(first, second)
            if not died:
                break

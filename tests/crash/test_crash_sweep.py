"""The sweep: die at every durable step, start again, and look what came of it."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import crashing
import outcomes
import pytest
import studios
from outcomes import Case

from seedance_watch.sandbox.server import Sandbox, threaded

# Every way through the states, and every form of settling a doubt.
CASES = {
    "rivya": Case(),
    "segmind": Case("segmind"),
    "segmind-v1": Case("segmind", api="v1"),
    "takes-and-end": Case(takes=2, end=True),
    "answer-lost": Case(fault=("reset_after", "rivya.create")),
    "key-in-flight": Case(
        fault=("slow_create", "rivya.create"),
        settings={"seconds": 0.4},
        knobs={"rivya_key_in_flight": "conflict"},
        looks_s=(0.05, 0.2, 0.6, 1.5),
    ),
    "history-late": Case(
        "segmind",
        fault=("reset_after", "segmind.submit"),
        knobs={"segmind_history_delay_s": 0.3},
        looks_s=(0.05, 0.2, 0.6, 1.5),
    ),
    "history-found": Case("segmind", fault=("reset_after", "segmind.submit")),
    "history-absent": Case(
        "segmind", fault=("reset_before", "segmind.submit"), looks_s=(0.02, 0.05), paid=False
    ),
    "v1-answer-lost": Case("segmind", api="v1", fault=("reset_after", "segmind.v1")),
    "v1-gateway": Case("segmind", api="v1", fault=("gateway_timeout", "segmind.v1")),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


class Life:
    """One drop, from its first start to its last."""

    def __init__(self, folder: Path, sandbox: Sandbox, case: Case) -> None:
        self.case = case
        self._sandbox = sandbox
        self._studio = studios.lay_out(folder, sandbox.url, provider=case.provider, api=case.api)
        case.drop(self._studio)
        self._originals = outcomes.digests(self._studio.inbox).values()
        self._charges = outcomes.charges_of(sandbox)
        sandbox.clear_faults()
        if case.fault[0]:
            sandbox.fault(case.fault[0], case.fault[1], **case.settings)

    def start(self, die_at: int | None = None) -> int | None:
        """Run it once; give the points passed, None when it died."""
        return crashing.run(self._studio.config, die_at=die_at, looks_s=self.case.looks_s)

    def end(self, *died_at: int) -> None:
        """Start undisturbed, and look what came of it all."""
        self.start()
        folder = self._studio.folder
        wrong = list(
            outcomes.faults(
                folder,
                outcomes.rows_of(folder / "state" / "journal.db"),
                self.case,
                charges=outcomes.charges_of(self._sandbox) - self._charges,
                originals=self._originals,
            )
        )
        assert wrong == [], f"died at {died_at}: {wrong}; see {folder}"
        shutil.rmtree(folder)


@pytest.fixture
def tuned(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Case]:
    """Give a case, with the sandbox's knobs turned as it asks."""
    case = CASES[request.param]
    before = {name: getattr(sandbox.knobs, name) for name in case.knobs}
    sandbox.turn(**case.knobs)
    yield case
    sandbox.turn(**before)


def points_of(folder: Path, sandbox: Sandbox, case: Case) -> int:
    """Count the points of a run that nothing disturbs, and check its outcome."""
    life = Life(folder, sandbox, case)
    passed = life.start()
    assert passed is not None
    life.end()
    assert passed > 40
    return passed


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tuned", CASES, indirect=True)
def test_a_crash_at_any_durable_step_loses_nothing_and_pays_once(
    tuned: Case, sandbox: Sandbox, tmp_path: Path, every: int
) -> None:
    """Promises 1 to 5: whatever step the process dies at, the next start finishes the job."""
    total = points_of(tmp_path / "undisturbed", sandbox, tuned)
    for die_at in range(0, total, every):
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
    step = 1 if square else every * 4
    for first in range(dice.randrange(step), total, step):
        seconds = range(total) if square else [dice.randrange(total - first // 2)]
        for second in seconds:
            life = Life(tmp_path / f"at{first}-{second}", sandbox, tuned)
            life.start(first)
            died = life.start(second) is None
            life.end(first, second)
            if not died:
                break

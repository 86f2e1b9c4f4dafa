"""A clock that was wrong and is set right: waits are never longer than they were meant to be."""

from pathlib import Path

import pytest
import studios
from living import living

from seedance_watch.core import reactions
from seedance_watch.core.events import Deferred, Effect, Unsent
from seedance_watch.engine import daemon
from seedance_watch.engine.clock import RealClock
from seedance_watch.sandbox.server import Sandbox

YEAR_S = 365 * 86_400.0


class Settable(RealClock):
    """The real time, some seconds later; may be set."""

    later_s = 0.0

    def now(self) -> float:
        return super().now() + self.later_s


@pytest.mark.parametrize("later_s", [YEAR_S, -YEAR_S])
async def test_a_wait_recorded_under_a_wrong_clock_ends(
    later_s: float, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time a year ahead stands in the journal; when the clock is right the job goes on."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    studio.drop('prompt = "waves"\n')
    clock = Settable()
    clock.later_s = later_s
    slow = dict.fromkeys(Effect, reactions.Pace(3600.0, 3600.0))
    with monkeypatch.context() as patient:
        patient.setattr(reactions, "BACKOFF", slow)
        sandbox.fault("throttled", "rivya.create")
        async with living(studio, clock) as life:
            await life.until(lambda: life.count(Deferred) or life.count(Unsent))

    async with living(studio) as life:
        await life.until(lambda: life.states() == ["done"])
    assert len(sandbox.ledger("charge")) == 1


async def test_a_clock_set_back_under_way_does_not_prolong_a_wait(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the job's nor its lane's."""
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, reactions.Pace(1.0, 1.0)))
    monkeypatch.setattr(daemon, "_IDLE_S", 0.2)
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    studio.drop('prompt = "waves"\n')
    sandbox.fault("throttled", "rivya.create")
    clock = Settable()
    clock.later_s = YEAR_S
    async with living(studio, clock) as life:
        await life.until(lambda: life.count(Deferred) or life.count(Unsent))
        clock.later_s = 0.0
        await life.until(lambda: life.states() == ["done"])
    assert len(sandbox.ledger("charge")) == 1

"""Clocks that are wrong, here or there, and tasks that do not end."""

import pytest
import studios
from skies import Skies, until

from seedance_watch.core import reactions
from seedance_watch.core.events import Intended
from seedance_watch.core.model import State
from seedance_watch.engine.clock import RealClock
from seedance_watch.ports import Doubts
from seedance_watch.providers.rivya import Rivya

DAY_S = 86_400.0


class Jumping(RealClock):
    """The real time, set to another in the middle of the work."""

    later_s = 0.0

    def now(self) -> float:
        return super().now() + self.later_s


@pytest.mark.parametrize("skew_s", [-3 * DAY_S, 3 * DAY_S])
async def test_the_services_clock_may_be_wrong(anywhere: Skies, skew_s: float) -> None:
    """Days ahead or behind: nothing that it says about times is needed to get the video."""
    anywhere.sandbox.turn(clock_skew_s=skew_s)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()


@pytest.mark.parametrize("skew_s", [-400 * DAY_S, 400 * DAY_S])
async def test_our_clock_may_be_wrong(anywhere: Skies, skew_s: float) -> None:
    """A year ahead or behind, as after an empty battery."""
    anywhere.clock = studios.Shifted(skew_s)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()


@pytest.mark.parametrize("skew_s", [-3600.0, -40 * DAY_S])
async def test_a_lost_answer_under_a_clock_that_is_behind_is_never_paid_again(
    anywhere: Skies, skew_s: float
) -> None:
    """How late a replay is, Rivya's clock tells, then and now. Segmind's history is asked around
    the day of the intent: found, or held when the clock is weeks off.
    """
    anywhere.clock = studios.Shifted(skew_s)
    anywhere.sandbox.fault("reset_after", anywhere.paid)
    anywhere.drop()

    await anywhere.once()

    if anywhere.way == "rivya" or skew_s == -3600.0:
        anywhere.whole()
    else:
        assert (anywhere.row().held, len(anywhere.charges())) == ("in_doubt", 1)
    assert len(anywhere.charges()) == 1


async def test_a_clock_set_back_after_the_intent_stops_the_replay(skies: Skies) -> None:
    """Nobody knows how old the intent is, so a person decides; the ledger has one charge."""
    skies.clock = clock = Jumping()
    skies.sandbox.turn(rivya_key_ttl_s=0.0)  # a replay would pay again
    skies.sandbox.fault("close_after", skies.paid)
    skies.drop()

    async with skies.running():
        await until(lambda: skies.events(Intended))
        clock.later_s = -2 * 3600.0

    assert (skies.row().held, len(skies.charges())) == ("in_doubt", 1)
    assert len(skies.statuses(skies.paid)) == 1


async def test_a_machine_that_stood_still_does_not_replay(
    skies: Skies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off for a day, its clock goes on where it ended: the service's own says how late it is."""
    monkeypatch.setattr(Rivya, "doubts", Doubts((0.5, 1.0), 1800.0))
    skies.sandbox.turn(rivya_key_ttl_s=3600.0)  # a replay after that would pay again
    skies.sandbox.fault("reset_after", skies.paid)
    skies.drop()
    await skies.cut(skies.waits)
    skies.sandbox.advance(DAY_S)

    await skies.once()

    assert (skies.row().held, len(skies.charges())) == ("in_doubt", 1)
    assert "clock" in skies.row().reason
    assert len(skies.statuses(skies.paid)) == 1


@pytest.mark.parametrize("jump_s", [-2 * 3600.0, 3600.0])
async def test_a_jump_in_the_middle_loses_nothing(anywhere: Skies, jump_s: float) -> None:
    """While tasks are under way the clock is set: each is fetched, none is paid again."""
    anywhere.clock = clock = Jumping()
    if anywhere.way != "segmind-v1":
        anywhere.sandbox.fault("slow_task", anywhere.paid, seconds=0.3, times=0)
    anywhere.drop("a", "b", "c")

    async with anywhere.running():
        await until(lambda: len(anywhere.sandbox.tasks()) == 3)
        clock.later_s = jump_s

    anywhere.whole("a", "b", "c")


@pytest.mark.parametrize("way", ["rivya", "segmind"])
@pytest.mark.parametrize("fault", ["stuck", "unknown_status"])
async def test_a_task_that_never_ends_is_told_and_keeps_nobody_waiting(
    skies: Skies, way: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Overdue it gives its seat to others and is asked now and then; finished, it is fetched."""
    monkeypatch.setattr(reactions, "OVERDUE_S", 0.3)
    monkeypatch.setattr(reactions, "_OVERDUE_AGAIN_S", 3600.0)
    skies.way = way
    skies.change("poll_max_s = 0.05", "poll_max_s = 0.05\nmax_in_flight = 1")
    if fault == "stuck":
        skies.sandbox.fault(fault, skies.paid)
    else:
        skies.sandbox.fault(fault, "*.status", times=0)
    skies.drop("a")
    await skies.once()
    assert (skies.row().state, skies.row().held) == (State.RUNNING, "overdue")
    assert skies.studio.seen("held") == ["a.held.txt"]
    skies.sandbox.clear_faults()
    skies.drop("b")
    await skies.once()
    charges = 1 if (way, fault) == ("segmind", "stuck") else 2  # which charges when it is made
    skies.whole("a", "b", held={"a"}, charges=charges)

    for task in skies.sandbox.tasks():
        task.ends_at = min(task.ends_at, skies.now())
    skies.clock = studios.Shifted(4000)
    await skies.once()

    skies.whole("a", "b")
    assert skies.studio.seen("held") == []


async def test_failed_tasks_that_say_so_under_200_fail_and_are_put_aside(skies: Skies) -> None:
    """A failed task costs nothing at Segmind; the originals lie in failed/ with the reason."""
    skies.way = "segmind"
    skies.sandbox.fault("failed_200", skies.paid, message="model error")
    skies.drop()

    await skies.once()

    assert (skies.row().state, skies.charges()) == (State.FAILED, [])
    assert "model error" in (skies.studio.failed / "shot.failed.txt").read_text()


async def test_new_members_and_shapes_of_answers_do_no_harm(anywhere: Skies) -> None:
    """Extra fields at every level, lists where texts were, another name of the rows."""
    anywhere.sandbox.turn(segmind_output="list", segmind_history_key="items")
    anywhere.sandbox.turn(rivya_echo_request_id="yes", rivya_create_status="201")
    for endpoint in ("*.upload", "*.status", "*.result", "rivya.create", "segmind.submit"):
        anywhere.sandbox.fault("extra_fields", endpoint, times=0)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()

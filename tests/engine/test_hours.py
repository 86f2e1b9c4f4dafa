"""Hours of a folder and first moments of drops, in the real daemon."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import studios

from seedance_watch.core.model import State
from seedance_watch.engine.clock import RealClock
from seedance_watch.sandbox.server import Sandbox, threaded

HOUR_S = 3600.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


def hours(begin_h: float, end_h: float) -> str:
    """Write the hours that begin and end so long from now."""
    now = datetime.fromtimestamp(time.time(), UTC)
    begin, end = (now + timedelta(hours=each) for each in (begin_h, end_h))
    return f'hours = ["{begin:%H:%M}-{end:%H:%M}"]'


class After(RealClock):
    """The real time until something happened, some hours later from then on."""

    def __init__(self, happened: Callable[[], object], later_s: float) -> None:
        self.happened, self.later_s = happened, later_s

    def now(self) -> float:
        return super().now() + (self.later_s if self.happened() else 0.0)


async def test_outside_the_hours_nothing_is_sent_and_it_starts_by_itself(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The note says when; at that time the video is made, without anybody's doing."""
    studio.configure(watch=hours(2, 4), more='[limits]\ntimezone = "UTC"')
    text = studio.config.read_text().replace("[limits]\nmin_free_bytes = 0\n", "", 1)
    studio.config.write_text(text)
    studio.drop('prompt = "waves"\n')

    await studios.once(studio)

    assert sandbox.calls("rivya.upload") == []
    assert [row.held for row in studio.rows()] == ["hours"]
    assert "starts by itself" in (studio.held / "shot.held.txt").read_text()

    await studios.once(studio, clock=studios.Shifted(3 * HOUR_S))

    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert studio.seen("held") == []


async def test_hours_that_end_before_the_paid_call_stop_it(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """What was uploaded in time and would be paid too late waits for the next day."""
    studio.configure(watch=hours(-2, 2), more='[limits]\ntimezone = "UTC"')
    text = studio.config.read_text().replace("[limits]\nmin_free_bytes = 0\n", "", 1)
    studio.config.write_text(text)
    studio.drop('prompt = "waves"\n')

    await studios.once(studio, clock=After(lambda: sandbox.calls("rivya.upload"), 5 * HOUR_S))

    assert len(sandbox.calls("rivya.upload")) == 1
    assert sandbox.calls("rivya.create") == []
    [row] = studio.rows()
    assert (row.state, row.held) == (State.STAGED, "hours")


async def test_other_hours_hold_for_as_long_as_they_say(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Who changes the hours changes what waits for the old ones, at the next start or reload."""
    plain = studio.config.read_text().replace("[limits]\n", '[limits]\ntimezone = "UTC"\n', 1)
    studio.config.write_text(plain)
    studio.configure(watch=hours(2, 4))
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    [before] = studio.rows()

    studio.config.write_text(plain)
    studio.configure(watch=hours(4, 6))
    await studios.once(studio)

    [after] = studio.rows()
    assert after.held == before.held == "hours"
    assert after.wake_at == pytest.approx((before.wake_at or 0) + 2 * HOUR_S, abs=61)

    studio.config.write_text(plain)
    await studios.once(studio)

    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert studio.seen("held") == []
    assert len(sandbox.ledger("charge")) == 1


async def test_not_before_waits_for_its_moment(studio: studios.Studio, sandbox: Sandbox) -> None:
    """In a sidecar, for one drop; the others go on."""
    moment = datetime.fromtimestamp(time.time() + HOUR_S, UTC)
    studio.drop(f'prompt = "later"\nnot_before = {moment.isoformat()}\n', name="later")
    studio.drop('prompt = "now"\n', name="now")

    await studios.once(studio)

    assert studio.seen("outbox") == ["now.mp4", "now.toml"]
    assert {row.held for row in studio.rows()} == {"", "not_before"}

    await studios.once(studio, clock=studios.Shifted(2 * HOUR_S))

    assert len(sandbox.ledger("charge")) == 2
    assert "not_before" not in (studio.outbox / "later.toml").read_text()

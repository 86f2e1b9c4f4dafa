"""A storyboard that is dropped at once becomes a continuous sequence, whatever happens."""

import random
from itertools import pairwise

import crashing
import pytest
import tomli
from chains.board import GOOD, WRONG, drop, last_frame, newest, sent, states
from living import living
from studios import Studio, once

from seedance_watch.core import chain, reactions
from seedance_watch.core.events import Deferred, Effect, Held
from seedance_watch.core.model import State
from seedance_watch.disk import ground
from seedance_watch.sandbox.server import Sandbox

TEN = [f"shot{number:02}" for number in range(1, 11)]


def continuous(studio: Studio, sandbox: Sandbox, shots: list[str]) -> None:
    """Each shot began with the frame that the one before ends with, and was paid once."""
    assert len(sandbox.ledger("charge")) == len(shots)
    found = sent(studio, sandbox)
    for before, after in pairwise(shots):
        assert found[after] == [last_frame(studio.outbox / f"{before}.mp4")], after
    assert studio.seen("inbox") == studio.seen("held") == []


@pytest.mark.timeout(300)
def test_ten_shots_dropped_at_once_survive_kills(studio: Studio, sandbox: Sandbox) -> None:
    """In any order, killed again and again: a sequence in the end, and ten charges."""
    dice = random.Random(3)
    for name, before in dice.sample(list(zip(TEN, ["", *TEN], strict=False)), k=10):
        drop(studio, name, before)
    died = [crashing.run(studio.config, die_at=dice.randrange(80, 180)) for _ in range(3)]
    assert died == [None] * 3
    assert crashing.run(studio.config, limit_s=120) is not None

    assert states(studio) == dict.fromkeys(TEN, "done")
    continuous(studio, sandbox, TEN)


async def test_shots_that_come_one_by_one_go_on_from_each_other(
    studio: Studio, sandbox: Sandbox
) -> None:
    """Whoever is dropped first waits; the rest of its life is like any other's."""
    async with living(studio) as life:
        for name, before in (("c", "b"), ("b", "a"), ("a", "")):
            drop(studio, name, before)
            await life.until(lambda name=name: name in states(studio))
        await life.until(lambda: life.states() == ["done"] * 3)

    continuous(studio, sandbox, ["a", "b", "c"])
    receipt = tomli.loads((studio.outbox / "c.toml").read_text())
    assert receipt["start_from"] == "b"
    assert receipt["receipt"]["start"]["job"] == newest(studio, "b").job_id
    assert studio.seen("done") == ["a.png", "a.toml", "b.toml", "c.toml"]
    assert not list((studio.inbox / ".seedance" / "work").iterdir())


async def test_a_shot_may_start_from_any_take_of_its_own_folder(
    studio: Studio, sandbox: Sandbox
) -> None:
    """The name means the first take, the name of a video that take; other folders do not count."""
    drop(studio, "one/a", more=f"{GOOD}takes = 2\n")
    drop(studio, "a")
    drop(studio, "one/b", "a")
    drop(studio, "one/c", "a_take2")

    assert await once(studio) == {State.DONE: 5}

    found = sent(studio, sandbox)
    assert found["one/b"] == [last_frame(studio.outbox / "one/a.mp4")]
    assert found["one/c"] == [last_frame(studio.outbox / "one/a_take2.mp4")]


@pytest.mark.usefixtures("hurried")
async def test_who_starts_from_a_failed_shot_waits_for_its_next_try(
    studio: Studio, sandbox: Sandbox
) -> None:
    """The note says what to do; when that shot has its video all others go on by themselves."""
    drop(studio, "a", more=WRONG)
    for name, before in (("b", "a"), ("c", "b")):
        drop(studio, name, before)
    await once(studio)
    assert states(studio) == {"a": "failed", "b": "chain_broken", "c": "claimed"}
    assert studio.seen("held") == ["b.held.txt"]
    failed = newest(studio, "a").job_id
    assert f"seedance-watch retry {failed}" in (studio.held / "b.held.txt").read_text()
    seqs = {row.job_id: row.seq for row in studio.rows()}

    await once(studio)
    assert {row.job_id: row.seq for row in studio.rows()} == seqs, "a start records nothing"
    drop(studio, "a")
    assert (await once(studio))[State.DONE] == 3

    continuous(studio, sandbox, ["a", "b", "c"])


@pytest.mark.usefixtures("hurried")
async def test_shots_that_start_from_each_other_are_held(studio: Studio, sandbox: Sandbox) -> None:
    """All of them say so; one that is dropped anew without a start lets the others go on."""
    for name, before in (("a", "c"), ("b", "a"), ("c", "b"), ("d", "c")):
        drop(studio, name, before)
    await once(studio)
    assert states(studio) == {**dict.fromkeys("abc", "chain_loop"), "d": "claimed"}
    assert "a from c from b from a" in newest(studio, "a").reason

    async with living(studio) as life:
        drop(studio, "a")
        await life.until(lambda: sum(job.state is State.DONE for job in life.jobs.values()) == 5)

    found = sent(studio, sandbox)
    assert found["b"] == [last_frame(studio.outbox / "a.mp4")]
    assert found["d"] == [last_frame(studio.outbox / "c.mp4")]


@pytest.mark.usefixtures("hurried")
async def test_a_video_that_is_not_what_was_placed_is_not_gone_on_from(
    studio: Studio, sandbox: Sandbox
) -> None:
    """Taken away or edited: nothing is paid, and the note names the file."""
    drop(studio, "a")
    await once(studio)
    video = studio.outbox / "a.mp4"
    kept = video.read_bytes()
    video.write_bytes(kept + b"x")
    drop(studio, "b", "a")
    await once(studio)
    assert states(studio)["b"] == "chain_no_video"
    assert "a.mp4 in the outbox, and that is another file" in newest(studio, "b").reason
    video.unlink()
    await once(studio)
    assert "a.mp4 in the outbox, and that is not there" in newest(studio, "b").reason

    video.write_bytes(kept)
    await once(studio)
    assert states(studio)["b"] == "done"
    continuous(studio, sandbox, ["a", "b"])


@pytest.mark.usefixtures("hurried")
async def test_a_shot_that_nobody_dropped_is_missed(studio: Studio, sandbox: Sandbox) -> None:
    """It is held with a note; a file of that name in the inbox is told of."""
    drop(studio, "b", "a")
    await once(studio)
    assert states(studio) == {"b": "chain_missing"}
    assert "no shot of that name was dropped" in (studio.held / "b.held.txt").read_text()
    drop(studio, "a")
    (studio.inbox / "a.toml").rename(studio.folder / "a.toml")
    await once(studio)
    assert "a.png lies in the inbox" in (studio.held / "b.held.txt").read_text()

    (studio.folder / "a.toml").rename(studio.inbox / "a.toml")
    await once(studio)
    continuous(studio, sandbox, ["a", "b"])


async def test_what_is_waited_for_in_vain_ends_by_itself(
    studio: Studio, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older video is taken when no newer shot comes, a missing one is told of."""
    monkeypatch.setattr(chain, "PATIENCE_S", 0.4)
    monkeypatch.setattr(chain, "SETTLING_S", 0.2)
    drop(studio, "a")
    await once(studio)
    async with living(studio) as life:
        drop(studio, "b", "a")
        drop(studio, "c", "z")
        await life.until(lambda: life.states() == ["claimed", "done"] and life.count(Held) == 1)

    assert states(studio) == {"a": "done", "b": "done", "c": "chain_missing"}
    assert sent(studio, sandbox)["b"] == [last_frame(studio.outbox / "a.mp4")]


@pytest.mark.usefixtures("hurried")
async def test_an_outbox_that_is_away_is_waited_for(
    studio: Studio, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The video may be there when the share is back: nothing fails, and nothing is said of it."""
    monkeypatch.setattr(ground, "PULSE_S", 0.05)
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, reactions.Pace(0.05, 0.05)))
    drop(studio, "a")
    await once(studio)
    away = studio.folder / "away"
    async with living(studio) as life:
        studio.outbox.rename(away)
        await life.until(lambda: life.said("spool.closed"))
        drop(studio, "b", "a")
        await life.until(lambda: life.states() == ["claimed"])
        await life.pulses(8)
        assert life.count(Held) == 0
        assert life.count(Deferred) <= 1, "only the step that was under way may fail"
        away.rename(studio.outbox)
        await life.until(lambda: life.states() == ["done"])

    continuous(studio, sandbox, ["a", "b"])

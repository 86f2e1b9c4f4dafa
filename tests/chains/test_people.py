"""What people order of chained shots, with and without a daemon, and what they are told."""

from datetime import UTC

import pytest
import tomli
from chains.board import WRONG, drop, last_frame, newest, pixels, sent, states
from living import living
from studios import Studio, once

from seedance_watch.app.asked import Asked
from seedance_watch.app.obeying import give
from seedance_watch.app.planned import Planner
from seedance_watch.app.reading import reading
from seedance_watch.cli.check import check
from seedance_watch.cli.exits import Exit
from seedance_watch.config.load import load
from seedance_watch.core.events import Prepared, Released
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order
from seedance_watch.core.snapshot import Snapshot
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces.status_text import status
from seedance_watch.sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("hurried")


async def order(studio: Studio, act: Act, shot: str) -> str:
    """Give an order; give why it was refused, "" where it was obeyed."""
    answer = await give(load(studio.config), Order(act, newest(studio, shot).job_id))
    return "" if answer.obeyed else answer.said


def whys(studio: Studio, *shots: str) -> list[tuple[str, str]]:
    """Give the code and the words of each shot's answer."""
    config = load(studio.config)
    with reading(config) as reader:
        asked = Asked(config, reader, None, RealClock().now())
        answers = [asked.job(newest(studio, shot)).answer for shot in shots]
    return [(each.code, each.said) for each in answers]


def planned(studio: Studio) -> list[tuple[int | None, str, str]]:
    config = load(studio.config)
    with reading(config) as reader:
        plan, _ = Planner(config, reader, None, RealClock().now()).plan()
    return [(each.number, each.wish.drop, each.verdict.code) for each in plan.entries]


async def test_a_broken_chain_is_not_released_but_given_up(studio: Studio) -> None:
    """Releasing would change nothing, so it is refused; giving it up breaks what follows it."""
    drop(studio, "a", more=WRONG)
    for name, before in (("b", "a"), ("c", "b")):
        drop(studio, name, before)
    await once(studio)

    assert "goes on by itself" in await order(studio, Act.RELEASE, "b")
    assert await order(studio, Act.CANCEL, "b") == ""
    await once(studio)

    assert states(studio) == {"a": "failed", "b": "cancelled", "c": "chain_broken"}
    assert "that was given up" in newest(studio, "c").reason
    assert "b.toml" in studio.seen("failed")


async def test_a_waiting_shot_can_be_held(studio: Studio, sandbox: Sandbox) -> None:
    """A person's hold stays when the video is there, and goes when the person says so."""
    drop(studio, "b", "a")
    await once(studio)
    assert await order(studio, Act.HOLD, "b") == ""
    drop(studio, "a")
    await once(studio)
    assert states(studio) == {"a": "done", "b": "by_person"}
    assert await order(studio, Act.RELEASE, "b") == ""
    await once(studio)

    assert sent(studio, sandbox)["b"] == [last_frame(studio.outbox / "a.mp4")]


async def test_a_dragged_note_says_why_nothing_is_released(studio: Studio) -> None:
    """In the inbox it lets nobody go who could not; in failed it gives the shot up."""
    drop(studio, "b", "a")
    drop(studio, "a", more=WRONG)
    await once(studio)
    note = studio.held / "b.held.txt"
    assert "move this text to the inbox" not in note.read_text()
    note.rename(studio.inbox / note.name)
    await once(studio)
    assert "Not released" in note.read_text()

    note.rename(studio.failed / note.name)
    await once(studio)
    assert states(studio)["b"] == "cancelled"


async def test_what_a_shot_waits_for_is_told(studio: Studio) -> None:
    """By `why`, by `plan` with its cost and in its order, and in the journal's own row."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    for name, before in (("b", "z"), ("z", ""), ("c", "b"), ("d", "x")):
        drop(studio, name, before)
    before_any = planned(studio)
    await once(studio)

    assert states(studio) == {"b": "claimed", "z": "budget", "c": "claimed", "d": "chain_missing"}
    (b, said), (d, missed) = whys(studio, "b", "d")
    assert (b, d) == ("chain", "chain_missing")
    assert said == f"it waits for the video of z (job {newest(studio, 'z').job_id}, held: budget)"
    assert "it starts from x" in missed
    assert newest(studio, "c").reason == "it starts from b"
    snapshot = Snapshot(0.0, {}, open=tuple(studio.rows()))
    assert "c: waits: it starts from b\n" in status(snapshot, "studio", UTC)
    assert [code for _, _, code in before_any] == ["budget", "chain_stopped"] * 1 + [
        "chain_stopped",
        "chain_missing",
    ]

    text = studio.config.read_text().replace("per_day = 0", "per_day = 999")
    studio.config.write_text(text)
    assert planned(studio) == [
        (1, "z", "now"),
        (2, "b", "chain"),
        (3, "c", "chain"),
        (None, "d", "chain_missing"),
    ]


def test_check_knows_what_a_shot_starts_from(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    """And complains of one that names itself."""
    drop(studio, "b", "a")
    drop(studio, "c", "c")
    paths = [studio.inbox / name for name in ("b.toml", "c.toml")]

    assert check(*paths, config=studio.config) == Exit.BAD_SIDECAR
    told = capsys.readouterr()
    assert '  start_from = "a"    (sidecar)' in told.out
    assert "start_from: names the shot itself" in told.err


async def test_an_equal_chain_is_not_paid_twice(studio: Studio, sandbox: Sandbox) -> None:
    """The same frame and prompt are the same wish; who starts from a duplicate has its video."""
    for name, before in (("a", ""), ("b", "a")):
        drop(studio, name, before)
    await once(studio)
    for name in ("a", "b"):
        (studio.done / f"{name}.toml").rename(studio.inbox / f"{name}.toml")
    (studio.done / "a.png").rename(studio.inbox / "a.png")
    assert (await once(studio))[State.DONE] == 2

    assert len(sandbox.ledger("charge")) == 2
    with reading(load(studio.config)) as reader:
        assert reader
        assert all("same video" in newest(studio, name).reason for name in ("a", "b"))


async def test_another_provider_gets_the_same_frame(studio: Studio, sandbox: Sandbox) -> None:
    """The frame was taken once for all, although the video is gone by now."""
    studio.configure(watch='route = ["rivya", "segmind"]')
    text = studio.config.read_text().replace('provider = "rivya"\n', "", 1)
    studio.config.write_text(text)
    drop(studio, "a")
    await once(studio)
    frame = last_frame(studio.outbox / "a.mp4")
    sandbox.fault("answer", "rivya.create", status=400, times=0)
    async with living(studio) as life:
        life.when(Prepared, (studio.outbox / "a.mp4").unlink)
        drop(studio, "b", "a")
        await life.until(lambda: life.states() == ["done"])

    [task] = [each for each in sandbox.tasks() if each.provider == "segmind"]
    assert life.count(Prepared) == 2
    assert life.count(Released) == 0
    assert tomli.loads((studio.outbox / "b.toml").read_text())["receipt"]["provider"] == "segmind"
    assert frame == pixels(task.spec.images[0])

"""Notes dragged out of held/ by somebody who has nothing but the network drive."""

import os
from pathlib import Path

import pytest
import studios
from living import Life, living

from seedance_watch.app.obeying import give
from seedance_watch.config.load import load
from seedance_watch.core.events import Accepted, Cancelling, Claimed, Event, Held, Released
from seedance_watch.core.orders import Act, Order
from seedance_watch.engine import drags
from seedance_watch.sandbox.server import Sandbox

NOTE = "shot.held.txt"
PAIR = ["shot.png", "shot.toml"]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for notes often."""
    monkeypatch.setattr(drags, "EVERY_S", 0.05)
    monkeypatch.setattr(drags, "_SHARE", 1.0)


async def hold_at(moment: type[Event], studio: studios.Studio) -> None:
    """Hold a job that got as far as an event; no daemon runs afterwards."""
    async with living(studio) as life:
        life.when(moment, life.stop.set)
        studio.drop('prompt = "waves"\n')
        await life.until(life.stop.is_set)
    await hold_all(studio)


async def hold_unpaid(studio: studios.Studio, *names: str) -> None:
    """Hold jobs that nothing was paid for; no daemon runs afterwards."""
    before = studio.config.read_text()
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    for name in names:
        studio.drop(f'prompt = "waves of {name}"\n', name=name)
    await studios.once(studio)
    studio.config.write_text(before)
    await hold_all(studio)


async def hold_all(studio: studios.Studio) -> None:
    """Hold every job, by a person's word."""
    for row in studio.rows():
        answer = await give(load(studio.config), Order(Act.HOLD, row.job_id, anyway=True))
        assert answer.obeyed, answer.said


async def noted(life: Life, studio: studios.Studio) -> Path:
    """Wait for the note in held/."""
    note = studio.folder / "held" / NOTE
    await life.until(note.is_file)
    return note


@pytest.mark.parametrize("to", ["inbox", "inbox/scene 1"])
@pytest.mark.parametrize("act", [Path.rename, lambda note, to: to.write_bytes(note.read_bytes())])
async def test_a_note_in_the_inbox_lets_its_job_go_on(
    to: str, act: object, studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Moved or copied, into the inbox or a folder of it; the note is gone everywhere then."""
    await hold_at(Claimed, studio)
    (studio.folder / to).mkdir(exist_ok=True)
    async with living(studio) as life:
        note = await noted(life, studio)
        assert "move this text to the inbox" in note.read_text()
        act(note, studio.folder / to / NOTE)  # type: ignore[operator]
        await life.until(lambda: life.states() == ["done"])
        await life.until(lambda: studio.seen("inbox") == studio.seen("held") == [])
        assert life.count(Released) == 1
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert len(sandbox.ledger("charge")) == 1


@pytest.mark.parametrize("to", ["failed", "failed/later"])
async def test_a_note_in_failed_gives_its_job_up(
    to: str, studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The originals come to failed/ with the reason; nothing was paid."""
    await hold_at(Claimed, studio)
    (studio.folder / to).mkdir(exist_ok=True)
    async with living(studio) as life:
        (await noted(life, studio)).rename(studio.folder / to / NOTE)
        await life.until(lambda: life.states() == ["cancelled"])
        await life.until(lambda: studio.seen("failed") == ["shot.failed.txt", *PAIR])
    assert studio.seen("held") == studio.seen("inbox") == studio.seen("outbox") == []
    assert sandbox.ledger("charge") == []
    assert "(folder)" in (studio.failed / "shot.failed.txt").read_text()


async def test_what_may_be_paid_is_not_given_up_by_a_note(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The note comes back to held/ and says first why; the paid video is still to be had."""
    await hold_at(Accepted, studio)
    async with living(studio) as life:
        (await noted(life, studio)).rename(studio.failed / NOTE)
        await life.until(lambda: life.said("job.note_refused"))
        await life.until(lambda: studio.seen("failed") == [])
        [first, *_] = (await noted(life, studio)).read_text().splitlines()
        assert "Not given up: job " in first
        assert "is paid or may be" in first
        assert "move this text to the folder" not in (studio.held / NOTE).read_text()
        assert life.count(Cancelling) == 0

        (studio.held / NOTE).rename(studio.inbox / NOTE)
        await life.until(lambda: life.states() == ["done"])
    assert len(sandbox.ledger("charge")) == 1
    assert studio.seen("held") == []


async def test_only_its_own_folders_count(
    studio: studios.Studio, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A note in another watch entry's folder orders nothing, nor does one about no job."""
    other = studios.Studio(tmp_path / "other")
    entry = f'[[watch]]\nname = "other"\ninbox = "{other.inbox}"\nprovider = "rivya"\n'
    studio.configure(more=f"{entry}[providers.rivya.budget]\nper_day = 0")
    studio.drop('prompt = "waves"\n')
    other.drop('prompt = "rain"\n', name="rain")
    await studios.once(studio)
    assert studio.seen("held") == [NOTE]
    async with living(studio) as life:
        text = (studio.held / NOTE).read_text()
        (other.failed / NOTE).write_text(text)
        (other.inbox / NOTE).write_text(text)
        (studio.failed / NOTE).write_text(text.replace("shot-", "shoot-"))
        await life.until(lambda: len(life.said("job.note_left")) == 3)
        await life.pulses(6)
        assert life.count(Cancelling) == life.count(Released) == 0
        assert len(life.said("job.note_left")) == 3, "each is said once"
        assert other.seen("failed") == other.seen("inbox") == studio.seen("failed") == [NOTE]


async def test_an_outdated_note_lets_go_of_no_other_hold(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A copy that was kept from a budget's hold does not undo what a person holds since."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    old = (studio.held / NOTE).read_text()
    assert 'code = "budget"' in old
    await give(load(studio.config), Order(Act.HOLD, studio.rows()[0].job_id))
    async with living(studio) as life:
        await life.until(lambda: "by_person" in (studio.held / NOTE).read_text())
        (studio.inbox / NOTE).write_text(old)
        await life.until(lambda: studio.seen("inbox") == [])
        assert life.count(Released) == 0
        assert studio.rows()[0].held == "by_person"


async def test_nothing_is_read_through_links_or_without_end(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Links to notes, pipes and huge texts order nothing and do not stop the daemon."""
    await hold_at(Claimed, studio)
    async with living(studio) as life:
        note = await noted(life, studio)
        outside = studio.folder / "outside"
        outside.mkdir()
        (outside / NOTE).write_bytes(note.read_bytes())
        for root in (studio.inbox, studio.failed):
            (root / "linked.held.txt").symlink_to(outside / NOTE)
            (root / "folder").symlink_to(outside)
            os.mkfifo(root / "pipe.held.txt")
            (root / "huge.held.txt").write_bytes(note.read_bytes() + b"#" * 70_000)
            (root / "dir.held.txt").mkdir()
        await life.until(lambda: life.said("inbox.scanned"))
        await life.pulses(10)
        assert life.count(Released) == life.count(Cancelling) == 0

        note.rename(studio.inbox / NOTE)
        await life.until(lambda: life.states() == ["done"])
    assert (outside / NOTE).is_file()


async def test_a_note_that_was_deleted_changes_nothing(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The job waits on; the next start writes the note again."""
    await hold_at(Claimed, studio)
    (studio.held / NOTE).unlink()
    async with living(studio) as life:
        (await noted(life, studio)).unlink()
        await life.pulses(6)
        assert life.count(Held) == life.count(Released) == life.count(Cancelling) == 0
        assert studio.seen("held") == []
    async with living(studio) as life:
        await noted(life, studio)
    assert sandbox.ledger("charge") == []


async def test_a_note_dragged_while_no_daemon_runs_is_obeyed_at_the_next_start(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """An order may be given at any time."""
    await hold_at(Claimed, studio)
    (studio.held / NOTE).rename(studio.failed / NOTE)
    async with living(studio) as life:
        await life.until(lambda: studio.seen("failed") == ["shot.failed.txt", *PAIR])
        assert studio.seen("held") == []


async def test_a_single_run_obeys_notes_too(studio: studios.Studio, sandbox: Sandbox) -> None:
    """`run --once` looks into the inbox, obeys what lies there, and makes the video."""
    await hold_at(Claimed, studio)
    (studio.held / NOTE).rename(studio.inbox / NOTE)
    await studios.once(studio)
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert studio.seen("inbox") == studio.seen("held") == []


async def test_a_job_that_went_on_in_the_meantime_is_not_given_up_silently(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Its note comes too late: what was not done is said in held/ until the job is over."""
    await hold_unpaid(studio, "shot", "other")
    text = (studio.held / NOTE).read_text()
    [shot] = [row.job_id for row in studio.rows() if row.label == "shot"]
    await give(load(studio.config), Order(Act.RELEASE, shot))
    said: list[str] = []
    async with living(studio) as life:
        life.when(Accepted, lambda: (studio.failed / NOTE).write_text(text))
        await life.until(lambda: life.said("job.note_refused"))
        await life.until(lambda: said.extend(_texts(studio.held / NOTE)) or said)
        await life.until(lambda: life.states() == ["done"])
        await life.until(lambda: studio.seen("held") == ["other.held.txt"])
    assert said[0].startswith("# Not given up: ")
    assert "It goes on." in said[0]
    assert studio.seen("failed") == []
    assert len(sandbox.ledger("charge")) == 1


async def test_a_note_that_outlived_its_hold_is_taken_away_at_the_next_start(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """As a crash leaves it; one that is no note of ours, or about a job unknown here, stays."""
    await hold_unpaid(studio, "shot", "other")
    text = (studio.held / NOTE).read_text()
    [shot] = [row.job_id for row in studio.rows() if row.label == "shot"]
    await give(load(studio.config), Order(Act.CANCEL, shot))
    await studios.once(studio)
    assert studio.seen("held") == ["other.held.txt"]

    (studio.held / NOTE).write_text(text)
    (studio.held / "mine.held.txt").write_text("buy milk")
    (studio.held / "strange.held.txt").write_text(text.replace(shot, "strange-1"))
    async with living(studio) as life:
        stays = ["mine.held.txt", "other.held.txt", "strange.held.txt"]
        await life.until(lambda: studio.seen("held") == stays)
        await life.pulses(6)
        assert studio.seen("held") == stays


def _texts(path: Path) -> list[str]:
    try:
        return [path.read_text()]
    except FileNotFoundError:
        return []

"""Budgets, duplicates and a person's orders: real daemon, real ledger, real folders."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import living
import pytest
import studios
import tomli

from seedance_watch.app.build import Built, build, make_folders
from seedance_watch.config.load import load
from seedance_watch.core.events import Event, Held, Intended, Record, Reused, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order, Refused
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.sandbox.server import Sandbox

DAY_S = 86_400.0
S = State


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


def charges(sandbox: Sandbox) -> int:
    return len(sandbox.ledger("charge")) - len(sandbox.ledger("refund"))


def drop_all(studio: studios.Studio, *names: str, sidecar: str = "") -> None:
    """Drop pairs that differ in their prompts."""
    for name in names:
        studio.drop(f'prompt = "waves {name}"\n{sidecar}', name=name)


def states(studio: studios.Studio) -> dict[str, str]:
    """Give each drop's state, or the code of its hold."""
    return {row.label: row.held or str(row.state) for row in studio.rows()}


class Told:
    """What was recorded, as a listener hears it."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, _before: Job, _after: Job, record: Record) -> None:
        self.events.append(record.event)

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(each, kind) for each in self.events)


@asynccontextmanager
async def daemon(studio: studios.Studio) -> AsyncIterator[Built]:
    """Run the daemon beside the test."""
    settings, stop = load(studio.config), asyncio.Event()
    make_folders(settings)
    built = await build(settings, stop=stop, listeners=(), apart=False)
    try:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            ready = asyncio.Event()
            tasks.create_task(built.daemon.run(ready.set))
            await ready.wait()
            yield built
            stop.set()
    finally:
        await built.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.01)


# Budgets


async def test_promise_11_what_is_over_budget_waits_and_starts_by_itself(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Two fit into the day; the third waits visibly, and is made on the next day."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 40")  # a video costs 16
    drop_all(studio, "a", "b", "c")

    assert await studios.once(studio) == {S.DONE: 2}

    assert charges(sandbox) == 2
    assert sorted(states(studio).values()) == ["budget", "done", "done"]
    [name] = studio.seen("held")
    note = (studio.held / name).read_text()
    assert "of the 40 credits that providers.rivya.budget.per_day allows 32 credits" in note
    held = next(row for row in studio.rows() if row.held)
    assert held.wake_at is not None

    assert await studios.once(studio, clock=studios.Shifted(2 * DAY_S)) == {S.DONE: 1}
    assert charges(sandbox) == 3
    assert studio.seen("held") == []


async def test_a_folder_has_its_own_budget(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Beside the provider's, which has room."""
    studio.configure(
        more="[watch.budget.rivya]\nper_month = 20\n[providers.rivya.budget]\nper_month = 999"
    )
    drop_all(studio, "a", "b")

    await studios.once(studio)

    assert charges(sandbox) == 1
    [name] = studio.seen("held")
    assert "budget.rivya of 'studio'.per_month" in (studio.held / name).read_text()


async def test_a_raised_limit_lets_all_go_that_fit(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """After a start with the new configuration, without a person's order, in order."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    drop_all(studio, "a", "b", "c", "d")
    await studios.once(studio)
    assert charges(sandbox) == 0

    studio.config.write_text(studio.config.read_text().replace("per_day = 0", "per_day = 50"))
    told = Told()
    await studios.once(studio, told)

    assert charges(sandbox) == 3
    assert sorted(states(studio).values()) == ["budget", "done", "done", "done"]
    assert told.count(Held) == 0


async def test_what_does_not_fit_keeps_nobody_from_what_does(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Room too small for the first in line is for the next one; a limit of a folder is its own."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 17")
    drop_all(studio, "first")
    await studios.once(studio)
    drop_all(studio, "dear", sidecar='model = "seedance-1-0-pro"\n')
    drop_all(studio, "fits")
    await studios.once(studio)
    assert states(studio) == {"first": "done", "dear": "budget", "fits": "budget"}

    studio.config.write_text(studio.config.read_text().replace("per_day = 17", "per_day = 33"))
    told = Told()
    await studios.once(studio, told)

    assert states(studio) == {"first": "done", "dear": "budget", "fits": "done"}
    assert told.count(Held) == 0, "one without room is not even let go"


async def test_what_was_not_charged_makes_room(studio: studios.Studio, sandbox: Sandbox) -> None:
    """A task that fails and costs nothing lets the one that waits start, on the same day."""
    studio.configure(more="[providers.segmind.budget]\nper_day = 0.3")
    sandbox.fault("task_failed", "segmind.submit")
    drop_all(studio, "a", "b", sidecar='provider = "segmind"\n')

    assert await studios.once(studio) == {S.FAILED: 1, S.DONE: 1}

    assert charges(sandbox) == 1


async def test_refunds_are_not_assumed(studio: studios.Studio, sandbox: Sandbox) -> None:
    """A provider that does not say what a failed task cost has charged it."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 16")
    sandbox.fault("task_failed", "rivya.create")
    drop_all(studio, "a", "b")

    assert await studios.once(studio) == {S.FAILED: 1}

    assert sorted(states(studio).values()) == ["budget", "failed"]


async def test_a_video_dearer_than_allowed_is_never_made(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """It waits for a person, not for a day."""
    studio.configure(more="[providers.rivya.budget]\nper_job = 15.9")
    drop_all(studio, "a")

    await studios.once(studio)

    assert charges(sandbox) == 0
    assert [row.wake_at for row in studio.rows()] == [None]
    assert "raise the limit" in (studio.held / "a.held.txt").read_text()


async def test_a_lowered_limit_holds_also_what_was_uploaded_before(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A stop came between upload and intent; the next start has another configuration."""
    drop_all(studio, "a")
    async with living.living(studio) as life:
        life.when(Staged, life.stop.set)
        await life.until(life.stop.is_set)
    assert states(studio) == {"a": "staged"}
    studio.configure(more="[providers.rivya.budget]\nper_job = 15.9")

    await studios.once(studio)

    assert charges(sandbox) == 0
    assert states(studio) == {"a": "budget"}


async def test_held_by_the_budget_nothing_is_uploaded(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """What waits costs neither credits nor traffic."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    drop_all(studio, "a", "b")

    await studios.once(studio)

    assert sandbox.ledger("upload") == []


# Duplicates


async def test_an_equal_drop_is_not_paid_again(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Its originals go to done/ with a pointer to the video."""
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    studio.drop('# the same wish in other words\nprompt = "waves"\n', name="copy")

    assert await studios.once(studio) == {S.DONE: 1}

    assert charges(sandbox) == 1
    assert studio.seen("done") == [
        "copy.duplicate.txt", "copy.png", "copy.toml", "shot.png", "shot.toml"
    ]  # fmt: skip
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    note = (studio.done / "copy.duplicate.txt").read_text()
    assert "shot.mp4" in note
    assert "again = true" in note
    facts = tomli.loads(note)
    assert facts["video"] == "shot.mp4"


@pytest.mark.parametrize(
    ("sidecar", "paid"),
    [
        ('prompt = "waves"\nagain = true\n', 1),
        ('prompt = "waves"\ntakes = 3\n', 2),
        ('prompt = "other waves"\n', 1),
        ('prompt = "waves"\nseed = 7\n', 1),
        ('prompt = "waves"\nduration = 10\n', 1),
    ],
)
async def test_more_is_paid_when_more_is_asked_for(
    studio: studios.Studio, sandbox: Sandbox, sidecar: str, paid: int
) -> None:
    """`again`, further takes, another wish; the take that exists is not paid again."""
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    studio.drop(sidecar, name="more")

    await studios.once(studio)

    assert charges(sandbox) == 1 + paid


async def test_of_equal_drops_at_the_same_time_one_is_paid(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The others wait for it and then point to it."""
    for name in "abcdef":
        studio.drop('prompt = "waves"\n', name=name)

    assert await studios.once(studio) == {S.DONE: 6}

    assert charges(sandbox) == 1
    assert len([name for name in studio.seen("outbox") if name.endswith(".mp4")]) == 1


async def test_when_the_first_fails_the_second_is_made(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """What came to nothing keeps nobody from having it."""
    sandbox.fault("task_failed", "rivya.create")
    for name in "ab":
        studio.drop('prompt = "waves"\n', name=name)

    assert await studios.once(studio) == {S.FAILED: 1, S.DONE: 1}


async def test_an_equal_video_can_be_placed_once_more(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """By configuration: the same bytes under the new name, with a receipt that says so."""
    studio.configure(watch='duplicates = "place"')
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    studio.drop('prompt = "waves"\n', name="copy")

    assert await studios.once(studio) == {S.DONE: 1}

    assert charges(sandbox) == 1
    assert (studio.outbox / "copy.mp4").read_bytes() == (studio.outbox / "shot.mp4").read_bytes()
    receipt = tomli.loads((studio.outbox / "copy.toml").read_text())["receipt"]
    assert receipt["same_as"] == next(r.job_id for r in studio.rows() if r.label == "shot")
    assert receipt["reserved"]["amount"] == "0"


async def test_a_video_that_was_taken_away_is_pointed_to(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """It cannot be placed once more, and it is not paid again without a word."""
    studio.configure(watch='duplicates = "place"')
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    (studio.outbox / "shot.mp4").unlink()
    studio.drop('prompt = "waves"\n', name="copy")

    await studios.once(studio)

    assert charges(sandbox) == 1
    assert "copy.duplicate.txt" in studio.seen("done")


async def test_a_video_that_is_taken_away_before_it_is_placed_again_is_pointed_to(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Nobody waits for ever for a file that a person moved to where it is used."""
    studio.configure(watch='duplicates = "place"')
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    studio.drop('prompt = "waves"\n', name="copy")
    async with living.living(studio) as life:
        life.when(Reused, life.stop.set)
        await life.until(life.stop.is_set)
    (studio.outbox / "shot.mp4").unlink()

    assert await studios.once(studio) == {S.DONE: 1}

    assert charges(sandbox) == 1
    assert "copy.duplicate.txt" in studio.seen("done")


async def test_duplicates_can_be_paid(studio: studios.Studio, sandbox: Sandbox) -> None:
    """By configuration every drop is a new video."""
    studio.configure(watch='duplicates = "pay"')
    for _ in range(2):
        studio.drop('prompt = "waves"\n')
        await studios.once(studio)

    assert charges(sandbox) == 2


# Orders


async def in_doubt(studio: studios.Studio, sandbox: Sandbox, *, stored: bool) -> str:
    """Bring a job into doubt that nothing settles; give its name."""
    studio.drop('prompt = "waves"\nprovider = "segmind"\n')
    sandbox.turn(segmind_history_delay_s=1e6)
    sandbox.fault("reset_after" if stored else "reset_before", "segmind.submit")
    await studios.once(studio)
    row = studio.rows()[0]
    assert (row.state, row.held) == (S.SUBMITTING, "in_doubt")
    return row.job_id


async def test_adopting_gets_the_video_that_was_paid(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A person who found the task at the provider's names it; nothing is paid again."""
    job_id = await in_doubt(studio, sandbox, stored=True)
    task_id = sandbox.ledger("charge")[0].task_id
    async with daemon(studio) as built:
        job = await built.daemon.obey(Order(Act.ADOPT, job_id, task_id))
        assert job.accepted
        await until(lambda: bool(studio.seen("outbox")[1:]))
        await until(lambda: studio.seen("done") != [])

    assert charges(sandbox) == 1
    assert studio.seen("held") == []


async def test_a_task_is_adopted_by_one_job(studio: studios.Studio, sandbox: Sandbox) -> None:
    """The neighbour's task is easily taken for it; that is said. A mistyped one is corrected."""
    studio.drop('prompt = "rain"\nprovider = "segmind"\n', name="other")
    await studios.once(studio)
    job_id = await in_doubt(studio, sandbox, stored=True)
    others, own = (each.task_id for each in sandbox.ledger("charge"))
    async with daemon(studio) as built:
        with pytest.raises(Refused, match=f"task {others} is that of job other-"):
            await built.daemon.obey(Order(Act.ADOPT, job_id, others))
        await built.daemon.obey(Order(Act.ADOPT, job_id, "mistyped"))
        await built.daemon.obey(Order(Act.ADOPT, job_id, own))
        await until(lambda: "shot.png" in studio.seen("done"))

    assert charges(sandbox) == 2
    assert studio.seen("held") == []


async def test_resubmitting_pays_for_another_attempt(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A person is sure that it was not taken; the first attempt stays counted as spent."""
    job_id = await in_doubt(studio, sandbox, stored=False)
    async with daemon(studio) as built:
        await built.daemon.obey(Order(Act.RESUBMIT, job_id))
        await until(lambda: studio.seen("done") != [])

    assert charges(sandbox) == 1
    assert studio.seen("held") == []


async def test_a_hold_stops_before_money_and_a_release_goes_on(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Between two effects, durably: a start later it is still held."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    drop_all(studio, "a")
    await studios.once(studio)
    [row] = studio.rows()
    studio.config.write_text(studio.config.read_text().replace("per_day = 0", ""))
    async with daemon(studio) as built:
        await built.daemon.obey(Order(Act.HOLD, row.job_id))
    assert await studios.once(studio) == {}
    assert charges(sandbox) == 0
    async with daemon(studio) as built:
        await built.daemon.obey(Order(Act.RELEASE, row.job_id))
        await until(lambda: studio.seen("done") != [])
    assert charges(sandbox) == 1


async def test_an_order_in_the_middle_of_an_effect_comes_right_after_it(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The driver and the order never write to one history at the same time."""
    sandbox.fault("delay_after", "rivya.create", seconds=1.0)
    studio.drop('prompt = "waves"\n')
    async with daemon(studio) as built:
        await until(lambda: "submit" in map(str, built.daemon.runner.doing.values()))
        [job_id] = built.daemon.runner.doing
        with pytest.raises(Refused, match="throws its video away"):
            await built.daemon.obey(Order(Act.CANCEL, job_id))
        await until(lambda: studio.seen("done") != [])

    history = [each for each in await _history(studio, job_id) if isinstance(each, Intended)]
    assert len(history) == charges(sandbox) == 1


async def test_cancelling_puts_the_originals_aside(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Before anything was paid."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    drop_all(studio, "a")
    await studios.once(studio)
    async with daemon(studio) as built:
        await built.daemon.obey(Order(Act.CANCEL, studio.rows()[0].job_id))
        await until(lambda: studio.seen("failed") != [])

    assert {"a.png", "a.toml"} <= set(studio.seen("failed"))
    assert studio.seen("held") == []
    assert charges(sandbox) == 0


async def test_nobody_orders_what_is_not_there(studio: studios.Studio) -> None:
    """A name that no open job has is told so, with what may be meant."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 17")
    drop_all(studio, "a", "b")
    await studios.once(studio)
    over, held = sorted(studio.rows(), key=lambda row: row.held)
    said = {
        "nobody": "no open job nobody; `status`",
        held.label: rf"did you mean {held.job_id}\?",
        over.job_id: r"is over \(done\)",
    }
    async with daemon(studio) as built:
        for name, words in said.items():
            with pytest.raises(Refused, match=words):
                await built.daemon.obey(Order(Act.HOLD, name))


async def _history(studio: studios.Studio, job_id: str) -> list[Event]:
    with SqliteReader(studio.folder / "state" / "journal.db") as reader:
        return [record.event for record in reader.history(job_id)]

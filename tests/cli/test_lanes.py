"""`pause` and `resume`: nothing new is paid where a person says so, across restarts."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import studios
from shell import daemon, run, wait

from seedance_watch.app.build import Built, build, make_folders
from seedance_watch.config.load import load
from seedance_watch.core.events import Record, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.pauses import LaneOrder, Pause
from seedance_watch.disk.pauses import FILE
from seedance_watch.sandbox.server import Sandbox, threaded


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio that has been running before."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    run(made, "run", "--once")
    return made


async def test_resume_lets_those_try_again_that_were_turned_away(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Who mended the key or the account need not wait for the next try."""
    sandbox.turn(rivya_key_state="revoked")
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    [row] = studio.rows()
    assert row.wake_at is not None

    built = await build(load(studio.config), stop=asyncio.Event(), listeners=())
    try:
        await built.daemon.load()
        await built.pauses.obey(LaneOrder("rivya", False))
    finally:
        await built.close()

    [row] = studio.rows()
    assert row.wake_at is None


def test_nothing_is_paid_while_a_provider_is_paused(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Without a daemon too: a single run leaves its jobs and ends; status and why say it."""
    told = run(studio, "pause", "rivya")
    studio.drop('prompt = "waves"\n')
    single = run(studio, "run", "--once")

    assert (told.returncode, told.stderr) == (0, "")
    assert "rivya is paused: nothing new is paid there before `seedance-watch" in told.stdout
    assert single.returncode == 1
    assert "paused by a person (shell)" in single.stderr
    assert sandbox.ledger("charge") == []
    assert "rivya: paused by a person" in run(studio, "status").stdout
    [answer] = [json.loads(run(studio, "why", "shot", "--json").stdout)]
    assert answer["code"] == "paused"
    assert "`seedance-watch resume rivya`" in answer["cure"]
    [pause] = json.loads(run(studio, "status", "--json").stdout)["pauses"]
    assert pause["provider"] == "rivya"

    assert run(studio, "resume").returncode == 0
    assert run(studio, "run", "--once").returncode == 0
    assert len(sandbox.ledger("charge")) == 1


def test_a_pause_outlives_the_daemon(studio: studios.Studio, sandbox: Sandbox) -> None:
    """It is durable when the order is answered; the next daemon keeps to it until resumed."""
    with daemon(studio):
        assert run(studio, "pause").returncode == 0
    studio.drop('prompt = "waves"\n')
    with daemon(studio):
        wait(lambda: [row.state for row in studio.rows()] == [State.PREPARED])
        assert "; takes nothing: paused by a person" in run(studio, "status").stdout
        assert run(studio, "pause").stdout.startswith("rivya is paused by a person")
        assert sandbox.ledger("charge") == []

        assert run(studio, "resume", "rivya").stdout == "rivya goes on\n"
        wait(lambda: studio.seen("outbox") != [])
    assert len(sandbox.ledger("charge")) == 1


def test_what_the_provider_has_in_work_is_fetched_all_the_same(tmp_path: Path) -> None:
    """Results perish, and they are paid."""
    slow = replace(studios.KNOBS, rivya_queue_s=(0.0, 0.0), rivya_processing_s=(4.0, 4.0))
    with threaded(slow, time_factor=1) as sandbox:
        studio = studios.lay_out(tmp_path / "studio", sandbox.url)
        studio.drop('prompt = "waves"\n')
        with daemon(studio):
            wait(lambda: studio.rows() != [] and studio.rows()[0].state is State.RUNNING)
            assert run(studio, "pause", "rivya").returncode == 0
            assert studio.seen("outbox") == []
            wait(lambda: "shot.mp4" in studio.seen("outbox"))


def test_an_unknown_provider_is_an_error(studio: studios.Studio) -> None:
    """With the one that was meant; the file of pauses is not touched."""
    told = run(studio, "pause", "rivja")

    assert (told.returncode, told.stdout) == (1, "")
    assert "there is no provider rivja; did you mean rivya?" in told.stderr
    assert not (studio.folder / "state" / FILE).exists()


def test_a_damaged_file_of_pauses_lets_nothing_be_paid(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """It may have said that a provider is paused: the start is refused, with what to do."""
    (studio.folder / "state" / FILE).write_text("{")
    studio.drop('prompt = "waves"\n')

    told = run(studio, "run", "--once")

    assert told.returncode == 75
    assert "which providers are paused cannot be read: it is damaged; remove it" in told.stderr
    assert sandbox.ledger("charge") == []


async def _paused_within(
    studio: studios.Studio, heard: Callable[[Built], Callable[[Job, Job, Record], None]]
) -> None:
    """Run once with a listener that knows the daemon."""
    settings = load(studio.config)
    make_folders(settings)
    built = await build(settings, stop=asyncio.Event(), listeners=(), apart=False)
    built.daemon.runner.listeners.append(heard(built))
    try:
        async with asyncio.timeout(60):
            await built.daemon.run_once()
    finally:
        await built.close()


async def test_a_pause_between_upload_and_intent_is_in_time(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The driver that is at it stops before it records its will to pay."""
    studio.drop('prompt = "waves"\n')

    def heard(built: Built) -> Callable[[Job, Job, Record], None]:
        def pause(_before: Job, _after: Job, record: Record) -> None:
            if isinstance(record.event, Staged):
                built.daemon.lanes.pauses["rivya"] = Pause("rivya", 0.0)

        return pause

    await _paused_within(studio, heard)

    assert [row.state for row in studio.rows()] == [State.STAGED]
    assert sandbox.ledger("charge") == []


async def test_a_pause_while_the_call_is_composed_is_in_time(
    studio: studios.Studio, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was recorded yet, so nothing is paid and nothing is in doubt."""
    studio.drop('prompt = "waves"\n')

    def heard(built: Built) -> Callable[[Job, Job, Record], None]:
        provider = built.tools.providers["rivya"]
        compose = provider.intend

        async def composed(*arguments: object) -> object:
            intent = await compose(*arguments)  # type: ignore[arg-type]
            await built.pauses.obey(LaneOrder("rivya", True))
            return intent

        monkeypatch.setattr(type(provider), "intend", lambda _self, *args: composed(*args))
        return lambda _before, _after, _record: None

    await _paused_within(studio, heard)

    assert [row.state for row in studio.rows()] == [State.STAGED]
    assert sandbox.ledger("charge") == []

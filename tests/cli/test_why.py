"""`why`: what a person asks of files and jobs, with and without a daemon."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import studios
from shell import run

from seedance_watch.app.asked import Asked, Told
from seedance_watch.app.asking import live
from seedance_watch.app.reading import reading
from seedance_watch.cli.why import worded
from seedance_watch.config.budgets import zone_of
from seedance_watch.config.load import load
from seedance_watch.core.snapshot import InboxView, LaneView, Live, Waiting
from seedance_watch.disk.survey import Survey
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.sandbox.server import Sandbox


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


@contextmanager
def asking(studio: studios.Studio, said: Live | None = None) -> Iterator[Asked]:
    config = load(studio.config)
    with reading(config) as reader:
        yield Asked(config, reader, said, studios.RealClock().now())


def why(studio: studios.Studio, what: object, said: Live | None = None) -> list[Told]:
    with asking(studio, said) as asked:
        return asked.why(str(what))


def codes(studio: studios.Studio, what: object) -> list[str]:
    return [each.answer.code for each in why(studio, what)]


def test_before_the_first_run_files_are_explained(studio: studios.Studio) -> None:
    """Without a journal and without a daemon, by the same rules; nothing is made for it."""
    studio.drop('prompt = "waves"\n')
    studio.drop('prompt = "waves"\n', name="alone", images=())
    (studio.inbox / "x.part").touch()
    (studio.inbox / "@eaDir").mkdir()
    (studio.inbox / "@eaDir" / "y.png").touch()
    before = sorted(studio.folder.rglob("*"))

    assert codes(studio, studio.inbox / "shot.png") == ["complete"]
    assert codes(studio, "alone.toml") == ["partner"]
    assert codes(studio, "x.part") == ["ignored"]
    assert codes(studio, "@eaDir/y.png") == ["ignored"]
    assert codes(studio, studio.inbox) == ["watched"]
    assert codes(studio, "nobody") == codes(studio, "/etc/passwd") == ["unknown"]
    assert sorted(studio.folder.rglob("*")) == before


def test_an_inbox_that_is_away_is_told(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an answer, not as a trace."""
    studio.drop('prompt = "waves"\n')

    def away(_self: Survey) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Survey, "look", away)
    [told] = why(studio, studio.inbox / "shot.png")
    assert told.answer.code == "folder"
    assert told.answer.said == "the inbox cannot be looked into: Input/output error"


async def test_every_file_of_a_job_leads_to_it(studio: studios.Studio) -> None:
    """Originals wherever they are now or were, the video, its receipt, notes, names."""
    studio.drop('prompt = "waves"\ntakes = 2\nend_image = "z.png"\n', images=("{}.png", "z.png"))
    studio.drop('promt = "waves"\n', name="deep/bad")
    await studios.once(studio)
    (studio.done / "shot.png").unlink()
    ids = {row.label: row.drop_id for row in studio.rows()}
    both = [f"{ids['shot']}.1", f"{ids['shot']}.2"]

    for what in ("shot", "shot.png", "shot.toml", "z.png", ids["shot"], studio.done / "shot.toml"):
        assert [each.about for each in why(studio, what)] == both, what
        assert codes(studio, what) == ["done", "done"]
    for what in (both[1], studio.outbox / "shot_take2.mp4", studio.outbox / "shot_take2.toml"):
        assert [each.about for each in why(studio, what)] == both[1:], what
    for what in ("deep/bad.toml", studio.failed / "deep/bad.failed.txt", ids["deep/bad"]):
        assert codes(studio, what) == ["failed"], what
    assert codes(studio, studio.outbox / "stranger.mp4") == ["unknown"]


async def test_a_job_of_a_damaged_history_is_told(studio: studios.Studio) -> None:
    """In words, without taking the other answers down."""
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    [row] = studio.rows()
    with closing(SqliteReader(studio.folder / "state" / "journal.db")) as reader:
        history = reader.history(row.job_id)
        reader.history = lambda _job: history[1:]  # type: ignore[method-assign]
        [told] = Asked(load(studio.config), reader, None, row.changed_at).why(row.job_id)
    assert told.answer.code == "journal"


async def test_a_file_dropped_again_is_explained_by_itself(studio: studios.Studio) -> None:
    """Not by the job that its namesake was."""
    studio.drop('promt = "waves"\n')
    await studios.once(studio)
    studio.drop('prompt = "waves"\n')
    assert codes(studio, "shot.toml") == ["complete"]


async def test_what_the_daemon_knows_goes_into_the_answer(studio: studios.Studio) -> None:
    """Seconds of settling, the effect a job is in, a paused lane, full seats, closed folders."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    studio.drop("", name="new", images=())
    [row] = studio.rows()
    watch = row.watch

    def asked(what: str, **more: object) -> Told:
        return why(studio, what, replace(Live(1, "0", 0.0), **more))[0]

    settling = Waiting("new.toml", "it was just written", "settling", row.changed_at + 3)
    told = asked("new.toml", inboxes=(InboxView(watch, "", waiting=(settling,)),))
    assert told.answer.until == row.changed_at + 3
    zone = zone_of(load(studio.config))
    assert worded(told, zone, now=row.changed_at).endswith("(3 s)")

    told = asked("shot.png")
    assert (told.answer.code, told.row) == ("budget", row)
    assert "providers.rivya.budget.per_day" in told.answer.said

    studio.configure(more="per_month = 1000")
    text = studio.config.read_text().replace("per_day = 0", "")
    studio.config.write_text(text)
    assert run(studio, "release", row.job_id).returncode == 0
    full = LaneView("rivya", 1, 1)
    for code, more in (
        ("doing", {"doing": {row.job_id: "stage"}}),
        ("lane", {"lanes": (replace(full, why="rivya: bad key"),)}),
        ("turn", {"lanes": (full,)}),
        ("folder", {"inboxes": (InboxView(watch, "", closed="the outbox is away"),)}),
        ("folder", {"inboxes": (InboxView(watch, "", low=True),)}),
        ("soon", {}),
    ):
        assert asked(row.job_id, **more).answer.code == code, more
    assert [each.answer.code for each in why(studio, row.job_id)] == ["stopped"]


async def test_the_answer_of_a_daemon_is_used(studio: studios.Studio) -> None:
    """Asked over its socket, in a process of its own."""
    studio.drop('prompt = "waves"\n', name="alone", images=())
    command = [sys.executable, "-m", "seedance_watch", "run", "--config", str(studio.config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            assert any("daemon.ready" in line for line in process.stderr)
            state_dir = studio.folder / "state"
            async with asyncio.timeout(60):
                while not (said := await asyncio.to_thread(live, state_dir)) or not any(
                    each.code == "partner" for view in said.inboxes for each in view.waiting
                ):
                    await asyncio.sleep(0.05)
            [told] = why(studio, "alone.toml", said)
            assert told.answer.said.startswith("it waits for an image alone.png")
            cut = replace(said, inboxes=())
            assert why(studio, "alone.toml", cut)[0].answer == told.answer
        finally:
            process.terminate()
            process.communicate(timeout=20)


def test_the_command_says_it_in_words_and_as_json(studio: studios.Studio) -> None:
    """Plain lines in a pipe, an object per answer where asked, 1 for what nobody knows."""
    studio.drop('prompt = "waves"\n', name="alone", images=())

    told = run(studio, "why", "inbox/alone.toml")
    assert told.returncode == 0, told.stderr
    assert told.stdout == (
        "inbox/alone.toml: it waits for an image alone.png (or .jpg, .webp, ...), "
        "or text_only = true in it\n"
        "  to do: put the missing file beside it\n"
    )
    told = run(studio, "why", "--json", "inbox/alone.toml", "nobody")
    first, second = map(json.loads, told.stdout.splitlines())
    assert (first["code"], first["about"], first["job"]) == ("partner", "inbox/alone.toml", None)
    assert (told.returncode, second["code"]) == (1, "unknown")
    assert run(studio, "why").returncode == 64

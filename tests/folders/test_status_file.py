"""The text in the outbox: how things stand, for people who have nothing but the drive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import studios
from living import Life
from structlog.testing import capture_logs

from seedance_watch.app import status_files
from seedance_watch.app.build import build, folders_made
from seedance_watch.app.outlets import Outlets
from seedance_watch.config.load import load
from seedance_watch.core.events import Accepted
from seedance_watch.engine.threads import Threads
from seedance_watch.sandbox.server import Sandbox

NAME = "_status.txt"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_files, "EVERY_S", 0.05)


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    found = studios.lay_out(tmp_path / "studio", sandbox.url)
    found.configure(watch="status_file = true", more="[providers.rivya.budget]\nper_day = 20")
    return found


@asynccontextmanager
async def told(studio: studios.Studio) -> AsyncIterator[Life]:
    """Run the daemon with all that tells others, for the length of the block."""
    settings, life = load(studio.config), Life()
    Threads.installed()
    with capture_logs() as life.logs:
        await folders_made(settings)
        outlets = Outlets(settings)
        heard = (life.heard, outlets.heard)
        built = await build(settings, stop=life.stop, listeners=heard, apart=False)
        try:
            async with outlets.running(built), asyncio.TaskGroup() as tasks:
                ready = asyncio.Event()
                tasks.create_task(built.daemon.run(ready.set))
                await ready.wait()
                try:
                    yield life
                finally:
                    life.stop.set()
        finally:
            await built.close()


def text(studio: studios.Studio) -> str:
    path = studio.outbox / NAME
    return path.read_text() if path.exists() else ""


async def test_it_says_how_things_stand(studio: studios.Studio, sandbox: Sandbox) -> None:
    """What is made, waits, is held, failed and was spent, each as it becomes so."""
    seen: list[str] = []
    async with told(studio) as life:
        await life.until(lambda: "Nothing" in text(studio) or "of 20 credits" in text(studio))
        studio.drop('prompt = "waves"\n', name="a")
        await life.until(lambda: "Being made\n  a: rivya is making it" in text(studio))
        await life.until(lambda: "Made last\n  a.mp4: " in text(studio))
        await life.until(lambda: "a.toml" not in text(studio), 10.0)  # nor does it wait any more
        studio.drop('prompt = "rain"\n', name="b")
        studio.drop("prompt = 5\n", name="c")
        studio.drop('prompt = "alone"\n', name="d", images=())
        for said in (
            "Held (",
            "Failed last (",
            "Waiting\n  d.toml: ",
            "16 of 20 credits",
            "16 credits today",
        ):
            await life.until(lambda said=said: said in text(studio))
        seen.append(text(studio))
        assert "NOT RUNNING" not in seen[0]
    assert "b: " in seen[0].partition("Held (")[2].partition("Failed")[0]
    assert "NOT RUNNING since" in text(studio)
    assert "Held (" in text(studio)
    assert len(sandbox.ledger("charge")) == 1


async def _left_alone(path: Path) -> bool:
    """Whether nobody writes a file for ten looks."""
    before = path.stat()
    await asyncio.sleep(0.5)
    after = path.stat()
    return (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


async def test_it_is_written_only_when_something_changes(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A drive that nothing happens on is left to sleep."""
    async with told(studio) as life:
        await life.until(lambda: text(studio))
        async with asyncio.timeout(30):
            while not await _left_alone(studio.outbox / NAME):
                pass


async def test_it_is_taken_for_no_video_and_takes_no_name(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A drop called _status gets its own names; the text stays a text."""
    async with told(studio) as life:
        life.when(Accepted, lambda: None)
        studio.drop('prompt = "waves"\n', name="_status")
        await life.until(lambda: life.states() == ["done"])
        await life.until(lambda: "_status.mp4" in text(studio))
    assert studio.seen("outbox") == ["_status.mp4", "_status.toml", NAME]


@pytest.mark.parametrize("link", [False, True])
async def test_a_file_of_somebody_else_is_left_alone(
    link: bool, studio: studios.Studio, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A text of a person with this name, or a link, is never written over; said once."""
    studio.outbox.mkdir()
    if link:
        (tmp_path / "mine").write_text("seedance-watch, how things stand")
        (studio.outbox / NAME).symlink_to(tmp_path / "mine")
    else:
        (studio.outbox / NAME).write_text("mine")
    before = text(studio)
    async with told(studio) as life:
        await life.until(lambda: life.said("spool.status_unwritten"))
        await asyncio.sleep(0.3)
        assert len(life.said("spool.status_unwritten")) == 1
    assert text(studio) == before


async def test_nobody_gets_one_who_did_not_ask(sandbox: Sandbox, tmp_path: Path) -> None:
    """The outbox holds videos and receipts only."""
    studio = studios.lay_out(tmp_path / "plain", sandbox.url)
    async with told(studio) as life:
        studio.drop('prompt = "waves"\n')
        await life.until(lambda: life.states() == ["done"])
        await asyncio.sleep(0.2)
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]

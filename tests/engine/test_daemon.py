"""The whole way of a drop: real files, real HTTP, real videos."""

import asyncio
import contextlib
from functools import partial
from pathlib import Path

import apsw
import pytest
import structlog
import studios
import tomli
from histories import LIFE, Story, claiming
from PIL import Image

from seedance_watch.app.build import build, make_folders
from seedance_watch.config.load import load
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.events import Accepted, Effect, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.engine.strays import tell_strays
from seedance_watch.journal import checking
from seedance_watch.media import videos
from seedance_watch.sandbox.server import Sandbox


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


async def test_a_drop_becomes_a_video_with_its_receipt(studio: studios.Studio) -> None:
    """Video and receipt in the outbox, originals in done, nothing left over."""
    studio.drop('prompt = "waves"\nduration = 10\n[meta]\nscene = "12A"\n')

    await studios.once(studio)

    receipt = tomli.loads((studio.outbox / "shot.toml").read_text())
    clip = videos.verify(studio.outbox / "shot.mp4", max_bytes=10**9)
    assert studio.seen("done") == ["shot.png", "shot.toml"]
    assert receipt["receipt"]["video"]["sha256"] == clip.sha256
    assert receipt["meta"] == {"scene": "12A"}
    assert receipt["receipt"]["origins"]["duration"] == "sidecar"
    assert clip.duration_s == pytest.approx(10, abs=0.5)
    assert not (studio.inbox / ".seedance" / "work").exists() or not list(
        (studio.inbox / ".seedance" / "work").iterdir()
    )


async def test_nothing_of_a_video_on_its_way_outlives_its_job(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Also of a take that ends while another one goes on: parts are as large as videos."""
    part = studio.outbox / ".seedance" / "part"
    sandbox.fault("task_failed", "rivya.create")
    sandbox.fault("delay_after", "media.video", seconds=1.0)
    studio.drop('prompt = "waves"\ntakes = 2\n')

    def begun(_before: Job, after: Job, record: Record) -> None:
        if isinstance(record.event, Accepted):
            part.mkdir(parents=True, exist_ok=True)
            for name in (f"{after.id}.mp4", f"{after.id}.mp4.etag"):
                (part / name).write_bytes(b"half")

    assert await studios.once(studio, begun) == {State.DONE: 1, State.FAILED: 1}

    assert [path.name for path in part.rglob("*") if path.is_file()] == []


async def test_a_damaged_history_of_a_job_long_done_stops_nobody(studio: studios.Studio) -> None:
    """A bit that flipped in an old event keeps the daemon from nothing."""
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    with contextlib.closing(apsw.Connection(str(studio.folder / "state" / "journal.db"))) as past:
        past.execute("UPDATE events SET data = replace(data, 'waves', 'caves')")
        assert past.total_changes() > 0
    studio.drop('prompt = "rain"\n', name="other")

    assert await studios.once(studio) == {State.DONE: 1}


async def test_a_damaged_row_met_while_learning_ends_nothing(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long tasks took is a convenience; the look at the whole journal tells the damage."""
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    with contextlib.closing(apsw.Connection(str(studio.folder / "state" / "journal.db"))) as past:
        past.execute("UPDATE jobs SET label = 'other'")
    monkeypatch.setattr(checking, "SMALL_BYTES", 0)  # so that the look comes after the start

    assert await studios.once(studio) == {}


async def test_a_receipt_dropped_beside_its_image_repeats_the_job(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Same prompt, parameters and seed; the new video takes the next free name."""
    studio.drop('prompt = "waves"\n')
    await studios.once(studio)
    first = tomli.loads((studio.outbox / "shot.toml").read_text())
    (studio.inbox / "shot.png").write_bytes((studio.done / "shot.png").read_bytes())
    (studio.inbox / "shot.toml").write_bytes((studio.outbox / "shot.toml").read_bytes())

    await studios.once(studio)

    second = tomli.loads((studio.outbox / "shot-2.toml").read_text())
    del first["receipt"], second["receipt"]
    assert first == second
    assert len(sandbox.ledger("charge")) == 2


async def test_takes_are_several_videos_of_one_drop(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Each take has its own seed and name; the pair is archived once."""
    studio.drop('prompt = "waves"\ntakes = 3\nseed = 7\n')

    await studios.once(studio)

    names = ["shot.mp4", "shot_take2.mp4", "shot_take3.mp4"]
    assert [name for name in studio.seen("outbox") if name.endswith(".mp4")] == names
    seeds = [
        tomli.loads((studio.outbox / name).with_suffix(".toml").read_text())["seed"]
        for name in names
    ]
    assert seeds == [7, 8, 9]
    assert studio.seen("done") == ["shot.png", "shot.toml"]
    assert len(sandbox.ledger("charge")) == 3


async def test_subfolders_are_mirrored(studio: studios.Studio) -> None:
    """The outbox, done and failed have the inbox's folders; _defaults.toml holds below it."""
    (studio.inbox / "scene 1").mkdir()
    (studio.inbox / "scene 1" / "_defaults.toml").write_text("duration = 10\n")
    studio.drop('prompt = "waves"\n', name="scene 1/day/shot01")
    studio.drop('prompt = ""\n', name="scene 1/day/shot02")

    await studios.once(studio)

    folder = "scene 1/day"
    receipt = tomli.loads((studio.outbox / folder / "shot01.toml").read_text())
    assert studio.seen("outbox") == [f"{folder}/shot01.mp4", f"{folder}/shot01.toml"]
    assert studio.seen("done") == [f"{folder}/shot01.png", f"{folder}/shot01.toml"]
    assert f"{folder}/shot02.failed.txt" in studio.seen("failed")
    assert receipt["duration"] == 10
    assert receipt["receipt"]["origins"]["duration"] == "_defaults.toml in scene 1/"


async def test_an_end_image_belongs_to_its_drop(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Both images are sent in their order, both are archived."""
    studio.drop('prompt = "waves"\nend_image = "shot-end.png"\n', images=("{}.png", "{}-end.png"))

    await studios.once(studio)

    assert studio.seen("done") == ["shot-end.png", "shot.png", "shot.toml"]
    assert len(sandbox.ledger("submission")[0].images) == 2


async def test_text_only_needs_no_image(sandbox: Sandbox, tmp_path: Path) -> None:
    """A sidecar alone is a wish where the model allows it."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    studio.drop('prompt = "waves"\ntext_only = true\nmodel = "seedance-1-5-pro"\n', images=())

    await studios.once(studio)

    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert studio.seen("done") == ["shot.toml"]


async def test_one_bad_drop_stops_nobody(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Promise 8: each bad drop gets its reason, the good one its video."""
    studio.drop('prompt = "waves"\n', name="good")
    studio.drop('prompt = "waves"\ndurration = 5\n', name="misspelt")
    studio.drop("prompt = \n", name="broken")
    studio.drop('prompt = "waves"\n', name="pdf")
    (studio.inbox / "pdf.png").write_bytes(b"%PDF-1.7 nothing to see")
    studio.drop('prompt = "waves"\n', name="small")
    Image.new("RGB", (64, 64)).save(studio.inbox / "small.png")
    studio.drop('prompt = "waves"\n', name="wide")
    Image.new("RGB", (1600, 320)).save(studio.inbox / "wide.png")

    ended = await studios.once(studio)

    notes = {
        path.name.split(".")[0]: path.read_text() for path in studio.failed.glob("*.failed.txt")
    }
    assert ended == {State.DONE: 1, State.FAILED: 5}
    assert len(sandbox.ledger("charge")) == 1
    assert set(notes) == {"misspelt", "broken", "pdf", "small", "wide"}
    assert "did you mean duration?" in notes["misspelt"]
    assert "broken.toml:1" in notes["broken"]
    for name in ("pdf", "small", "wide"):
        assert f"{name}.png" in notes[name]
        assert (studio.failed / f"{name}.png").is_file()


async def test_a_failed_drop_moved_back_is_tried_again(studio: studios.Studio) -> None:
    """Correct it, move the files back: the reason beside them is no obstacle."""
    studio.drop('prompt = "waves"\ndurration = 5\n')
    await studios.once(studio)
    for path in list(studio.failed.glob("shot.*")):
        path.rename(studio.inbox / path.name)
    (studio.inbox / "shot.toml").write_text('prompt = "waves"\nduration = 5\n')

    await studios.once(studio)

    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]


async def test_nothing_in_the_outbox_is_ever_overwritten(studio: studios.Studio) -> None:
    """Promise 4: a name that is taken by somebody else gets a suffix."""
    studio.outbox.mkdir()
    (studio.outbox / "shot.mp4").write_bytes(b"mine")
    (studio.outbox / "shot-2.toml").write_bytes(b"mine too")
    studio.drop('prompt = "waves"\n')

    await studios.once(studio)

    assert (studio.outbox / "shot.mp4").read_bytes() == b"mine"
    assert (studio.outbox / "shot-2.toml").read_bytes() == b"mine too"
    assert studio.seen("outbox") == ["shot-2.toml", "shot-3.mp4", "shot-3.toml", "shot.mp4"]


async def test_fair_order_is_priority_then_natural(sandbox: Sandbox, tmp_path: Path) -> None:
    """Of those that wait for the one seat shot2 goes before shot10, a higher priority first."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    text = studio.config.read_text()
    studio.config.write_text(
        text.replace("[providers.rivya]", "[providers.rivya]\nmax_in_flight = 1")
    )
    for name in ("shot10", "shot2", "shot1"):
        studio.drop(f'prompt = "{name}"\n', name=name)
    studio.drop('prompt = "urgent"\npriority = 5\n', name="shot99")

    await studios.once(studio)

    order = [line.client_request_id.split("-")[0] for line in sandbox.ledger("submission")]
    # Whichever settled first may have had the seat before the others were there.
    waited = order[1:]
    assert waited == [name for name in ("shot99", "shot1", "shot2", "shot10") if name in waited]


async def test_the_video_takes_the_shape_of_its_picture(studio: studios.Studio) -> None:
    """An upright picture is not cropped to the model's wide default."""
    studio.drop('prompt = "waves"\n')
    Image.new("RGB", (360, 640)).save(studio.inbox / "shot.png")

    await studios.once(studio)

    clip = videos.verify(studio.outbox / "shot.mp4", max_bytes=10**9)
    assert clip.height_px > clip.width_px


@pytest.mark.parametrize("effect", [Effect.STAGE, Effect.SUBMIT, Effect.POLL, Effect.DOWNLOAD])
async def test_a_stop_is_no_failed_try(
    effect: Effect, studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Promise 7: after a stop nothing is begun, a paid call is finished and recorded."""
    studio.drop('prompt = "waves"\n')
    settings = load(studio.config)
    make_folders(settings)
    stop = asyncio.Event()
    built = await build(settings, stop=stop, listeners=())

    class Doing(dict[str, Effect]):
        def __setitem__(self, job: str, doing: Effect) -> None:
            super().__setitem__(job, doing)
            if doing is effect:
                stop.set()

    built.daemon.runner.doing = Doing()
    async with asyncio.timeout(30):
        await built.daemon.run()
    await built.close()
    row = studio.rows()[0]
    assert row.state not in {State.SUBMITTING, State.FAILED}
    assert not row.reason

    await studios.once(studio)

    assert len(sandbox.ledger("charge")) == 1
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]


async def test_nothing_is_paid_without_room_for_the_video(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """A full disk pauses before the intent, said once; the job goes on when there is room."""
    text = studio.config.read_text()
    studio.config.write_text(text.replace("min_free_bytes = 0", f"min_free_bytes = {2**62}"))
    studio.drop('prompt = "waves"\n')
    settings = load(studio.config)
    make_folders(settings)
    stop = asyncio.Event()

    def waits(_before: Job, after: Job, _record: Record) -> None:
        if after.state is State.PREPARED:
            asyncio.get_running_loop().call_later(0.5, stop.set)

    built = await build(settings, stop=stop, listeners=(waits,))
    with structlog.testing.capture_logs() as lines:
        async with asyncio.timeout(30):
            await built.daemon.run()
    await built.close()

    assert sandbox.ledger() == []
    assert [line["folder"] for line in lines if line["event"] == "spool.low"] == ["outbox"]
    assert studio.rows()[0].reason == "", "it waits without a failed try"
    studio.config.write_text(text)
    await studios.once(studio)
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]


async def test_claimed_files_of_a_lost_journal_are_told_and_left(studio: studios.Studio) -> None:
    """Promise 5: a byte that was dropped can be found again, even when the journal is gone."""
    stray = studio.inbox / ".seedance" / "work" / "shot-0123456789"
    stray.mkdir(parents=True)
    (stray / "shot.png").write_bytes(b"mine")
    with structlog.testing.capture_logs() as lines:
        await studios.once(studio)

    told = [line for line in lines if line["event"] == "spool.stray"]
    assert [line["folder"] for line in told] == [str(stray)]
    assert "another daemon" in told[0]["cure"]
    assert "back to the inbox" in told[0]["cure"]
    assert (stray / "shot.png").read_bytes() == b"mine"


async def test_what_is_claimed_while_strays_are_looked_for_is_none(
    studio: studios.Studio,
) -> None:
    """Nobody is told to put the files of a job that may be paid back into the inbox."""
    config = load(studio.config)
    make_folders(config)
    built = await build(config, stop=asyncio.Event(), listeners=(), apart=False)
    tools, work = built.tools, studio.inbox / ".seedance" / "work"
    for name, events in (("open", LIFE[:4]), ("over", LIFE)):
        (work / name).mkdir(parents=True)
        await tools.journal.append(*Story.of(name).next(claiming(name), *events))
    with structlog.testing.capture_logs() as lines:
        await tell_strays(tools.spool, tools.journal, ())
    await built.close()

    told = [line["folder"] for line in lines if line["event"] == "spool.stray"]
    assert told == [str(work / "over")]


async def test_no_job_is_begun_before_the_inboxes_are_watched(studio: studios.Studio) -> None:
    """What many open jobs do at once would keep the daemon from being ready."""
    config = load(studio.config)
    make_folders(config)
    stop, begun = asyncio.Event(), list[bool]()
    built = await build(config, stop=stop, listeners=(lambda *_: stop.set(),), apart=False)
    story = Story.of("open")
    await built.tools.journal.append(*story.next(claiming("open"), *LIFE[:2]))
    try:
        async with asyncio.timeout(60):
            await built.daemon.run(ready=lambda: begun.append(bool(built.daemon.turns.busy)))
    finally:
        await built.close()
    assert begun == [False]


async def test_without_certificates_to_trust_it_is_never_ready(
    studio: studios.Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read beside the journal, and whether that went well is known before any job."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    config = load(studio.config)
    make_folders(config)
    built = await build(config, stop=asyncio.Event(), listeners=(), apart=False)
    told = list[bool]()
    try:
        async with asyncio.timeout(60):
            with pytest.raises(ConfigError, match=r"SSL_CERT_FILE: .*gone\.pem: No such file"):
                await built.daemon.run(ready=lambda: told.append(True))
    finally:
        await built.close()
    assert told == []


@pytest.mark.parametrize("once", [False, True])
async def test_a_start_learns_how_long_tasks_took(studio: studios.Studio, *, once: bool) -> None:
    """From the last jobs of the journal, by the daemon and by a single run."""
    studio.config.write_text(studio.config.read_text().replace("poll_first_s", "# poll_first_s"))
    config = load(studio.config)
    make_folders(config)
    stop, ended = asyncio.Event(), [Story.of(name) for name in "abcdef"]
    built = await build(config, stop=stop, listeners=(), apart=False)
    for story in ended:
        await built.tools.journal.append(*story.next(claiming(story.job.id), *LIFE))
    pace = partial(built.tools.studio.pace, ended[0].job)
    before = pace()
    try:
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(built.daemon.run_once() if once else built.daemon.run())
            while pace() == before:
                await asyncio.sleep(0.01)
            stop.set()
    finally:
        await built.close()

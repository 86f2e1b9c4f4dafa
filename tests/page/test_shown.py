"""What the page shows of a real daemon, and what nobody gets to see by it."""

import asyncio
import os
import threading
from pathlib import Path

import pytest
import studios
from visiting import visiting

from seedance_watch.app.page import looking, source, stills
from seedance_watch.app.page.source import Answers
from seedance_watch.config.load import load
from seedance_watch.core.events import Claiming
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.disk import arriving, showing
from seedance_watch.disk.shelf import Shelf
from seedance_watch.media.decoders import Decoders

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def quoted(text: str) -> str:
    """Write it as TOML has it."""
    return "'''" + text + "'''"


async def test_everything_is_shown_and_nothing_runs(studio: studios.Studio) -> None:
    """Videos, queue, failures with their reasons; text of strangers is text and nothing else."""
    studio.drop(f"prompt = {quoted(NASTY)}\n", name="shot<b>1")
    studio.drop(f"prompt = 'p'\n{quoted(NASTY)[2:-2]} = 1\n", name="wrong")
    studio.configure(watch='name = "studio"\nhours = []')
    studio.configure(more="[providers.segmind.budget]\nper_day = 0")
    studio.drop('prompt = "later"\nprovider = "segmind"\n', name="later")
    async with visiting(studio) as visit:
        await visit.done("shot<b>1")
        await visit.until("wrong", state=State.FAILED)
        await visit.daemon.until(lambda: visit.row("later").held == "budget")
        text = await visit.come()
        pages = [text]
        for label in ("shot<b>1", "wrong", "later"):
            page = await visit.get(f"/jobs/{visit.row(label).job_id}")
            assert page.status_code == 200
            pages.append(page.text)

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>1" not in page
    assert "&lt;script&gt;alert(1)" in pages[0]
    assert "shot&lt;b&gt;1" in pages[0]
    assert "later" in pages[0]
    assert "wrong" in pages[0]


async def test_a_video_is_played_in_pieces(studio: studios.Studio) -> None:
    """Ranges as browsers ask for them; posters, receipts and originals beside it."""
    studio.drop('prompt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.done("shot")
        job = f"/jobs/{visit.row('shot').job_id}"
        whole = (studio.outbox / "shot.mp4").read_bytes()

        answer = await visit.get(f"{job}/video")
        assert (answer.status_code, answer.content) == (200, whole)
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["accept-ranges"] == "bytes"
        some = await visit.get(f"{job}/video", range="bytes=100-199")
        assert (some.status_code, some.content) == (206, whole[100:200])
        assert some.headers["content-range"] == f"bytes 100-199/{len(whole)}"
        last = await visit.get(f"{job}/video", range="bytes=-10")
        assert last.content == whole[-10:]
        beyond = await visit.get(f"{job}/video", range=f"bytes={len(whole)}-")
        assert beyond.status_code == 416
        changed = {"range": "bytes=0-9", "if-range": '"another"'}
        assert (await visit.get(f"{job}/video", **changed)).content == whole
        saved = await visit.get(f"{job}/video?download")
        assert saved.headers["content-disposition"] == 'attachment; filename="shot.mp4"'

        poster = await visit.get(f"{job}/poster")
        assert (poster.content[:3], poster.headers["content-type"]) == (
            b"\xff\xd8\xff",
            "image/jpeg",
        )
        assert (await visit.get(f"{job}/thumb")).content[:3] == b"\xff\xd8\xff"
        picture = await visit.get(f"{job}/picture")
        assert picture.content == (studio.done / "shot.png").read_bytes()
        assert picture.headers["content-disposition"] == 'attachment; filename="shot.png"'
        assert picture.headers["content-type"] == "application/octet-stream"
        receipt = await visit.get(f"{job}/receipt")
        assert receipt.text == (studio.outbox / "shot.toml").read_text()
        assert receipt.headers["content-type"].startswith("text/plain")
    assert len(list((studio.folder / "state/page/stills").iterdir())) == 2


async def test_what_was_made_beside_a_video_is_shown(studio: studios.Studio) -> None:
    """By its kind; what is none, and what could not be made, is not there."""
    studio.drop('prompt = "waves"\nposter = true\npreview = "gif"\n')
    async with visiting(studio) as visit:
        await visit.done("shot")
        job = f"/jobs/{visit.row('shot').job_id}"
        poster, preview = await visit.get(f"{job}/extras/poster"), f"{job}/extras/preview"
        assert poster.content == (studio.outbox / "shot.poster.jpg").read_bytes()
        assert (await visit.get(preview)).headers["content-type"] == "image/gif"
        assert preview in (await visit.get("/")).text
        assert preview in (await visit.get(job)).text
        for kind in ("sequence", "%2e%2e", "shot.toml", "video"):
            assert (await visit.get(f"{job}/extras/{kind}")).status_code == 404
        (studio.outbox / "shot.poster.jpg").unlink()
        (studio.outbox / "shot.poster.jpg").symlink_to(studio.outbox / "shot.mp4")
        assert (await visit.get(f"{job}/extras/poster")).status_code == 404


async def test_no_path_is_taken_from_anybody(studio: studios.Studio) -> None:
    """Nothing but jobs by their names and the page's own files by theirs."""
    studio.drop('prompt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.done("shot")
        job = visit.row("shot").job_id
        for path in (
            "/static/../application.py",
            "/static/%2e%2e/application.py",
            "/static/..%2fapplication.py",
            "/static/templates",
            f"/jobs/{job}%2f..%2f..%2fstate%2fjournal.db/video",
            "/jobs/..%2f..%2fstudio/video",
            f"/jobs/{job}/video/../../../seedance-watch.toml",
            "/jobs/%00/video",
            "/jobs/shot.mp4/video",
            f"/jobs/{'x' * 5000}/video",
            "/seedance-watch.toml",
            "//etc/passwd",
        ):
            answer = await visit.get(path)
            assert answer.status_code == 404, path
            assert "[watch" not in answer.text


async def test_a_link_in_the_outbox_is_not_followed(
    studio: studios.Studio, tmp_path: Path
) -> None:
    """Neither the video's own name nor a folder on its way; nor a name that is no file."""
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    studio.drop('prompt = "waves"\n', name="scene/shot")
    studio.drop('prompt = "trees"\n', name="other")
    async with visiting(studio) as visit:
        await visit.done("scene/shot", "other")
        shot, other = (visit.row(label).job_id for label in ("scene/shot", "other"))
        (studio.outbox / "other.mp4").unlink()
        (studio.outbox / "other.mp4").symlink_to(secret)
        (studio.outbox / "scene").rename(studio.outbox / "away")
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere/shot.mp4").write_bytes(b"secret")
        (studio.outbox / "scene").symlink_to(tmp_path / "elsewhere")
        for job in (shot, other):
            assert (await visit.get(f"/jobs/{job}/video")).status_code == 404
            assert (await visit.get(f"/jobs/{job}/poster")).status_code == 404
        (studio.outbox / "other.mp4").unlink()
        os.mkfifo(studio.outbox / "other.mp4")
        assert (await visit.get(f"/jobs/{other}/video")).status_code == 404
        assert (await visit.get(f"/jobs/{other}")).status_code == 200


async def test_the_sheet_goes_on(studio: studios.Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, the rest by `more`, each once."""
    for number in range(5):
        studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
    monkeypatch.setattr(looking, "_SHEET", 2)
    async with visiting(studio) as visit:
        await visit.done(*(f"shot{number}" for number in range(5)))
        answers = Answers(load(studio.config), visit.daemon.built)
        sheets = [await answers.sheet("")]
        while sheets[-1].more:
            sheets.append(await answers.sheet(sheets[-1].more))
        page = (await visit.get(f"/?before={sheets[0].more}")).text

    newest = sorted(studio.rows(), key=lambda row: -row.changed_at)
    shown = [card.row for sheet in sheets for card in sheet.cards]
    assert [len(sheet.cards) for sheet in sheets] == [2, 2, 1]
    assert shown == newest
    assert [row.job_id in page for row in newest] == [False, False, True, True, False]


async def test_a_drive_that_hangs_holds_up_nothing(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the page nor the daemon nor its end; what lies there is not to be had."""
    studio.drop('prompt = "waves"\n')
    never = threading.Event()

    def hung(*_args: object) -> None:
        never.wait()

    async with visiting(studio) as visit:
        await visit.done("shot")
        job = f"/jobs/{visit.row('shot').job_id}"
        monkeypatch.setattr(stills, "_PATIENCE_S", 0.1)
        monkeypatch.setattr(source, "_PATIENCE_S", 0.1)
        monkeypatch.setattr(source, "_SLOTS_S", 0.0)
        monkeypatch.setattr(stills, "shown", hung)
        monkeypatch.setattr(arriving, "folders", hung)
        for _ in range(3):
            assert (await visit.get(f"{job}/video")).status_code == 404
            assert (await visit.get("/")).status_code == 200
        assert (await visit.get(job)).status_code == 200
        studio.drop('prompt = "trees"\n', name="other")
        await visit.done("other")
    never.set()


async def test_what_is_held_is_not_lost_in_the_crowd(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many others went on since."""
    monkeypatch.setattr(looking, "_OPEN_MOST", 2)
    studio.configure(more="[providers.segmind.budget]\nper_day = 0")
    studio.drop('prompt = "held"\nprovider = "segmind"\n', name="held")
    async with visiting(studio) as visit:
        await visit.daemon.until(lambda: studio.rows() and visit.row("held").held)
        await visit.come()
        await visit.post("/lanes/rivya", paused="yes")
        for number in range(4):
            studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
        await visit.daemon.until(lambda: len(studio.rows()) == 5)
        answers = Answers(load(studio.config), visit.daemon.built)
        board = await answers.board()
    assert [each.row.label for each in board.held] == ["held"]
    assert (len(board.queue), board.queue_more) == (2, 2)


async def test_what_a_slow_disk_opens_too_late_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it any more, and files are not opened without end."""
    monkeypatch.setattr(stills, "_PATIENCE_S", 0.05)
    (tmp_path / "shot.mp4").write_bytes(b"video")
    slow, given = threading.Event(), []

    def opened(_job: Job) -> showing.Shown:
        slow.wait(60)
        given.append(showing.shown(tmp_path, "shot.mp4"))
        return given[0]

    found = stills.Stills({}, lambda _: False, Decoders(), Shelf(tmp_path, 1))
    claim = Claiming("d", 1, 1, "w", "", "shot", (), "0" * 32)

    assert await found._patiently(Job("shot", claiming=claim), opened) is None
    slow.set()
    async with asyncio.timeout(60):
        while not (given and given[0]._fd == -1):
            await asyncio.sleep(0.01)

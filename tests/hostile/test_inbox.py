"""Promise 12 with the real daemon: what strangers put into an inbox reaches nothing else."""

import asyncio
import os
from pathlib import Path

import pictures
import pytest
import strangers
import studios
import tomli

from seedance_watch.app import defaults
from seedance_watch.app.build import build, make_folders
from seedance_watch.config.load import load
from seedance_watch.core.model import State
from seedance_watch.media import videos
from seedance_watch.sandbox.server import Sandbox

WISH = strangers.WISH


async def test_promise_12_links_and_special_files_are_never_opened(
    studio: studios.Studio, sandbox: Sandbox, outside: strangers.Outside
) -> None:
    """Nothing behind them is read, sent or touched; they stay, and the good drop is made."""
    planted = strangers.plant(studio, outside.folder)
    studio.drop(WISH, name="good")

    ended = await studios.once(studio)

    assert ended == {State.DONE: 1}
    assert planted == {path.name for path in studio.inbox.iterdir()} - {".seedance"}
    assert studio.seen("outbox") == ["good.mp4", "good.toml"]
    assert outside.unchanged()
    assert not any(strangers.SECRET.encode() in each for each in strangers.sent(sandbox))
    assert len(sandbox.ledger("charge")) == 1


async def test_a_hard_link_is_an_ordinary_file(
    studio: studios.Studio, sandbox: Sandbox, outside: strangers.Outside
) -> None:
    """It is made into a video; the claim moves its name, and the other name keeps the bytes."""
    os.link(outside.folder / "secret.png", studio.inbox / "hard.png")
    (studio.inbox / "hard.toml").write_text(WISH)

    await studios.once(studio)

    assert studio.seen("outbox") == ["hard.mp4", "hard.toml"]
    assert (studio.done / "hard.png").samefile(outside.folder / "secret.png")
    assert outside.unchanged()
    # Without keep_metadata not even then does what an image says about itself leave the house.
    assert not any(strangers.SECRET.encode() in each for each in strangers.sent(sandbox))


STEMS = [
    "line\nend", "carriage\rreturn", "tab\tulator", "bell\x07", "escape\x1b[2Jx", "delete\x7f",
    "csi\x9b31m", "separator\u2028x", "right\u202eto left", "joined\u200dzero", "\ufeffbom",
    "$(touch owned)", "`touch owned`", "; touch owned", "| touch owned", "&& touch owned",
    "-rf", "--help", "-", "quote\"s and 'others'", "back\\slash", "%s%n%x", "{0.__class__}",
    "<script>alert(1)<", "[red]markup[", "*", "?", "~root", "CON", "nul.txt", "a:b",
    " leading", "trailing ", "dots...", "two  spaces", "#hash", "!bang", "=1+1", "@at",
    "\u00e4\u00f6\u00fc", "a\u0308", "\U0001f600", "\u65e5\u672c\u8a9e", "b" * 250, "\u00e4" * 125,
    "not utf-8 \udcff\udcfe", "half \udce2\udc82", "lone \udced\udca0\udc80",
]  # fmt: skip


async def test_names_of_every_kind_become_videos_and_nothing_else(
    studio: studios.Studio,
    sandbox: Sandbox,
    outside: strangers.Outside,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No name is executed, splits a line, leaves a folder, or stops another drop."""
    monkeypatch.chdir(outside.folder)
    for number, stem in enumerate(STEMS):
        pictures.scene((640, 360 + 2 * number)).save(studio.inbox / f"{stem}.png")
        (studio.inbox / f"{stem}.toml").write_text(WISH)

    ended = await studios.once(studio)

    assert ended == {State.DONE: len(STEMS)}
    assert len(sandbox.ledger("charge")) == len(STEMS)
    assert sorted(studio.seen("done")) == sorted(
        f"{stem}.{end}" for stem in STEMS for end in ("png", "toml")
    )
    made = studio.seen("outbox")
    assert len(made) == 2 * len(STEMS)
    for name in made:
        assert "/" not in name
        if name.endswith(".toml"):
            assert tomli.loads((studio.outbox / name).read_text(encoding="utf-8"))["receipt"]
        else:
            videos.verify(studio.outbox / name, max_bytes=10**8)
    assert {stem for stem in STEMS if len(os.fsencode(stem)) < 200} <= {
        name.removesuffix(".mp4") for name in made
    }
    assert outside.unchanged()


BAD = {
    "climbs": 'end_image = "../../outside/secret.png"',
    "absolute": 'end_image = "/etc/passwd.png"',
    "address": 'image_url = "file:///etc/passwd"',
    "endpoint": 'base_url = "http://169.254.169.254/"',
    "key": 'api_key = "rvya_sk_stolen"',
    "hook": 'on_done = "touch owned"',
    "output": 'output = "../../outside/x.mp4"',
    "folder": 'outbox = "/tmp"',
    "million": "takes = 1000000",
    "deep": "[meta]\na = " + "[" * 10_000 + "]" * 10_000,
    "many": "\n".join(f"k{number} = 1" for number in range(90_000)),
    "large": "#" * (2 << 20),
    "endless": "seed = " + "9" * 5_000,
    "nul": 'prompt = "a\\u0000b"',
    "latin": 'prompt = "\udce4"',
    "binary": "\x00\x01\x02",
}


async def test_sidecars_that_want_too_much_fail_with_a_reason(
    studio: studios.Studio, sandbox: Sandbox, outside: strangers.Outside
) -> None:
    """Nothing is sent for them, each note is short and names the line, the good one is made."""
    for name, line in BAD.items():
        pictures.scene().save(studio.inbox / f"{name}.png")
        text = line if line.startswith(("prompt", "#", "\0")) else f"{WISH}{line}\n"
        (studio.inbox / f"{name}.toml").write_bytes(os.fsencode(text))
    studio.drop(WISH, name="good")

    ended = await studios.once(studio)

    assert ended == {State.FAILED: len(BAD), State.DONE: 1}
    assert len(sandbox.ledger("submission")) == 1
    assert outside.unchanged()
    for name in BAD:
        note = (studio.failed / f"{name}.failed.txt").read_text(encoding="utf-8")
        assert f"# {name}.toml" in note
        assert len(note) < 50_000
        assert tomli.loads(note)["code"]
        assert all(line.isprintable() for line in note.split("\n"))


META = """
prompt = '''waves'''
[meta]
"receipt" = { job = "forged", video = "/etc/passwd" }
"]\\n[receipt]\\njob" = "forged"
'"' = "'''"
"" = ["\\u001b[2J", "\\\\", "\\"\\n[receipt]\\n", 1e300]
[meta.other.receipt]
a.b.c.d.e.f = { g = [[[[{}]]]] }
[receipt]
job = "forged"
version = "forged"
"""


async def test_no_meta_table_breaks_or_forges_a_receipt(studio: studios.Studio) -> None:
    """What a person wrote comes back as it was; the facts are the program's own."""
    studio.drop(META)

    await studios.once(studio)

    receipt = tomli.loads((studio.outbox / "shot.toml").read_text(encoding="utf-8"))
    assert receipt["meta"] == tomli.loads(META)["meta"]
    assert receipt["receipt"]["video"]["file"] == "shot.mp4"
    assert receipt["receipt"]["job"].startswith("shot-")
    assert "forged" not in (receipt["receipt"]["job"], receipt["receipt"]["version"])


async def test_a_folder_swapped_for_a_link_is_not_entered(
    studio: studios.Studio, sandbox: Sandbox, outside: strangers.Outside, tmp_path: Path
) -> None:
    """A folder that was looked into becomes a link while the daemon runs: it ends there."""
    (studio.inbox / "below" / "deeper").mkdir(parents=True)
    (outside.folder / "deeper").mkdir()
    settings, stop = load(studio.config), asyncio.Event()
    make_folders(settings)
    built = await build(settings, stop=stop, listeners=(), apart=False)

    async def swap() -> None:
        studio.drop(WISH, name="below/deeper/first")
        await seen(studio, "below/deeper/first.mp4")
        (studio.inbox / "below").rename(tmp_path / "kept")
        (studio.inbox / "below").symlink_to(outside.folder)
        studio.drop('prompt = "wind"\n', name="second")
        await seen(studio, "second.mp4")
        await asyncio.sleep(1.0)  # longer than a pair that settled waits to be claimed
        stop.set()

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(built.daemon.run())
        tasks.create_task(swap())
    await built.close()

    assert sorted(row.label for row in studio.rows()) == ["below/deeper/first", "second"]
    assert outside.unchanged()


async def seen(studio: studios.Studio, video: str) -> None:
    while not (studio.outbox / video).is_file():
        await asyncio.sleep(0.02)


async def test_defaults_behind_a_link_are_not_read(
    studio: studios.Studio, outside: strangers.Outside
) -> None:
    """Neither where the file is a link, nor where a folder became one after the claim."""
    (studio.inbox / "below").symlink_to(outside.folder)
    (studio.inbox / "own").mkdir()
    (studio.inbox / "own" / "_defaults.toml").symlink_to(outside.folder / "_defaults.toml")

    assert defaults.folder_layers(studio.inbox, "below") == []
    assert defaults.folder_layers(studio.inbox, "below/deeper") == []
    assert defaults.folder_layers(studio.inbox, "own") == []

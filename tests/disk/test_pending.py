"""What an inbox says of the files that are no jobs yet."""

import gc
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from inboxes import FAST, PNG, PROMPT, an_inbox, fact, watching

from seedance_watch.core.pairing import Kind
from seedance_watch.core.settling import Look, Watched
from seedance_watch.core.snapshot import Waiting
from seedance_watch.disk.desk import Scope
from seedance_watch.disk.inbox import Inbox
from seedance_watch.disk.pending import pending
from seedance_watch.disk.scan import File

SLOW = replace(FAST, proved_s=30.0, quiet_s=30.0, orphan_s=900.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty inbox."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def put(root: Path, name: str, data: bytes = PNG) -> Path:
    """Write a file in one go."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def of(inbox: Inbox, name: str) -> Waiting | None:
    """Give what is said of a file."""
    return next((each for each in inbox.view().waiting if each.path == name), None)


def code(inbox: Inbox, name: str) -> str:
    """Give the word for machines."""
    found = of(inbox, name)
    return found.code if found else ""


async def test_settling_tells_how_many_seconds_are_left(root: Path) -> None:
    """Counted on the wall clock, from the last change."""
    put(root, "a.png")
    put(root, "a.toml", PROMPT)
    async with watching(root, settings=SLOW) as taker:
        await fact(lambda: code(taker.inbox, "a.toml") == "settling")
        found = of(taker.inbox, "a.toml")
        assert found
        assert found.until
        assert 0 < found.until - taker.inbox._clock.now() <= 30
        image = of(taker.inbox, "a.png")
        assert image
        assert image.why == "it waits for the sidecar to be finished being written"


async def test_a_file_that_is_open_for_writing_is_told(root: Path) -> None:
    """Nobody knows how long that takes."""
    with (root / "a.toml").open("wb") as file:
        file.write(PROMPT)
        file.flush()
        async with watching(root) as taker:
            await fact(lambda: "open for writing" in getattr(of(taker.inbox, "a.toml"), "why", ""))
            assert of(taker.inbox, "a.toml").until is None  # type: ignore[union-attr]


async def test_a_crowd_may_change_while_it_is_looked_at(root: Path) -> None:
    """The thread that takes files away comes in between wherever memory is cleared up."""
    async with watching(root) as taker:
        folder = taker.inbox._desk.scanner.top
        now_s = time.monotonic()
        for number in range(5_000):
            look = Watched(Look(0, 0, number), now_s, now_s)
            folder.files[f"{number}.png"] = File(f"{number}.png", Kind.IMAGE, look, 0.0)

        def between(_phase: str, _info: dict[str, int]) -> None:
            folder.files.popitem()

        gc.callbacks.append(between)
        try:
            kept, more = pending(taker.inbox._desk)
        finally:
            gc.callbacks.remove(between)
        folder.files.clear()
    assert len(kept) + more > 4_000


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.png", PNG, "it waits for its sidecar a.toml or a.png.toml"),
        ("b.toml", PROMPT, "it waits for an image b.png (or .jpg, .webp, ...), or text_only"),
    ],
)
async def test_the_missing_partner_is_named(
    root: Path, name: str, data: bytes, words: str
) -> None:
    """Whichever of the two came first."""
    put(root, name, data)
    async with watching(root) as taker:
        await fact(lambda: code(taker.inbox, name) == "partner")
        assert of(taker.inbox, name).why.startswith(words)  # type: ignore[union-attr]


async def test_all_files_of_a_drop_wait_for_its_end_image(root: Path) -> None:
    """And it is told when it is taken without."""
    put(root, "a.png")
    put(root, "a.toml", PROMPT + b'end_image = "z.png"\n')
    async with watching(root) as taker:
        for name in ("a.png", "a.toml"):
            await fact(lambda name=name: bool(getattr(of(taker.inbox, name), "until", None)))
            found = of(taker.inbox, name)
            assert found
            assert (found.code, found.why) == ("partner", "it waits for its end image z.png")


async def test_what_is_ignored_is_told_with_the_rule(root: Path) -> None:
    """After all that may become a video; our own folder is nobody's business."""
    put(root, "z.png")
    put(root, "a.png.part")
    put(root, "notes.txt")
    put(root, "@eaDir/x.png")
    put(root, ".seedance/work/x.png")
    (root / "l.png").symlink_to(root / "z.png")
    async with watching(root) as taker:
        await fact(lambda: code(taker.inbox, "z.png") == "partner")
        told = {each.path: each.why for each in taker.inbox.view().waiting}
        assert told.pop("z.png")
        assert next(iter(taker.inbox.view().waiting)).path == "z.png"
        assert told == {
            "a.png.part": "it is ignored: *.part (unfinished transfer)",
            "notes.txt": "it is ignored: neither an image nor a TOML file by its name",
            "@eaDir": "it is ignored: @eaDir/ (Synology)",
            "l.png": "it is ignored: a link, never followed",
        }


def test_a_folder_that_cannot_be_listed_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the system's words, as long as that is so."""
    put(root, "deep/b.png")
    desk = an_inbox(root)._desk
    desk.turn(set(), Scope.ALL)
    scandir = os.scandir

    def listed(path: Path) -> object:
        if Path(path).name == "deep":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", listed)
        desk.turn(set(), Scope.ALL)
        told = pending(desk)[0][0]
        assert (told.path, told.code, told.until) == ("deep", "unreadable", None)
        assert "Permission denied" in told.why
    desk.turn(set(), Scope.ALL)
    assert [each.path for each in pending(desk)[0]] == ["deep/b.png"]


async def test_a_sidecar_that_cannot_be_read_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no more when it can."""
    denied = PermissionError(13, "Permission denied")

    def deny(path: Path, look: object) -> str:
        raise denied

    put(root, "a.toml", PROMPT)
    with monkeypatch.context() as patch:
        patch.setattr("seedance_watch.disk.quiet.read_text", deny)
        async with watching(root, settings=replace(FAST, retry_s=0.05)) as taker:
            await fact(lambda: code(taker.inbox, "a.toml") == "unreadable")
            patch.undo()
            await fact(lambda: code(taker.inbox, "a.toml") == "partner")


async def test_what_is_taken_waits_for_nothing(root: Path) -> None:
    """A drop that was handed over is a job."""
    put(root, "a.png")
    put(root, "a.toml", PROMPT)
    async with watching(root) as taker:
        await taker.until(1)
        await fact(lambda: taker.inbox.view().waiting == ())


async def test_only_some_hundred_are_told_and_the_rest_counted(root: Path) -> None:
    """However full an inbox is."""
    for number in range(8):
        put(root, f"{number}.png")
        put(root, f"{number}.tmp")
    inbox = an_inbox(root)
    inbox._desk.turn(set(), Scope.ALL)
    waiting, more = pending(inbox._desk, most=10)
    assert ([each.code for each in waiting], more) == (["partner"] * 8 + ["ignored"] * 2, 6)


async def test_what_is_given_back_is_told_again(root: Path) -> None:
    """A claim that came to nothing leaves its files to be paired anew."""
    put(root, "a.png")
    sidecar = put(root, "a.toml", PROMPT)
    inbox = an_inbox(root)
    desk = inbox._desk
    await fact(lambda: bool(desk.turn(set(), Scope.ALL).drops))
    assert pending(desk)[0] == ()
    sidecar.unlink()
    inbox.let_go(["a.png", "a.toml"])
    desk.turn(set(), Scope.ALL)
    assert [(each.path, each.code) for each in pending(desk)[0]] == [("a.png", "partner")]

"""The inbox hands over each drop exactly once, when it is complete."""

import asyncio
import os
import time
import unicodedata
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from inboxes import DEADLINE_S, FAST, PNG, PROMPT, TINY, Taker, an_inbox, fact, watching
from structlog.testing import capture_logs

from seedance_watch.app.defaults import have_prompt, seen
from seedance_watch.disk.ears import Hints
from seedance_watch.disk.inbox import Inbox

PAIR = "a.png+a.toml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty inbox."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def put(root: Path, name: str, data: bytes) -> Path:
    """Write a file in one go."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("sidecar", ["a.toml", "a.png.toml"])
@pytest.mark.parametrize("image_first", [True, False])
async def test_pair_in_either_order(root: Path, sidecar: str, image_first: bool) -> None:
    """An image and its sidecar are one drop, whichever comes first."""
    files = [("a.png", PNG), (sidecar, PROMPT)]
    async with watching(root) as taker:
        first, second = files if image_first else files[::-1]
        put(root, *first)
        await taker.nothing_for(0.2)
        put(root, *second)
        await taker.exactly(f"a.png+{sidecar}")


async def test_files_already_there(root: Path) -> None:
    """What lies there at the start is handed over."""
    put(root, "a.png", PNG)
    put(root, "a.toml", PROMPT)
    async with watching(root, armed=False) as taker:
        await taker.exactly(PAIR)


@pytest.mark.parametrize("how", [os.rename, os.link])
async def test_moved_or_linked_in(root: Path, how) -> None:  # type: ignore[no-untyped-def]
    """Files that arrive by rename or by hard link have no close event and count all the same."""
    async with watching(root) as taker:
        for name, data in (("a.png", PNG), ("a.toml", PROMPT)):
            how(put(root.parent / "elsewhere", name, data), root / name)
        await taker.exactly(PAIR)


async def test_written_in_pieces(root: Path) -> None:
    """A file written by opening, appending and closing again and again is taken whole."""
    async with watching(root, settings=replace(FAST, quiet_s=2.0)) as taker:
        put(root, "a.toml", PROMPT)
        for start in range(0, len(PNG), len(PNG) // 5):
            with (root / "a.png").open("ab") as file:
                file.write(PNG[start : start + len(PNG) // 5])
            if start + len(PNG) // 5 < len(PNG):
                await taker.nothing_for(0.05)
        await taker.exactly(PAIR)


async def test_open_writer(root: Path) -> None:
    """However long a copy takes and looks complete, it is not taken while it is open."""
    put(root, "a.toml", PROMPT)
    async with watching(root) as taker:
        with (root / "a.png").open("wb") as file:
            file.write(PNG)
            file.flush()
            await taker.nothing_for(0.4)
        await taker.exactly(PAIR)


async def test_open_sidecar_writer(root: Path) -> None:
    """A sidecar that is still open for writing is not read as finished."""
    put(root, "a.png", PNG)
    async with watching(root) as taker:
        with (root / "a.toml").open("wb") as file:
            file.write(PROMPT)
            file.flush()
            await taker.nothing_for(0.4)
            file.write(b"takes = 3\n")
        await taker.exactly(PAIR)
        assert taker.drops[0].takes == 3


async def test_renamed_from_temporary(root: Path) -> None:
    """A temporary name is ignored until the file gets its own."""
    async with watching(root) as taker:
        put(root, "a.toml", PROMPT)
        part = put(root, ".a.png.Xy12Zq", PNG)
        other = put(root, "b.png.part", PNG)
        await taker.nothing_for(0.15)
        part.rename(root / "a.png")
        await taker.exactly(PAIR)
        assert other.exists()


async def test_folder_moved_in(root: Path) -> None:
    """A whole folder moved in is looked through, as deep as it goes."""
    for sub in ("shots", "shots/one/two"):
        put(root.parent / "new" / sub, "a.png", PNG)
        put(root.parent / "new" / sub, "a.toml", PROMPT)
    async with watching(root) as taker:
        (root.parent / "new" / "shots").rename(root / "shots")
        await taker.exactly("shots/a.png+shots/a.toml", "shots/one/two/a.png+shots/one/two/a.toml")
        assert {"shots", "shots/one/two"} == {drop.folder for drop in taker.drops}


async def test_subfolder_made_and_filled(root: Path) -> None:
    """A subfolder filled in the moment it is made loses nothing, and later drops are heard."""
    async with watching(root) as taker:
        put(root, "x/y/a.png", PNG)
        put(root, "x/y/a.toml", PROMPT)
        await taker.until(1)
        put(root, "x/y/b.png", PNG)
        put(root, "x/y/b.toml", PROMPT)
        await taker.exactly("x/y/a.png+x/y/a.toml", "x/y/b.png+x/y/b.toml")


LONG = "n" * 251
NAMES = {
    "upper-case": ("SHOT.PNG", "SHOT.TOML"),
    "mixed case": ("Shot.Png", "shot.toml"),
    "NFC image": (unicodedata.normalize("NFC", "é.png"), unicodedata.normalize("NFD", "é.toml")),
    "NFD image": (unicodedata.normalize("NFD", "é.png"), unicodedata.normalize("NFC", "é.toml")),
    "spaces": (" a  shot .png", " a  shot .toml"),
    "quotes": ('it\'s "so" $(x) `y`.png', 'it\'s "so" $(x) `y`.toml'),
    "line break": ("a\nb.png", "a\nb.toml"),
    "undecodable": (os.fsdecode(b"\xff\xfe.png"), os.fsdecode(b"\xff\xfe.toml")),
    "255 bytes": (f"{LONG}.png", f"{LONG[:250]}.toml"),
    "dots": ("a.b.c.png", "a.b.c.toml"),
}


@pytest.mark.parametrize("kind", NAMES)
async def test_names(root: Path, kind: str) -> None:
    """Every name that a file system allows works."""
    image, sidecar = NAMES[kind]
    if kind == "255 bytes":
        image = f"{LONG[:250]}.png"
    async with watching(root) as taker:
        put(root, image, PNG)
        put(root, sidecar, PROMPT)
        await taker.exactly(f"{image}+{sidecar}")


async def test_text_only(root: Path) -> None:
    """A sidecar with text_only and no image is a drop of its own."""
    async with watching(root) as taker:
        put(root, "a.toml", PROMPT + b"text_only = true\n")
        await taker.exactly("a.toml")
        assert taker.drops[0].stem == "a"


async def test_own_end_image(root: Path) -> None:
    """A pair whose sidecar names an end image waits for it and takes it along."""
    async with watching(root) as taker:
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT + b'end_image = "z.png"\n')
        await taker.nothing_for(0.2)
        put(root, "z.png", TINY)
        await taker.exactly("a.png+a.toml+z.png")


async def test_shared_end_image(root: Path) -> None:
    """An end image that others need too is copied, so that each drop has its own."""
    elsewhere = root.parent / "new" / "set"
    put(elsewhere, "z.png", TINY)
    for name in "ab":
        put(elsewhere, f"{name}.png", PNG)
        put(elsewhere, f"{name}.toml", PROMPT + b'end_image = "z.png"\n')
    async with watching(root) as taker:
        elsewhere.rename(root / "set")
        await taker.until(2)
        await taker.nothing_for(0.2, more_than=2)
        ends = [drop.parts[2].source for drop in taker.drops]
        assert sum(source.startswith(".seedance/ends/") for source in ends) >= 1
        assert [list(files.values())[2] for files in taker.files] == [TINY, TINY]


@pytest.mark.parametrize("order", list(permutations("abc"))[::2])
async def test_loop_of_end_images(root: Path, order: tuple[str, ...]) -> None:
    """Shots that end where the next begins, round in a circle, are all handed over."""
    elsewhere = root.parent / "new"
    for name in order:
        after = {"a": "b", "b": "c", "c": "a"}[name]
        put(elsewhere / "set", f"{name}.png", PNG)
        put(elsewhere / "set", f"{name}.toml", PROMPT + f'end_image = "{after}.png"\n'.encode())
    async with watching(root) as taker:
        (elsewhere / "set").rename(root / "set")
        await taker.until(3)
        await taker.nothing_for(0.2, more_than=3)
        assert sorted(drop.stem for drop in taker.drops) == ["a", "b", "c"]
        assert all(len(files) == 3 for files in taker.files)


@pytest.mark.parametrize(
    "name", [".a.png", "._a.png", "a.png.part", "~$a.png", "a.sync-conflict-1.png", "@eaDir/a.png"]
)
async def test_ignored(root: Path, name: str) -> None:
    """Litter is never a drop, even where it has a sidecar."""
    async with watching(root) as taker:
        litter = put(root, name, PNG)
        put(root, name.replace(".png", ".toml"), PROMPT)
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT)
        await taker.exactly(PAIR)
        assert litter.exists()


async def test_own_ignore_lines(root: Path) -> None:
    """A user's lines count, and "!" takes a name back in."""
    settings = replace(FAST, ignore=("draft_*", "!draft_ok.*"))
    async with watching(root, settings=settings) as taker:
        for name in ("draft_no", "draft_ok"):
            put(root, f"{name}.png", PNG)
            put(root, f"{name}.toml", PROMPT)
        await taker.exactly("draft_ok.png+draft_ok.toml")


async def test_never_offered(root: Path) -> None:
    """Links, pipes and folders named like images are neither followed nor opened."""
    elsewhere = put(root.parent, "other.png", PNG)
    (root / "a.png").symlink_to(elsewhere)
    os.mkfifo(root / "b.png")
    (root / "c.png").mkdir()
    (root / "d").symlink_to(put(root.parent / "far", "e.png", PNG).parent)
    put(root.parent / "far", "e.toml", PROMPT)
    async with watching(root) as taker:
        for name in "abc":
            put(root, f"{name}.toml", PROMPT)
        put(root, "z.png", PNG)
        put(root, "z.toml", PROMPT)
        await taker.exactly("z.png+z.toml")


async def test_link_is_named_where_an_image_is_missed(root: Path) -> None:
    """Who put a link there is told that it was seen, and why it does not count."""
    for name in ("a.png", "end.png"):
        (root / name).symlink_to(put(root.parent, "other.png", PNG))
    put(root, "a.toml", PROMPT)
    put(root, "b.png", PNG)
    put(root, "b.toml", PROMPT + b'end_image = "end.png"\n')
    put(root, "c.toml", PROMPT)
    inbox = an_inbox(root)
    with capture_logs() as lines:
        async with asyncio.timeout(DEADLINE_S):
            await inbox.sweep(Taker(inbox, root, root).admit)
    said = {line["path"]: line["missing"] for line in lines if line["event"] == "inbox.waiting"}
    assert "(a.png is a link" in said["a.toml"]
    assert "(end.png is a link" in said["b.png"]
    assert "link" not in said["c.toml"]


async def test_a_file_that_may_be_meant_is_named_where_a_sidecar_is_missed(root: Path) -> None:
    """Editors and Windows add an ending that nobody sees."""
    for name in ("a.png", "b.png"):
        put(root, name, PNG)
    put(root, "a.toml.txt", PROMPT)
    inbox = an_inbox(root)
    with capture_logs() as lines:
        async with asyncio.timeout(DEADLINE_S):
            await inbox.sweep(Taker(inbox, root, root).admit)
    said = {line["path"]: line["missing"] for line in lines if line["event"] == "inbox.waiting"}
    assert "(a.toml.txt is none: rename it to a.toml)" in said["a.png"]
    assert "none" not in said["b.png"]


async def test_link_replaced_by_file(root: Path) -> None:
    """A name that was a link counts once a file takes its place."""
    (root / "a.png").symlink_to(root.parent / "nowhere")
    put(root, "a.toml", PROMPT)
    async with watching(root) as taker:
        put(root.parent, "new.png", PNG).rename(root / "a.png")
        await taker.exactly(PAIR)


@pytest.mark.parametrize(
    ("image", "sidecar"),
    [(PNG, b'prompt = "half'), (PNG[: len(PNG) // 2], PROMPT), (b"", PROMPT), (PNG, b"\xff\x00")],
)
async def test_unfinished_content(root: Path, image: bytes, sidecar: bytes) -> None:
    """What looks cut off is taken only after a longer quiet, so that the reason can be told."""
    settings = replace(FAST, quiet_s=0.6)
    async with watching(root, settings=settings) as taker:
        began_s = time.monotonic()
        put(root, "a.png", image)
        put(root, "a.toml", sidecar)
        await taker.exactly(PAIR)
        assert taker.at_s[0] - began_s >= 0.6


async def test_claimed_files_wait_for_nothing(root: Path) -> None:
    """Of a drop that was claimed nothing is said to wait, though no event tells that it went."""
    async with watching(root, settings=replace(FAST, quiet_s=0.2, orphan_s=0.4)) as taker:
        put(root, "a.png", PNG)
        await fact(lambda: bool(taker.inbox.view().waiting))
        put(root, "a.toml", PROMPT)
        await taker.until(1)
        await asyncio.sleep(1.2)  # the look for its sidecar is due now, then one for its image
        told = taker.said("inbox.waiting") + taker.said("inbox.orphaned")
        assert "a.toml" not in {line["path"] for line in told}
        assert taker.inbox.view().waiting == ()


async def test_taken_by_its_defaults_and_not_said_to_wait(root: Path) -> None:
    """An image that was just handed over without a sidecar is not said to wait for one."""
    settings = replace(FAST, sidecar_grace_s=0.3, quiet_s=0.3, orphan_s=0.3)
    async with watching(root, settings=settings, prompted=True) as taker:
        put(root, "a.png", PNG)
        await taker.exactly("a.png")
        assert taker.said("inbox.waiting") + taker.said("inbox.orphaned") == []


async def test_orphan_told_once(root: Path) -> None:
    """What waits for a partner too long is reported once, and still paired later."""
    async with watching(root, settings=replace(FAST, orphan_s=0.2)) as taker:
        put(root, "a.png", PNG)
        await fact(lambda: bool(taker.said("inbox.orphaned")))
        await taker.nothing_for(0.3)
        assert [line["path"] for line in taker.said("inbox.orphaned")] == ["a.png"]
        put(root, "a.toml", PROMPT)
        await taker.exactly(PAIR)


async def test_missing_end_image(root: Path) -> None:
    """A drop whose end image never comes is handed over in the end, to fail with words."""
    async with watching(root, settings=replace(FAST, orphan_s=0.4)) as taker:
        began_s = time.monotonic()
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT + b'end_image = "z.png"\n')
        await taker.exactly(PAIR)
        assert taker.at_s[0] - began_s >= 0.4


async def test_loop_with_late_image(root: Path) -> None:
    """A drop does not take its image away while another that ends with it is being written."""
    for name, after in (("a", "b"), ("b", "a")):
        put(root, f"{name}.toml", PROMPT + f'end_image = "{after}.png"\n'.encode())
    async with watching(root) as taker:
        put(root, "a.png", PNG)
        with (root / "b.png").open("wb") as file:
            file.write(PNG)
            file.flush()
            await taker.nothing_for(0.3)
        await taker.until(2)
        await taker.nothing_for(0.1, more_than=2)
        assert all(len(files) == 3 for files in taker.files)


# Defaults


def defaulted(root: Path, **given: Any) -> Inbox:
    """Give an inbox that reads `_defaults.toml` as the daemon does."""
    return an_inbox(
        root,
        glance=partial(seen, root, ()),
        has_prompt=lambda folder: have_prompt(root, folder, ()),
        **given,
    )


async def test_default_prompt(root: Path) -> None:
    """Where defaults carry a prompt an image needs no sidecar, after a grace; takes count."""
    put(root, "_defaults.toml", PROMPT + b"takes = 3\npriority = 2\n")
    async with watching(root, inbox=defaulted(root)) as taker:
        began_s = time.monotonic()
        put(root, "x/a.png", PNG)
        await taker.exactly("x/a.png")
        assert (taker.drops[0].takes, taker.drops[0].priority) == (3, 2)
        assert taker.at_s[0] - began_s >= FAST.sidecar_grace_s


async def test_sidecar_within_grace(root: Path) -> None:
    """A sidecar that comes within the grace goes with its image."""
    put(root, "_defaults.toml", PROMPT)
    inbox = defaulted(root, settings=replace(FAST, sidecar_grace_s=30.0))
    async with watching(root, inbox=inbox) as taker:
        put(root, "a.png", PNG)
        await taker.nothing_for(0.2)
        put(root, "a.toml", b"duration = 5\n")
        await taker.exactly(PAIR)


async def test_defaults_reach_sidecars(root: Path) -> None:
    """Takes, priority and text_only of defaults hold for sidecars, the nearest first."""
    put(root, "_defaults.toml", b"takes = 2\npriority = 4\ntext_only = true\n")
    put(root, "x/_defaults.toml", b"takes = 5\n")
    async with watching(root, inbox=defaulted(root)) as taker:
        put(root, "x/a.toml", PROMPT)
        await taker.exactly("x/a.toml")
        assert (taker.drops[0].takes, taker.drops[0].priority) == (5, 4)


async def test_defaults_being_written(root: Path) -> None:
    """Drops wait while the defaults that apply to them are being written."""
    async with watching(root, inbox=defaulted(root)) as taker:
        with (root / "_defaults.toml").open("wb") as file:
            file.write(b"")
            file.flush()
            put(root, "x/a.png", PNG)
            put(root, "x/a.toml", PROMPT)
            await taker.nothing_for(0.3)
            file.write(b"takes = 4\n")
        await taker.exactly("x/a.png+x/a.toml")
        assert taker.drops[0].takes == 4


async def test_defaults_changed(root: Path) -> None:
    """A change of defaults holds for sidecars that were read before it."""
    put(root, "_defaults.toml", b"takes = 2\n")
    async with watching(root, inbox=defaulted(root)) as taker:
        put(root, "a.toml", PROMPT)
        await taker.nothing_for(0.2)
        put(root, "_defaults.toml", b"takes = 7\n")
        await taker.nothing_for(0.2)
        put(root, "a.png", PNG)
        await taker.exactly(PAIR)
        assert taker.drops[0].takes == 7


# Claims and life


async def test_kept_off_then_let_go(root: Path) -> None:
    """A claim under way is not offered; when it is over and failed, its files are again."""
    put(root, "a.png", PNG)
    put(root, "a.toml", PROMPT)
    inbox = an_inbox(root)
    inbox.keep_off(["a.png", "a.toml"])
    async with watching(root, inbox=inbox) as taker:
        await taker.nothing_for(0.2)
        inbox.let_go(["a.png", "a.toml"])
        await taker.exactly(PAIR)


async def test_claims_that_end_together_wake_once() -> None:
    """Not each of them: a turn forgets the files of all."""
    hints = Hints(asyncio.get_running_loop())
    for _ in range(3):
        hints.wake_soon()
    assert not hints.wake.is_set()
    async with asyncio.timeout(30):
        await hints.wake.wait()
    hints.wake.clear()
    await asyncio.sleep(0)
    assert not hints.wake.is_set()


async def test_same_name_again(root: Path) -> None:
    """The same names dropped again after a claim are another drop."""
    async with watching(root) as taker:
        for count in range(1, 5):
            put(root, "a.png", PNG)
            put(root, "a.toml", PROMPT)
            await taker.until(count)
        await taker.nothing_for(0.1, more_than=4)


async def test_root_missing_and_back(root: Path) -> None:
    """An inbox that is gone is said once and taken up again by itself, with its events."""
    settings = replace(FAST, retry_s=0.05, health_s=0.1)
    root.rmdir()
    async with watching(root, armed=False, settings=settings) as taker:
        await fact(lambda: bool(taker.said("inbox.missing")))
        for round_ in (1, 2):
            put(root, "a.png", PNG)
            put(root, "a.toml", PROMPT)
            await taker.until(round_)
            await fact(lambda: taker.inbox.facts.mode == "events")
            root.rename(root.parent / f"gone{round_}")
            await fact(lambda n=round_: len(taker.said("inbox.missing")) == n + 1)  # type: ignore[misc]
        assert len(taker.said("inbox.returned")) == 2


async def test_replaced_root_is_heard(root: Path) -> None:
    """A folder that takes the inbox's place is watched instead of the old one."""
    async with watching(root, settings=replace(FAST, health_s=0.1)) as taker:
        root.rename(root.parent / "old")
        root.mkdir()
        await fact(lambda: taker.inbox.facts.rebuilds == 1)
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT)
        await taker.exactly(PAIR)


async def test_symlinked_root(root: Path) -> None:
    """An inbox that is a link to a folder is heard."""
    link = root.parent / "link"
    link.symlink_to(root)
    async with watching(link) as taker:
        await fact(lambda: taker.inbox.facts.mode == "events")
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT)
        await taker.exactly(PAIR)


@pytest.mark.parametrize("events", ["never", "auto"])
async def test_stops_promptly(root: Path, events: str) -> None:
    """A stop waits for no scan and no quiet."""
    for number in range(300):
        put(root, f"{number}.png", PNG)
        put(root, f"{number}.toml", PROMPT)
    slow = replace(FAST, events=events, quiet_s=600.0, scan_local_s=600.0, scan_network_s=600.0)
    async with watching(root, armed=False, settings=slow) as taker:
        await taker.until(1)


# Whether events arrive


@pytest.mark.parametrize("recursive", [True, False])
async def test_canary_proves_events(root: Path, recursive: bool) -> None:
    """Events that arrive are proved by a hidden file, which is gone afterwards."""
    async with watching(root, settings=replace(FAST, recursive=recursive)) as taker:
        await fact(lambda: taker.inbox.facts.mode == "events")
        await taker.scanned()
        assert taker.inbox.facts.mode == "events"
        assert [path for path in root.rglob("*") if path.is_file()] == []
        assert taker.drops == []


async def test_not_recursive(root: Path) -> None:
    """Without recursion subfolders do not count."""
    async with watching(root, settings=replace(FAST, recursive=False)) as taker:
        put(root, "x/a.png", PNG)
        put(root, "x/a.toml", PROMPT)
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT)
        await taker.exactly(PAIR)


async def test_scans_only(root: Path) -> None:
    """Without events scans find everything, and say so."""
    settings = replace(FAST, events="never", scan_network_s=0.1)
    async with watching(root, settings=settings) as taker:
        put(root, "a.png", PNG)
        put(root, "a.toml", PROMPT)
        await taker.until(1)
        assert taker.inbox.facts.mode == "scans"
        assert taker.inbox.facts.found_by_scan_only == 2


# Once


async def test_sweep(root: Path) -> None:
    """A sweep hands over what settles and ends; what waits is left, and said."""
    put(root, "a.png", PNG)
    put(root, "a.toml", PROMPT)
    inbox = an_inbox(root)
    taker = Taker(inbox, root, root.parent / "away")
    async with asyncio.timeout(DEADLINE_S):
        assert not await inbox.sweep(taker.admit)
    assert taker.names == [PAIR]


async def test_sweep_leaves_what_waits(root: Path) -> None:
    """A sweep waits neither for an end image nor for a sidecar."""
    put(root, "a.png", PNG)
    put(root, "a.toml", PROMPT + b'end_image = "z.png"\n')
    put(root, "b.png", PNG)
    put(root, "c.png", PNG)
    put(root, "c.toml", PROMPT)
    inbox = an_inbox(root)
    taker = Taker(inbox, root, root.parent / "away")
    async with asyncio.timeout(DEADLINE_S):
        assert await inbox.sweep(taker.admit)
    assert taker.names == ["c.png+c.toml"]


async def test_sweep_ends_with_open_writer(root: Path) -> None:
    """A sweep gives up on a file that is open for writing and does not change."""
    put(root, "a.toml", PROMPT)
    inbox = an_inbox(root, settings=replace(FAST, idle_s=0.3))
    taker = Taker(inbox, root, root.parent / "away")
    with (root / "a.png").open("wb") as file:
        file.write(PNG)
        async with asyncio.timeout(DEADLINE_S):
            assert await inbox.sweep(taker.admit)
    assert taker.names == []


async def test_sweep_of_nothing(root: Path) -> None:
    """A sweep of an empty inbox ends at once."""
    async with asyncio.timeout(DEADLINE_S):
        assert not await an_inbox(root).sweep(Taker(an_inbox(root), root, root).admit)


async def test_hint_during_health_check(root: Path) -> None:
    """A hint that arrives while the watch is looked after is not forgotten."""
    async with watching(root, settings=replace(FAST, health_s=0.001)) as taker:
        await taker.scanned(150)

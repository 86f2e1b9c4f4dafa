"""The inbox hands over each drop exactly once, when it is complete."""

import os
import unicodedata
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from inboxes import FAST, PNG, PROMPT, TINY, watching

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
        assert [TINY, TINY] == [list(files.values())[2] for files in taker.files]


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
        assert ["a", "b", "c"] == sorted(drop.stem for drop in taker.drops)
        assert all(len(files) == 3 for files in taker.files)

"""What failed goes back into the inbox whole, and overwrites nothing, through any crash."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from seedance_watch.core import machine
from seedance_watch.core.errors import Fault
from seedance_watch.core.events import Claiming
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Part, Role
from seedance_watch.disk.spool import Places, Spool

ROLES = ("inbox", "outbox", "done", "failed", "held")
IMAGE, WISH = b"\x89PNG" + bytes(range(256)) * 40, b'prompt = "a cat"\n'
BETTER = b'prompt = "a better cat"\n'
PARTS = (
    Part(Role.IMAGE, "s/a.png", "a.png", len(IMAGE), hashlib.sha256(IMAGE).hexdigest()),
    Part(Role.SIDECAR, "s/a.toml", "a.toml", len(WISH), hashlib.sha256(WISH).hexdigest()),
)
CLAIM = Claiming("drop-1", 1, 1, "main", "s", "a", PARTS, "1" * 32)
NOTE = '# No video was made.\n\njob = "drop-1"\nreason = "a"\n'


@dataclass(frozen=True)
class World:
    """The folders of one watch entry and its spool."""

    root: Path

    @property
    def spool(self) -> Spool:
        return Spool({"main": Places(*(self.root / role for role in ROLES))})

    def files(self, role: str) -> dict[str, bytes]:
        """Give what lies in a folder, private files too."""
        root = self.root / role
        found = (path for path in sorted(root.rglob("*")) if path.is_file())
        return {str(path.relative_to(root)): path.read_bytes() for path in found}


def failed(root: Path, *, note: str = NOTE) -> World:
    """Give a world in which a drop failed, and its sidecar was corrected where it lies."""
    for role in ROLES:
        (root / role / "s").mkdir(parents=True)
    for name, content in (("a.png", IMAGE), ("a.toml", BETTER if note else WISH)):
        (root / "failed/s" / name).write_bytes(content)
    if note:
        (root / "failed/s/a.failed.txt").write_text(note)
    return World(root)


def again(world: World) -> list[str]:
    return world.spool.put_back(machine.advance(Job("drop-1"), CLAIM, 0.0))


def test_promise_5_another_try_survives_being_cut_at_any_call(sweep: Any) -> None:
    """Every byte is in failed/ or in the inbox; repeated, all are in the inbox, the note gone."""

    def make(root: Path) -> Callable[[], object]:
        world = failed(root)
        return lambda: again(world)

    def after(root: Path) -> None:
        world = World(root)
        left = [*world.files("inbox").values(), *world.files("failed").values()]
        assert {IMAGE, BETTER} <= set(left)
        again(world)
        assert world.files("inbox") == {"s/a.png": IMAGE, "s/a.toml": BETTER}
        assert world.files("failed") == {}

    assert sweep(make, after) > 5


def test_without_a_note_files_are_known_by_their_bytes(tmp_path: Path) -> None:
    """Changed ones are nobody's then, and stay."""
    world = failed(tmp_path, note="")
    (tmp_path / "failed/s/a.toml").write_bytes(BETTER)
    assert again(world) == []

    (tmp_path / "failed/s/a.toml").write_bytes(WISH)
    assert again(world) == ["s/a.png", "s/a.toml"]


def test_files_beside_the_note_of_another_job_are_not_ours(tmp_path: Path) -> None:
    """A newer drop of the same name failed there."""
    world = failed(tmp_path, note=NOTE.replace("drop-1", "drop-2"))

    assert again(world) == []
    assert set(world.files("failed")) == {"s/a.png", "s/a.toml", "s/a.failed.txt"}


@pytest.mark.parametrize("lying", ["s/a.png", "s/a.toml"])
def test_nothing_moves_while_a_name_is_taken(tmp_path: Path, lying: str) -> None:
    """Neither of the two, whichever it is."""
    world = failed(tmp_path)
    (tmp_path / "inbox" / lying).parent.mkdir(exist_ok=True)
    (tmp_path / "inbox" / lying).write_bytes(b"theirs")

    with pytest.raises(Fault, match="another file there has the name"):
        again(world)

    assert world.files("inbox") == {lying: b"theirs"}
    assert len(world.files("failed")) == 3


def test_a_file_that_is_nowhere_is_named(tmp_path: Path) -> None:
    """The other one stays where it is."""
    world = failed(tmp_path)
    (tmp_path / "failed/s/a.png").unlink()

    with pytest.raises(Fault, match=r"a\.png is not in failed/ any more; put it back"):
        again(world)

    assert world.files("inbox") == {}


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    """A subfolder of the inbox that is a link is not written through."""
    world = failed(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "inbox/s").rmdir()
    (tmp_path / "inbox/s").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Fault, match="a link stands in the way"):
        again(world)

    assert list((tmp_path / "elsewhere").iterdir()) == []

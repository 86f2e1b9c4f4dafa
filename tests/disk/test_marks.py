"""A folder that was worked in is known again; a share that is not there is no empty folder."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from seedance_watch.disk import marks
from seedance_watch.disk.marks import Known, mark_path, recognise
from seedance_watch.disk.places import Away, Outside

Mount = Callable[..., Path]


def unmount(point: Path) -> None:
    """Take a mount away."""
    subprocess.run(["umount", str(point)], check=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path / "folders.json"


@pytest.fixture
def known(state: Path) -> Known:
    return Known(state)


def seen(root: Path) -> list[str]:
    """Give all that lies in a folder."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def test_a_folder_is_marked_at_first_use_and_known_again(
    root: Path, known: Known, state: Path
) -> None:
    """The same random id stands in the folder and in the state, also after a new start."""
    assert recognise(root, known) is False
    assert seen(root) == [".seedance", ".seedance/id"]
    mark = marks.read(root)
    assert len(mark) == 32
    assert json.loads(state.read_text())[str(root)]["id"] == mark

    assert recognise(root, Known(state)) is False
    assert marks.read(root) == mark


def test_two_folders_have_two_marks(root: Path, known: Known, tmp_path: Path) -> None:
    """Each is remembered by its own path."""
    other = tmp_path / "outbox"
    other.mkdir()
    recognise(root, known)
    recognise(other, known)

    assert marks.read(root) != marks.read(other)
    root.rename(tmp_path / "old")
    other.rename(root)
    with pytest.raises(Away, match="another folder is in its place"):
        recognise(root, known)


def test_a_lost_state_takes_the_mark_that_is_there(root: Path, known: Known, state: Path) -> None:
    """A folder that others marked keeps its mark."""
    recognise(root, known)
    mark = marks.read(root)
    state.unlink()

    recognise(root, Known(state))

    assert marks.read(root) == mark
    assert json.loads(state.read_text())[str(root)]["id"] == mark


def test_a_folder_that_is_gone_is_not_made(root: Path, known: Known) -> None:
    """Neither before it was ever used nor after."""
    root.rmdir()
    with pytest.raises(Away, match="not there"):
        recognise(root, known)
    assert not root.exists()
    root.mkdir()
    recognise(root, known)
    root.rename(root.with_name("elsewhere"))

    with pytest.raises(Away, match="not there") as told:
        recognise(root, known)

    assert "create it again" in told.value.cure
    assert not root.exists()


def test_a_folder_made_anew_where_it_lay_is_marked_again(root: Path, known: Known) -> None:
    """Whoever deletes a local folder and makes it again needs no expert."""
    recognise(root, known)
    mark = marks.read(root)
    mark_path(root).unlink()
    mark_path(root).parent.rmdir()
    root.rmdir()
    root.mkdir()

    assert recognise(root, known) is True
    assert marks.read(root) == mark
    assert recognise(root, known) is False


def test_a_bare_mount_point_is_left_bare(root: Path, known: Known, mount: Mount) -> None:
    """What lies under a share that is not mounted is not the share; mounted again, it is."""
    mount(root, "-t", "tmpfs", "none")
    recognise(root, known)
    aside = mount(root.with_name("aside"), "--bind", str(root))
    unmount(root)

    with pytest.raises(Away, match="the mark of the folder that was worked in is missing") as told:
        recognise(root, known)

    assert seen(root) == []
    assert f"mount what was mounted at {root} before" in told.value.cure
    mount(root, "--bind", str(aside))
    assert recognise(root, known) is False


def test_a_bare_mount_point_of_a_bind_mount_is_left_bare(
    root: Path, known: Known, mount: Mount, tmp_path: Path
) -> None:
    """The same device and the same file system on both sides, as with containers."""
    (tmp_path / "real").mkdir()
    mount(root, "--bind", str(tmp_path / "real"))
    recognise(root, known)
    unmount(root)
    assert root.stat().st_dev == (tmp_path / "real").stat().st_dev

    with pytest.raises(Away, match="is missing"):
        recognise(root, known)

    assert seen(root) == []
    mount(root, "--bind", str(tmp_path / "real"))
    assert recognise(root, known) is False


@pytest.mark.parametrize("worked_in", [True, False])
def test_another_share_in_its_place_is_left_alone(
    root: Path, known: Known, mount: Mount, state: Path, worked_in: bool
) -> None:
    """Be it empty or somebody's; the message says how to use it all the same, and that works."""
    mount(root, "-t", "tmpfs", "none")
    recognise(root, known)
    mount(root, "-t", "tmpfs", "none")
    if worked_in:
        marks.write(root, marks.new_id())
    before = seen(root)

    with pytest.raises(Away) as told:
        recognise(root, known)

    assert seen(root) == before
    cure = told.value.cure
    mark, path = cure.partition("write ")[2].partition(";")[0].split(" into ")
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(f"{mark}\n")
    assert recognise(root, Known(state)) is False


def test_a_network_drive_that_lost_its_mark_is_not_believed(
    root: Path, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may share an empty folder in place of a disk that is not there."""
    monkeypatch.setattr(marks.mounts, "LOCAL", frozenset())
    recognise(root, known)
    mark_path(root).unlink()

    with pytest.raises(Away, match="is missing"):
        recognise(root, known)

    assert not mark_path(root).exists()


def test_where_a_folder_lies_is_remembered(
    root: Path, known: Known, mount: Mount, state: Path, tmp_path: Path
) -> None:
    """A disk that moved to another mount point is known by its mark, and then by that too."""
    (tmp_path / "real").mkdir()
    mount(root, "--bind", str(tmp_path / "real"))
    recognise(root, known)
    here = json.loads(state.read_text())[str(root)]["home"]
    assert (here["point"], here["local"]) == (str(root), True)
    unmount(root)
    root.rmdir()
    shutil.copytree(tmp_path / "real", root)

    recognise(root, known)
    marks.note_home(root, known)

    home = json.loads(state.read_text())[str(root)]["home"]
    assert home["point"] != str(root)
    mark_path(root).unlink()
    assert recognise(root, known) is True


def test_a_share_unmounted_after_it_was_recognised_keeps_its_home(
    root: Path, known: Known, mount: Mount
) -> None:
    """Between the two looks of a pulse it may go; the bare mount point is never its new home."""
    mount(root, "-t", "tmpfs", "none")
    recognise(root, known)
    unmount(root)

    marks.note_home(root, known)

    with pytest.raises(Away, match="the mark of the folder that was worked in is missing"):
        recognise(root, known)
    assert seen(root) == []


def test_a_link_in_place_of_our_folder_is_not_followed(
    root: Path, known: Known, tmp_path: Path
) -> None:
    """Nothing is read or written behind it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / ".seedance").symlink_to(elsewhere)

    with pytest.raises(Outside, match="a link stands in the way"):
        recognise(root, known)

    assert seen(elsewhere) == []


def test_a_mark_that_cannot_be_remembered_is_no_mark(root: Path, tmp_path: Path) -> None:
    """With the state directory gone nothing is begun; later the same mark is taken."""
    known = Known(tmp_path / "gone" / "folders.json")
    with pytest.raises(OSError, match="No such file"):
        recognise(root, known)
    mark = marks.read(root)
    (tmp_path / "gone").mkdir()

    recognise(root, known)

    assert marks.read(root) == mark


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"/x": {}}', '{"/x": {"id": 1, "home": {"y": 1}}}']
)
def test_a_damaged_memory_is_said(root: Path, state: Path, text: str) -> None:
    """It is neither believed nor written over."""
    state.write_text(text)
    with pytest.raises(OSError, match="not as it was written") as told:
        recognise(root, Known(state))
    assert told.value.filename == str(state)
    assert state.read_text() == text


def test_odd_paths_are_remembered(tmp_path: Path, known: Known, state: Path) -> None:
    """Names are bytes."""
    root = tmp_path / os.fsdecode(b'in \xff\n"box"')
    root.mkdir()
    recognise(root, known)
    root.rename(tmp_path / "moved")
    with pytest.raises(Away):
        recognise(root, Known(state))

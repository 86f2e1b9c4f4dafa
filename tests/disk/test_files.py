"""Moves on real disks and real mounts: nothing is overwritten, nothing is lost."""

import errno
import hashlib
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from seedance_watch.disk import files
from seedance_watch.disk.files import Lost, Taken, move


def put(path: Path, content: bytes = b"picture") -> Path:
    """Make a file."""
    path.write_bytes(content)
    return path


def tree(root: Path) -> dict[str, bytes]:
    """Give every regular file below a folder, private ones too."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


# The redo rule, on one mount, between devices, and between two mounts of one device


def test_only_source_is_moved(sides: Any) -> None:
    """It is at the target, whole, and nowhere else."""
    source, target = put(sides.source / "a"), sides.target / "b"
    move(source, target, scratch=sides.scratch)
    assert tree(sides.source) == {}
    assert tree(sides.target) == {"b": b"picture"}


def test_only_target_is_done(sides: Any) -> None:
    """Nothing is left to do, however often it is done."""
    source, target = sides.source / "a", put(sides.target / "b")
    move(source, target, scratch=sides.scratch)
    move(source, target, scratch=sides.scratch)
    assert tree(sides.target) == {"b": b"picture"}


def test_both_equal_leaves_the_target(sides: Any) -> None:
    """What a power cut or a kill left under both names is one file again."""
    source, target = put(sides.source / "a"), put(sides.target / "b")
    move(source, target, scratch=sides.scratch)
    assert tree(sides.source) == {}
    assert tree(sides.target) == {"b": b"picture"}


@pytest.mark.parametrize("content", [b"another", b"longer than the other one"])
def test_both_different_is_taken_and_left_alone(sides: Any, content: bytes) -> None:
    """Neither of two different files is touched, whatever their lengths."""
    source, target = put(sides.source / "a"), put(sides.target / "b", content)
    with pytest.raises(Taken, match="b"):
        move(source, target, scratch=sides.scratch)
    assert (source.read_bytes(), target.read_bytes()) == (b"picture", content)


def test_neither_is_lost_and_said_loudly(sides: Any) -> None:
    """A file that is nowhere is never taken for done."""
    with pytest.raises(Lost, match="a"):
        move(sides.source / "a", sides.target / "b", scratch=sides.scratch)


@pytest.mark.parametrize("kind", ["folder", "fifo", "link", "dangling"])
def test_whatever_has_the_name_is_left_alone(sides: Any, kind: str) -> None:
    """A folder, a pipe or a link is somebody's too, and none of them is waited on or followed."""
    source, target = put(sides.source / "a"), sides.target / "b"
    if kind == "folder":
        target.mkdir()
    elif kind == "fifo":
        os.mkfifo(target)
    else:
        other = put(sides.target / "other") if kind == "link" else sides.target / "nowhere"
        target.symlink_to(other)
    before = target.lstat()
    with pytest.raises(Taken):
        move(source, target, scratch=sides.scratch)
    assert source.read_bytes() == b"picture"
    assert (target.lstat().st_ino, target.lstat().st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize(
    "name",
    [
        "two words.png",
        'it\'s "quoted".png',
        "-rf.png",
        "caf\u00e9.png",
        "cafe\u0301.png",
        "UPPER.PNG",
        "x" * 251 + ".png",
        "\u00e9" * 125 + "x.png",
        os.fsdecode(b"latin-1 \xe9\xff.png"),
        "new\nline.png",
        "\U0001f600.png",
    ],
)
def test_any_name_is_moved_as_it_is(sides: Any, name: str) -> None:
    """Names are bytes; none is changed, normalised or understood."""
    put(sides.source / name)
    move(sides.source / name, sides.target / name, scratch=sides.scratch)
    assert os.listdir(os.fsencode(sides.source)) == []  # noqa: PTH208
    assert os.fsencode(name) in os.listdir(os.fsencode(sides.target))  # noqa: PTH208


def test_two_forms_of_a_letter_are_two_names(sides: Any) -> None:
    """A composed and a decomposed name do not overwrite each other."""
    for name in ("caf\u00e9", "cafe\u0301"):
        move(put(sides.source / name, name.encode()), sides.target / name, scratch=sides.scratch)
    assert len(tree(sides.target)) == 2


def test_times_and_rights_come_along(sides: Any) -> None:
    """A moved file is the same file to whoever looks at it."""
    source, target = put(sides.source / "a"), sides.target / "b"
    source.chmod(0o640)
    os.utime(source, (1_000_000_000, 1_000_000_000))
    move(source, target, scratch=sides.scratch)
    assert (target.stat().st_mode & 0o777, target.stat().st_mtime) == (0o640, 1_000_000_000)


def test_both_names_of_one_file_as_a_power_cut_leaves_it(tmp_path: Path) -> None:
    """Two names of one inode are one file: the old name goes."""
    source, target = put(tmp_path / "a"), tmp_path / "b"
    target.hardlink_to(source)
    move(source, target, scratch=tmp_path / ".scratch")
    assert tree(tmp_path) == {"b": b"picture"}


def test_a_link_is_moved_not_followed(tmp_path: Path) -> None:
    """Where it leads stays as it was."""
    kept, link = put(tmp_path / "kept"), tmp_path / "link"
    link.symlink_to(kept)
    move(link, tmp_path / "moved", scratch=tmp_path / ".scratch")
    assert (tmp_path / "moved").readlink() == kept
    assert kept.read_bytes() == b"picture"


@pytest.mark.parametrize("sides", ["tmpfs", "bind"], indirect=True)
def test_a_link_is_not_followed_between_mounts(sides: Any, tmp_path: Path) -> None:
    """It cannot be copied, so it stays and says so; no bytes behind it travel."""
    link = sides.source / "link"
    link.symlink_to(put(tmp_path / "secret"))
    with pytest.raises(OSError, match="symbolic links"):
        move(link, sides.target / "b", scratch=sides.scratch)
    assert link.is_symlink()
    assert tree(sides.target) == {}


@pytest.mark.parametrize("sides", ["tmpfs", "bind"], indirect=True)
def test_a_rename_between_mounts_is_refused_for_real(sides: Any) -> None:
    """The ground under these tests: every means gives EXDEV, equal device or not."""
    source, target = put(sides.source / "a"), sides.target / "b"
    for way in (files._rename_noreplace, files._link_unlink, files._checked_rename):
        with pytest.raises(OSError, match="cross-device") as told:
            way(source, target)
        assert told.value.errno == errno.EXDEV


@pytest.mark.parametrize("sides", ["tmpfs"], indirect=True)
def test_a_copy_that_differs_is_thrown_away(sides: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory or disk that changes bytes on the way is caught before the source goes."""
    monkeypatch.setattr(shutil, "copyfileobj", lambda _from, to, _size: to.write(b"pictute"))
    source = put(sides.source / "a")
    with pytest.raises(OSError, match="differs from its source"):
        move(source, sides.target / "b", scratch=sides.scratch)
    assert source.read_bytes() == b"picture"
    assert tree(sides.target) == {}


@pytest.mark.parametrize("sides", ["tmpfs"], indirect=True)
def test_a_name_taken_during_the_copy_stays_theirs(
    sides: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step looks again."""
    real, target = shutil.copyfileobj, sides.target / "b"

    def slow(there: Any, here: Any, size: int) -> None:
        real(there, here, size)
        put(target, b"theirs")

    monkeypatch.setattr(shutil, "copyfileobj", slow)
    source = put(sides.source / "a")
    with pytest.raises(Taken):
        move(source, target, scratch=sides.scratch)
    assert (source.read_bytes(), target.read_bytes()) == (b"picture", b"theirs")
    assert list(sides.scratch.iterdir()) == []


def test_a_full_disk_loses_nothing(tmp_path: Path, mount: Callable[..., Path]) -> None:
    """ENOSPC in the middle of a copy leaves the source and no part of the target."""
    small = mount(tmp_path / "small", "-t", "tmpfs", "-o", "size=64k", "none")
    source = put(tmp_path / "a", os.urandom(300_000))
    with pytest.raises(OSError, match="No space left") as told:
        move(source, small / "a", scratch=small / ".scratch")
    assert told.value.errno == errno.ENOSPC
    assert source.stat().st_size == 300_000
    assert tree(small) == {}


def test_an_interrupted_copy_is_finished_without_room(
    tmp_path: Path, mount: Callable[..., Path]
) -> None:
    """Both names with equal bytes need no second copy, which a full disk could not take."""
    small = mount(tmp_path / "small", "-t", "tmpfs", "-o", "size=64k", "none")
    source = put(tmp_path / "a", b"x" * 50_000)
    put(small / "a", b"x" * 50_000)
    move(source, small / "a", scratch=small / ".scratch")
    assert tree(tmp_path) == {"small/a": b"x" * 50_000}


def test_a_read_only_disk_loses_nothing(tmp_path: Path, mount: Callable[..., Path]) -> None:
    """EROFS passes through; the source is where it was."""
    target = mount(tmp_path / "to", "-t", "tmpfs", "none")
    mount(target, "-o", "remount,ro")
    source = put(tmp_path / "a")
    with pytest.raises(OSError, match="Read-only"):
        move(source, target / "a", scratch=target / ".scratch")
    assert source.read_bytes() == b"picture"


# Never overwriting


@pytest.mark.parametrize("way", [files._rename_noreplace, files._link_unlink, files.rename_new])
def test_of_two_who_rename_to_one_name_one_wins(
    tmp_path: Path, way: Callable[[Path, Path], None]
) -> None:
    """In any race the other gets FileExistsError, and both files live."""
    for turn in range(100):
        target, outcomes = tmp_path / f"{turn}", list[str]()
        barrier = threading.Barrier(2)

        def rename(name: str, target: Path = target, barrier: Any = barrier) -> None:
            source = put(tmp_path / name, name.encode())
            barrier.wait()
            try:
                way(source, target)
            except FileExistsError:
                outcomes.append("taken")  # noqa: B023
            else:
                outcomes.append(name)  # noqa: B023

        threads = [threading.Thread(target=rename, args=(name,)) for name in ("a", "b")]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        winner = target.read_text()
        loser = "b" if winner == "a" else "a"
        assert sorted(outcomes) == sorted([winner, "taken"])
        assert (tmp_path / loser).read_text() == loser


@pytest.mark.parametrize(
    "way", [files._rename_noreplace, files._link_unlink, files._checked_rename, files.rename_new]
)
def test_every_means_moves_and_refuses_alike(
    tmp_path: Path, way: Callable[[Path, Path], None]
) -> None:
    """The weaker means keep the same promises when nobody races."""
    way(put(tmp_path / "a"), tmp_path / "b")
    assert tree(tmp_path) == {"b": b"picture"}
    with pytest.raises(FileExistsError):
        way(put(tmp_path / "c", b"other"), tmp_path / "b")
    assert tree(tmp_path) == {"b": b"picture", "c": b"other"}
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        way(tmp_path / "c", tmp_path / "dangling")
    with pytest.raises(FileNotFoundError):
        way(tmp_path / "gone", tmp_path / "d")


def test_a_system_without_renameat2_links_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old C library is no reason to overwrite."""
    monkeypatch.setattr(files, "_LIBC", SimpleNamespace())
    move(put(tmp_path / "a"), tmp_path / "b", scratch=tmp_path)
    assert tree(tmp_path) == {"b": b"picture"}
    with pytest.raises(Taken):
        move(put(tmp_path / "a", b"other"), tmp_path / "b", scratch=tmp_path)


def test_what_cannot_be_linked_either_is_renamed_after_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on FAT, where links are not permitted; a folder cannot be linked anywhere."""
    monkeypatch.setattr(files, "_LIBC", SimpleNamespace())
    (tmp_path / "folder").mkdir()
    files.rename_new(tmp_path / "folder", tmp_path / "renamed")
    assert (tmp_path / "renamed").is_dir()


# Looking


def test_a_digest_is_of_the_bytes(tmp_path: Path) -> None:
    """The same as everybody else's SHA-256."""
    content = os.urandom(3_000_000)
    digest = hashlib.sha256(content).hexdigest()
    assert files.sha256(put(tmp_path / "a", content)) == digest
    assert files.holds(tmp_path / "a", digest)
    assert not files.holds(put(tmp_path / "b"), digest)


@pytest.mark.timeout(20)
def test_only_a_regular_file_has_bytes(tmp_path: Path) -> None:
    """Nothing else is opened for them: no link is followed, no pipe is waited on."""
    (tmp_path / "link").symlink_to(put(tmp_path / "real"))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("link", "fifo", "folder"):
        with pytest.raises(OSError, match=r"symbolic|regular|directory"):
            files.sha256(tmp_path / name)
        assert not files.plain(tmp_path / name)
        assert not files.holds(tmp_path / name, files.sha256(tmp_path / "real"))
        assert files.exists(tmp_path / name)
    assert not files.plain(tmp_path / "real" / "below")
    assert not files.plain(tmp_path / "nothing")


# Directories


def test_missing_parents_are_made_and_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each new name is durable in its parent; what is there is not synced again."""
    synced: list[Path] = []
    monkeypatch.setattr(files, "sync_dir", synced.append)
    files.make_dirs(tmp_path / "a" / "b")
    files.make_dirs(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert synced == [tmp_path, tmp_path / "a"]


def test_a_file_in_the_place_of_a_directory_is_left_alone(tmp_path: Path) -> None:
    """It is somebody's file."""
    put(tmp_path / "a")
    with pytest.raises(OSError, match="exists"):
        files.make_dirs(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"picture"


def test_a_directory_that_cannot_be_synced_is_believed() -> None:
    """Some file systems refuse to sync a directory; /proc is one."""
    with pytest.raises(OSError, match="Invalid"):
        os.fsync(os.open("/proc/self", os.O_RDONLY))
    files.sync_dir(Path("/proc/self"))


def test_a_directory_sync_that_fails_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that reports an error has not made anything durable."""

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, "broken disk")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="broken disk"):
        files.sync_dir(tmp_path)


# Writing


def test_a_written_file_replaces_a_torn_one(tmp_path: Path) -> None:
    """What a crash left under the private name is gone, and a planted link is not followed."""
    other = put(tmp_path / "other")
    (tmp_path / "a").symlink_to(other)
    files.write(tmp_path / "a", b"new")
    files.write(tmp_path / "a", b"newer")
    assert tree(tmp_path) == {"a": b"newer", "other": b"picture"}


def test_a_new_file_appears_whole_and_never_overwrites(tmp_path: Path) -> None:
    """Equal bytes are done already, others are somebody's."""
    path, scratch = tmp_path / "receipt.toml", tmp_path / ".scratch"
    for _ in range(2):
        files.write_new(path, b"mine", scratch=scratch)
        assert tree(tmp_path) == {"receipt.toml": b"mine"}
    with pytest.raises(Taken):
        files.write_new(path, b"yours", scratch=scratch)
    assert tree(tmp_path) == {"receipt.toml": b"mine"}


def test_a_note_replaces_an_older_one(tmp_path: Path) -> None:
    """Notes are ours to rewrite; nothing else is left behind."""
    for text in (b"old", b"new"):
        files.replace_note(tmp_path / "note.txt", text, scratch=tmp_path / ".scratch")
    assert tree(tmp_path) == {"note.txt": b"new"}


def test_a_note_that_cannot_be_placed_leaves_nothing(tmp_path: Path) -> None:
    """A folder in its place stays, and no scratch file does."""
    (tmp_path / "note.txt").mkdir()
    with pytest.raises(IsADirectoryError):
        files.replace_note(tmp_path / "note.txt", b"new", scratch=tmp_path / ".scratch")
    assert tree(tmp_path) == {}


def test_removing_twice_is_fine(tmp_path: Path) -> None:
    """What is gone need not be removed."""
    put(tmp_path / "a")
    (tmp_path / "folder").mkdir()
    put(tmp_path / "folder" / "b")
    for _ in range(2):
        files.remove(tmp_path / "a")
        files.remove_dir(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


# Power cuts: nothing has a name before its bytes are durable, nor loses one before the other is


@pytest.mark.parametrize("sides", ["tmpfs", "bind"], indirect=True)
def test_a_copy_is_durable_before_it_is_named_and_named_before_the_source_goes(
    sides: Any, told: list[tuple[str, str]]
) -> None:
    """Bytes, then the name, then the directory, and only then the source is unlinked."""
    source, target = put(sides.source / "a"), sides.target / "b"
    sides.scratch.mkdir()
    move(source, target, scratch=sides.scratch)
    part = next(path for what, path in told if what == "from")
    steps = [("sync", part), ("to", str(target)), ("sync", f"{target.parent}")]
    places = [told.index(step) for step in [*steps, ("unlink", str(source))]]
    assert places == sorted(places)


def test_what_is_written_is_durable_before_it_is_named(
    tmp_path: Path, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notes and receipts alike: a name never stands for bytes that a power cut can take."""
    real = os.replace

    def replaced(source: Path, target: Path) -> None:
        told.extend([("from", str(source)), ("to", str(target))])
        real(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    files.write_new(tmp_path / "a", b"receipt", scratch=tmp_path / ".scratch")
    files.replace_note(tmp_path / "b", b"note", scratch=tmp_path / ".scratch")
    for n, (what, path) in enumerate(told):
        assert what != "from" or ("sync", path) in told[:n]
    assert [path for what, path in told if what == "to"] == [f"{tmp_path}/a", f"{tmp_path}/b"]


# Crashes


def test_a_move_survives_being_cut_at_any_call(sides: Any, sweep: Any) -> None:
    """Cut anywhere, then repeated: once at the target, nowhere else, no scratch left."""
    content = os.urandom(100_000)

    def places(root: Path) -> tuple[Path, Path]:
        return sides.source / root.name, sides.target / root.name

    def world(root: Path) -> Callable[[], object]:
        source, target = places(root)
        put(source, content)
        return lambda: move(source, target, scratch=sides.scratch)

    def after(root: Path) -> None:
        source, target = places(root)
        assert content in {path.read_bytes() for path in (source, target) if path.exists()}
        assert not target.exists() or target.read_bytes() == content
        for _ in range(2):
            move(source, target, scratch=sides.scratch)
            assert not source.exists()
            assert target.read_bytes() == content
            assert not sides.scratch.exists() or not list(sides.scratch.iterdir())

    assert sweep(world, after) >= 1


def test_a_new_file_survives_being_cut_at_any_call(sweep: Any) -> None:
    """At no moment is there a part of it under its name; repeated, it is there once."""
    content = os.urandom(5_000)

    def world(root: Path) -> Callable[[], object]:
        return lambda: files.write_new(root / "note", content, scratch=root / ".scratch")

    def after(root: Path) -> None:
        seen = tree(root).get("note")
        assert seen in {None, content}
        for _ in range(2):
            files.write_new(root / "note", content, scratch=root / ".scratch")
            assert tree(root) == {"note": content}

    assert sweep(world, after) > 5


def test_the_crash_sweep_finds_a_move_without_its_promises(sweep: Any) -> None:
    """The test of the test: a plain copy is caught."""
    content = os.urandom(5_000)

    def world(root: Path) -> Callable[[], object]:
        source = put(root / "a", content)

        def naive() -> None:
            files.write(root / "b", source.read_bytes())
            source.unlink()

        return naive

    def after(root: Path) -> None:
        assert tree(root).get("b", content) == content
        assert list(tree(root).values()) == [content]

    with pytest.raises(AssertionError):
        sweep(world, after)

"""Copies of shared end images: whole or not at all, and swept when left over."""

import os
from pathlib import Path

import pytest

from seedance_watch.disk import ends
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.quiet import Moved, digest, look_at


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image in an inbox."""
    path = tmp_path / "z.png"
    path.write_bytes(b"z" * 100_000)
    return path


def copied(root: Path, image: Path) -> str:
    """Copy it as the inbox does."""
    look = look_at(image)
    assert look is not None
    return ends.copy(root, image, look=look, sha256=digest(image, look))


def test_copy(tmp_path: Path, image: Path) -> None:
    """Each copy is whole, under its own name in a folder of its own."""
    first, second = copied(tmp_path, image), copied(tmp_path, image)
    assert first != second
    for source in (first, second):
        assert source.startswith(".seedance/ends/")
        assert source.endswith("/z.png")
        assert (tmp_path / source).read_bytes() == image.read_bytes()


def test_changed_source(tmp_path: Path, image: Path) -> None:
    """A source that is not what was hashed leaves nothing behind."""
    look = look_at(image)
    assert look is not None
    with pytest.raises(Moved):
        ends.copy(tmp_path, image, look=look, sha256="0" * 64)
    assert list((tmp_path / ends.FOLDER).iterdir()) == []


def test_sweep(tmp_path: Path, image: Path) -> None:
    """Only what is old and not kept goes, and empty folders."""
    old, young, held = (copied(tmp_path, image) for _ in range(3))
    for source in (old, held):
        os.utime(tmp_path / source, (1000, 1000))
    kept = Kept(tmp_path)
    kept.keep_off([held])
    (tmp_path / ends.FOLDER / "empty").mkdir()
    now = (tmp_path / young).stat().st_mtime
    assert ends.sweep(tmp_path, kept, now=now) == 1
    left = {str(path.relative_to(tmp_path)) for path in (tmp_path / ends.FOLDER).glob("*/*")}
    assert left == {young, held}
    assert len(list((tmp_path / ends.FOLDER).iterdir())) == 2


def test_sweep_of_nothing(tmp_path: Path) -> None:
    """Where nothing was copied nothing is swept."""
    assert ends.sweep(tmp_path, Kept(tmp_path), now=0.0) == 0

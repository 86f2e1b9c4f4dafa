"""Which files are not offered while a claim is under way."""

from pathlib import Path

import pytest

from seedance_watch.disk.kept import Kept


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """An inbox with a pair that was handed over."""
    for name in ("a.png", "a.toml"):
        (tmp_path / name).write_bytes(b"1")
    some = Kept(tmp_path)
    some.hand("", ["a.png", "a.toml"])
    return some


def test_let_go_together(kept: Kept) -> None:
    """Letting go of one file lets go of its whole drop, and tells what is left."""
    kept.let_go(["a.png"])
    assert "a.toml" not in kept
    assert kept.freed() == {"a.png"}
    assert kept.freed() == set()


def test_gone_by_itself(tmp_path: Path, kept: Kept) -> None:
    """A drop is let go of when all its files are gone, not before."""
    (tmp_path / "a.png").unlink()
    kept.tidy("")
    assert "a.png" in kept
    (tmp_path / "a.toml").unlink()
    kept.tidy("")
    assert "a.png" not in kept


def test_named_stay(tmp_path: Path, kept: Kept) -> None:
    """What was kept off by name stays so, gone or not, until it is let go by name."""
    kept.keep_off(["b.png"])
    kept.tidy("")
    assert "b.png" in kept
    kept.let_go(["b.png"])
    assert "b.png" not in kept
    assert kept.freed() == {"b.png"}

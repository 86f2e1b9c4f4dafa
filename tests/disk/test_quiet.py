"""Looking at single files disturbs nobody, and believes nothing that moved."""

import os
from pathlib import Path

import pytest

from seedance_watch.core.settling import Proof
from seedance_watch.disk.quiet import (
    SIDECAR_LIMIT_BYTES,
    Moved,
    digest,
    look_at,
    read_text,
    writers,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"abc")
    return path


def test_free_file(file: Path) -> None:
    """Nobody has it open for writing: proved; a reader does not matter."""
    with file.open("rb"):
        assert writers(file) is Proof.FREE


@pytest.mark.parametrize("mode", ["ab", "r+b"])
def test_open_writer(file: Path, mode: str) -> None:
    """Somebody has it open for writing."""
    with file.open(mode):
        assert writers(file) is Proof.BUSY
    assert writers(file) is Proof.FREE


def test_lease_is_given_back(file: Path) -> None:
    """After a proof anybody may open the file for writing at once."""
    writers(file)
    os.close(os.open(file, os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("a.toml")])
def test_not_a_file(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    """What is no regular file is not looked at."""
    make(tmp_path / "x")
    assert look_at(tmp_path / "x") is None


def test_link_proves_nothing(file: Path) -> None:
    """A link is never followed."""
    link = file.with_name("link")
    link.symlink_to(file)
    assert writers(link) is Proof.UNKNOWN


def test_moved_is_refused(file: Path) -> None:
    """A file that changed since the look is neither read nor hashed."""
    look = look_at(file)
    assert look is not None
    file.write_bytes(b"abcd")
    with pytest.raises(Moved):
        read_text(file, look)
    with pytest.raises(Moved):
        digest(file, look)


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"\xef\xbb\xbfabc", "abc"), (b"\xff", None), (b"#" * (SIDECAR_LIMIT_BYTES + 1), None)],
)
def test_text(file: Path, data: bytes, text: str | None) -> None:
    """A byte order mark is taken off; no UTF-8 or a huge file is no text."""
    file.write_bytes(data)
    look = look_at(file)
    assert look is not None
    assert read_text(file, look) == text


def test_digest(file: Path) -> None:
    """The hash is SHA-256 in hex."""
    look = look_at(file)
    assert look is not None
    assert digest(file, look).startswith("ba7816bf8f01cfea")

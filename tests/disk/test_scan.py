"""What a scan sees, and what it does not look at."""

from pathlib import Path

import pytest

from seedance_watch.core.ignore import Ignore
from seedance_watch.disk.scan import Folder, Scanner


@pytest.fixture
def notes() -> dict[str, str]:
    """What was ignored, and why."""
    return {}


@pytest.fixture
def scanner(tmp_path: Path, notes: dict[str, str]) -> Scanner:
    """A scanner of an empty folder."""
    return Scanner(
        tmp_path,
        ignore=Ignore(),
        exclude=[tmp_path / "out"],
        recursive=True,
        note=notes.__setitem__,
    )


def look(scanner: Scanner, folder: Folder | None = None) -> list[str]:
    """List a folder and give its files."""
    folder = folder or scanner.top
    scanner.list(folder, 1.0, 2.0)
    scanner.relook(folder, 1.0, 2.0)
    return sorted(folder.files)


def test_arrivals_and_departures(tmp_path: Path, scanner: Scanner) -> None:
    """New names are met, gone ones are forgotten."""
    (tmp_path / "a.png").write_bytes(b"1")
    assert look(scanner) == ["a.png"]
    (tmp_path / "b.toml").write_bytes(b"1")
    (tmp_path / "a.png").unlink()
    assert look(scanner) == ["b.toml"]
    assert scanner.new == 2


def test_changed_sidecar_stirs(tmp_path: Path, scanner: Scanner) -> None:
    """A sidecar that changed makes its folder worth another thought."""
    (tmp_path / "b.toml").write_bytes(b"1")
    look(scanner)
    scanner.top.stirred = False
    look(scanner)
    assert not scanner.top.stirred
    (tmp_path / "b.toml").write_bytes(b"12")
    look(scanner)
    assert scanner.top.stirred


def test_told_why(tmp_path: Path, scanner: Scanner, notes: dict[str, str]) -> None:
    """Each ignored name is told with its reason."""
    for name in ("a.png.part", "a.txt"):
        (tmp_path / name).write_bytes(b"1")
    (tmp_path / "l.png").symlink_to("a.txt")
    (tmp_path / "out").mkdir()
    assert look(scanner) == []
    assert notes == {
        "a.png.part": "neither an image nor a TOML file by its name",
        "a.txt": "neither an image nor a TOML file by its name",
        "l.png": "a link, never followed",
        "out": "an output folder",
    }


def test_folders(tmp_path: Path, scanner: Scanner) -> None:
    """Subfolders are entered, our own, litter's and links never."""
    for name in ("x", ".seedance", "@eaDir", "real"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("real")
    look(scanner)
    assert sorted(scanner.top.below) == ["real", "x"]
    assert scanner.nearest("x/y/z").rel == "x"


def test_file_becomes_folder(tmp_path: Path, scanner: Scanner) -> None:
    """A name may turn from a file into something else and back."""
    path = tmp_path / "a.png"
    path.write_bytes(b"1")
    assert look(scanner) == ["a.png"]
    path.unlink()
    path.mkdir()
    scanner.look(scanner.top, scanner.top.files["a.png"], 2.0)
    assert look(scanner) == []
    path.rmdir()
    path.write_bytes(b"1")
    assert look(scanner) == ["a.png"]

"""Where the fetched test files are; see install.sh."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("SEEDANCE_CORPORA", "") or ROOT / ".cache" / "corpora")


def files(name: str) -> list[Path]:
    """Give a corpus' files in order; skip the test when it was not fetched."""
    if not (FOLDER / "complete").is_file():
        pytest.skip("the corpora are not there; fetch them with tests/corpora/install.sh")
    return sorted(path for path in (FOLDER / "files" / name).rglob("*") if path.is_file())

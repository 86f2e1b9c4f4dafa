"""The measurements can still be made; what they find is not judged here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PARTS = {"drops ends journals": 5, "crowds rests": 10, "starts inboxes": 5}


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("groups", "figures"), PARTS.items())
def test_every_figure_can_be_measured(groups: str, figures: int, tmp_path: Path) -> None:
    """With few jobs; each row has a figure and a goal, and the page is written."""
    page = tmp_path / "performance.md"
    command = [sys.executable, "-m", "bench", *groups.split(), "--quick", "--write", str(page)]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}

    subprocess.run(command, env=environ, check=True, capture_output=True, timeout=500)

    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    assert len(rows[1:]) == figures
    for row in rows[1:]:
        assert re.search(r"\d", row[1]), row
        assert row[3], row

"""One command gives all figures, and its exit code says whether every promise was kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from torture.figures import Figures, table, total


@pytest.mark.parametrize(
    "figures", [Figures(wrong=["a video is gone"]), Figures(lost=1), Figures(paid_twice=1)]
)
def test_a_broken_promise_is_a_violation(figures: Figures) -> None:
    """Also when it is one among many parts."""
    assert figures.violated
    assert total([Figures(jobs=5, videos=5), figures]).violated
    assert not Figures(jobs=5, videos=5, held=1).violated


def test_the_table_adds_up() -> None:
    """A column for each part, one for all."""
    lines = table({"kills": Figures(kills=3), "fuzz": Figures(kills=4)}).splitlines()

    assert lines[0] == "|  | kills | fuzz | all |"
    assert "| kill -9 | 3 | 4 | 7 |" in lines


def test_the_command_kills_and_ends_well() -> None:
    """The shortest run: one studio, at least one kill, no promise broken."""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "torture", "--minutes", "0.02", "--parts", "kills"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), *sys.path[1:]])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "| paid twice | 0 | 0 |" in done.stdout
    assert "| kill -9 | 0 |" not in done.stdout

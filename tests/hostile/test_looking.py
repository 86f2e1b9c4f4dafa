"""Names of strangers, asked about by the commands that only read."""

import subprocess
import sys
from pathlib import Path

import pytest
import studios

FORGED = "shot\n  to do: rm\x1b[2J\x9b31m\u202e\r[red]"


@pytest.mark.parametrize("command", [("plan",), ("why", f"{FORGED}.png"), ("show", FORGED)])
def test_no_name_begins_a_line_or_steers_the_terminal(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    """Neither of a file nor of what was asked for, in words and as JSON."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    studio.drop('prompt = "a"\nx\x1b = 1\n', name=FORGED)
    for more in ((), ("--json",)):
        arguments = [*command, *more, "--config", str(studio.config)]
        found = subprocess.run(
            [sys.executable, "-m", "seedance_watch", *arguments],
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        said = (found.stdout + found.stderr).decode()
        lines = said.split("\n")
        assert found.returncode in {0, 1}, said
        assert all(line.replace("\t", "").isprintable() for line in lines), lines
        assert not any(line.startswith("  to do: rm") for line in lines)

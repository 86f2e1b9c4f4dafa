"""The power goes: unsynced writes are lost or torn, and still no video is lost or paid twice.

For longer: `pytest tests/power --cuts 1000`.
"""

import json
from typing import Any

import pytest
from power import mounts

_LIMIT_S = 100.0


def experiment(kind: str, *more: str) -> tuple[list[Any], dict[str, int]]:
    """Conduct one; give what was found, and the figures. Skips where it cannot be done."""
    if why := mounts.missing(kind):
        pytest.skip(why)
    done = mounts.inside(["--kind", kind, *more], limit_s=_LIMIT_S)
    assert done.returncode == 0, done.stderr
    *found, figures = map(json.loads, done.stdout.splitlines())
    return found, figures


@pytest.mark.parametrize(
    ("kind", "case", "journal", "drop"),
    [
        ("ext4", "rivya", "beside", "loose"),
        ("ext4", "segmind-v1", "on", "synced"),
        ("xfs", "takes-and-end", "beside", "synced"),
        ("xfs", "extras", "on", "loose"),
        ("btrfs", "segmind", "beside", "loose"),
        ("btrfs", "takes-and-end", "on", "synced"),
    ],
)
def test_a_power_cut_at_any_moment_loses_nothing_and_pays_once(
    kind: str, case: str, journal: str, drop: str, cuts: int
) -> None:
    """Promises 1 to 5, whatever of the unsynced writes reached the disk.

    A loose drop was only copied, as most programs do; it is safe from its claim on.
    """
    more = ("--case", case, "--journal", journal, "--drop", drop)
    found, figures = experiment(kind, *more, "--cuts", str(cuts), "--seconds", "80")

    assert found == []
    assert figures["cuts"] >= min(cuts, 30)


@pytest.mark.parametrize(
    ("mutant", "kind", "journal"),
    [
        ("no-file-sync", "ext4", "beside"),
        ("no-dir-sync", "xfs", "beside"),
        ("normal-journal", "btrfs", "on"),
    ],
)
def test_a_missing_sync_is_found(mutant: str, kind: str, journal: str) -> None:
    """Or these tests would pass whatever is missing."""
    found, _ = experiment(kind, "--mutant", mutant, "--journal", journal, "--first")

    assert found != []

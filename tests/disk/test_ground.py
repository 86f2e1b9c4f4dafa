"""What is said of folders that cannot be worked in."""

from pathlib import Path

import pytest

from seedance_watch.disk.ground import Ground
from seedance_watch.disk.marks import Known
from seedance_watch.disk.places import Away


def test_what_is_wrong_is_said_with_the_folder(tmp_path: Path) -> None:
    """As long as it is so; nothing is asked for it."""
    roots = {"inbox": tmp_path / "inbox", "outbox": tmp_path / "outbox"}
    for root in roots.values():
        root.mkdir()
    ground = Ground("studio", roots, Known(tmp_path / "folders.json"))
    ground.sure("inbox", "outbox")
    assert (ground.closed, ground.low) == ("", False)

    roots["outbox"].rename(tmp_path / "away")
    with pytest.raises(Away) as gone:
        ground.sure("outbox")
    assert ground.closed == f"the outbox ({roots['outbox']}): {gone.value.strerror}"

    ground._freeze()
    assert ground.closed == f"the inbox does not answer ({roots['inbox']})"

"""How the providers' gateways are put together."""

from pathlib import Path

import pytest

from seedance_watch.app import providers
from seedance_watch.app.providers import at_hand
from seedance_watch.disk.mounts import Mount


def test_a_key_on_a_drive_that_may_hang_is_not_at_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one that a link leads there, nor one that is not there yet."""
    near, far = tmp_path / "near", tmp_path / "far"
    for folder in (near, far):
        folder.mkdir()
        (folder / "file.key").write_text("k")
    (near / "link.key").symlink_to(far / "file.key")
    table = (Mount("/", "ext4"), Mount(str(far), "nfs4"))
    monkeypatch.setattr(providers, "mounts", lambda: table)

    assert at_hand(near / "file.key")
    assert not at_hand(far / "file.key")
    assert not at_hand(near / "link.key")
    assert not at_hand(near / "none.key")
    monkeypatch.setattr(providers, "mounts", lambda: ())
    assert not at_hand(near / "file.key")

"""Which file systems are believed."""

from pathlib import Path

import pytest

from seedance_watch.disk.mounts import kind, local, mounts, type_of

TABLE = r"""
22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:40 / /mnt/nas\040share rw shared:5 - cifs //nas/share rw
24 22 0:41 / /mnt/nas rw - nfs4 nas:/x rw
25 24 8:2 / /mnt/nas/disk rw - xfs /dev/sdb1 rw
26 22 0:42 / /proc rw - proc
broken line
"""


@pytest.mark.parametrize(
    ("path", "type_", "is_local"),
    [
        ("/home/x", "ext4", True),
        ("/mnt/nas share/in", "cifs", False),
        ("/mnt/nas/in", "nfs4", False),
        ("/mnt/nas/disk/in", "xfs", True),
        ("/mnt/nas", "nfs4", False),
        ("/mnt/nasty", "ext4", True),
    ],
)
def test_kinds(tmp_path: Path, path: str, type_: str, is_local: bool) -> None:
    """The deepest mount decides; only kernels' own file systems are local."""
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    assert kind(path, mounts(table)) == type_
    assert local(path, mounts(table)) is is_local


def test_later_mount_covers(tmp_path: Path) -> None:
    """Of two mounts at one place the later one is on top."""
    table = tmp_path / "mountinfo"
    table.write_text("1 1 8:1 / / rw - ext4 a rw\n2 1 8:2 / / rw - overlay b rw\n")
    assert kind("/x", mounts(table)) == "overlay"


def test_no_table(tmp_path: Path) -> None:
    """Where nothing is known nothing is believed."""
    assert mounts(tmp_path / "none") == ()
    assert not local("/x", ())


def test_type_of_a_real_folder(tmp_path: Path) -> None:
    """A folder on this machine has a type, also one that is not there yet."""
    assert type_of(tmp_path / "not" / "yet") == type_of(tmp_path) != None  # noqa: E711

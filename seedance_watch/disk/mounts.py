"""What kind of file system a folder lies on, and so what may be believed there.

The list names the file systems whose every writer passes through this kernel: only there a lease
proves that nobody writes, and only there the kernel reports every change. Anything else (NFS,
SMB, FUSE, shared folders of virtual machines, whatever comes next) is looked at again and again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOCAL = frozenset(
    {
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "zfs", "f2fs", "jfs", "nilfs2"),
        *("reiserfs", "tmpfs", "ramfs", "overlay", "vfat", "exfat", "ntfs3", "hfsplus", "udf"),
    }
)
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system.

    Attributes:
        point: Where it is.
        type: Of which type.
        root: Which of its directories stands there; not "/" for bind mounts.
    """

    point: str
    type: str
    root: str = "/"


def mounts(table: Path = Path("/proc/self/mountinfo")) -> tuple[Mount, ...]:
    """Read the mount table, later mounts last; empty where the system has none to read."""
    try:
        text = table.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ()
    return tuple(_parsed(text.splitlines()))


def kind(path: str, table: Iterable[Mount]) -> str:
    """Name the file system type at an absolute, resolved path, "" when unknown."""
    return mount_of(path, table).type


def mount_of(path: str, table: Iterable[Mount]) -> Mount:
    """Give the mount that an absolute, resolved path lies on, an empty one when unknown."""
    best = Mount("", "", "")
    for mount in table:
        if len(mount.point) >= len(best.point) and _inside(path, mount.point):
            best = mount
    return best


def type_of(folder: Path) -> str | None:
    """Name the file system type that a folder lies on, or would; None when unknown."""
    return kind(str(folder.resolve()), mounts()) or None


def local(path: str, table: Iterable[Mount]) -> bool:
    """Say whether every writer of the path passes through this kernel."""
    return kind(path, table) in LOCAL


def _parsed(lines: Iterable[str]) -> Iterable[Mount]:
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, tail = before.split(" "), after.split(" ")
        if len(fields) > 4 and tail[0]:
            yield Mount(_unescaped(fields[4]), tail[0], _unescaped(fields[3]))


def _unescaped(text: str) -> str:
    for escape, plain in _ESCAPES:
        text = text.replace(escape, plain)
    return text


def _inside(path: str, point: str) -> bool:
    return point in {path, "/"} or path.startswith(f"{point}/")

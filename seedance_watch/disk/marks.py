"""The mark by which a folder is known again: `.seedance/id`, a random id that the state keeps too.

A share that is not mounted looks like an empty folder, and another share in its place like a
folder that somebody emptied. Both are told from the real one by the mark.

Where a folder without the mark still lies where it lay, on a local file system, it is no missing
share: somebody made it anew, and it gets its mark again by itself. A network drive can be empty
for more reasons than that, so there a person has to say so.
"""

import errno
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

from seedance_watch.disk import files, mounts
from seedance_watch.disk.places import PRIVATE, Away, Outside

NAME = "id"
_LONGEST_BYTES = 200  # an id is 32; whatever is longer is none of ours
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Home:
    """Where a folder lies.

    Attributes:
        point: The mount point above it.
        root: The directory of the file system that is mounted there.
        fsid: The file system's own number, the same after a restart; 0 where it has none.
        local: Whether its every writer passes through this kernel.
    """

    point: str
    root: str
    fsid: int
    local: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of a folder: its id, and where it lay when it was seen last."""

    id: str
    home: Home


def new_id() -> str:
    """Draw an id."""
    return secrets.token_hex(16)


def mark_path(root: Path) -> Path:
    """Give the path of a folder's mark."""
    return root / PRIVATE / NAME


def read(root: Path) -> str:
    """Read a folder's mark, "" when there is none.

    Raises:
        Outside: A link stands where our private folder should be.
        OSError: It cannot be read.
    """
    private = f"{root}/{PRIVATE}"
    try:
        if stat.S_ISLNK(os.lstat(private).st_mode):
            raise Outside(errno.ELOOP, "a link stands in the way", private)
        fd = os.open(f"{private}/{NAME}", _READ)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    try:
        return os.read(fd, _LONGEST_BYTES).decode("ascii", "replace").strip()
    finally:
        os.close(fd)


def write(root: Path, mark: str) -> None:
    """Put a mark into a folder, durably; the folder itself is never created."""
    private = root / PRIVATE
    if not private.is_dir():
        private.mkdir()
        files.sync_dir(root)
    files.replace_note(mark_path(root), f"{mark}\n".encode(), scratch=private)
    files.sync_dir(private)


def home_of(root: Path) -> Home:
    """Find out where a folder lies.

    Raises:
        OSError: It is not there.
    """
    fsid = os.statvfs(root).f_fsid
    mount = mounts.mount_of(os.path.realpath(root), mounts.mounts())
    return Home(mount.point, mount.root, fsid, mount.type in mounts.LOCAL)


class Known:
    """The marks of all folders that were ever worked in; kept in the state directory.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._marks: dict[str, Mark] | None = None

    def get(self, folder: Path) -> Mark | None:
        """Give what is known of a folder, None when it was never worked in.

        Raises:
            OSError: The file cannot be read.
        """
        with self._lock:
            return self._loaded().get(str(folder))

    def put(self, folder: Path, mark: Mark) -> None:
        """Remember a folder, durably.

        Raises:
            OSError: It is not remembered.
        """
        with self._lock:
            if not self._path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path))
            marks = {**self._loaded(), str(folder): mark}
            text = json.dumps({path: asdict(each) for path, each in marks.items()}, indent=1)
            content = f"{text}\n".encode("utf-8", "surrogateescape")
            files.replace_note(self._path, content, scratch=self._path.parent)
            files.sync_dir(self._path.parent)
            self._marks = marks

    def _loaded(self) -> dict[str, Mark]:
        if self._marks is None:
            try:
                table = json.loads(self._path.read_bytes().decode("utf-8", "surrogateescape"))
                self._marks = {
                    path: Mark(each["id"], Home(**each["home"])) for path, each in table.items()
                }
            except FileNotFoundError:
                self._marks = {}
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                reason = "not as it was written; remove it when all shares are mounted"
                raise OSError(errno.EBADMSG, reason, str(self._path)) from error
        return self._marks


def recognise(root: Path, known: Known) -> bool:
    """Make sure that a folder is the one that it was; mark it when it is worked in first.

    Returns:
        Whether it had been made anew, and was marked again.

    Raises:
        Away: It is not there, or another one is in its place; nothing was made or changed.
        OSError: It cannot be read, or the mark cannot be written or remembered.
    """
    mark, before = read(root), known.get(root)
    if before is None:
        _first(root, mark, known)
    elif mark != before.id:
        _again(root, mark, before)
        return True
    return False


def note_home(root: Path, known: Known) -> None:
    """Remember where a folder lies now, after it was recognised.

    Its mark is read once more behind that: where it was unmounted meanwhile this is the place
    below the mount point, which must not be taken for its home.
    """
    before, home = known.get(root), home_of(root)
    if before is not None and before.home != home and read(root) == before.id:
        known.put(root, Mark(before.id, home))


def _first(root: Path, mark: str, known: Known) -> None:
    """Begin to work in a folder; a mark that it has from elsewhere stays."""
    if not root.is_dir():
        raise Away(root, "the folder is not there", "create it, or mount its share")
    home = home_of(root)
    if not mark:
        mark = new_id()
        write(root, mark)
    known.put(root, Mark(mark, home))


def _again(root: Path, mark: str, before: Mark) -> None:
    """Mark a folder again that was made anew where it lay; refuse any other."""
    if not root.is_dir():
        raise Away(root, "the folder is not there", _mount_or(before, "create it again"))
    use = f"if this one is to be used from now on, write {before.id} into {mark_path(root)}"
    if mark:
        raise Away(root, "another folder is in its place", _mount_or(before, use))
    home = home_of(root)
    if not home.local or home != before.home:
        reason = "the mark of the folder that was worked in is missing"
        raise Away(root, reason, _mount_or(before, use))
    write(root, before.id)


def _mount_or(before: Mark, other: str) -> str:
    """Say what to do about a folder that is not there."""
    lay = before.home.point
    mount = "put it back" if lay == "/" else f"mount what was mounted at {lay} before"
    return f"{mount}, or {other}; then it goes on by itself"

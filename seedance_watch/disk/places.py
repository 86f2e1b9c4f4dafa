"""The folders of a watch entry, and what is private in them.

    inbox/.seedance/work/DROP/      the claimed files, and pictures made from them
    inbox/.seedance/work/DROP.plan  where they are being archived to
    outbox/.seedance/part/JOB.mp4   a video on its way
    outbox/.seedance/part/JOB.KIND  something made beside it, on its way
    outbox/ done/ failed/ held/     what people look at

Work and part folders live inside the directory they serve, because rename needs the same mount.
The folders themselves are never created here: one that is missing is a share not mounted.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Claiming, Returned
from seedance_watch.core.machine import Job
from seedance_watch.core.model import ExtraKind

PRIVATE = ".seedance"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one watch entry; all absolute."""

    inbox: Path
    outbox: Path
    done: Path
    failed: Path
    held: Path

    def folder(self, claim: Claiming) -> Path:
        """Give the job folder that all takes of a drop share."""
        return self.inbox / f"{PRIVATE}/work/{claim.drop_id}"

    def part(self, job: Job) -> Path:
        """Give the path where a job's video grows."""
        return self.outbox / f"{PRIVATE}/part/{job.id}.mp4"

    def extra_part(self, job: Job, kind: ExtraKind) -> Path:
        """Give the path where something is made that goes beside a job's video."""
        return scratch(self.outbox) / f"{job.id}.{kind}"

    def root(self, to: Returned | None) -> Path:
        """Give the folder that originals go to; None: to done/."""
        if to is None:
            return self.done
        return {Returned.FAILED: self.failed, Returned.INBOX: self.inbox}[to]

    def role(self, role: str) -> Path:
        """Give the folder of a role: "inbox", "outbox", "done", "failed" or "held"."""
        folder: Path = getattr(self, role)
        return folder

    def notes(self, kind: str) -> Path:
        """Give the folder that notes of a kind ("done", "failed" or "held") stand in."""
        return {"done": self.done, "failed": self.failed, "held": self.held}[kind]


_NO_NAMES = frozenset({"", ".", ".."})


class Outside(OSError):
    """A path leaves its folder by a link or by its parts."""


class Away(FileNotFoundError):
    """A folder that was worked in before is not there, or another one is in its place.

    Attributes:
        cure: What a person can do about it.
    """

    def __init__(self, path: Path, reason: str, cure: str) -> None:
        super().__init__(errno.ENOENT, reason, str(path))
        self.cure = cure


class Frozen(OSError):
    """A folder does not answer: nobody knows when a call into it would return."""


def scratch(root: Path) -> Path:
    """Give the private directory for files on their way into a folder that people see."""
    return root / f"{PRIVATE}/part"


def below(root: Path, path: str) -> Path:
    """Give a path below a folder, when nothing on the way leads out of it.

    The last part may be anything, a link too: it is never followed.

    Args:
        root: The folder; whoever asks made sure that it is there.
        path: "/" between parts.

    Raises:
        Outside: A link, or "..", leads out of it.
    """
    if "/" not in path and path not in _NO_NAMES:
        return root / path
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise Outside(errno.EINVAL, "leads out of its folder", path)
    above = str(root)
    for name in parts.parts[:-1]:
        above = f"{above}/{name}"
        if _is_link(above):
            raise Outside(errno.ELOOP, "a link stands in the way", above)
    return root / parts


def _is_link(path: str) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def there(root: Path) -> None:
    """Make sure that a folder is there.

    Raises:
        FileNotFoundError: It is not.
    """
    if not root.is_dir():
        raise _missing(root)


def mounted(root: Path) -> None:
    """Make sure that a folder which was worked in before is still the same one.

    Raises:
        FileNotFoundError: Nothing of ours is in it: most likely its share is not mounted.
    """
    if not (root / PRIVATE).is_dir():
        raise _missing(root)


def _missing(root: Path) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(root))


_ACTS = {
    errno.ENOSPC: "the disk is full: make room there",
    errno.EDQUOT: "the quota is used up: make room there",
    errno.EROFS: "the file system is read-only: mount it writable again, or check the disk",
    errno.EACCES: "let the user that this program runs as read and write there",
    errno.EPERM: "let the user that this program runs as read and write there",
    errno.ENOENT: "check that the folder is there and its share is mounted",
    errno.ETIMEDOUT: "check the network and the server of its share",
    errno.ELOOP: "put a real folder or file in the link's place",
}


def cure_of(error: OSError) -> str:
    """Say what a person can do about an error of the disk."""
    known = getattr(error, "cure", "")
    return known or _ACTS.get(error.errno or 0, "check the disk")


@contextmanager
def local(doing: str, path: Path) -> Iterator[None]:
    """Give the disk's errors words and a kind.

    Raises:
        Fault: LOCAL, with the system's short word for the error ("ENOSPC") as its code.
    """
    try:
        yield
    except OSError as error:
        reason = f"{doing} {str(path)!r}: {error.strerror or error}; {cure_of(error)}"
        code = errno.errorcode.get(error.errno or 0, "")
        raise Fault(FaultKind.LOCAL, reason, code=code) from error

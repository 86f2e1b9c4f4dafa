"""Whose a file or folder is, where this program was refused: so that somebody can allow it."""

import errno
import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_REFUSED = frozenset({errno.EACCES, errno.EPERM})
_CURE = (
    "an administrator or its owner types `chmod {change} {path}`; on a share let new files and "
    "folders be writable for one group of which this program's user is a member too"
)


class NotAllowed(PermissionError):
    """This program's user may not do something with a file or folder; nothing was done.

    Attributes:
        cure: What a person can do about it.
    """

    def __init__(self, path: Path, reason: str, cure: str) -> None:
        super().__init__(errno.EACCES, reason, str(path))
        self.cure = cure


def said(error: OSError, path: Path) -> str:
    """Give an error in words, with whose the path is when it is one of rights."""
    words = error.strerror or repr(error)
    if error.errno not in _REFUSED or isinstance(error, NotAllowed):
        return words
    return f"{words}: {owned(path)}"


def owned(path: Path) -> str:
    """Say whose a path is, and who asks; a link is not followed."""
    try:
        found = path.lstat()
    except OSError:
        return f"this program runs as {_user(os.geteuid())}"
    rights = stat.filemode(found.st_mode)
    return (
        f"it belongs to {_user(found.st_uid)} and {_group(found.st_gid)} with the rights "
        f"{rights}, and this program runs as {_user(os.geteuid())}"
    )


def takable(folder: Path) -> None:
    """Make sure that files may be moved out of a folder, as far as can be told beforehand.

    Raises:
        NotAllowed: They may not.
    """
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        raise _not_from(folder)


@contextmanager
def taking_from(folder: Path) -> Iterator[None]:
    """Name the folder when a file may not be moved out of it.

    Raises:
        NotAllowed: It may not.
    """
    try:
        yield
    except PermissionError as error:
        sticky = error.errno == errno.EPERM  # others' files stay where they are, as in /tmp
        if not sticky and os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            raise
        raise _not_from(folder) from error


def _not_from(folder: Path) -> NotAllowed:
    reason = f"files may not be taken out of the folder {str(folder)!r}: {owned(folder)}"
    return NotAllowed(folder, reason, _CURE.format(change="g+rwx", path=repr(str(folder))))


def _user(number: int) -> str:
    return f"user {_named(lambda: pwd.getpwuid(number).pw_name, number)}"


def _group(number: int) -> str:
    return f"group {_named(lambda: grp.getgrgid(number).gr_name, number)}"


def _named(name: Callable[[], str], number: int) -> str:
    """Give a name with its number, the number alone where nobody knows a name."""
    try:
        return f"{name()} ({number})"
    except KeyError:
        return str(number)

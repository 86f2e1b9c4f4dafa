"""The only module that renames, syncs or copies across file systems.

Every function may be repeated after a crash at any point in it. A move never overwrites. It is
never predicted whether a rename will work: bind mounts refuse it although the device is the
same, so it is tried, and what is refused is copied, synced, compared and only then unlinked.
OSErrors pass through; disk/spool.py gives them words.
"""

import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import stat
from pathlib import Path

_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_LIBC = ctypes.CDLL(None, use_errno=True)

# What says "this kernel or file system cannot do that here", as against "it failed".
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EMLINK})


class Taken(Exception):
    """The target exists and holds other bytes; nothing was changed."""


class Lost(Exception):
    """Neither the source nor the target exists."""


def sha256(path: Path) -> str:
    """Give the hex digest of a regular file's bytes; a link is never followed."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Make a file's bytes durable; a failure here is final for that file (never retried)."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_dir(path: Path) -> None:
    """Make a directory's names durable; file systems that cannot sync directories are believed."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
    finally:
        os.close(fd)


def make_dirs(path: Path) -> None:
    """Create a directory and its missing parents, each name durable in its parent."""
    if path.is_dir():
        return
    make_dirs(path.parent)
    path.mkdir(exist_ok=True)
    sync_dir(path.parent)


def _rename_noreplace(source: Path, target: Path) -> None:
    """Rename, failing with FileExistsError where the target exists; atomic."""
    renameat2 = getattr(_LIBC, "renameat2", None)
    if renameat2 is None:
        raise OSError(errno.ENOSYS, "renameat2 is missing", str(target))
    old, new = os.fsencode(source), os.fsencode(target)
    if renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_NOREPLACE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(target))


def _link_unlink(source: Path, target: Path) -> None:
    """Give the file its new name and take the old one away; link never overwrites."""
    os.link(source, target, follow_symlinks=False)
    source.unlink()


def _checked_rename(source: Path, target: Path) -> None:
    """Rename after looking; the small race is documented in docs/INTERNALS.md."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    os.rename(source, target)


def rename_new(source: Path, target: Path) -> None:
    """Rename without ever overwriting, by the strongest means that the file system has.

    Raises:
        FileExistsError: The target exists; nothing was changed.
        OSError: EXDEV for another mount, and whatever else the file system says.
    """
    for way in (_rename_noreplace, _link_unlink):
        try:
            way(source, target)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
        else:
            return
    _checked_rename(source, target)


def _copy_in(source: Path, target: Path, scratch: Path) -> None:
    """Copy to a scratch name on the target's mount, sync, compare, name it, unlink the source."""
    make_dirs(scratch)
    part = scratch / f"{secrets.token_hex(8)}.copy"
    try:
        shutil.copyfile(source, part, follow_symlinks=False)
        shutil.copystat(source, part, follow_symlinks=False)
        sync_file(part)
        if sha256(part) != sha256(source):
            raise OSError(errno.EIO, "the copy differs from its source", str(target))
        rename_new(part, target)
    finally:
        part.unlink(missing_ok=True)
    sync_dir(target.parent)
    source.unlink()


def move(source: Path, target: Path, *, scratch: Path) -> None:
    """Move a file, or finish a move that a crash cut short.

    Only the source: it is moved. Only the target: nothing to do. Both with equal bytes (some
    file systems leave both names after a power cut): the source is unlinked. The directories
    are not synced here unless a copy was needed; see `sync_dir`.

    Args:
        source: The file now.
        target: Its new path; the directory exists.
        scratch: A private directory on the target's mount, for copies on their way.

    Raises:
        Taken: Both exist with different bytes; nothing was changed.
        Lost: Neither exists.
        OSError: Nothing was lost; the file is at its source, its target or both.
    """
    if not os.path.lexists(source):
        if os.path.lexists(target):
            return
        raise Lost(str(source))
    try:
        rename_new(source, target)
    except FileExistsError:
        if not _same(source, target):
            raise Taken(str(target)) from None
        source.unlink()
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_across(source, target, scratch)


def _same(source: Path, target: Path) -> bool:
    """Whether both are regular files with equal bytes."""
    plain = all(path.is_file() and not path.is_symlink() for path in (source, target))
    return (
        plain
        and source.stat().st_size == target.stat().st_size
        and (source.samefile(target) or sha256(source) == sha256(target))
    )


def _move_across(source: Path, target: Path, scratch: Path) -> None:
    """Move between mounts by copy, keeping the promises of `move`."""
    try:
        _copy_in(source, target, scratch)
    except FileExistsError:
        raise Taken(str(target)) from None


def write(path: Path, content: bytes) -> None:
    """Write a private file durably; a torn one after a crash is simply written again."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_new(path: Path, content: bytes, *, scratch: Path) -> None:
    """Make a file appear whole under a name that people look at, never overwriting.

    Raises:
        Taken: The name holds other bytes; equal bytes are left as they are.
    """
    make_dirs(scratch)
    part = scratch / f"{secrets.token_hex(8)}.new"
    write(part, content)
    try:
        move(part, path, scratch=scratch)
    finally:
        part.unlink(missing_ok=True)


def replace_note(path: Path, content: bytes, *, scratch: Path) -> None:
    """Make a note of ours appear whole, replacing an older note of the same name."""
    make_dirs(scratch)
    part = scratch / f"{secrets.token_hex(8)}.note"
    write(part, content)
    os.replace(part, path)


def remove(path: Path) -> None:
    """Remove a file of ours; one that is not there is fine."""
    path.unlink(missing_ok=True)


def remove_dir(path: Path) -> None:
    """Remove a private directory of ours with whatever scratch files are left in it."""
    shutil.rmtree(path, ignore_errors=True)

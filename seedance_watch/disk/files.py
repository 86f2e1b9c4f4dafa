"""The only module that renames, syncs or copies across file systems.

Every function may be repeated after a crash at any point in it. A move never overwrites. It is
never predicted whether a rename will work: bind mounts refuse it although the device is the
same, so it is tried, and what is refused is copied, synced, compared and only then unlinked.
Links are never followed. OSErrors pass through; disk/places.py gives them words.

Files on their way have names that follow from what they are, so that a repetition writes over
what a crash left instead of leaving one more.

What nearly always is so is tried, and looked into only when it is refused: beside a busy loop
each call to the system costs as much as a page of code.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_RENAME_NOREPLACE = 1
_AT_FDCWD = -100
_LIBC = ctypes.CDLL(None, use_errno=True)
_COPY_BYTES = 1 << 20
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

# What says "this kernel or file system cannot do that here", as against "it failed".
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EMLINK})
_NO_NAME = frozenset({errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ})
_NAME_MAX_BYTES = 255
_NAME_BYTES_AT_LEAST = 100  # below it, a file system does not know what it takes


class Taken(Exception):
    """The target exists and holds other bytes; nothing was changed."""


class Lost(Exception):
    """Neither the source nor the target exists."""


# Looking


def plain(path: Path) -> bool:
    """Whether a regular file lies there; a link is none."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def exists(path: Path) -> bool:
    """Whether anything has this name, be it a link to nowhere."""
    return os.path.lexists(path)


def sha256(path: Path) -> str:
    """Give the hex digest of a regular file's bytes; a link is never followed."""
    with _opened(path, _READ) as fd:
        return _digest(fd, path)


def _digest(fd: int, path: Path) -> str:
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return digest(fd, found.st_size)


def digest(fd: int, size_bytes: int) -> str:
    """Give the hex digest of an open file's bytes, from where it stands; about so many."""
    found, most, left = hashlib.sha256(), min(size_bytes + 1, _COPY_BYTES), size_bytes
    while block := os.read(fd, most):
        found.update(block)
        left -= len(block)
        if left == 0 and len(block) < most:
            break  # its end: asking once more would only tell of what was added meanwhile
    return found.hexdigest()


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags, 0o666)
    try:
        yield fd
    finally:
        os.close(fd)


def holds(path: Path, digest: str) -> bool:
    """Whether a regular file with just these bytes lies there."""
    return plain(path) and sha256(path) == digest


def longest_name(folder: Path) -> int:
    """Give how many bytes a name in a folder, or in the one it will be made in, may have."""
    try:
        longest = os.statvfs(folder).f_namemax
    except (FileNotFoundError, NotADirectoryError):
        return longest_name(folder.parent)
    return min(longest, _NAME_MAX_BYTES) if longest >= _NAME_BYTES_AT_LEAST else _NAME_MAX_BYTES


def takes_name(name: str, *, at: Path) -> bool:
    """Whether a file system takes a name: never predicted, tried out in an empty private folder.

    Raises:
        OSError: It cannot be tried out.
    """
    make_dirs(at)
    try:
        os.close(os.open(at / name, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC))
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise
        return False
    (at / name).unlink(missing_ok=True)
    return True


# Making durable


def sync_dir(path: Path) -> None:
    """Make a directory's names durable; file systems that cannot sync directories are believed."""
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) as fd:
        _sync(fd)


def sync_file(path: Path) -> str:
    """Make a regular file's bytes durable, whoever wrote them; a link is never followed.

    Returns:
        Their hex digest.
    """
    with _opened(path, _READ) as fd:
        _sync(fd)
        return _digest(fd, path)


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise


def make_dirs(path: Path) -> None:
    """Create a directory and its missing parents, each name durable in its parent."""
    if path.is_dir():
        return
    make_dirs(path.parent)
    path.mkdir(exist_ok=True)
    sync_dir(path.parent)


# Renaming


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
    if exists(target):
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


# Moving


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
    try:
        _rename_or_copy(source, target, scratch)
    except FileExistsError:
        if not exists(source):
            return
        if not same(source, target):
            raise Taken(str(target)) from None
        source.unlink()
    except FileNotFoundError:
        if exists(source):
            raise
        if not exists(target):
            raise Lost(str(source)) from None


def move_new(source: Path, target: Path, *, scratch: Path) -> None:
    """Move a file to a name that nobody has; not to be repeated after a crash.

    Unlike `move` it takes no other file with equal bytes for the one that it moved.

    Raises:
        Taken: Somebody has the name; nothing was changed.
        OSError: Nothing was lost.
    """
    try:
        _rename_or_copy(source, target, scratch)
    except FileExistsError:
        raise Taken(str(target)) from None


def _rename_or_copy(source: Path, target: Path, scratch: Path) -> None:
    """Rename; where that is refused because the target is on another mount, copy."""
    try:
        rename_new(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_in(source, target, scratch)


def same(source: Path, target: Path) -> bool:
    """Whether both are regular files with equal bytes."""
    return (
        plain(source)
        and plain(target)
        and source.stat().st_size == target.stat().st_size
        and (source.samefile(target) or sha256(source) == sha256(target))
    )


def _copy_in(source: Path, target: Path, scratch: Path) -> None:
    """Copy to a scratch name on the target's mount, sync, compare, name it, unlink the source."""
    # Between mounts a rename never gets as far as seeing that the target exists.
    if exists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    make_dirs(scratch)
    part = scratch / _on_its_way(".copy", os.fsencode(source), os.fsencode(target))
    try:
        copy(source, part)
        if sha256(part) != sha256(source):
            raise OSError(errno.EIO, "the copy differs from its source", str(target))
        rename_new(part, target)
    finally:
        part.unlink(missing_ok=True)
    sync_dir(target.parent)
    source.unlink()


def copy(source: Path, part: Path) -> None:
    """Copy bytes, durably, and the file's owner, times and rights where the target keeps them."""
    part.unlink(missing_ok=True)
    with open(os.open(source, _READ), "rb") as there, part.open("xb") as here:
        shutil.copyfileobj(there, here, _COPY_BYTES)
        here.flush()
        _belong_alike(there.fileno(), here.fileno())
        with suppress(OSError):
            shutil.copystat(source, part, follow_symlinks=False)
        os.fsync(here.fileno())


def _belong_alike(there: int, here: int) -> None:
    """Let a copy belong to whom the source belongs to, as far as this program may give it away."""
    owner = os.fstat(there)
    for user, group in ((-1, owner.st_gid), (owner.st_uid, -1)):
        with suppress(OSError):
            os.fchown(here, user, group)


def _on_its_way(ending: str, *what: bytes) -> str:
    """Name a file on its way by what it is: the same each time."""
    return hashlib.sha256(b"\0".join(what)).hexdigest()[:16] + ending


# Writing


def write(path: Path, content: bytes) -> None:
    """Write a private file durably; a torn one after a crash is simply written again."""
    try:
        _write_anew(path, content)
    except FileExistsError:
        path.unlink(missing_ok=True)
        _write_anew(path, content)


def _write_anew(path: Path, content: bytes) -> None:
    with _opened(path, _MAKE) as fd:
        left = memoryview(content)
        while left:
            left = left[os.write(fd, left) :]
        os.fsync(fd)


def write_new(path: Path, content: bytes, *, scratch: Path) -> None:
    """Make a file appear whole under a name that people look at, never overwriting.

    Raises:
        Taken: The name holds other bytes; equal bytes are left as they are.
    """
    with _on_the_way(scratch / _on_its_way(".new", os.fsencode(path), content), content) as part:
        move(part, path, scratch=scratch)


def replace_note(path: Path, content: bytes, *, scratch: Path) -> None:
    """Make a note of ours appear whole, replacing an older note of the same name."""
    with _on_the_way(scratch / _on_its_way(".note", os.fsencode(path)), content) as part:
        os.replace(part, path)


@contextmanager
def _on_the_way(part: Path, content: bytes) -> Iterator[Path]:
    """Write a file that is then to get its name; nothing is left of it when it does not."""
    try:
        try:
            write(part, content)
        except FileNotFoundError:
            make_dirs(part.parent)
            write(part, content)
        yield part
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def publish(path: Path, content: bytes) -> None:
    """Replace a file that other programs read: it is whole at any time, and readable for all.

    It is not synced: what stands in it is made anew every few seconds.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        with part.open("xb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o644)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


# Removing


def remove(path: Path) -> None:
    """Remove a file of ours; one that is not there is fine."""
    path.unlink(missing_ok=True)


def remove_dir(path: Path) -> None:
    """Remove a private directory of ours with whatever is left in it; none is fine."""
    try:
        path.rmdir()
    except FileNotFoundError:
        return
    except OSError:
        with suppress(FileNotFoundError):
            shutil.rmtree(path)

"""A network drive made here: a folder served through FUSE, without any library.

Tell its process (SIGUSR1) and the drive hangs as one does whose server is gone; kill it and every
call fails; start it with limits and it is as choosy about names as other systems are. Needs root
and /dev/fuse. Run as `python drive.py POINT FOLDER [LONGEST_NAME_BYTES] [fold] [strict]`.
"""

# ruff: noqa: PTH101, PTH102, PTH104, PTH116, PTH208, C901

import ctypes
import errno
import os
import select
import signal
import stat
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_IN = struct.Struct("<IIQQIIII")
_OUT = struct.Struct("<IiQ")
_ATTR = struct.Struct("<6Q10I")
_ENTRY = struct.Struct("<4Q2I")
_NOFOLLOW = {"follow_symlinks": False}


class Drive:
    """The serving side: one thread, one request after the other, nothing cached."""

    def __init__(self, folder: str, longest: int, *, fold: bool, strict: bool) -> None:
        self.longest, self.fold, self.strict = longest, fold, strict
        self.paths: dict[int, str] = {1: folder}
        self.nodes: dict[str, int] = {folder: 1}

    def below(self, node: int, name: bytes) -> str:
        """Give the path of a name, as this drive understands names."""
        if len(name) > self.longest:
            raise OSError(errno.ENAMETOOLONG, "too long")
        if self.strict and set(name) & set(b'"*:<>?|\\'):
            raise OSError(errno.EINVAL, "not such a name")
        text, folder = os.fsdecode(name), self.paths[node]
        if self.fold and not os.path.lexists(f"{folder}/{text}"):
            same = [each for each in os.listdir(folder) if each.casefold() == text.casefold()]
            text = same[0] if same else text
        return f"{folder}/{text}"

    def attr(self, path: str) -> bytes:
        s = os.stat(path, **_NOFOLLOW)
        times = [int(s.st_atime), int(s.st_mtime), int(s.st_ctime)]
        nanos = [n % 10**9 for n in (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns)]
        more = [s.st_mode, s.st_nlink, s.st_uid, s.st_gid, 0, 4096, 0]
        return _ATTR.pack(s.st_ino, s.st_size, s.st_blocks, *times, *nanos, *more)

    def entry(self, path: str) -> bytes:
        attr = self.attr(path)
        node = self.nodes.setdefault(path, len(self.nodes) + 1)
        self.paths[node] = path
        return _ENTRY.pack(node, 0, 0, 0, 0, 0) + attr

    def moved(self, old: str, new: str) -> None:
        for path in [p for p in self.nodes if p == old or p.startswith(f"{old}/")]:
            node = self.nodes.pop(path)
            target = new + path[len(old) :]
            self.nodes[target], self.paths[node] = node, target

    def gone(self, path: str) -> None:
        self.nodes.pop(path, None)
        self.nodes[f"{path}\0{len(self.nodes)}"] = 0

    def answer(self, code: int, node: int, data: bytes) -> bytes | None:
        name = data.rstrip(b"\0").split(b"\0")
        match code:
            case 26:  # INIT
                major, minor, ahead, _flags = struct.unpack_from("<IIII", data)
                del major
                return struct.pack(
                    "<IIIIHHIIHHI7I", 7, min(minor, 31), ahead, 0, 16, 12, 1 << 17, 1, 0, 0, 0,
                    *[0] * 7,
                )  # fmt: skip
            case 2 | 42 | 36:  # FORGET, BATCH_FORGET, INTERRUPT
                return None
            case 1:  # LOOKUP
                return self.entry(self.below(node, name[0]))
            case 3:  # GETATTR
                return struct.pack("<QII", 0, 0, 0) + self.attr(self.paths[node])
            case 4:  # SETATTR
                return self.change(node, data)
            case 9:  # MKDIR
                path = self.below(node, name_after(data, 8))
                os.mkdir(path, struct.unpack_from("<I", data)[0] & 0o7777)
                return self.entry(path)
            case 10 | 11:  # UNLINK, RMDIR
                path = self.below(node, name[0])
                (os.unlink if code == 10 else os.rmdir)(path)
                self.gone(path)
                return b""
            case 12:  # RENAME; with flags (45) it is not known here, as on most such drives
                old, new = data[8:].split(b"\0")[:2]
                to = struct.unpack_from("<Q", data)[0]
                source, target = self.below(node, old), self.below(to, new)
                os.rename(source, target)
                self.gone(target)
                self.moved(source, target)
                return b""
            case 13:  # LINK
                path = self.below(node, name_after(data, 8))
                os.link(self.paths[struct.unpack_from("<Q", data)[0]], path, **_NOFOLLOW)
                return self.entry(path)
            case 14 | 27:  # OPEN, OPENDIR
                flags = struct.unpack_from("<I", data)[0] & ~(os.O_CREAT | os.O_EXCL)
                return struct.pack("<QII", os.open(self.paths[node], flags), 0, 0)
            case 35:  # CREATE
                flags, mode = struct.unpack_from("<II", data)
                path = self.below(node, name_after(data, 16))
                fd = os.open(path, flags | os.O_CREAT, mode & 0o7777)
                return self.entry(path) + struct.pack("<QII", fd, 0, 0)
            case 15:  # READ
                fd, at, size = struct.unpack_from("<QQI", data)
                return os.pread(fd, size, at)
            case 16:  # WRITE
                fd, at, size = struct.unpack_from("<QQI", data)
                return struct.pack("<II", os.pwrite(fd, data[40 : 40 + size], at), 0)
            case 28:  # READDIR
                return self.listing(node, *struct.unpack_from("<QQI", data))
            case 17:  # STATFS
                s = os.statvfs(self.paths[node])
                counts = s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree
                return struct.pack(
                    "<5Q4I6I", *counts, s.f_bsize, self.longest, s.f_frsize, *[0] * 7
                )
            case 18 | 29:  # RELEASE, RELEASEDIR
                os.close(struct.unpack_from("<Q", data)[0])
                return b""
            case 20 | 30:  # FSYNC, FSYNCDIR
                os.fsync(struct.unpack_from("<Q", data)[0])
                return b""
            # Not FLUSH (25): the end of a process would wait for it, whatever kills the process.
        raise OSError(errno.ENOSYS, "not known here")

    def change(self, node: int, data: bytes) -> bytes:
        path, valid = self.paths[node], struct.unpack_from("<I", data)[0]
        if valid & 1:
            os.chmod(path, stat.S_IMODE(struct.unpack_from("<I", data, 68)[0]))
        if valid & 8:
            os.truncate(path, struct.unpack_from("<Q", data, 16)[0])
        if valid & 48:
            atime, mtime = struct.unpack_from("<QQ", data, 32)
            anano, mnano = struct.unpack_from("<II", data, 56)
            os.utime(path, ns=(atime * 10**9 + anano, mtime * 10**9 + mnano))
        return struct.pack("<QII", 0, 0, 0) + self.attr(path)

    def listing(self, node: int, _fd: int, at: int, size: int) -> bytes:
        told, names = b"", [".", "..", *sorted(os.listdir(self.paths[node]))]
        for number, each in enumerate(names[at:], at + 1):
            name = os.fsencode(each)
            one = struct.pack("<QQII", number, number, len(name), 0) + name
            one += bytes(-len(one) % 8)
            if len(told) + len(one) > size:
                break
            told += one
        return told


def name_after(data: bytes, at: int) -> bytes:
    """Give the name behind a request's fixed part."""
    return data[at:].split(b"\0")[0]


def serve(point: str, folder: str, longest: int, *, fold: bool, strict: bool) -> None:
    """Mount and answer until the mount is taken away."""
    fd = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"drive", point.encode(), b"fuse.drive", 0, options) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    drive = Drive(folder, longest, fold=fold, strict=strict)
    hung: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: hung.append(number))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    print("mounted", flush=True)
    while True:
        asked = select.select([fd], [], [], 0.05)[0]
        if hung:
            # Not in the middle of a request: the kernel lets nobody go, not even by SIGKILL, who
            # waits for one that was taken on.
            print("hung", flush=True)
            signal.sigwait({signal.SIGUSR2})
            hung.clear()
        if not asked:
            continue
        try:
            request = os.read(fd, 1 << 18)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return
            continue
        _length, code, unique, node, *_ = _IN.unpack_from(request)
        body, failed = b"", 0
        try:
            answer = drive.answer(code, node, request[_IN.size :])
            if answer is None:
                continue
            body = answer
        except OSError as error:
            failed = error.errno or errno.EIO
        except KeyError:
            failed = errno.ESTALE
        with suppress(OSError):  # who asked may be gone
            os.write(fd, _OUT.pack(_OUT.size + len(body), -failed, unique) + body)


@contextmanager
def drive(point: Path, folder: Path, *more: str) -> Iterator["Server"]:
    """Mount a folder as a network drive, in a process of its own.

    Raises:
        OSError: It cannot be done here.
    """
    for each in (point, folder):
        each.mkdir(exist_ok=True)
    argv = [sys.executable, __file__, str(point), str(folder), *more]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    if process.stdout.readline() != b"mounted\n":
        raise OSError(process.communicate()[1].decode().strip())
    try:
        yield Server(process, point)
    finally:
        process.send_signal(signal.SIGUSR2)
        subprocess.run(["umount", "--lazy", str(point)], check=False, capture_output=True)
        process.kill()
        process.communicate()


class Server:
    """The process that serves a drive."""

    def __init__(self, process: "subprocess.Popen[bytes]", point: Path) -> None:
        self._process, self.point = process, point

    def hang(self) -> None:
        """Answer nothing from now on."""
        self._process.send_signal(signal.SIGUSR1)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"hung\n"

    def go_on(self) -> None:
        """Answer again."""
        self._process.send_signal(signal.SIGUSR2)

    def die(self) -> None:
        """Be gone: every call fails."""
        self._process.kill()


if __name__ == "__main__":
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else 255
    serve(sys.argv[1], sys.argv[2], limit, fold="fold" in sys.argv, strict="strict" in sys.argv)

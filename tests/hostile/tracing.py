"""What a process asked of the system, as strace saw it: files, addresses, programs.

Every text is traced in hexadecimal, so that no name of a file can forge a line; one file for each
thread, so that no call is torn in two.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "%file,%network,%process,ftruncate,fchmod,fchown,fallocate,fsetxattr,fremovexattr,"
    "io_uring_setup,ptrace,process_vm_writev,memfd_create,pidfd_getfd"
)
_LINE = re.compile(r"(?P<name>\w+)\((?P<args>.*)\)\s+= (?P<result>\S.*)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FD = re.compile(r"(?:AT_FDCWD|-?\d+)<((?:\\x[0-9a-f]{2})+)>")
_CHANGES = re.compile(
    r"(rename|link|symlink|unlink|mkdir|rmdir|mknod|truncate|chmod|chown|lchown|utime|utimensat"
    r"|futimesat|utimes|setxattr|lsetxattr|removexattr|fchmodat2?|fchownat|mount|umount2|chroot"
    r"|pivot_root|swapon|acct)(at2?)?"
)
_BY_FD = re.compile(r"ftruncate|fchmod|fchown|fallocate|fsetxattr|fremovexattr")
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
_HOST = re.compile(r'(?:inet_addr\(|inet_pton\(AF_INET6, )"((?:\\x[0-9a-f]{2})+)"')
_WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE")


def command(folder: Path) -> list[str]:
    """Give what to write before a command so that it is traced into a new folder."""
    folder.mkdir()
    files = str(folder / "thread")
    # Not --seccomp-bpf: without its tracer such a process could not even end.
    return ["strace", "-ff", "-yy", "-xx", "-s", "16384", "-o", files, "-e", f"trace={CALLS}",
            "-e", "signal=none", "-qq"]  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One call of the system.

    Attributes:
        name: Of the call.
        args: Its arguments as strace writes them.
        result: What it gave.
    """

    name: str
    args: str
    result: str

    @property
    def texts(self) -> list[str]:
        """The strings among its arguments, in order."""
        return [_plain(each) for each in _TEXT.findall(self.args)]

    @property
    def failed(self) -> bool:
        """Whether it did nothing."""
        return self.result.startswith("-1 ")

    @property
    def opened(self) -> str:
        """The real path that was opened, "" when none was."""
        found = _FD.match(self.result)
        return _plain(found[1]).removesuffix("(deleted)") if found else ""

    @property
    def opens(self) -> bool:
        """Whether it opens a file."""
        return self.name in {"open", "openat", "openat2", "creat"}

    @property
    def writes(self) -> bool:
        """Whether it opens a file to write to it."""
        return self.opens and (self.name == "creat" or bool(_WRITING.search(self.args)))

    @property
    def changes(self) -> bool:
        """Whether it changes files without opening them, by their names or by descriptors."""
        return bool(_CHANGES.fullmatch(self.name) or _BY_FD.fullmatch(self.name))

    def paths(self) -> list[str]:
        """Give the absolute paths that it names; links on the way resolved, the last name not."""
        if _BY_FD.fullmatch(self.name):
            return [_plain(_FD.findall(self.args)[0]).removesuffix("(deleted)")]
        found, folder = [], "/nowhere"
        for part in re.finditer(f"{_FD.pattern}|{_TEXT.pattern}", self.args):
            if part[1] is not None:
                folder = _plain(part[1])
            else:
                path = os.path.normpath(Path(folder, _plain(part[2])))
                above, name = os.path.split(path)
                # What "self" was in /proc is not to be known any more.
                real = above if above.startswith("/proc/") else os.path.realpath(above)
                found.append(f"{real.rstrip('/')}/{name}")
        # The text of a symbolic link is no path that is touched.
        return found[-1:] if "symlink" in self.name else found

    def addresses(self) -> list[tuple[str, int]]:
        """Give the hosts and ports that it sends to or connects to, over IPv4 and IPv6."""
        if self.name not in {"connect", "sendto", "sendmsg", "sendmmsg"}:
            return []
        ports = [int(each) for each in _PORT.findall(self.args)]
        hosts = [_plain(each) for each in _HOST.findall(self.args)]
        return list(zip(hosts, ports, strict=True))


def calls(folder: Path) -> Iterator[Call]:
    """Give every call of every thread."""
    for file in sorted(folder.iterdir()):
        for line in file.read_text("ascii").splitlines():
            found = _LINE.fullmatch(line)
            if found:
                yield Call(found["name"], found["args"], found["result"])
            else:
                assert line.startswith(("+++", "---")) or line.endswith("= ?"), line


def _plain(text: str) -> str:
    return os.fsdecode(bytes.fromhex(text.replace("\\x", "")))

"""The reference for latency: raw inotify, one sync, one call over loopback.

It is given the sandbox's address and the inbox; it reacts to every image.
"""

import ctypes
import http.client
import os
import struct
import sys
from pathlib import Path
from urllib.parse import urlsplit

_CLOSE_WRITE, _MOVED_TO = 0x8, 0x80
_HEAD = struct.Struct("iIII")


def main() -> None:
    """Watch until killed."""
    where, inbox = urlsplit(sys.argv[1]), Path(sys.argv[2])
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(0)
    libc.inotify_add_watch(fd, os.fsencode(inbox), _CLOSE_WRITE | _MOVED_TO)
    connection = http.client.HTTPConnection(where.hostname or "", where.port)
    print("ready", flush=True)
    while True:
        for name in _names(os.read(fd, 1 << 16)):
            if name.endswith(".png"):
                _note(inbox.parent / "note")
                connection.request("GET", "/api/v1/models")
                connection.getresponse().read()


def _names(events: bytes) -> list[str]:
    names, at = [], 0
    while at < len(events):
        length = _HEAD.unpack_from(events, at)[3]
        at += _HEAD.size
        names.append(os.fsdecode(events[at : at + length].rstrip(b"\0")))
        at += length
    return names


def _note(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"seen\n")
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()

"""A disk that keeps a log: a plugin for nbdkit, run by nbdkit's own interpreter.

Every write and every flush below a real file system is noted with its time, so that later any
state can be built that the disk may have had when the power went.
Parameters: image=FILE, log=FILE.
"""

import os
import struct
import time

API_VERSION = 2
HEAD = struct.Struct("<cQQI")  # kind, nanoseconds, offset, length; then the bytes
_given = {}


def config(key, value):
    """Take a parameter."""
    _given[key] = value


def open(readonly):  # noqa: A001 - nbdkit's name for it
    """Open image and log."""
    log = os.open(_given["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    return os.open(_given["image"], os.O_RDWR), log


def close(handle):
    """Close both."""
    for each in handle:
        os.close(each)


def get_size(handle):
    """Give the disk's size in bytes."""
    return os.fstat(handle[0]).st_size


def can_flush(handle):
    """Say that it has a cache that must be flushed."""
    return True


def pread(handle, buffer, offset, flags):
    """Read."""
    buffer[:] = os.pread(handle[0], len(buffer), offset)


def pwrite(handle, buffer, offset, flags):
    """Write, and note it."""
    os.pwrite(handle[0], buffer, offset)
    head = HEAD.pack(b"w", time.monotonic_ns(), offset, len(buffer))
    os.write(handle[1], head + bytes(buffer))


def flush(handle, flags):
    """Note that everything so far is durable."""
    os.write(handle[1], HEAD.pack(b"f", time.monotonic_ns(), 0, 0))

"""Reads what a person dropped, and no more of it than is needed to judge it.

Somebody will drop a film of 40 GB with the ending .png: it must cost a few kilobytes of memory.
"""

import os
from io import BufferedReader
from pathlib import Path

from seedance_watch.media import jobfiles, kinds
from seedance_watch.media.refusals import Unusable
from seedance_watch.media.shapes import MAX_SOURCE_BYTES


def read(path: Path) -> bytes:
    """Give a picture's bytes; of what is no picture, or empty, only the beginning.

    Raises:
        Unusable: It has more bytes than any picture may have; nothing of it was kept.
        OSError: It cannot be read, or is no regular file.
    """
    with jobfiles.opened(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        tail = _from(file, max(0, size_bytes - kinds.TAIL_BYTES), kinds.TAIL_BYTES)
        head = _from(file, 0, kinds.HEAD_BYTES)
        if kinds.kind_of(head + tail) is None:
            return head
        if size_bytes <= MAX_SOURCE_BYTES:
            return _from(file, 0, size_bytes)
    words = (
        f"has {size_bytes / 1e6:,.0f} MB; at most {MAX_SOURCE_BYTES / 1e6:.0f} MB are read: "
        f"export it as JPEG or PNG"
    )
    raise Unusable(words, "too_large")


def _from(file: BufferedReader, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)

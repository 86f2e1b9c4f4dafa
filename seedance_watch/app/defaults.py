"""Reads sidecars and folder defaults; what they mean is decided in core/sidecar.py."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from seedance_watch.core.errors import Fault, FaultKind, SidecarError
from seedance_watch.core.pairing import Glance
from seedance_watch.core.sidecar import Layer, Table, decode, folder_layer, glance, parse

DEFAULTS = "_defaults.toml"
# One byte more than is read of any sidecar: a longer file is refused by its length.
MAX_BYTES = 4 * 1024 * 1024 + 1


def read_plain(path: Path) -> bytes:
    """Read a regular file up to the bound; never follows a link, never waits on a pipe.

    Raises:
        OSError: It is not there, not readable or not a regular file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(None, "not a regular file", str(path))
        return b"".join(_blocks(fd, min(found.st_size + 1, MAX_BYTES)))
    finally:
        os.close(fd)


def _blocks(fd: int, most: int) -> Iterator[bytes]:
    """Read to the end, or to the bound."""
    left = MAX_BYTES
    while left and (block := os.read(fd, min(most, left))):
        left -= len(block)
        yield block


def read_table(path: Path, *, shown: str) -> Table:
    """Read and parse a TOML file.

    Args:
        path: Where it lies.
        shown: Its name for complaints.

    Raises:
        SidecarError: It is not TOML.
        Fault: LOCAL, it cannot be read.
    """
    try:
        data = read_plain(path)
    except OSError as error:
        reason = f"reading {shown!r}: {error.strerror or error}; check the disk and its rights"
        raise Fault(FaultKind.LOCAL, reason) from error
    return parse(decode(data, file=shown), file=shown)


def folder_layers(inbox: Path, folder: str) -> list[Layer]:
    """Read the `_defaults.toml` of a folder and of those above it, the nearest first.

    Raises:
        SidecarError: One is not TOML.
        Fault: LOCAL, one cannot be read.
    """
    layers = []
    for below in _upward(folder):
        path = inbox / below / DEFAULTS
        if path.is_file() and not _led_away(inbox, f"{below}/{DEFAULTS}"):
            shown = f"{below}/{DEFAULTS}" if below else DEFAULTS
            layers.append(folder_layer(read_table(path, shown=shown), below))
    return layers


def _led_away(inbox: Path, path: str) -> bool:
    """Whether a link stands anywhere on the way below the inbox: what is behind it is not ours."""
    parts = PurePosixPath(path.lstrip("/"))
    return any((inbox / each).is_symlink() for each in [parts, *parts.parents][:-1])


def _upward(folder: str) -> list[str]:
    """Give a subfolder and its parents below the inbox, "" for the inbox itself last."""
    if not folder:
        return [""]
    path = PurePosixPath(folder)
    return [str(path), *(str(each) for each in path.parents if str(each) != "."), ""]


def have_prompt(inbox: Path, folder: str, beneath: Sequence[Layer]) -> bool:
    """Whether the defaults that apply to a folder carry a prompt, so an image needs no sidecar.

    Defaults that cannot be read do not: the drop waits for a sidecar, whose job will complain.
    """
    layers = _readable(inbox, folder)
    if layers is None:
        return False
    return any(isinstance(each.values.get("prompt"), str) for each in [*layers, *beneath])


def seen(inbox: Path, beneath: Sequence[Layer], text: str, folder: str) -> Glance:
    """See what pairing must know of a sidecar, with the defaults that apply to its folder.

    Args:
        inbox: The inbox.
        beneath: The configuration's layers.
        text: The sidecar, "" for an image without one.
        folder: The subfolder that it lies in.
    """
    layers = _readable(inbox, folder) or []
    return glance(text, defaults=[each.values for each in [*layers, *beneath]])


def _readable(inbox: Path, folder: str) -> list[Layer] | None:
    try:
        return folder_layers(inbox, folder)
    except (SidecarError, Fault):
        return None

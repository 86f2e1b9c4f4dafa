"""Videos compared with their receipts: are they there, whole, and as they were placed?

Only reads. A receipt is known by its `[receipt]` table; its video lies beside it, wherever the
two were taken to since.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import tomli

from seedance_watch.app.found import shown
from seedance_watch.core.errors import Fault
from seedance_watch.disk import files

_RECEIPT_MOST_BYTES = 1 << 20  # a receipt has a few thousand
_VIDEO = ".mp4"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
GOOD, BARE = "good", "bare"
Decode = Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """How a video stands.

    Attributes:
        video: Its path, as people write it.
        code: good, missing, size, changed, broken, unreadable, receipt (that cannot be read) or
            bare (a video without a receipt, which is no fault).
        said: What is so.
        job: The job that made it, "" when not known.
    """

    video: str
    code: str
    said: str
    job: str = ""

    @property
    def bad(self) -> bool:
        """Whether something is missing or not as it was."""
        return self.code not in {GOOD, BARE}


@dataclass(frozen=True, slots=True)
class Placed:
    """A video and what its receipt says, or why that cannot be read.

    Attributes:
        path: Where the video should lie.
        facts: The receipt's table about it; empty: it has no receipt.
        job: The job that made it.
        wrong: Why the receipt cannot be read, "" when it can.
    """

    path: Path
    facts: dict[str, Any]
    job: str = ""
    wrong: str = ""

    @property
    def size_bytes(self) -> int:
        """How much there is to read."""
        size = self.facts.get("size_bytes")
        return size if isinstance(size, int) else 0


def placed(root: Path) -> Iterator[Placed]:
    """Give the videos below a folder, by name; hidden folders and links are left out.

    Raises:
        OSError: A folder cannot be looked into.
    """
    with os.scandir(root) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    found = [_receipt(Path(each.path)) for each in listed if _is(each, ".toml")]
    with_receipt = [each for each in found if each]
    yield from with_receipt
    known = {each.path.name for each in with_receipt}
    bare = (each for each in listed if _is(each, _VIDEO) and each.name not in known)
    yield from (Placed(Path(each.path), {}) for each in bare)
    for each in listed:
        if each.is_dir(follow_symlinks=False) and not each.name.startswith("."):
            yield from placed(Path(each.path))


def _is(entry: os.DirEntry[str], ending: str) -> bool:
    name = entry.name.lower()
    plain = name.endswith(ending) and not name.startswith((".", "_"))
    return plain and entry.is_file(follow_symlinks=False)


def _receipt(path: Path) -> Placed | None:
    """Read a receipt; None for a TOML file that is none."""
    beside = path.with_suffix(_VIDEO)
    try:
        table = tomli.loads(_text(path))
    except OSError as error:
        return Placed(beside, {}, wrong=f"its receipt cannot be read: {error.strerror}")
    except (tomli.TOMLDecodeError, UnicodeDecodeError):
        return Placed(beside, {}, wrong=f"its receipt {path.name} is damaged")
    receipt = table.get("receipt")
    if not isinstance(receipt, dict):
        return None
    job, facts = str(receipt.get("job", "")), receipt.get("video")
    if not isinstance(facts, dict) or not _sound(facts):
        return Placed(beside, {}, job, wrong=f"its receipt {path.name} is damaged")
    named = path.with_name(PurePosixPath(facts["file"]).name or beside.name)
    return Placed(named if files.exists(named) else beside, facts, job)


def _text(path: Path) -> str:
    with os.fdopen(os.open(path, _READ), "rb") as file:
        return file.read(_RECEIPT_MOST_BYTES).decode("utf-8")


def _sound(facts: dict[str, Any]) -> bool:
    kinds = {"file": str, "sha256": str, "size_bytes": int}
    return all(isinstance(facts.get(name), kind) for name, kind in kinds.items())


def verified(video: Placed, decode: Decode | None) -> Finding:
    """Compare a video with its receipt.

    Args:
        video: Which.
        decode: Decodes it from the first to the last frame, None: that is not asked for.
    """
    if video.wrong:
        return _finding(video, "receipt", video.wrong)
    try:
        code, said = _compared(video) or _decoded(video.path, decode)
    except FileNotFoundError:
        code, said = "missing", "it is not there"
    except OSError as error:
        code, said = "unreadable", f"it cannot be read: {error.strerror}"
    return _finding(video, code, said)


def _finding(video: Placed, code: str, said: str) -> Finding:
    return Finding(shown(video.path), code, said, video.job)


def _compared(video: Placed) -> tuple[str, str] | None:
    """Say what is different from the receipt, None for nothing."""
    there = video.path.lstat()
    if not stat.S_ISREG(there.st_mode):
        return "missing", "something else than a file lies there"
    if not video.facts:
        return BARE, "it has no receipt"
    if there.st_size != video.size_bytes:
        return "size", f"it has {there.st_size} bytes and had {video.size_bytes}"
    if files.sha256(video.path) != video.facts["sha256"]:
        return "changed", "its bytes are not those that were placed"
    return None


def _decoded(path: Path, decode: Decode | None) -> tuple[str, str]:
    try:
        if decode:
            decode(path.absolute())  # decoders work elsewhere
    except Fault as fault:
        return "broken", fault.reason
    return GOOD, "it is as it was placed"

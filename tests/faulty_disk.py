"""A disk below SQLite that counts, fails on demand, and shows what a power cut would leave.

Every write, cut and sync passes through `FaultyDisk` to the real file and is noted. From the
notes `image` builds what a disk may hold after a power cut at any point: what was synced, and of
the rest any part, torn at sectors.
"""

import itertools
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import apsw

_SECTOR_BYTES = 512
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Op:
    """One thing done to a file: "write" at an offset, "cut" to a length, "sync" or "delete"."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""


class FaultyDisk(apsw.VFS):
    """The real file system, noted; from operation number `fail_at` on it only fails.

    Attributes:
        ops: What was done, in order.
        fail_at: Number of the first operation that fails, None: none does.
        error: What it fails with.
    """

    def __init__(self) -> None:
        self.name = f"faulty{next(_NUMBERS)}"
        self.ops: list[Op] = []
        self.fail_at: int | None = None
        self.error: type[apsw.Error] = apsw.IOError
        super().__init__(self.name, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self.note(Op("delete", Path(filename).name))
        super().xDelete(filename, syncdir)

    def note(self, op: Op) -> None:
        """Note an operation, or fail it."""
        if self.fail_at is not None and len(self.ops) >= self.fail_at:
            raise self.error(f"no {op.kind} any more")
        self.ops.append(op)

    def syncs(self, ending: str = "-wal") -> int:
        """Count the syncs of a file."""
        return sum(op.kind == "sync" and op.name.endswith(ending) for op in self.ops)


class _File(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.note(Op("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._disk.note(Op("cut", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.note(Op("sync", self._name))
        super().xSync(flags)


@dataclass(slots=True)
class _Platter:
    """One file: what is safe, and what is only on its way."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)

    def sync(self) -> None:
        for op in self.pending:
            _apply(self.safe, op)
        self.pending.clear()


def image(ops: Iterable[Op], dice: random.Random) -> Mapping[str, bytes]:
    """Give files as a power cut right after these operations may leave them."""
    platters: dict[str, _Platter] = {}
    for op in ops:
        if op.kind == "delete":
            platters.pop(op.name, None)
            continue
        platter = platters.setdefault(op.name, _Platter())
        if op.kind == "sync":
            platter.sync()
        else:
            platter.pending.append(op)
    share = dice.choice((0.0, 0.3, 0.9, 1.0))
    for platter in platters.values():
        platter.pending = [part for op in platter.pending for part in _survives(op, dice, share)]
        platter.sync()
    return {name: bytes(platter.safe) for name, platter in platters.items()}


def _survives(op: Op, dice: random.Random, share: float) -> list[Op]:
    """Give the sectors of a write that reached the disk."""
    if op.kind == "cut":
        return [op] if dice.random() < share else []
    starts = range(0, len(op.data), _SECTOR_BYTES)
    kept = [start for start in starts if dice.random() < share]
    return [
        Op("write", op.name, op.at + start, op.data[start : start + _SECTOR_BYTES])
        for start in kept
    ]


def _apply(content: bytearray, op: Op) -> None:
    if op.kind == "cut":
        del content[op.at :]
        return
    content.extend(bytes(max(0, op.at - len(content))))
    content[op.at : op.at + len(op.data)] = op.data

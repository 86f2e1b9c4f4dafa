"""Where the configured folders really are, and how two of them meet.

Two paths are one folder when links lead to the same place, and also when the system says that they
are: a bind mount, or a disk that does not tell "Inbox" from "inbox".
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from seedance_watch.config.watches import ROLES, Watch
from seedance_watch.core.toml_lines import Path as KeyPath
from seedance_watch.core.words import path_text, show_path

_PATIENCE_S = 5.0
Identity = tuple[int, int]  # device and number: what the system itself knows a folder by


@dataclass(frozen=True, slots=True)
class Real:
    """Where a path leads.

    Attributes:
        path: With links resolved.
        own: Which folder that is; None: it does not exist, or its disk does not answer.
        around: The folders above it.
    """

    path: Path
    own: Identity | None = None
    around: frozenset[Identity] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A configured folder.

    Attributes:
        role: What it is for: a role of a watch, or "state_dir".
        key: Key path of its setting.
        path: As configured, absolute.
        real: Where that leads.
    """

    role: str
    key: KeyPath
    path: Path
    real: Real


def places(watches: Sequence[Watch], state_dir: Path) -> list[Place]:
    """Give every folder, with links resolved where its disk answers."""
    named: list[tuple[str, KeyPath, Path]] = [("state_dir", ("state_dir",), state_dir)]
    for number, watch in enumerate(watches):
        named += [(role, ("watch", number, role), watch.folders[role]) for role in ROLES]
    real = _resolved([path for _, _, path in named])
    return [Place(role, key, path, real[path]) for role, key, path in named]


def crossing(late: Place, early: Place) -> str:
    """Say how a folder meets another that it may not meet, "" when all is well.

    No folder lies inside another, and no folder serves twice. Only several watches may share an
    outbox, a done, a failed or a held folder, or nest those of one kind.
    """
    if late.role == early.role and late.role not in ("inbox", "state_dir"):
        return ""
    one, other = show_path(late.path), f"{path_text(early.key)} ({show_path(early.path)})"
    if _same(late.real, early.real):
        return f"{one} is also {path_text(early.key)}"
    if _inside(late.real, early.real):
        return f"{one} lies inside {other}"
    if _inside(early.real, late.real):
        return f"{one} contains {other}"
    return ""


def _same(one: Real, other: Real) -> bool:
    return one.path == other.path or (one.own is not None and one.own == other.own)


def _inside(inner: Real, outer: Real) -> bool:
    return inner.path.is_relative_to(outer.path) or outer.own in inner.around


def _resolved(paths: Sequence[Path]) -> dict[Path, Real]:
    """Resolve links; a path on a drive whose server does not answer stays as it is written.

    Such a call never returns, so each has a thread that nobody waits for at the end.
    """
    real = {path: Real(Path(os.path.normpath(path))) for path in paths}

    def resolve(path: Path) -> None:
        real[path] = _real(path)

    threads = [Thread(target=resolve, args=(path,), daemon=True) for path in real]
    until_s = time.monotonic() + _PATIENCE_S
    for each in threads:
        each.start()
    for each in threads:
        each.join(max(0.0, until_s - time.monotonic()))
    return dict(real)


def _real(path: Path) -> Real:
    real = Path(os.path.realpath(path))
    around = map(_identity, real.parents)
    return Real(real, _identity(real), frozenset(each for each in around if each))


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

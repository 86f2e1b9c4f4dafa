"""Folders that must not meet: an outbox inside an inbox would feed videos back, and worse.

One rule: no folder lies inside another, and no folder serves twice. Only several watches may share
an outbox, a done, a failed or a held folder, or nest those of one kind.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from threading import Thread

from seedance_watch.config.watches import ROLES, Watch
from seedance_watch.core.errors import Complaint
from seedance_watch.core.toml import Table
from seedance_watch.core.toml_lines import Path as KeyPath
from seedance_watch.core.words import path_text, show_path

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class _Place:
    role: str
    key: KeyPath
    path: Path  # as configured
    real: Path  # with links resolved: two names of one folder are one folder


def crossings(
    watches: Sequence[Watch], state_dir: Path, *, config: Path, table: Table
) -> Iterator[Complaint]:
    """Find folders that cannot be used together, and say what to do."""
    places = _places(watches, state_dir)
    for first, second in combinations(places, 2):
        late, early = sorted((first, second), key=lambda each: -(table.line(each.key) or 0))
        if problem := _crossing(late, early):
            hint = "choose a folder that is beside it, neither in nor around it"
            yield Complaint(table.file, table.line(late.key), path_text(late.key), problem, hint)
    for place in places:
        if place.role == "inbox" and Path(os.path.realpath(config)).is_relative_to(place.real):
            problem = f"{show_path(place.path)} contains this configuration file"
            hint = "a .toml in an inbox is a sidecar; move the configuration out of it"
            line = table.line(place.key)
            yield Complaint(table.file, line, path_text(place.key), problem, hint)


def _places(watches: Sequence[Watch], state_dir: Path) -> list[_Place]:
    """Give every folder, with links resolved where its disk answers."""
    named: list[tuple[str, KeyPath, Path]] = [("state_dir", ("state_dir",), state_dir)]
    for number, watch in enumerate(watches):
        named += [(role, ("watch", number, role), watch.folders[role]) for role in ROLES]
    real = _resolved([path for _, _, path in named])
    return [_Place(role, key, path, real[path]) for role, key, path in named]


def _resolved(paths: Sequence[Path]) -> dict[Path, Path]:
    """Resolve links; a path on a drive whose server does not answer stays as it is written.

    Such a call never returns, so each has a thread that nobody waits for at the end.
    """
    real = {path: Path(os.path.normpath(path)) for path in paths}

    def resolve(path: Path) -> None:
        real[path] = Path(os.path.realpath(path))

    threads = [Thread(target=resolve, args=(path,), daemon=True) for path in real]
    until_s = time.monotonic() + _PATIENCE_S
    for each in threads:
        each.start()
    for each in threads:
        each.join(max(0.0, until_s - time.monotonic()))
    return dict(real)


def _crossing(late: _Place, early: _Place) -> str:
    """Say how the folder that was configured later meets the other, "" when it may."""
    if late.role == early.role and late.role not in ("inbox", "state_dir"):
        return ""
    one, other = show_path(late.path), f"{path_text(early.key)} ({show_path(early.path)})"
    if late.real == early.real:
        return f"{one} is also {path_text(early.key)}"
    if late.real.is_relative_to(early.real):
        return f"{one} lies inside {other}"
    if early.real.is_relative_to(late.real):
        return f"{one} contains {other}"
    return ""

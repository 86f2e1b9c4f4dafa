"""What lies in an inbox and is no job yet, and what each file waits for.

Asks no disk and changes nothing, so it may be called beside the thread that looks: whatever that
one changes in the meantime shows in the next answer.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from seedance_watch.core import waiting
from seedance_watch.core.naming import natural
from seedance_watch.core.pairing import Kind
from seedance_watch.core.snapshot import Waiting
from seedance_watch.disk.desk import Desk
from seedance_watch.disk.kept import Kept
from seedance_watch.disk.scan import OWN, File, Folder, Scanner

MOST = 300


def pending(desk: Desk, *, most: int = MOST) -> tuple[tuple[Waiting, ...], int]:
    """Give what lies there, the ignored last, and how many others there are.

    Args:
        desk: What is known of the inbox.
        most: How many are told of; the others are only counted, which costs little.
    """
    times = _Times(time.monotonic(), desk.clock.now())
    folders = sorted(desk.scanner.walk(desk.scanner.top), key=lambda each: natural(each.rel))
    shut = (each for each in folders if each.trouble)
    wanted = ((each, file) for each in folders for file in _wanted(each, desk.rules.kept))
    passed = ((each, name) for each in folders for name in _passed(each))
    told: Iterator[Waiting] = chain(
        (waiting.unreadable(each.rel, each.trouble) for each in shut),
        (_stands(folder, file, times) for folder, file in islice(wanted, most)),
        (_ignored(folder, name, desk.scanner) for folder, name in islice(passed, most)),
    )
    kept = tuple(islice(told, most))
    return kept, sum(1 for _ in chain(told, wanted, passed))


@dataclass(frozen=True, slots=True)
class _Times:
    now_s: float
    now: float

    def utc(self, at_s: float | None) -> float | None:
        """Give a monotonic time to come as UTC seconds; None for one that is over."""
        return None if at_s is None or at_s <= self.now_s else self.now + at_s - self.now_s


def _wanted(folder: Folder, kept: Kept) -> Iterator[File]:
    """Give the files that may become part of a drop; in natural order where they are few."""
    # Copied at once: to make very many pairs of it lets the other thread in between.
    files = list(folder.files.copy().items())
    if len(files) <= MOST:
        files.sort(key=lambda each: natural(each[0]))
    for name, file in files:
        ours = file.kind is Kind.DEFAULTS or file.handed or folder.under(name) in kept
        if not ours:
            yield file


def _stands(folder: Folder, file: File, times: _Times) -> Waiting:
    path, name = folder.under(file.name), file.name
    if file.trouble:
        return waiting.unreadable(path, file.trouble)
    if file.busy:
        return waiting.busy(path)
    read, lacks = file.kind is Kind.IMAGE or file.glance is not None, folder.lacks
    if read and name in lacks:
        return waiting.partner(path, lacks[name], times.utc(folder.ripe.get(name)))
    unfinished = file.whole is not None and file.whole == (file.watched.look, False)
    return waiting.settling(path, times.utc(file.due_s), unfinished=unfinished)


def _passed(folder: Folder) -> Iterator[str]:
    """Give the names that are passed over."""
    for name in folder.listing:
        lost = name not in folder.files and name not in folder.below
        if name != OWN and lost:
            yield name


def _ignored(folder: Folder, name: str, scanner: Scanner) -> Waiting:
    rel = folder.under(name)
    return waiting.ignored(rel, folder.odd.get(name) or scanner.passed_over(rel, name))

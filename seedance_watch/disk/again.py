"""Originals out of failed/ back into the inbox, to be tried again; the note beside them goes.

Nothing is overwritten, and nothing moves unless all of it can. People may have corrected the
files there, so they are known by the note beside them; only where there is none by their bytes.
"""

import errno
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from seedance_watch.core import naming
from seedance_watch.core.events import Claiming
from seedance_watch.core.model import Part
from seedance_watch.disk import files
from seedance_watch.disk.places import Places, below, scratch

NOTE = ".failed.txt"
_GAP = 20  # numbers in a row under which nothing lies: then there is none above them
_NOTE_MOST_BYTES = 65_536


class Unmoved(OSError):
    """Something stands in the way; nothing was moved.

    Attributes:
        cure: What a person can do about it.
    """

    def __init__(self, code: int, reason: str, cure: str) -> None:
        super().__init__(code, reason)
        self.cure = cure


def put_back(claim: Claiming, places: Places) -> list[str]:
    """Move a drop's originals from failed/ back to where they were dropped; durable.

    May be repeated after a crash at any point in it.

    Returns:
        Their paths below the inbox; empty when none of them lies in failed/.

    Raises:
        Unmoved: Another file has one of the names in the inbox, or some are nowhere.
        OSError: Nothing was lost; it may be done again.
    """
    target = below(places.inbox, _in(claim, "x")).parent
    found = _found(claim, places, target)
    if not found:
        return []
    moves = {path: target / name for name, path in found.items()}
    _sure(moves)
    files.make_dirs(target)
    for source, to in moves.items():
        _move(source, to, places)
    for folder in {target, *(source.parent for source in moves)}:
        files.sync_dir(folder)
    return [to.relative_to(places.inbox).as_posix() for to in moves.values()]


def _move(source: Path, to: Path, places: Places) -> None:
    try:
        files.move(source, to, scratch=scratch(places.inbox))
    except files.Taken:
        raise _taken(to) from None


def _sure(moves: dict[Path, Path]) -> None:
    """Make sure that all of it can move: a repetition finds some of it moved already."""
    for source, to in moves.items():
        if files.exists(source) and files.exists(to) and not files.same(source, to):
            raise _taken(to)
        if not files.exists(source) and not files.exists(to):
            cure = "put it back beside the others"
            raise Unmoved(errno.ENOENT, f"{source.name} is not in failed/ any more", cure)


def _taken(to: Path) -> Unmoved:
    cure = "move that one away or rename it"
    return Unmoved(errno.EEXIST, f"another file there has the name {to.name}", cure)


def remove_notes(claim: Claiming, places: Places) -> None:
    """Remove the notes that tell why this drop failed; done last, they say which files it has."""
    by_id = [below(places.failed, _in(claim, name + NOTE)) for name in _jobs(claim)]
    beside = (_notes(claim, places, choice) for choice in _choices(claim, places))
    for path in [*by_id, *chain.from_iterable(beside)]:
        if _ours(claim, path):
            files.remove(path)


def _found(claim: Claiming, places: Places, target: Path) -> dict[str, Path]:
    """Give each original's name and where it lies, or lay, in failed/; empty: none is known.

    An earlier attempt may have moved some of them, or all but not the note.
    """
    for choice in _choices(claim, places):
        there = {part.name: _original(claim, places, part.name, choice) for part in claim.parts}
        lies = any(map(files.exists, there.values()))
        if any(_ours(claim, path) for path in _notes(claim, places, choice)):
            if lies or all(files.exists(target / name) for name in there):
                return there
        elif lies and all(_equal(part, there[part.name], target) for part in claim.parts):
            return there
    return {}


def _equal(part: Part, path: Path, target: Path) -> bool:
    """Whether an original lies in failed/, or was moved already, as it was when it settled."""
    return files.holds(path, part.sha256) or files.holds(target / part.name, part.sha256)


def _choices(claim: Claiming, places: Places) -> Iterator[int]:
    """Give the numbers under which files of this name lie in failed/."""
    last = 0
    for choice in count(1):
        paths = [_original(claim, places, part.name, choice) for part in claim.parts]
        if any(map(files.exists, (*paths, *_notes(claim, places, choice)))):
            last = choice
            yield choice
        if choice - last > _GAP:
            return


def _original(claim: Claiming, places: Places, name: str, choice: int) -> Path:
    """Give an original's path in failed/ under a number."""
    longest = files.longest_name(places.failed)
    name = naming.archived_name(claim.stem, name, choice=choice, longest=longest)
    return below(places.failed, _in(claim, name))


def _notes(claim: Claiming, places: Places, choice: int) -> list[Path]:
    """Give the paths that notes about the takes of a drop may have beside a number."""
    longest, takes = files.longest_name(places.failed), range(1, claim.takes + 1)
    each = [replace(claim, take=take) for take in takes]
    stems = [naming.output_stem(one, choice=choice, longest=longest) for one in each]
    return [below(places.failed, stem + NOTE) for stem in stems]


def _in(claim: Claiming, name: str) -> str:
    """Give the path of a name in the drop's subfolder."""
    return f"{claim.folder}/{name}" if claim.folder else name


def _jobs(claim: Claiming) -> list[str]:
    """Name the jobs of all takes."""
    takes = range(1, claim.takes + 1)
    return [naming.job_id(claim.drop_id, take, claim.takes) for take in takes]


def _ours(claim: Claiming, note: Path) -> bool:
    """Whether a note is about one of the takes."""
    if not files.plain(note) or note.stat().st_size > _NOTE_MOST_BYTES:
        return False
    text = note.read_bytes()
    return any(f'\njob = "{job}"'.encode() in text for job in _jobs(claim))

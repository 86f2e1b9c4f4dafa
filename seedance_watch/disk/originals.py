"""The user's own files: into the job folder, and out of it when the job is over.

They are moved, never lost: whatever is in the way stays as it is, and what is not a file that
settled is left where it lies.
"""

import errno
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import chain as one_after_the_other
from itertools import count
from pathlib import Path

from seedance_watch.core import chain, naming
from seedance_watch.core.endings import Kind, kind_of, normal, stem_of
from seedance_watch.core.events import Claiming, Returned
from seedance_watch.core.model import Part
from seedance_watch.disk import access, files
from seedance_watch.disk.places import PRIVATE, Outside, Places, below, mounted, scratch
from seedance_watch.ports import Claim


def take_in(claim: Claiming, places: Places) -> Claim:
    """Move a drop's files into its job folder and look whether they are what was settled.

    Raises:
        OSError: Nothing was lost; it may be done again.
    """
    folder, inbox = places.folder(claim), places.inbox
    sources = [inbox / part.source for part in claim.parts]
    parts = {folder / part.name: part for part in claim.parts}
    _enter(folder, inbox, sources)
    here = [_take(inbox, part, path) for path, part in parts.items()]
    gone = not all(here)
    # Bytes before names: most disks make the names durable together with the first of these.
    as_settled = [not gone and _as_settled(path, part) for path, part in parts.items()]
    _sync([folder, *(source.parent for source in sources)])
    if gone:
        return Claim.GONE
    return Claim.CLAIMED if all(as_settled) else Claim.CHANGED


def _enter(folder: Path, inbox: Path, sources: Iterable[Path]) -> None:
    """Make the job folder; its name is durable before anything is moved into it."""
    below(inbox, f"{PRIVATE}/work/x")
    try:
        folder.mkdir()
    except FileExistsError:
        below(inbox, f"{PRIVATE}/work/{folder.name}/x")
    except FileNotFoundError:
        if not any(files.exists(source) for source in sources):
            mounted(inbox)  # or files that are safe elsewhere would be given up as gone
        files.make_dirs(folder)
    files.sync_dir(folder.parent)


def _as_settled(path: Path, part: Part) -> bool:
    """Whether a file that was moved in is the one that settled; durable, whatever it is.

    Most programs only copy, and a power cut would empty the file.
    """
    return files.plain(path) and files.sync_file(path) == part.sha256


def _take(inbox: Path, part: Part, target: Path) -> bool:
    """Move one file in; False when it is nowhere, or something else lies in its place."""
    try:
        source = below(inbox, part.source)
    except Outside:
        return files.exists(target)
    if not files.plain(source):
        return files.exists(target)
    # Taken: the folder has the file already and somebody dropped another of the same name. That
    # one is a drop of its own.
    with suppress(files.Taken), access.taking_from(source.parent):
        return _moved(source, target, target.parent)
    return True


def _moved(source: Path, target: Path, on_its_way: Path) -> bool:
    """Move a file; False when it is nowhere."""
    try:
        files.move(source, target, scratch=on_its_way)
    except files.Lost:
        return False
    return True


def lying(folder: Path, claim: Claiming) -> str:
    """Name a file that belongs to the shot which a drop goes on from, "" for none.

    Args:
        folder: The folder of the inbox that the drop lay in; it may be gone.
        claim: The drop.

    Raises:
        OSError: It cannot be listed.
    """
    stems = {stem for _, _, stem, _ in chain.wanted(claim)}
    with suppress(FileNotFoundError), os.scandir(folder) as listed:
        names = (each.name for each in listed if kind_of(each.name) in {Kind.IMAGE, Kind.SIDECAR})
        return min((name for name in names if not stems.isdisjoint(_stems(name))), default="")
    return ""


def _stems(name: str) -> tuple[str, str]:
    """Give what a drop may be called that a file belongs to ("a.png.toml": "a.png" and "a")."""
    stem = normal(stem_of(name))
    return stem, stem_of(stem) if kind_of(stem) is Kind.IMAGE else stem


def _sync(folders: Iterable[Path]) -> None:
    """Make names durable, each directory once; one that vanished has nothing to keep."""
    for folder in dict.fromkeys(folders):
        with suppress(FileNotFoundError, NotADirectoryError):
            files.sync_dir(folder)


# Archiving

# What says that there is no straight way: something in it, nothing to move, another mount.
_UNPLANNED = frozenset({errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EXDEV})

# Each original's number (1 for its own name) and what its bytes are. Durable before the first
# one moves, so that a repetition neither splits a pair nor takes another's file for ours. Where
# nothing is in the way of their own names there is none: a repetition knows number and bytes.
Plan = Mapping[str, tuple[int, str]]


def put_away(claim: Claiming, places: Places, to: Returned | None) -> list[str]:
    """Move the originals to done/ (None), failed/ or back to the inbox; remove the job folder.

    Returns:
        Names of originals that were neither in the job folder nor where they belong.

    Raises:
        OSError: Nothing was lost; it may be done again.
    """
    folder, target = places.folder(claim), _target(claim, places, to)
    if target != places.root(to):
        mounted(places.inbox)
        files.make_dirs(target)
    straight = to is not Returned.INBOX and _put_straight(claim, folder, target)
    if not straight:
        mounted(places.inbox)
        if to is Returned.INBOX and not folder.is_dir() and not _known(folder):
            return []  # a sibling take put them back, and they may have been taken again since
    lost = [] if straight else _put(claim, folder, target, at=scratch(places.root(to)))
    # Not the job folder: until its own name is gone durably, who repeats this finds both names.
    _sync([target])
    files.remove_dir(folder)
    if not straight:
        files.remove(_plan_file(folder))
    _sync([folder.parent])  # or a power cut brings both back when nobody looks for them any more
    return lost


def chosen(claim: Claiming, places: Places, to: Returned | None) -> int:
    """Give the number that the originals get in a folder: 1 for their own names."""
    plan = _planned(claim, places.folder(claim), _target(claim, places, to))
    return max(choice for choice, _ in plan.values())


def _target(claim: Claiming, places: Places, to: Returned | None) -> Path:
    """Give the directory that the originals go to."""
    return below(places.root(to), f"{claim.folder}/x" if claim.folder else "x").parent


def _put_straight(claim: Claiming, folder: Path, target: Path) -> bool:
    """Move all originals to their own names; False where one is not there or has to be planned.

    Without a plan: whoever repeats it finds what was moved by its own name and its bytes.
    """
    names = [part.name for part in claim.parts]
    if any(map(files.exists, [_plan_file(folder), *(target / name for name in names)])):
        return False
    try:
        for name in names:
            files.rename_new(folder / name, target / name)
    except OSError as error:
        if error.errno not in _UNPLANNED:
            raise
        return False
    return True


def _put(claim: Claiming, folder: Path, target: Path, *, at: Path) -> list[str]:
    """Move every original to its planned name; plan anew where somebody was quicker."""
    while True:
        plan = _planned(claim, folder, target)
        if folder.is_dir():
            files.replace_note(_plan_file(folder), json.dumps(plan).encode(), scratch=folder)
            files.sync_dir(folder.parent)
        with suppress(files.Taken):
            here = {
                name: _arrived(folder / name, _named(claim, target, name, choice), digest, at=at)
                for name, (choice, digest) in plan.items()
            }
            return [name for name, arrived in here.items() if not arrived]


def _arrived(source: Path, target: Path, digest: str, *, at: Path) -> bool:
    """Move an original where it still is to be moved; False when it is nowhere."""
    if files.exists(source):
        return _moved(source, target, at)
    return files.holds(target, digest)


def _named(claim: Claiming, target: Path, name: str, choice: int) -> Path:
    """Give an original's path under a number."""
    longest = files.longest_name(target)
    return target / naming.archived_name(claim.stem, name, choice=choice, longest=longest)


def _planned(claim: Claiming, folder: Path, target: Path) -> Plan:
    """Choose one number for all originals: the first whose names are free or already ours.

    What an earlier attempt moved keeps its number, and so do the others while they can. Where
    the job folder is gone, a sibling take archived them all: they are found by their bytes.
    """
    known = _known(folder) or _straight(claim, folder, target)
    moved = {name: known[name] for name in known if not files.exists(folder / name)}
    rest = {p.name: _digest(folder, p) for p in claim.parts if p.name not in moved}
    asks = [name for name in rest if files.exists(folder / name) or not folder.is_dir()]
    first = max((choice for choice, _ in known.values()), default=1)
    for choice in one_after_the_other([first], count(1)):
        paths = {_named(claim, target, name, choice): rest[name] for name in asks}
        if all(not files.exists(path) or files.holds(path, paths[path]) for path in paths):
            return {name: (choice, digest) for name, digest in rest.items()} | moved
    raise AssertionError


def _straight(claim: Claiming, folder: Path, target: Path) -> Plan:
    """Give the plan of an earlier attempt that needed none: under their own names, as settled."""
    return (
        {
            part.name: (1, part.sha256)
            for part in claim.parts
            if not files.exists(folder / part.name)
            and files.holds(target / part.name, part.sha256)
        }
        if folder.is_dir()
        else {}
    )


def _digest(folder: Path, part: Part) -> str:
    """Say what an original's bytes are; where it is not in the folder, what they should be."""
    path = folder / part.name
    return files.sha256(path) if files.plain(path) else part.sha256


def _plan_file(folder: Path) -> Path:
    """Give the path of a job folder's plan."""
    return folder.with_name(f"{folder.name}.plan")


def _known(folder: Path) -> Plan:
    """Read the plan of an earlier attempt; empty when there is none."""
    try:
        plan = json.loads(_plan_file(folder).read_bytes())
    except FileNotFoundError:
        return {}
    return {name: (choice, digest) for name, (choice, digest) in plan.items()}

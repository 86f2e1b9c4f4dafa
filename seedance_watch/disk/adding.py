"""What is made beside a video: from the part folder into the outbox, never overwriting.

A name that somebody else took meanwhile is left to them, and the extra is left out.
"""

from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path

from seedance_watch.core import extras, naming
from seedance_watch.core.endings import normal
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Extra, ExtraKind
from seedance_watch.disk import files, placing
from seedance_watch.disk.places import Places, below, scratch
from seedance_watch.ports import Putting

_UNJOINED = ".not-joined.txt"


def wished(job: Job, places: Places, stem: str) -> tuple[Extra, ...]:
    """Give what a job asks for beside a video of this stem; looks, reserves nothing."""
    if job.prepared is None:
        return ()
    found = extras.beside(job.prepared.spec, stem)
    if not job.prepared.spec.sequence:
        return found
    return (*found, Extra(ExtraKind.SEQUENCE, f"{_free_sequence(job, places, stem)}.mp4"))


def _free_sequence(job: Job, places: Places, stem: str) -> str:
    """Give the first name for the joined video that neither the shot nor anybody else has."""
    assert job.prepared is not None, job.id
    name, longest = job.prepared.spec.sequence, files.longest_name(places.outbox)
    plain = placing.refuses(replace(job.claim, stem=name), places, longest=longest)
    for choice in count(1):
        found = naming.sequence_stem(job.claim, name, choice=choice, longest=longest, plain=plain)
        own = normal(found).casefold() == normal(stem).casefold()
        names = f"{found}.mp4", f"{found}.toml"
        if not own and not any(files.exists(below(places.outbox, each)) for each in names):
            return found
    raise AssertionError


def put(job: Job, places: Places, extra: Extra, *, receipt: bytes) -> Putting:
    """Put what was made into the outbox, behind its receipt if it has one.

    Returns:
        PLACED; TAKEN when the name belongs to somebody else; MISSING when it is not made.

    Raises:
        OSError: Nothing was lost; it may be done again.
    """
    part, target = places.extra_part(job, extra.kind), below(places.outbox, extra.name)
    if not files.plain(part):
        return Putting.MISSING
    files.make_dirs(target.parent)
    note = target.with_suffix(".toml")
    try:
        if receipt:
            files.write_new(note, receipt, scratch=part.parent)
        files.move(part, target, scratch=part.parent)
    except files.Taken:
        _take_back(note, receipt)
        return Putting.TAKEN
    except OSError:
        with suppress(OSError):  # it may be left out in the end, and no receipt lies alone
            if not files.exists(target):
                _take_back(note, receipt)
        raise
    files.sync_dir(target.parent)
    return Putting.PLACED


def _take_back(note: Path, receipt: bytes) -> None:
    if receipt:  # or an empty file of somebody else would be taken for it
        placing.take_back(note, receipt)


def say_unjoined(places: Places, extra: Extra) -> None:
    """Write why there is no joined video to where it would be; a note that is there stays."""
    path = below(places.outbox, extra.name)
    files.make_dirs(path.parent)
    try:
        text = extras.unjoined(extra).encode("utf-8", "replace")
        files.write_new(path.with_suffix(_UNJOINED), text, scratch=scratch(places.outbox))
    except files.Taken:
        return
    files.sync_dir(path.parent)


def clear(job: Job, places: Places) -> None:
    """Remove what is left of extras in the part folder."""
    if job.placing is None or not job.placing.extras:
        return
    names = tuple(f"{job.id}.{kind}" for kind in ExtraKind)
    folder = scratch(places.outbox)
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name.startswith(names) and files.plain(path):
            files.remove(path)

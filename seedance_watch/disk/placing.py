"""The finished video: from its part file into the outbox, with its receipt.

The receipt goes first, so that a video never lacks one. Nothing is ever overwritten, and what is
in the outbox is whole, because it comes there under its name by one rename.
"""

import hashlib
from itertools import count
from pathlib import Path

from seedance_watch.core import extras, naming
from seedance_watch.core.events import Claiming
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, State
from seedance_watch.disk import files
from seedance_watch.disk.places import Places, below, mounted, scratch
from seedance_watch.ports import Putting


def free_stem(job: Job, places: Places) -> str:
    """Give the first output name, without ending, that nobody has; looks, reserves nothing."""
    refused = job.placing.name if job.placing and job.state is State.PLACING else ""
    longest = files.longest_name(places.outbox)
    plain = refuses(job.claim, places, longest=longest)
    for choice in count(1):
        stem = naming.output_stem(job.claim, choice=choice, longest=longest, plain=plain)
        more = extras.beside(job.prepared.spec, stem) if job.prepared else ()
        names = f"{stem}.mp4", f"{stem}.toml", *(each.name for each in more)
        taken = any(files.exists(below(places.outbox, name)) for name in names)
        if not taken and names[0] != refused:
            return stem
    raise AssertionError


def refuses(claim: Claiming, places: Places, *, longest: int) -> bool:
    """Whether the outbox's file system knows no such names: with colons, of other alphabets."""
    path = naming.output_stem(claim, choice=1, longest=longest) + ".mp4"
    at = scratch(places.outbox) / "names"
    odd = (part for part in path.split("/") if not naming.known_anywhere(part))
    return not all(files.takes_name(part, at=at) for part in odd)


def put(job: Job, places: Places, name: str, *, clip: Clip, receipt: bytes) -> Putting:
    """Put receipt and video into the outbox under a name.

    Returns:
        PLACED; TAKEN when the name belongs to somebody else; MISSING when the video is neither
        placed nor in the part folder. After the last two nothing of ours has the name.

    Raises:
        OSError: Nothing was lost; it may be done again.
    """
    video = below(places.outbox, name)
    outcome = _outcome(places, places.part(job), video, clip=clip, receipt=receipt)
    if outcome is Putting.MISSING:
        mounted(places.outbox)  # or a paid video that is safe elsewhere would be given up
        files.remove(places.part(job))  # what lies there is not the verified video any more
    if outcome is not Putting.PLACED:
        take_back(video.with_suffix(".toml"), receipt)
    return outcome


def _outcome(places: Places, part: Path, video: Path, *, clip: Clip, receipt: bytes) -> Putting:
    """Place receipt, then video, as far as it goes."""
    taken = files.exists(video)
    arrived = taken and files.holds(video, clip.sha256)
    if not arrived and not files.holds(part, clip.sha256):
        return Putting.MISSING
    if taken and not arrived:
        return Putting.TAKEN
    if video.parent != places.outbox:
        files.make_dirs(video.parent)
    try:
        files.write_new(video.with_suffix(".toml"), receipt, scratch=part.parent)
        files.move(part, video, scratch=part.parent)
    except files.Taken:
        return Putting.TAKEN
    except files.Lost:
        return Putting.MISSING
    files.sync_dir(video.parent)
    return Putting.PLACED


def clear(job: Job, places: Places) -> None:
    """Remove a video that was on its way, and the note beside it of what it was a part of."""
    part = places.part(job)
    for path in (part, part.with_name(f"{part.name}.etag")):
        files.remove(path)


def take_back(note: Path, receipt: bytes) -> None:
    """Remove the receipt of a video that did not get the name; another's stays."""
    if files.holds(note, hashlib.sha256(receipt).hexdigest()):
        files.remove(note)

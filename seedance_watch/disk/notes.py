"""Reasons for people, beside or instead of their files in done/, failed/ and held/."""

from collections.abc import Mapping
from pathlib import Path

from seedance_watch.core import naming, reasons
from seedance_watch.core.events import Returned
from seedance_watch.core.machine import Job
from seedance_watch.disk import files, originals
from seedance_watch.disk.places import Places, below, scratch

_ENDING = {"done": ".duplicate.txt", "failed": ".failed.txt", "held": ".held.txt"}
_BESIDE: Mapping[str, Returned | None] = {"done": None, "failed": Returned.FAILED}


def write(job: Job, places: Places, kind: str, text: str) -> None:
    """Write a job's note of a kind; a note of its own is replaced.

    Raises:
        OSError: The note is as it was.
    """
    path, on_its_way = _path(job, places, kind), scratch(places.notes(kind))
    files.make_dirs(path.parent)
    files.replace_note(path, text.encode("utf-8", "replace"), scratch=on_its_way)


def remove(job: Job, places: Places, kind: str) -> None:
    """Take a job's note away; one that is not there, or is another job's, is fine."""
    path = _path(job, places, kind)
    if files.plain(path):
        files.remove(path)


def _path(job: Job, places: Places, kind: str) -> Path:
    """Give the path of a job's note: named like its originals, by its id where that is taken.

    A note in done/ or failed/ stands beside the originals with the same number; an older one
    there is left over from a drop that was tried again. In held/ any other note is still needed.
    """
    beside = kind in _BESIDE
    choice = originals.chosen(job.claim, places, _BESIDE[kind]) if beside else 1
    longest = files.longest_name(places.notes(kind))
    stem = naming.output_stem(job.claim, choice=choice, longest=longest)
    path = below(places.notes(kind), stem + _ENDING[kind])
    by_id = path.with_name(job.id + _ENDING[kind])
    ours = b'job = "' if beside else reasons.mark(job).encode()
    return path if _free(path, ours) and not files.exists(by_id) else by_id


def _free(path: Path, ours: bytes) -> bool:
    """Whether a name may be used: nobody has it, or a note of ours; people move notes any time."""
    try:
        return ours in path.read_bytes() if files.plain(path) else not files.exists(path)
    except FileNotFoundError:
        return True

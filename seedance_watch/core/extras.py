"""What is made beside a video when somebody wishes it: names, and what is said about it.

Extras cost nothing and never endanger a video: it and its receipt are placed before any of them
is made. One that cannot be made is left out, and said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import tomli_w

from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, ExtraKind, JobSpec
from seedance_watch.core.receipt import tellable, video

CHAIN_MOST = 100  # shots that are joined to one video


@dataclass(frozen=True, slots=True)
class Shot:
    """A shot of a chain whose video was placed.

    Attributes:
        job: The job that made the video.
        watch: The watch entry in whose outbox it is.
        name: Its path below that outbox.
        clip: What was placed.
    """

    job: str
    watch: str
    name: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class Joined:
    """A joined video.

    Attributes:
        clip: The video, decoded to its end.
        why: Why its pictures were encoded again, "" for pictures taken as they are.
    """

    clip: Clip
    why: str


def beside(spec: JobSpec, stem: str) -> tuple[Extra, ...]:
    """Give what a wish asks for beside a video of this path without ending."""
    poster = [Extra(ExtraKind.POSTER, f"{stem}.poster.jpg")] if spec.poster else []
    name = f"{stem}.preview.{spec.preview}"
    return (*poster, *([Extra(ExtraKind.PREVIEW, name)] if spec.preview else []))


def shot_of(job: Job) -> Shot | None:
    """Give the shot that a job made, None when it has no video of its own."""
    if job.placing is None or job.fetched is None or job.duplicate is not None:
        return None
    return Shot(job.id, job.claim.watch, job.placing.name, job.fetched.clip)


def mismatch(shots: Sequence[Shot], clip: Clip) -> str:
    """Say what is wrong with a joined video, "" for nothing."""
    frames = sum(shot.clip.frames for shot in shots)
    if clip.frames != frames:
        return f"the joined video has {clip.frames} pictures and not {frames}"
    return ""


def receipt(job: Job, name: str, shots: Sequence[Shot], *, joined: Joined, version: str) -> str:
    """Write the receipt of a joined video; the same each time.

    Args:
        job: The last shot.
        name: The joined video's path below the outbox.
        shots: What was joined, in order.
        joined: What came of it.
        version: This program's version.
    """
    how = f"encoded again: {joined.why}" if joined.why else "as they were"
    sequence = {"pictures": how, "shots": list(_parts(shots))}
    facts = {"job": job.id, "version": version, "video": video(name, joined.clip)}
    return tomli_w.dumps(tellable({"receipt": {**facts, "sequence": sequence}}))


def _parts(shots: Sequence[Shot]) -> "list[Mapping[str, Any]]":
    """Say of each shot where its pictures begin, from 0."""
    begins = accumulate((shot.clip.frames for shot in shots), initial=0)
    return [
        {
            "file": shot.name,
            "job": shot.job,
            "sha256": shot.clip.sha256,
            "first_frame": first,
            "frames": shot.clip.frames,
        }
        for shot, first in zip(shots, begins, strict=False)
    ]


def unjoined(extra: Extra) -> str:
    """Write the note that lies where a joined video would be."""
    return (
        f"The shots were not joined to {extra.name}: {extra.lacking}.\n\n"
        f"Every shot that was made is there as it is. To join videos by hand:\n"
        f"    seedance-watch join NAME.mp4 FIRST.mp4 SECOND.mp4 ...\n"
    )

"""When a file counts as finished being written.

Only looks are compared with looks, on a monotonic clock: a file's own times may lie (copies that
keep them, wrong clocks), so they are never compared with now.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a file shows; equal looks mean untouched in between."""

    size_bytes: int
    mtime_ns: int
    inode: int


class Proof(StrEnum):
    """What is known about writers."""

    FREE = "free"  # proved: nobody has it open for writing
    BUSY = "busy"  # proved: somebody has
    UNKNOWN = "unknown"  # cannot be proved here; only quiet tells


@dataclass(frozen=True, slots=True)
class Watched:
    """A file as it was looked at over time.

    Attributes:
        look: The last look.
        since_s: Monotonic time since when it looks like this and nobody was seen writing.
        first_s: Monotonic time of the very first look.
        looks: How many looks agree, at least 1.
    """

    look: Look
    since_s: float
    first_s: float
    looks: int = 1


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait.

    Attributes:
        proved_s: Quiet before a proof is asked for; lets one more write follow a close.
        quiet_s: Quiet where nothing can be proved.
        doubt_s: More quiet on top when the content looks unfinished.
    """

    proved_s: float
    quiet_s: float
    doubt_s: float


def again(watched: Watched | None, look: Look, now_s: float) -> Watched:
    """Take one more look into account; any difference starts the wait anew."""
    if watched is None:
        return Watched(look, now_s, now_s)
    if watched.look != look:
        return Watched(look, now_s, watched.first_s)
    return Watched(look, watched.since_s, watched.first_s, watched.looks + 1)


def touched(watched: Watched, now_s: float) -> Watched:
    """Start the wait anew: somebody is writing, whatever the looks say."""
    return Watched(watched.look, now_s, watched.first_s)


def quiet_at(watched: Watched, proof: Proof, pace: Pace, *, doubtful: bool) -> float:
    """Say from when on the file counts as settled, monotonic.

    Args:
        watched: The file so far.
        proof: What is known about writers; with BUSY the answer is when to ask again.
        pace: How long to wait.
        doubtful: Whether the content looks unfinished (cut off, empty, not parsing).
    """
    if proof is Proof.BUSY:
        age_s = watched.since_s - watched.first_s
        return watched.since_s + min(max(age_s / 4, pace.proved_s, 0.02), 2.0)
    wait_s = pace.proved_s if proof is Proof.FREE else pace.quiet_s
    return watched.since_s + wait_s + (pace.doubt_s if doubtful else 0.0)


def settled(watched: Watched, proof: Proof, pace: Pace, now_s: float, *, doubtful: bool) -> bool:
    """Say whether the file is finished being written, as far as anybody can know."""
    if proof is Proof.BUSY or watched.looks < 2:
        return False
    return now_s >= quiet_at(watched, proof, pace, doubtful=doubtful)

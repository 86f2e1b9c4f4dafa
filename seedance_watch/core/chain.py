"""Chained shots: whose video a shot goes on from, and whether it is to be had.

A shot is known by the name of its drop, in its own folder; the newest job of that name counts.
Of several takes the first is meant, another one by the name of its video ("shot01_take2").
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seedance_watch.core.endings import normal
from seedance_watch.core.events import Claiming, Held, Returned
from seedance_watch.core.machine import AT_REST, Job
from seedance_watch.core.model import Clip, State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.words import printable

S = State
_TAKE = re.compile(r"(.+)_take([1-9][0-9]{0,2})")

# Files of one storyboard come one after the other: so long nothing is said of a shot that is not
# there, and so long what ended before may still be dropped again.
PATIENCE_S = 60.0
SETTLING_S = 20.0

# Codes of the holds.
MISSING, BROKEN, LOOP, NO_VIDEO = "chain_missing", "chain_broken", "chain_loop", "chain_no_video"
CODES = frozenset({MISSING, BROKEN, LOOP, NO_VIDEO})
# Of these nothing changes by looking once more: what ends them is heard of.
HEARD = frozenset({BROKEN, LOOP})

# What is known of a shot for good: it has its video, or none.
ENDED = frozenset({S.PLACED, *AT_REST})

Name = tuple[str, str, str, int]  # watch entry, folder, stem, take


@dataclass(frozen=True, slots=True)
class Video:
    """A video to go on from.

    Attributes:
        job_id: Whose it is.
        watch: The watch entry whose outbox holds it.
        path: Its path below that outbox.
        clip: What it was when it was placed.
    """

    job_id: str
    watch: str
    path: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class Shot:
    """The newest job of the name that a shot goes on from.

    Attributes:
        job_id: Its name.
        state: Where it stands.
        ended_at: When it got its video or came to rest, UTC seconds; None: not yet.
        video: Its video, None without one.
        reason: Why it has none, "" while that is not known.
    """

    job_id: str
    state: State
    ended_at: float | None = None
    video: Video | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """The video is not there yet, and nobody has to do anything.

    Attributes:
        on: The job whose video it is, "" while there is none.
        until: When to look again, UTC seconds; None: when something is heard of that shot.
    """

    on: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """What a chained shot goes on from.

    Attributes:
        job_id: Whose video it is.
        video: Where that lies; None: its last frame is in the job folder already.
    """

    job_id: str
    video: str | None = None


# Names


def meanings(name: str) -> tuple[tuple[str, int], ...]:
    """Give the drops and takes that a name may mean: a stem and a take each."""
    found = _TAKE.fullmatch(normal(name))
    own = (normal(name), 1)
    return (own, (found[1], int(found[2]))) if found else (own,)


def names_itself(name: str, stem: str) -> bool:
    """Whether a shot of this stem would go on from itself."""
    return any(meant == normal(stem) for meant, _ in meanings(name)) if name and stem else False


def own_name(claim: Claiming) -> Name:
    """Give the name by which others go on from a job."""
    return claim.watch, claim.folder, normal(claim.stem), claim.take


def wanted(claim: Claiming) -> tuple[Name, ...]:
    """Give the names that a job may go on from; none when it is not chained."""
    found = meanings(claim.start_from) if claim.start_from else ()
    return tuple((claim.watch, claim.folder, stem, take) for stem, take in found)


def labels(claim: Claiming) -> tuple[str, ...]:
    """Give the labels that the drops may have which a job may go on from, however spelled."""
    stems = dict.fromkeys(stem for _, _, stem, _ in wanted(claim))
    spelled = (each for stem in stems for each in (stem, unicodedata.normalize("NFD", stem)))
    return tuple(dict.fromkeys(_label(claim.folder, each) for each in spelled))


def meant(claim: Claiming, rows: Iterable[Row]) -> Iterator[Row]:
    """Give those of some jobs that a job may go on from, in the same order.

    Args:
        claim: The job's claim.
        rows: Jobs whose drops have one of its labels.
    """
    names = {(normal(_label(claim.folder, stem)), take) for _, _, stem, take in wanted(claim)}
    for row in rows:
        if row.drop_id != claim.drop_id and (normal(row.label), _take(row)) in names:
            yield row


def _label(folder: str, stem: str) -> str:
    """Give a label as the journal has it: bytes that are no text show as escapes."""
    label = f"{folder}/{stem}" if folder else stem
    return label.encode("utf-8", "backslashreplace").decode()


def _take(row: Row) -> int:
    """Give which take of its drop a job is; its name tells."""
    number = row.job_id.removeprefix(row.drop_id).removeprefix(".")
    return int(number) if number.isdecimal() else 1


# Judging


def shot_of(job: Job, maker: Job | None = None) -> Shot | None:
    """Say what a job is to those that go on from it; None: as if it had never been.

    Args:
        job: The newest job of the name.
        maker: The job that made its video, where it only points to one.
    """
    if job.cancelling and job.cancelling.to is Returned.INBOX:
        return None
    if job.state in {S.PLACED, S.DONE}:
        return Shot(job.id, job.state, job.since.get(S.PLACED, job.at), _video(maker or job))
    ended = job.failing or job.cancelling
    at = job.at if job.state in AT_REST else None
    return Shot(job.id, job.state, at, reason=ended.reason if ended else "")


def _video(job: Job) -> Video | None:
    if job.placing is None or job.fetched is None:
        return None
    return Video(job.id, job.claim.watch, job.placing.name, job.fetched.clip)


def judge(
    job: Job,
    shot: Shot | None,
    *,
    ring: tuple[str, ...] = (),
    lying: str = "",
    now: float,
) -> Video | Waits | Held:
    """Say whether a chained shot may go on.

    Args:
        job: The shot; it must be chained.
        shot: What it goes on from; None: nothing of that name is known.
        ring: The names of the shots that lead back to it, itself the first; () for none.
        lying: A file of the name it goes on from that lies in the inbox, "" for none.
        now: The time, UTC seconds.
    """
    name, claimed_at = job.claim.start_from, job.since[S.CLAIMING]
    if ring:
        return Held(LOOP, _looped(ring))
    if shot and shot.ended_at is None:
        return Waits(shot.job_id)
    if shot is None or lying:
        return _soon(claimed_at, PATIENCE_S, now) or Held(MISSING, _missing(name, lying))
    old = shot.ended_at is not None and shot.ended_at < claimed_at
    another = _soon(claimed_at, SETTLING_S, now) if old else None
    return another or _of_ended(name, shot)


def _soon(since: float, patience_s: float, now: float) -> Waits | None:
    """Wait a while from a time on; a clock that went back behind it makes nobody wait."""
    return Waits(until=since + patience_s) if 0 <= now - since < patience_s else None


def _of_ended(name: str, shot: Shot) -> Video | Held:
    if shot.video:
        return shot.video
    how = "was given up" if shot.state is S.CANCELLED else "has no video"
    why = f": {shot.reason}" if shot.reason else ""
    cure = (
        f"Correct what is wrong with {name}, then move its files from failed/ back to the inbox, "
        f"or type `seedance-watch retry {shot.job_id}`"
    )
    return Held(BROKEN, f"it starts from {name}, and that {how} (job {shot.job_id}{why}). {cure}")


def _missing(name: str, lying: str) -> str:
    if lying:
        return f"it starts from {name}, and {lying} lies in the inbox but is not taken yet"
    return f"it starts from {name}, and no shot of that name was dropped into the same folder"


def _looped(ring: tuple[str, ...]) -> str:
    links = " from ".join((*ring, ring[0]))
    return (
        f"each of these shots starts from the next one, so none can be the first: {links}. Give "
        "up one of them and drop it again without start_from, or with another one"
    )


def no_video(name: str, path: str, *, changed: bool) -> Held:
    """Give the hold for a video that is not what was placed.

    Args:
        name: The shot that it is of.
        path: Where it should lie, below the outbox.
        changed: Whether something else lies there.
    """
    what = "is another file by now" if changed else "is not there any more"
    reason = (
        f"it starts from the last frame of {printable(path)} in the outbox, and that {what}. Put "
        f"it back, then release this one; or drop {name} again with `again = true`"
    )
    return Held(NO_VIDEO, reason)


def ring(job_id: str, before: Callable[[str], str]) -> tuple[str, ...]:
    """Follow a chain of jobs; give it where it leads back to its beginning, else ().

    Args:
        job_id: Where to begin.
        before: Gives the job that one goes on from, "" for none.
    """
    seen, each = {job_id: None}, before(job_id)
    while each and each not in seen:
        seen[each] = None
        each = before(each)
    return tuple(seen) if each == job_id else ()

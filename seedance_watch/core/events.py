"""The facts that a job's history is made of.

A history is append-only; what a job is, is the fold of its events (machine.py). An event says
what happened, never what to do. Every field must survive a round trip through JSON
(journal/codec.py) and stay readable for years: add fields with defaults, never rename one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from seedance_watch.core.errors import FaultKind
from seedance_watch.core.model import Clip, Extra, JobSpec, Money, Part, Picture


class Effect(StrEnum):
    """The one thing to do next; each may be repeated after a crash at any point in it."""

    CLAIM = "claim"
    PREPARE = "prepare"
    STAGE = "stage"
    INTEND = "intend"
    SUBMIT = "submit"  # the paid call; only ever with a permit
    RECONCILE = "reconcile"
    POLL = "poll"
    DOWNLOAD = "download"
    NAME = "name"
    PLACE = "place"
    ADD = "add"  # what was wished for beside the video
    ARCHIVE = "archive"


class Returned(StrEnum):
    """Where the originals of a job without a video go."""

    FAILED = "failed"  # to failed/, with the reason beside them
    INBOX = "inbox"  # back, because they were not finished being written


@dataclass(frozen=True, slots=True)
class Claiming:
    """The will to take a drop; durable before any file moves.

    Attributes:
        drop_id: Names the job folder; shared by all takes of one drop.
        take: Which take this job is, from 1.
        takes: How many jobs share the folder.
        watch: Name of the watch entry.
        folder: Subfolder below the inbox, "" for the top.
        stem: Base name of the outputs.
        parts: The files to move.
        key: Random, 32 hex digits; idempotency keys and seeds derive from it.
        priority: Higher goes first.
        seen_at: When the drop was first seen, UTC seconds.
        start_from: The shot of the same folder that it goes on from, "" for none.
    """

    drop_id: str
    take: int
    takes: int
    watch: str
    folder: str
    stem: str
    parts: tuple[Part, ...]
    key: str
    priority: int = 0
    seen_at: float = 0.0
    start_from: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """All parts are in the job folder and hash as they did in the inbox."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The wish is understood; the pictures lie in the job folder, first image first.

    Attributes:
        spec: The wish.
        pictures: What will be sent.
        fingerprint: Equal for wishes that would buy the same video twice; "" for one that asked
            to be paid in any case.
        start: The job whose video's last frame is the first picture, "" for none.
    """

    spec: JobSpec
    pictures: tuple[Picture, ...] = ()
    fingerprint: str = ""
    start: str = ""


@dataclass(frozen=True, slots=True)
class Staged:
    """The provider can reach the pictures under these addresses, in the pictures' order."""

    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intended:
    """The will to spend; durable before the first byte of the paid call.

    Attributes:
        attempt: Counts the intents of this job, from 1.
        key: Idempotency key of this attempt; never used for another body.
        url: Where the paid call goes.
        body: The exact bytes that are sent; a replay sends the same.
        marker: What makes this attempt findable in the provider's history.
        cost: What is reserved for it.
        deadline_s: Overall limit of the paid call.
        account: Fingerprint of the key that it is for, "" when that was not recorded.
    """

    attempt: int
    key: str
    url: str
    body: bytes
    marker: str
    cost: Money
    deadline_s: float
    account: str = ""


@dataclass(frozen=True, slots=True)
class Unsent:
    """The intent was certainly not accepted; nothing was or will be paid for it."""

    kind: FaultKind
    reason: str
    until: float  # not to be tried again before this time, UTC seconds


@dataclass(frozen=True, slots=True)
class Absent:
    """Looking proved that the provider never took the intent; a new one may follow.

    Only for a provider whose documents say that "not known" is final for an intent of this age.
    Neither of today's does, so nothing records it yet. A person's word is GivenUp, which stays
    counted as spent, because people err.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An attempt is given up that was or may have been paid; it stays counted as spent.

    By a person; or because the video that was to be placed once more was taken away.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An equal video exists already, so nothing is paid.

    Attributes:
        of: The job that made it.
        video: Where it was placed, below the outbox of that job's watch entry.
    """

    of: str
    video: str


@dataclass(frozen=True, slots=True)
class Reused:
    """An equal video exists already and is placed once more; nothing is paid.

    Attributes:
        of: The job that made it.
        watch: The watch entry whose outbox holds it.
        video: Its path below that outbox.
    """

    of: str
    watch: str
    video: str


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Another provider of the route gets the wish; this one certainly did not take it.

    Attributes:
        to: The next provider.
        reason: Why this one could not.
        charged: What this one charged all the same, None: no attempt was under way.
    """

    to: str
    reason: str
    charged: Money | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the job: it is paid (or reserved) from here on.

    Attributes:
        task_id: The provider's name for it.
        via: "submit", "reconcile" or "person".
        remaining: Credits left after it, None when not told.
    """

    task_id: str
    via: str = "submit"
    remaining: Money | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The video exists at the provider.

    Attributes:
        url: Where it can be fetched; "" when its bytes came with the answer to the paid call
            and lie in the part folder.
        expires_at: When the link perishes, UTC seconds; None when not known.
        cost: What was really charged, None when not told.
        seed: The seed the provider says it used, None when not told.
    """

    url: str
    expires_at: float | None = None
    cost: Money | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A verified video lies in the part folder, synced."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class Placing:
    """The final name and the receipt, durable before the outbox is touched.

    Attributes:
        name: The video's path below the outbox, "/" between parts.
        receipt: The receipt's text, so that a repeated effect writes the same bytes.
        extras: What is to be made beside the video once it is placed.
    """

    name: str
    receipt: str
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """Video and receipt are in the outbox, synced."""


@dataclass(frozen=True, slots=True)
class Added:
    """What was wished for beside the video is made, each or why not; none is made again."""

    extras: tuple[Extra, ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """The wish cannot be granted; the originals are to be put aside with the reason.

    Attributes:
        effect: What could not be done.
        kind: How the outside let us down.
        reason: What happened, for people.
        code: A stable word for machines, "" for none.
        charged: What the provider charged all the same; None: not told, or nothing was under way.
    """

    effect: Effect
    kind: FaultKind
    reason: str
    code: str = ""
    charged: Money | None = None


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Taken back by a person, or because the files changed; `to` says where they go."""

    reason: str
    to: Returned = Returned.FAILED


@dataclass(frozen=True, slots=True)
class Archived:
    """The originals are where they belong (or a sibling take still needs them); at rest.

    Attributes:
        lost: Names of originals that were found nowhere.
    """

    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deferred:
    """An effect failed and will be tried again; the state is unchanged."""

    effect: Effect
    kind: FaultKind
    reason: str
    until: float  # UTC seconds


@dataclass(frozen=True, slots=True)
class Held:
    """Waits for a person or a fact, not for a time; the state is unchanged.

    Attributes:
        code: A stable word ("in_doubt", "key_changed", "garbled", "gone", "overdue",
            "budget", "by_person", "bug", those of chain.py).
        reason: What happened and what to do now.
        until: When it will be let go by itself, UTC seconds; None: only by a person.
    """

    code: str
    reason: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """Let go by a person or because the fact it waited for came about."""

    by: str


Event = (
    Claiming
    | Claimed
    | Prepared
    | Staged
    | Intended
    | Unsent
    | Absent
    | GivenUp
    | Duplicate
    | Reused
    | Rerouted
    | Accepted
    | Ready
    | Fetched
    | Placing
    | Placed
    | Added
    | Failing
    | Cancelling
    | Archived
    | Deferred
    | Held
    | Released
)

EVENT_TYPES: Mapping[str, type[Event]] = {each.__name__: each for each in Event.__args__}


class Record(NamedTuple):
    """An event with its place in the journal.

    Attributes:
        job_id: Whose it is.
        seq: Its number in the job's history, from 1, without gaps.
        at: When it was recorded, UTC seconds.
        event: What happened.
    """

    job_id: str
    seq: int
    at: float
    event: Event

"""One frozen picture of everything, for every face; a face has no knowledge of its own.

Most of it stands in the journal, so it is the same whether the daemon runs or not. What only a
running daemon knows is `Live`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from seedance_watch.core.budget import Cap
from seedance_watch.core.model import Money, State
from seedance_watch.core.pauses import Pause


class Row(NamedTuple):
    """A job as the journal's table of jobs shows it, without its history.

    Attributes:
        job_id: Its name.
        drop_id: The folder it shares with its sibling takes.
        watch: Name of its watch entry.
        label: Path of the drop below the inbox without ending, for people.
        state: Where it stands.
        held: Code of its hold, "" for none.
        provider: Provider name, "" before it is prepared.
        model: Model id, "" before it is prepared.
        cost: Reserved or actual cost, None before it is prepared.
        wake_at: When it will be touched next, UTC seconds, None: at once or never.
        reason: Why it is held, deferred or failed, or what a chained one waits for; "" otherwise.
        created_at: When it was claimed, UTC seconds.
        changed_at: When its last event was recorded, UTC seconds.
        seq: Number of its last event.
        video: Its video's path below the outbox, "" before it has a name.
        fingerprint: What it bought or is buying, "" for nothing; see Prepared.
    """

    job_id: str
    drop_id: str
    watch: str
    label: str
    state: State
    held: str
    provider: str
    model: str
    cost: Money | None
    wake_at: float | None
    reason: str
    created_at: float
    changed_at: float
    seq: int
    video: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class LaneView:
    """How a provider's lane stands.

    Attributes:
        provider: Provider name.
        seats: Jobs that the provider may have in work at once.
        in_work: Jobs that it has in work.
        until: When it is probed next, UTC seconds; None: it is open, or a person paused it.
        why: Why it is closed, "" while it is open.
        paused: Whether it turns everything away, which somebody has to cure; else a closed one
            is only throttled or out of reach.
    """

    provider: str
    seats: int
    in_work: int
    until: float | None = None
    why: str = ""
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in an inbox that is no job yet.

    Attributes:
        path: Below the inbox, "/" between parts.
        why: What it waits for, or why it is ignored; a sentence.
        code: The same for machines: settling, partner, ignored, unreadable.
        until: When that ends by itself, UTC seconds; None: when somebody acts, or not known.
    """

    path: str
    why: str
    code: str
    until: float | None = None


@dataclass(frozen=True, slots=True)
class InboxView:
    """How a watched folder stands.

    Attributes:
        watch: Name of the watch entry.
        folder: Its path.
        closed: Why it cannot be worked in, "" when it can.
        low: Whether there is too little room for videos that are not paid yet.
        hearing: How changes are noticed: "events", or "scans" where none arrive.
        scanned_at: When all of it was looked at last, UTC seconds; None: not yet.
        missed: Drops that a scan found and no event had told.
        rebuilt: How often the watcher had to be set up again.
        waiting: Files that are no jobs yet, at most some hundred.
        more: How many others there are.
    """

    watch: str
    folder: str
    closed: str = ""
    hearing: str = "events"
    scanned_at: float | None = None
    missed: int = 0
    rebuilt: int = 0
    waiting: tuple[Waiting, ...] = ()
    more: int = 0
    low: bool = False


@dataclass(frozen=True, slots=True)
class LoopView:
    """How one of the daemon's loops goes.

    Attributes:
        name: As people read it ("jobs", "inbox studio").
        still_s: How long ago it came round last.
        most_s: How long that may take; one that takes longer hangs.
    """

    name: str
    still_s: float
    most_s: float


@dataclass(frozen=True, slots=True)
class Live:
    """What only a running daemon knows.

    Attributes:
        process: Its process id.
        version: This program's version.
        since: When it became ready, UTC seconds.
        lanes: The providers' lanes.
        inboxes: The watched folders.
        doing: The effect that each driven job is in, by job name.
        left: What the accounts have left, by provider, as far as it was read.
        loops: Its loops; none before it is ready.
        silent: Why it tells nothing of itself although it runs, "" when it does.
    """

    process: int
    version: str
    since: float
    lanes: tuple[LaneView, ...] = ()
    inboxes: tuple[InboxView, ...] = ()
    doing: Mapping[str, str] = field(default_factory=dict)
    left: Mapping[str, Money] = field(default_factory=dict)
    loops: tuple[LoopView, ...] = ()
    silent: str = ""


@dataclass(frozen=True, slots=True)
class BudgetView:
    """How a limit stands.

    Attributes:
        cap: The limit.
        spent: What counts against it now.
        until: When its period ends, UTC seconds; None for a limit per job.
    """

    cap: Cap
    spent: Money
    until: float | None


@dataclass(frozen=True, slots=True)
class DayView:
    """What a folder spent today at a provider.

    Attributes:
        watch: Name of its watch entry.
        provider: Whose money.
        spent: What counts since midnight.
    """

    watch: str
    provider: str
    spent: Money


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything, at one moment.

    Attributes:
        at: When, UTC seconds.
        counts: Jobs by state and code of their hold ("" for none), all that there ever were.
        open: Jobs that are not at rest, the last changed first; at most some thousand.
        ended: Jobs that came to rest last, the last first.
        budgets: The limits of days and months.
        live: What the daemon says; None: none runs.
        pauses: Providers that a person paused.
        today: What each folder spent today, nothing where it spent nothing.
    """

    at: float
    counts: Mapping[tuple[State, str], int]
    open: tuple[Row, ...] = ()
    ended: tuple[Row, ...] = ()
    budgets: tuple[BudgetView, ...] = ()
    live: Live | None = None
    pauses: tuple[Pause, ...] = ()
    today: tuple[DayView, ...] = ()

    def states(self) -> Mapping[State, int]:
        """Count the jobs that are not held, by state."""
        found = Counter[State]()
        for (state, code), count in self.counts.items():
            if not code:
                found[state] += count
        return found

    def held(self) -> Mapping[str, int]:
        """Count the held jobs, by code."""
        found = Counter[str]()
        for (_, code), count in self.counts.items():
            if code:
                found[code] += count
        return found

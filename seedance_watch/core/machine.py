"""The life of a job: which event may follow in which state, and what a job is.

Two rules keep this honest. All legal moves are rows of MOVES, so a behaviour has exactly one
home. And a job has no life of its own: `fold` of its history is the job, so every prefix of a
history is a legal job and a start is a replay.

States at rest have empty rows: that nothing may follow is a decision, not an omission. The state
diagram in docs/INTERNALS.md is drawn from these tables.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from seedance_watch.core.errors import FaultKind, IllegalMove
from seedance_watch.core.events import (
    Absent,
    Accepted,
    Added,
    Archived,
    Cancelling,
    Claimed,
    Claiming,
    Deferred,
    Duplicate,
    Event,
    Failing,
    Fetched,
    GivenUp,
    Held,
    Intended,
    Placed,
    Placing,
    Prepared,
    Ready,
    Record,
    Released,
    Rerouted,
    Reused,
    Staged,
    Unsent,
)
from seedance_watch.core.model import State
from seedance_watch.core.spending import Spendings, begun, moves, settled

S = State
AT_REST = frozenset({S.DONE, S.FAILED, S.CANCELLED})
# Nothing is given up once its video is here.
_ENDING = frozenset({S.FETCHED, S.PLACING, S.PLACED, S.FAILING, S.CANCELLING})

Row = Mapping[type[Event], State]

# What spares a job its paid call: an equal video (pointed to, or taken once more), or another
# provider.
_UNPAID: Row = {Duplicate: S.PLACED, Reused: S.READY, Rerouted: S.CLAIMED}

# What each state adds to the moves that every working state has.
_OWN: Mapping[State, Row] = {
    S.NEW: {Claiming: S.CLAIMING},
    S.CLAIMING: {Claimed: S.CLAIMED},
    S.CLAIMED: {Prepared: S.PREPARED},
    S.PREPARED: {Staged: S.STAGED, **_UNPAID},
    S.STAGED: {Staged: S.STAGED, Intended: S.SUBMITTING, **_UNPAID},
    # Unsent keeps the upload (policy.py asks for another where it was looked at); Absent and
    # GivenUp ask for a new one, whose address cannot be mistaken for the old attempt's in the
    # provider's history.
    S.SUBMITTING: {
        Accepted: S.RUNNING,
        Unsent: S.STAGED,
        Absent: S.PREPARED,
        GivenUp: S.PREPARED,
        Rerouted: S.CLAIMED,
    },
    # Unsent here: the provider took it and gave it back unpaid. Accepted: a person named a wrong
    # task before.
    S.RUNNING: {
        Accepted: S.RUNNING,
        Ready: S.READY,
        Unsent: S.STAGED,
        GivenUp: S.PREPARED,
        Rerouted: S.CLAIMED,
    },
    # A perished link is asked for again, never paid for again.
    S.READY: {Fetched: S.FETCHED, Ready: S.READY, GivenUp: S.PREPARED},
    # A part file that vanished or rotted is fetched again.
    S.FETCHED: {Placing: S.PLACING, Ready: S.READY},
    # Another Placing chooses another name: the first was taken by somebody else.
    S.PLACING: {Placed: S.PLACED, Placing: S.PLACING, Ready: S.READY},
    S.PLACED: {Added: S.PLACED, Archived: S.DONE},
    S.FAILING: {Archived: S.FAILED},
    S.CANCELLING: {Archived: S.CANCELLED},
    S.DONE: {},
    S.FAILED: {},
    S.CANCELLED: {},
}


def _row(state: State, own: Row) -> Row:
    """Add what every working state allows: waiting, holding, giving up."""
    if state in AT_REST or state is S.NEW:
        return own
    waits: Row = {Deferred: state, Held: state, Released: state}
    ends: Row = {} if state in _ENDING else {Failing: S.FAILING, Cancelling: S.CANCELLING}
    return {**own, **waits, **ends}


MOVES: Mapping[State, Row] = MappingProxyType({s: _row(s, own) for s, own in _OWN.items()})


@dataclass(frozen=True, slots=True)
class Job:
    """A job, folded from its history.

    Attributes:
        id: Its name; of a drop's first take the drop's.
        state: Where it stands.
        seq: Number of its last event; the next append must be seq + 1.
        at: When the last event was recorded, UTC seconds.
        tries: Deferrals since the last progress.
        alike: Those of them, last in a row, that had the same kind of fault.
        attempts: Intents so far.
        wake_at: Not to be touched before this time, UTC seconds; None: at once.
        hold: Why it waits for a person or a fact; None: it does not.
        spendings: What its attempts count as spent, in order.
        since: When each state was last entered, UTC seconds; STAGED: when the upload was made.

    The other attributes hold the last event of that kind, None before it; `accepted`, `ready` and
    `reused` those of the attempt under way only.
    """

    id: str
    state: State = State.NEW
    seq: int = 0
    at: float = 0.0
    tries: int = 0
    alike: int = 0
    attempts: int = 0
    wake_at: float | None = None
    hold: Held | None = None
    spendings: Spendings = ()
    since: Mapping[State, float] = field(default_factory=dict)
    claiming: Claiming | None = None
    prepared: Prepared | None = None
    staged: Staged | None = None
    intended: Intended | None = None
    unsent: Unsent | None = None
    accepted: Accepted | None = None
    ready: Ready | None = None
    fetched: Fetched | None = None
    placing: Placing | None = None
    added: Added | None = None
    failing: Failing | None = None
    cancelling: Cancelling | None = None
    deferred: Deferred | None = None
    duplicate: Duplicate | None = None
    reused: Reused | None = None
    rerouted: Rerouted | None = None

    @property
    def at_rest(self) -> bool:
        """Whether its story is over."""
        return self.state in AT_REST

    @property
    def claim(self) -> Claiming:
        """The claim; every job past NEW has one."""
        assert self.claiming is not None, self.id
        return self.claiming


# The attribute that keeps the last event of a kind; kinds without one leave only the state.
_KEPT: Mapping[type[Event], str] = {
    Claiming: "claiming",
    Prepared: "prepared",
    Staged: "staged",
    Intended: "intended",
    Unsent: "unsent",
    Accepted: "accepted",
    Ready: "ready",
    Fetched: "fetched",
    Placing: "placing",
    Added: "added",
    Failing: "failing",
    Cancelling: "cancelling",
    Deferred: "deferred",
    Duplicate: "duplicate",
    Reused: "reused",
    Rerouted: "rerouted",
    Held: "hold",
}
# What ends an attempt or begins one: nothing that the last one brought belongs to the next.
_ANEW = frozenset({Intended, Unsent, Absent, GivenUp, Rerouted})
_BROUGHT: Mapping[str, None] = dict.fromkeys(("accepted", "ready", "reused"))


def advance(job: Job, event: Event, at: float) -> Job:
    """Give the job as it is after one more event.

    Args:
        job: As it was.
        event: What happened.
        at: When, UTC seconds.

    Raises:
        IllegalMove: The state has no row for the event; the job is as it was.
    """
    draft = _Draft(*_values(job))
    _grow(draft, event, at)
    return _done(draft)


# A job in the making, which may be changed; it is a value for all who see it. To fill in a frozen
# one took most of the time of a start, and half of that of a step.
_NAMES = [each.name for each in fields(Job)]
_Draft: Any = make_dataclass("_Draft", _NAMES, repr=False, eq=False, slots=True)
_values = attrgetter(*_NAMES)
_BEFORE = _values(Job(""))[1:]  # what a job without events has besides its name


def _done(draft: Any) -> Job:
    """Make a job of a draft; Python allows that where both have the same slots."""
    draft.__class__ = Job
    job: Job = draft
    return job


def _grow(job: Any, event: Event, at: float) -> None:
    """Add an event to a draft; its state is the old one until all else is decided.

    Raises:
        IllegalMove: The state has no row for the event; the job is as it was.
    """
    kind = type(event)
    state = MOVES[job.state].get(kind)
    if state is None:
        message = f"job {job.id}: {kind.__name__} cannot follow in state {job.state}"
        raise IllegalMove(message)
    if moves(event):
        job.spendings = _spendings(job, event, at)
    if kind in _WAITING:
        _set(job, _waiting(job, event))
    elif job.tries or job.hold or job.wake_at is not None:  # else there is nothing to begin anew
        _set(job, _PROGRESS)
    if kind in _KEPT:
        setattr(job, _KEPT[kind], event)
    if kind in _ANEW:
        _set(job, _BROUGHT)
    # Unsent leads back to an upload that has grown no younger.
    if kind is Staged or (state is not job.state and kind is not Unsent):
        job.since = {**job.since, state: at}
    job.state, job.seq, job.at = state, job.seq + 1, at


def _set(job: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(job, name, value)


def alike(job: Job, kind: FaultKind) -> int:
    """Count the deferrals in a row for one kind of fault, one more of it included."""
    same = job.deferred is not None and job.deferred.kind is kind
    return job.alike + 1 if same else 1


def _spendings(job: Job, event: Event, at: float) -> Spendings:
    """Give what counts as spent after an event."""
    if isinstance(event, Intended):
        spec = job.prepared.spec if job.prepared else None
        model = (spec.provider, spec.model) if spec else ("", "")
        return begun(job.spendings, event, model=model, at=at)
    return settled(job.spendings, event, job.state)


_WAITING = frozenset({Deferred, Unsent, Held, Intended, Staged})
_PROGRESS: Mapping[str, Any] = {"tries": 0, "alike": 0, "wake_at": None, "hold": None}


def _waiting(job: Job, event: Event) -> Mapping[str, Any]:
    """Give what an event does to tries, attempts, wake time and hold."""
    match event:
        case Deferred(until=until, kind=kind):
            # A hold that ran out ends here, or it would hide the time to wait until.
            same = alike(job, kind)
            return {"tries": job.tries + 1, "alike": same, "wake_at": until, "hold": None}
        case Unsent(until=until):
            # Tries outlive the intent, or a refused connection would be retried without pause.
            return {"tries": job.tries + 1, "wake_at": until, "hold": None}
        case Held():
            return {"wake_at": None}
        case Intended():
            return {"attempts": job.attempts + 1, "wake_at": None, "hold": None}
        case Staged():
            return {"wake_at": None, "hold": None}
        case _:
            return _PROGRESS


def fold(job_id: str, records: Iterable[Record]) -> Job:
    """Replay a history.

    Raises:
        IllegalMove: An event has no row, or a number is missing; the history cannot be trusted.
    """
    draft = _Draft(job_id, *_BEFORE)
    for record in records:
        if record.seq != draft.seq + 1:
            message = f"job {job_id}: event {record.seq} follows event {draft.seq}"
            raise IllegalMove(message)
        _grow(draft, record.event, record.at)
    return _done(draft)

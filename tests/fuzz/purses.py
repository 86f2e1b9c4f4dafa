"""What may happen to an attempt that costs money, and how much of it counts, counted anew."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from histories import SPEC, claiming

from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Absent,
    Accepted,
    Cancelling,
    Claimed,
    Claiming,
    Effect,
    Event,
    Failing,
    GivenUp,
    Intended,
    Prepared,
    Ready,
    Record,
    Rerouted,
    Staged,
    Unsent,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State

OTHER = {"rivya": "segmind", "segmind": "rivya"}
UNITS = {"rivya": "credits", "segmind": "usd"}
# What a provider says in the end that it took, by what was reserved; None: it does not say.
_SHARES = (None, Decimal(1), Decimal(0), Decimal("0.5"), Decimal(1), Decimal(2))


def claimed(name: str, *, watch: str, provider: str, cost: Money, wish: str) -> list[Event]:
    """Give the first events of a job, up to its upload."""
    claim = replace(claiming(name), watch=watch)
    return [claim, Claimed(), _prepared(provider, cost, wish), Staged()]


def _prepared(provider: str, cost: Money, wish: str) -> Prepared:
    spec = replace(SPEC, provider=provider, cost=cost)
    return Prepared(spec, (), f"{wish} at {provider}" if wish else "")


def _intend(job: Job) -> list[Event]:
    assert job.prepared is not None
    number, cost = job.attempts + 1, job.prepared.spec.cost
    return [Intended(number, f"{job.id}-{number}", "https://x.example", b"", "m", cost, 9.0)]


def _go_on(job: Job) -> list[Event]:
    """Give what comes next when all is well."""
    assert job.prepared is not None
    match job.state:
        case State.CLAIMED:  # it was sent to another provider
            old = job.prepared.spec
            provider = OTHER[old.provider]
            cost = Money(old.cost.amount, UNITS[provider])
            return [_prepared(provider, cost, job.prepared.fingerprint.partition(" ")[0])]
        case State.PREPARED:
            return [Staged()]
        case State.SUBMITTING:
            return [Accepted("t")]
        case State.RUNNING | State.READY:
            return [Ready("u", cost=_charge(job))]
        case _:
            return []


def _charge(job: Job) -> Money | None:
    """Give what is charged for an attempt: always the same, however often it is asked for."""
    assert job.intended is not None
    share = _SHARES[(int(job.id.removeprefix("job")) + job.attempts) % len(_SHARES)]
    cost = job.intended.cost
    return None if share is None else Money(cost.amount * share, cost.unit)


def _fail(job: Job) -> list[Event]:
    charged = _refund(job)
    return [Failing(Effect.POLL, FaultKind.REFUSED, "no", "", charged)]


def _refund(job: Job) -> Money | None:
    """Give what a failed attempt costs: mostly nothing, sometimes it is not told."""
    return job.intended.cost.none() if job.intended and job.attempts % 3 else None


ACTS: Mapping[str, Callable[[Job], list[Event]]] = {
    "intend": lambda job: _intend(job) if job.state is State.STAGED else [],
    "go on": _go_on,
    "unsent": lambda _job: [Unsent(FaultKind.BUSY, "throttled", 0.0)],
    "absent": lambda _job: [Absent("never came")],
    "give up": lambda _job: [GivenUp("a person")],
    "cancel": lambda job: [Cancelling("a person")] if job.state in _SPENDING else [],
    "fail": lambda job: _fail(job) if job.state in _SPENDING else [],
    "reroute": lambda job: [Rerouted("", "declined", _refund(job))],
}
_SPENDING = {State.SUBMITTING, State.RUNNING}


@dataclass(frozen=True)
class Attempt:
    """One attempt's money.

    Attributes:
        watch: Whose folder.
        provider: Whose money.
        at: When it was intended.
        reserved: What was asked for before.
        told: What it cost, as far as that is known; 0: it came back.
    """

    watch: str
    provider: str
    at: float
    reserved: Decimal
    told: Decimal

    @property
    def counted(self) -> Decimal:
        """What a cap can answer for: nobody can keep a provider from taking more."""
        return min(self.reserved, self.told)


def attempts(history: Iterable[Record]) -> list[Attempt]:
    """Read a history as an accountant would, without the program's own arithmetic."""
    done: list[Attempt] = []
    watch = provider = ""
    live = False
    for record in history:
        match record.event:
            case Claiming(watch=watch):
                pass
            case Prepared(spec=spec):
                provider = spec.provider
            case Intended(cost=cost):
                done.append(Attempt(watch, provider, record.at, cost.amount, cost.amount))
                live = True
            case event if live:
                told = _told(event)
                done[-1] = done[-1] if told is None else replace(done[-1], told=told)
                live = isinstance(event, Accepted | Ready)
    return done


def _told(event: Event) -> Decimal | None:
    """Give what an event says that an attempt cost, None when it does not say."""
    match event:
        case Unsent() | Absent():
            return Decimal(0)
        case Ready(cost=cost) | Failing(charged=cost) | Rerouted(charged=cost):
            return cost.amount if cost else None
        case _:
            return None

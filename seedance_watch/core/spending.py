"""What a job's attempts have cost, as its history tells it.

An attempt counts as spent from its intent on, with what was reserved. It stops counting only
when the provider certainly did not take it or says that it charged nothing; what was really
charged replaces the reservation. What a person gave up stays counted, because it may be paid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any

from seedance_watch.core.events import (
    Absent,
    Event,
    Failing,
    Intended,
    Ready,
    Rerouted,
    Unsent,
)
from seedance_watch.core.model import Money, State

# Where the last intent may still turn out to be paid or not.
_LIVE = frozenset({State.SUBMITTING, State.RUNNING, State.READY, State.FETCHED, State.PLACING})


@dataclass(frozen=True, slots=True)
class Spending:
    """One attempt's reservation or charge.

    Attributes:
        attempt: Number of its intent.
        provider: Whose money it is.
        model: What it was spent on.
        amount: Reserved, or charged where that was told.
        at: When the intent was recorded, UTC seconds; the period that it counts in.
    """

    attempt: int
    provider: str
    model: str
    amount: Money
    at: float


Spendings = tuple[Spending, ...]


# What changes the count in any case, and what does so when it tells a charge.
_MOVES: frozenset[type[Event]] = frozenset({Intended, Unsent, Absent})
_TOLD: Mapping[type[Event], Callable[[Any], Money | None]] = {
    Ready: attrgetter("cost"),
    Failing: attrgetter("charged"),
    Rerouted: attrgetter("charged"),
}


def moves(event: Event) -> bool:
    """Whether an event may change what counts; most cannot, whatever the state."""
    kind = type(event)
    return kind in _MOVES or (kind in _TOLD and _TOLD[kind](event) is not None)


def begun(
    spendings: Spendings, event: Intended, *, model: tuple[str, str], at: float
) -> Spendings:
    """Count a new attempt.

    Args:
        spendings: Those of earlier attempts.
        event: The intent.
        model: Provider and model.
        at: When it was recorded, UTC seconds.
    """
    return (*spendings, Spending(event.attempt, *model, event.cost, at))


def settled(spendings: Spendings, event: Event, state: State) -> Spendings:
    """Give what counts after an event that came in a state; most change nothing."""
    if state not in _LIVE or not spendings:
        return spendings
    *before, last = spendings
    match event:
        case Unsent() | Absent():
            return tuple(before)
        case Ready(cost=Money() as charged) | Failing(charged=Money() as charged):
            return (*before, replace(last, amount=charged))
        case Rerouted(charged=Money() as charged):
            return (*before, replace(last, amount=charged))
        case _:
            return spendings


def total(spendings: Spendings, provider: str) -> Decimal:
    """Add up what counts at one provider, in its unit."""
    own = (each.amount.amount for each in spendings if each.provider == provider)
    return sum(own, start=Decimal(0))

"""What attempts count as spent: from the intent on, until it is certain that nothing was paid."""

from dataclasses import replace
from decimal import Decimal

import pytest
from histories import COST, DRAWN, LIFE, Story, claiming, histories
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core import machine
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Absent,
    Accepted,
    Cancelling,
    Effect,
    Event,
    Failing,
    GivenUp,
    Intended,
    Ready,
    Rerouted,
    Unsent,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.spending import Spending, moves, settled, total

FREE = Money(Decimal(0), "credits")
DEAR = Money(Decimal(9), "credits")
CLAIMED, PREPARED, STAGED, INTENDED, ACCEPTED, READY = LIFE[:6]
UNSENT = Unsent(FaultKind.BUSY, "throttled", 5.0)


def amounts(*events: Event) -> list[Decimal]:
    """Give what counts after a life that begins with a claim."""
    story = Story.of("a")
    story.next(claiming(), *events)
    return [each.amount.amount for each in story.job.spendings]


PAID = (CLAIMED, PREPARED, STAGED, INTENDED)
AGAIN = replace(INTENDED, attempt=2)
RESERVED = COST.amount


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        ((CLAIMED, PREPARED, STAGED), []),
        (PAID, [RESERVED]),
        ((*PAID, UNSENT), []),
        ((*PAID, Absent("never came")), []),
        ((*PAID, UNSENT, AGAIN), [RESERVED]),
        ((*PAID, ACCEPTED), [RESERVED]),
        ((*PAID, ACCEPTED, UNSENT), []),
        ((*PAID, ACCEPTED, Ready("u")), [RESERVED]),
        ((*PAID, ACCEPTED, Ready("u", cost=DEAR)), [DEAR.amount]),
        ((*PAID, ACCEPTED, Ready("u", cost=DEAR), Ready("v")), [DEAR.amount]),
        ((*PAID, GivenUp("a person")), [RESERVED]),
        ((*PAID, GivenUp("a person"), STAGED, AGAIN), [RESERVED, RESERVED]),
        ((*PAID, GivenUp("a person"), STAGED, AGAIN, UNSENT), [RESERVED]),
        ((*PAID, Cancelling("a person")), [RESERVED]),
        ((*PAID, ACCEPTED, Rerouted("segmind", "no", FREE)), [FREE.amount]),
    ],
)
def test_what_counts(events: tuple[Event, ...], counts: list[Decimal]) -> None:
    """Every way an attempt can go, and what it counts as then."""
    assert amounts(*events) == counts


@pytest.mark.parametrize(("charged", "counts"), [(None, RESERVED), (FREE, 0), (DEAR, 9)])
def test_refunds_are_never_assumed(charged: Money | None, counts: Decimal) -> None:
    """A failed task counts as reserved until the provider says what it charged."""
    failing = Failing(Effect.POLL, FaultKind.REFUSED, "failed", charged=charged)
    assert amounts(*PAID, ACCEPTED, failing) == [counts]


def test_a_failure_before_the_next_intent_does_not_touch_an_earlier_attempt() -> None:
    """What a person gave up stays counted, whatever becomes of the job."""
    failing = Failing(Effect.STAGE, FaultKind.REFUSED, "no", charged=FREE)
    assert amounts(*PAID, GivenUp("a person"), failing) == [RESERVED]


def test_a_spending_tells_whose_money_when_and_for_what() -> None:
    """It counts in the period of its intent."""
    story = Story.of("a")
    story.next(claiming(), CLAIMED, PREPARED, STAGED)
    story.next(INTENDED, at=1000.0)
    story.next(ACCEPTED, at=99_000.0)
    assert story.job.spendings == (Spending(1, "rivya", "seedance-1-0-lite", COST, 1000.0),)


def test_totals_are_per_provider() -> None:
    """Units are never added up across providers."""
    spent = tuple(Spending(n, name, "m", COST, 0.0) for n, name in enumerate(["a", "b", "a"], 1))
    assert (total(spent, "a"), total(spent, "b"), total(spent, "c")) == (3, RESERVED, 0)


@given(histories())
def test_an_attempt_under_way_always_counts(events: list[Event]) -> None:
    """Promise 11: from the intent to the end of the video there is no moment without it."""
    job = Job("a")
    for event in events:
        job = machine.advance(job, event, job.at + 1)
        under_way = job.state in {State.SUBMITTING, State.RUNNING}
        if under_way and isinstance(job.intended, Intended):
            assert job.spendings
            assert job.spendings[-1].amount == job.intended.cost
        if isinstance(event, Accepted):
            assert len(job.spendings) <= job.attempts


@pytest.mark.parametrize("kind", DRAWN, ids=lambda each: each.__name__)
@given(st.data())
def test_nothing_else_changes_what_counts(kind: type[Event], data: st.DataObject) -> None:
    """An event that is not said to move money leaves the count as it was, in every state."""
    event = data.draw(DRAWN[kind])
    before = (Spending(1, "rivya", "m", COST, 0.0),)
    if not moves(event):
        assert all(settled(before, event, state) is before for state in State)

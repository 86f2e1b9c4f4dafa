"""What is offered is what would be obeyed, and what costs says so."""

from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from seedance_watch.core.events import Failing, Held
from seedance_watch.core.machine import AT_REST, Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.offers import Offer, Sure, offers
from seedance_watch.core.orders import Act, Order, Refused, obey
from seedance_watch.core.spending import Spending

S = State
PAID = {S.SUBMITTING, S.RUNNING, S.READY}
DOUBT, BUDGET = Held("in_doubt", "not known"), Held("budget", "used up")
SPENT = Spending(1, "rivya", "lite", Money(Decimal(16), "credits"), 1.0)


def job(state: State, hold: Held | None = None) -> Job:
    return replace(Job("shot-1", state, seq=7, at=1.0, since={state: 1.0}), hold=hold)


def by_act(found: Job) -> dict[Act, Offer]:
    return {each.act: each for each in offers(found)}


@pytest.mark.parametrize(
    ("state", "hold"), list(product(sorted(set(State) - AT_REST - {S.NEW}), (None, DOUBT, BUDGET)))
)
def test_every_offer_is_obeyed(state: State, hold: Held | None) -> None:
    """As it stands, and no other way of it is needed; what needs `anyway` has a warning."""
    for offer in offers(job(state, hold)):
        order = Order(offer.act, "shot-1", "task-9", anyway=offer.anyway, seq=offer.seq)
        assert obey(job(state, hold), order)
        if offer.anyway:
            assert offer.warning
            assert offer.sure is not Sure.AT_ONCE
            with pytest.raises(Refused):
                obey(job(state, hold), replace(order, anyway=False))


@pytest.mark.parametrize("state", sorted(PAID))
def test_what_may_pay_twice_is_typed(state: State) -> None:
    """Also of a job that is stuck; and only of the job as it was seen."""
    for hold in (None, DOUBT):
        offer = by_act(job(state, hold))[Act.RESUBMIT]
        assert (offer.sure, offer.seq) == (Sure.TYPED, 7)
        assert offer.warning
    assert by_act(job(state))[Act.CANCEL].sure is Sure.ASKED


def test_a_doubt_is_not_just_released() -> None:
    """It can be adopted under a task id, paid again, or given up."""
    assert set(by_act(job(S.SUBMITTING, DOUBT))) == {Act.ADOPT, Act.RESUBMIT, Act.CANCEL}


def test_a_try_after_one_that_was_paid_says_so() -> None:
    """One that cost nothing is tried again at once."""
    failed = replace(job(S.FAILED), failing=Failing("poll", "refused", "no"))  # type: ignore[arg-type]
    assert offers(failed) == (Offer(Act.RETRY),)
    [offer] = offers(replace(failed, spendings=(SPENT,)))
    assert (offer.act, offer.sure, "16 credits" in offer.warning) == (
        Act.RETRY,
        Sure.ASKED,
        True,
    )


def test_what_is_done_offers_nothing() -> None:
    """Another video of it is another drop."""
    assert offers(job(S.DONE)) == ()


def test_an_order_for_the_job_as_it_was_is_refused() -> None:
    """It went on between the look and the order: nothing is paid by it."""
    for act in Act:
        with pytest.raises(Refused, match="has gone on since you looked"):
            obey(job(S.RUNNING), Order(act, "shot-1", "task-9", anyway=True, seq=6))

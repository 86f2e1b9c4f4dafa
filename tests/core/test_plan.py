"""What would be paid for now, in which order, against which limits."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.budget import Cap, Period
from seedance_watch.core.model import Money
from seedance_watch.core.plan import Plan, Stop, Wish, planned
from seedance_watch.core.snapshot import BudgetView


def money(amount: float | str) -> Money:
    return Money(Decimal(str(amount)), "credits")


def wish(drop: str, cost: float = 16, **more: object) -> Wish:
    given = {"watch": "studio", "provider": "rivya", "model": "lite", "cost": money(cost), **more}
    return Wish(drop, **given)  # type: ignore[arg-type]


def cap(most: float, period: Period = Period.DAY, watch: str = "") -> Cap:
    return Cap(f"budget.per_{period}{watch}", "rivya", watch, period, money(most))


def day(most: float, spent: float = 0, watch: str = "", until: float = 9.0) -> BudgetView:
    return BudgetView(cap(most, watch=watch), money(spent), until)


def verdicts(plan: Plan) -> list[tuple[int | None, str, str]]:
    return [(each.number, each.wish.drop, each.verdict.code) for each in plan.entries]


def test_seats_are_taken_in_order_and_the_rest_waits_for_its_turn() -> None:
    """All of it will be paid, in this order."""
    plan = planned([wish("a"), wish("b"), wish("c")], caps=(), budgets=(), seats={"rivya": 2})
    assert verdicts(plan) == [(1, "a", "now"), (2, "b", "now"), (3, "c", "turn")]
    assert plan.totals == {"rivya": money(48)}
    assert "free seat" in plan.entries[2].verdict.said


def test_a_limit_is_used_up_by_those_that_go_before() -> None:
    """A cheaper one behind may still fit."""
    wishes = [wish("a"), wish("b"), wish("c", 4)]
    plan = planned(wishes, caps=(), budgets=[day(40, spent=16)], seats={"rivya": 9})
    assert verdicts(plan) == [(1, "a", "now"), (None, "b", "budget"), (2, "c", "now")]
    assert plan.planned == {"budget.per_day": money(20)}
    assert plan.entries[1].verdict == Stop(
        "budget", "of the 40 credits that budget.per_day allows 32 are spent or planned", 9.0
    )


def test_the_limit_that_lasts_longest_is_named() -> None:
    """One that no waiting mends lasts for ever."""
    month = replace(day(8, until=99.0), cap=cap(8, Period.MONTH))
    plan = planned([wish("a")], caps=(), budgets=[day(20, spent=16), month], seats={})
    assert plan.entries[0].verdict.until is None
    month = replace(day(20, spent=8, until=99.0), cap=cap(20, Period.MONTH))
    plan = planned([wish("a")], caps=(), budgets=[day(20, spent=16), month], seats={})
    assert plan.entries[0].verdict.until == 99.0


def test_a_limit_per_job_counts_its_earlier_attempts() -> None:
    """And holds for each job alone."""
    caps = [cap(30, Period.JOB)]
    wishes = [wish("a"), wish("b", spent=Decimal(16))]
    plan = planned(wishes, caps=caps, budgets=(), seats={"rivya": 9})
    assert verdicts(plan) == [(1, "a", "now"), (None, "b", "budget")]
    assert plan.entries[1].verdict.until is None


def test_limits_of_others_do_not_matter() -> None:
    """Of another provider or another folder."""
    other = replace(day(1), cap=Cap("x", "segmind", "", Period.DAY, Money(Decimal(1), "usd")))
    plan = planned([wish("a")], caps=(), budgets=[other, day(1, watch="else")], seats={"rivya": 1})
    assert verdicts(plan) == [(1, "a", "now")]
    assert plan.planned == {}


def test_what_stops_by_itself_reserves_nothing() -> None:
    """A hold, a wrong sidecar, the same video as one before."""
    held = Stop("by_person", "held by a person")
    plan = planned(
        [
            wish("a", stop=held),
            wish("b", fingerprint="f"),
            wish("c", fingerprint="f"),
            Wish("d", "studio"),
        ],
        caps=(),
        budgets=[day(100)],
        seats={"rivya": 9},
    )
    assert verdicts(plan) == [
        (None, "a", "by_person"),
        (1, "b", "now"),
        (None, "c", "twin"),
        (None, "d", "wrong"),
    ]
    assert plan.planned == {"budget.per_day": money(16)}
    assert plan.entries[2].verdict.said == "b asks for the same video"


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from(["studio", "other"])), max_size=20),
    st.integers(0, 200),
    st.integers(0, 100),
)
def test_no_plan_exceeds_a_limit(costs: list[tuple[int, str]], most: int, own: int) -> None:
    """Whatever is wished for, for all folders together and for one."""
    wishes = [wish(str(n), cost, watch=watch) for n, (cost, watch) in enumerate(costs)]
    budgets = [day(most), day(own, watch="studio")]
    plan = planned(wishes, caps=(), budgets=budgets, seats={"rivya": 3})
    for view in budgets:
        assert plan.planned.get(view.cap.key, money(0)).amount <= view.cap.most.amount
    paid = sum(each.wish.cost.amount for each in plan.entries if each.number and each.wish.cost)
    assert plan.totals.get("rivya", money(0)).amount == paid


def test_a_chain_goes_in_its_order_and_its_costs_are_counted() -> None:
    """Each after the one that it starts from, as long as that goes."""
    wishes = [wish("s/a", start_from="z"), wish("s/b", start_from="a_take2"), wish("s/z")]
    wishes += [wish("s/a", take=2, start_from="z"), wish("c", start_from="z")]
    plan = planned(wishes, caps=(), budgets=[day(48)], seats={"rivya": 9})

    assert verdicts(plan) == [
        (1, "s/z", "now"),
        (2, "s/a", "chain"),
        (3, "s/a", "chain"),
        (None, "s/b", "budget"),
        (None, "c", "budget"),
    ]


def test_shots_that_start_from_each_other_do_not_go() -> None:
    """Nor does what starts from them, or from one that does not go."""
    ring = [wish("a", start_from="b"), wish("b", start_from="a"), wish("c", start_from="b")]
    stopped = [wish("d", stop=Stop("wrong", "no")), wish("e", start_from="d")]
    plan = planned([*ring, *stopped], caps=(), budgets=(), seats={})

    assert {code for _, drop, code in verdicts(plan) if drop in "abc"} == {"chain_loop"}
    assert verdicts(plan)[-1] == (None, "e", "chain_stopped")
    assert plan.totals == {}

"""Decisions, reactions and times by brute force over their whole domains."""

import math
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.doubts import KEY_CHANGED, doubt, in_doubt, may_look
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import (
    Deferred,
    Effect,
    Event,
    Failing,
    Held,
    Intended,
    Staged,
    Unsent,
)
from seedance_watch.core.machine import AT_REST, MOVES, Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.policy import NEXT, STAGED_FRESH_S, Permit, Wait, decide
from seedance_watch.core.reactions import (
    ASKED_MOST_S,
    BACKOFF,
    HOLD_AFTER,
    OVERDUE_S,
    backoff,
    hold_after,
    overdue,
    pause_s,
    react,
)

E, K, S = Effect, FaultKind, State
NOW = 1_800_000_000.0
PAID = frozenset({S.RUNNING, S.READY, S.FETCHED, S.PLACING, S.PLACED})
WORKING = [s for s in State if s not in AT_REST and s is not S.NEW]


def job(state: State, **fields: object) -> Job:
    """Give a job that came into its state a moment ago."""
    made = Job("shot-1", state, seq=7, at=NOW - 1, since={state: NOW - 1})
    return replace(made, **fields)  # type: ignore[arg-type]


# What comes next


def test_promise_6_every_working_state_has_one_next_effect_and_rest_none() -> None:
    """Every state is in the table; only rest, and what is not yet a job, has nothing to do."""
    assert set(NEXT) == set(State)
    assert {state for state, effect in NEXT.items() if effect is None} == {*AT_REST, S.NEW}


def test_promise_2_no_state_has_the_paid_call_as_its_next_effect() -> None:
    """Whoever finds a job, whatever its state, does not pay."""
    assert E.SUBMIT not in NEXT.values()
    assert NEXT[S.SUBMITTING] is E.RECONCILE


HOLDS = [None, Held("by_person", "wait"), *(Held("budget", "wait", NOW + s) for s in (-9, 0, 9))]
WAKES = [None, NOW - 9, NOW, math.nextafter(NOW, math.inf), NOW + 9]
PERMITS = [
    *(None, Permit("shot-1", 7)),
    *(Permit("shot-1", 6), Permit("shot-1", 8), Permit("shot-2", 7)),
]


@pytest.mark.parametrize("state", State)
def test_promise_2_only_the_matching_permit_submits(state: State) -> None:
    """States x holds x wake times x permits: the paid call needs SUBMITTING and its own permit."""
    for hold, wake_at, permit in product(HOLDS, WAKES, PERMITS):
        one = job(state, hold=hold, wake_at=wake_at)
        step = decide(one, NOW, permit)
        pays = state is S.SUBMITTING and permit == Permit("shot-1", 7)
        assert (step is E.SUBMIT) == pays


@pytest.mark.parametrize("state", State)
def test_what_waits_waits_and_what_may_go_on_goes_on(state: State) -> None:
    """Without a permit: nothing at rest, a Wait before the time or in a hold, else the effect."""
    for hold, wake_at in product(HOLDS, WAKES):
        step = decide(job(state, hold=hold, wake_at=wake_at), NOW)
        until = hold.until if hold else wake_at
        if NEXT[state] is None:
            assert step is None
        elif hold and hold.until is None:
            assert step == Wait(None)
        elif until is not None and until > NOW:
            assert step == Wait(until)
        else:
            assert step is NEXT[state]


@pytest.mark.parametrize(
    ("marker", "kind", "effect"),
    [
        ("https://a/1.png", K.DENIED, E.STAGE),
        ("https://a/1.png", K.BUSY, E.STAGE),
        ("https://a/1.png", K.UNREACHED, E.INTEND),
        ("key-1", K.DENIED, E.INTEND),
        ("", K.DENIED, E.INTEND),
    ],
)
def test_an_upload_that_was_answered_is_not_what_the_next_attempt_is_found_by(
    marker: str, kind: FaultKind, effect: Effect
) -> None:
    """Else a lost answer would be taken for the old refusal, and the paid video for a failure."""
    intent = Intended(1, "key-1", "https://a/pay", b"", marker, Money(Decimal(1), "usd"), 9.0)
    unsent = Unsent(kind, "why", NOW)
    one = job(S.STAGED, staged=Staged(("https://a/1.png",)), intended=intent, unsent=unsent)
    assert decide(one, NOW) is effect
    assert decide(replace(one, staged=Staged(("https://a/2.png",))), NOW) is E.INTEND


@pytest.mark.parametrize(
    ("age_s", "effect"),
    [
        (0.0, E.INTEND),
        (STAGED_FRESH_S, E.INTEND),
        (STAGED_FRESH_S + 1, E.STAGE),
        (10 * 365 * 86_400.0, E.STAGE),
        (-0.5, E.STAGE),
    ],
)
def test_no_money_is_spent_on_an_old_upload(age_s: float, effect: Effect) -> None:
    """An upload too old, or from the future of a clock that went back, is made again first."""
    assert decide(job(S.STAGED, since={S.STAGED: NOW - age_s}), NOW) is effect


# Faults

# The table of design.md, section 2, written out by hand: during submit, and during others.
ENDS, UNSENT, DOUBT, WAITS = "failed", "unsent", "doubt", "waits"
SUBMIT_TABLE = {
    K.REFUSED: ENDS,
    K.BUSY: UNSENT,
    K.UNREACHED: UNSENT,
    K.UNSURE: DOUBT,
    K.DENIED: UNSENT,
    K.RETURNED: UNSENT,
    K.GARBLED: DOUBT,
    K.GONE: DOUBT,
    K.LOCAL: UNSENT,
}
BEFORE_PAID = {E.CLAIM, E.PREPARE, E.STAGE, E.INTEND}


def judged(effect: Effect, kind: FaultKind, *, tries: int = 0, alike: int = 0) -> str | Event:
    """Say what becomes of a fault: "doubt", or the event that records it."""
    if in_doubt(effect, kind):
        return DOUBT
    state = S.SUBMITTING if effect is E.SUBMIT else S.RUNNING
    one = job(state, tries=tries, alike=alike, deferred=Deferred(effect, kind, "before", NOW))
    return react(one, effect, Fault(kind, "why", code="word"), now=NOW, luck=0.0)


@pytest.mark.parametrize("kind", FaultKind)
def test_faults_of_the_paid_call_follow_the_table(kind: FaultKind) -> None:
    """Declined: failed. Certainly not taken: unsent. Anything else is a doubt, never a retry."""
    outcome = judged(E.SUBMIT, kind)
    match SUBMIT_TABLE[kind]:
        case "failed":
            assert outcome == Failing(E.SUBMIT, kind, "why", "word")
        case "unsent":
            assert outcome == Unsent(kind, "why", NOW + 2.5)
        case _:
            assert outcome == DOUBT


@pytest.mark.parametrize("kind", FaultKind)
def test_promise_2_no_fault_of_a_look_says_anything_about_the_paid_call(kind: FaultKind) -> None:
    """A throttled, refused or garbled look leaves the doubt a doubt."""
    assert judged(E.RECONCILE, kind) == DOUBT


@pytest.mark.parametrize(
    ("effect", "kind"), list(product(sorted(set(Effect) - {E.SUBMIT, E.RECONCILE}), FaultKind))
)
def test_faults_of_other_effects_follow_the_table(effect: Effect, kind: FaultKind) -> None:
    """Refused ends the wish where refusing makes sense; all else waits and tries again."""
    outcome = judged(effect, kind)
    if kind is K.REFUSED and effect in {*BEFORE_PAID, E.POLL}:
        assert outcome == Failing(effect, kind, "why", "word")
    elif kind is K.RETURNED and effect is E.POLL:
        assert outcome == Unsent(kind, "why", NOW + BACKOFF[effect].first_s / 2)
    else:
        assert outcome == Deferred(effect, kind, "why", NOW + BACKOFF[effect].first_s / 2)


@pytest.mark.parametrize("tries", [0, 1, 10, 10_000])
def test_a_poll_fault_never_fails_a_paid_job_unless_refused(tries: int) -> None:
    """Only the provider's own word that the task failed, or is unpaid, ends a paid job."""
    for kind in set(FaultKind) - {K.REFUSED, K.RETURNED}:
        assert isinstance(judged(E.POLL, kind, tries=tries), Deferred | Held)


@pytest.mark.parametrize("effect", [E.DOWNLOAD, E.NAME, E.PLACE, E.ARCHIVE])
def test_no_step_after_the_video_exists_can_give_it_up(effect: Effect) -> None:
    """A paid video is waited for or held, whatever a step says."""
    for kind, tries in product(FaultKind, (0, 3, 4, 10_000)):
        assert isinstance(judged(effect, kind, tries=tries), Deferred | Held)


@pytest.mark.parametrize("kind", HOLD_AFTER)
@pytest.mark.parametrize("effect", [E.STAGE, E.POLL, E.DOWNLOAD])
def test_what_does_not_mend_itself_is_held(effect: Effect, kind: FaultKind) -> None:
    """Nonsense and lost tasks are put before a person after some tries in a row."""
    assert set(HOLD_AFTER) == {K.GARBLED, K.GONE}
    last = hold_after(effect, kind) - 1
    assert isinstance(judged(effect, kind, tries=last, alike=last - 1), Deferred)
    held = Held(str(kind), f"why; tried {last + 1} times")
    assert judged(effect, kind, tries=last, alike=last) == held


@pytest.mark.parametrize("kind", HOLD_AFTER)
def test_tries_of_another_kind_do_not_count(kind: FaultKind) -> None:
    """A page of a proxy at the end of a long outage is no reason to call a person."""
    assert isinstance(judged(E.POLL, kind, tries=10_000, alike=0), Deferred)


def test_what_is_paid_is_looked_after_for_longer() -> None:
    """Half an hour of maintenance pages passes without a person."""
    for effect in (E.POLL, E.DOWNLOAD):
        lasts_s = sum(backoff(effect, n, 0.5) for n in range(hold_after(effect, K.GARBLED)))
        assert 900 < lasts_s < 3600


@pytest.mark.parametrize("kind", [K.BUSY, K.UNREACHED, K.UNSURE, K.DENIED, K.LOCAL])
def test_what_mends_itself_is_waited_for_for_ever(kind: FaultKind) -> None:
    """Network, disk and provider come back; nobody has to press a button then."""
    assert isinstance(judged(E.POLL, kind, tries=10_000_000), Deferred)


@pytest.mark.parametrize("kind", [K.UNSURE, K.GARBLED, K.GONE])
def test_promise_2_a_doubt_is_never_recorded_as_unsent(kind: FaultKind) -> None:
    """Even handed to the wrong function a doubt stays in SUBMITTING."""
    fault = Fault(kind, "why")
    for tries in (0, 10_000):
        event = react(job(S.SUBMITTING, tries=tries), E.SUBMIT, fault, now=NOW, luck=0.5)
        assert MOVES[S.SUBMITTING][type(event)] is S.SUBMITTING


@pytest.mark.parametrize(("effect", "kind"), list(product(Effect, FaultKind)))
def test_every_reaction_is_a_legal_event(effect: Effect, kind: FaultKind) -> None:
    """Whatever fails wherever it is the next effect, what is recorded may follow."""
    states = [s for s, e in NEXT.items() if e is effect and s is not S.NEW]
    for state in [S.SUBMITTING] if effect is E.SUBMIT else states:
        if state in {S.PLACED, S.FAILING, S.CANCELLING} or not in_doubt(effect, kind):
            event = react(job(state), effect, Fault(kind, "why"), now=NOW, luck=0.5)
            assert type(event) in MOVES[state]


# Waiting


@given(st.sampled_from(list(Effect)), st.integers(0, 10_000), st.floats(0, 1))
def test_backoff_keeps_its_bounds(effect: Effect, tries: int, luck: float) -> None:
    """Never less than half the first wait, never more than the most, at any number of tries."""
    wait_s = backoff(effect, tries, luck)
    assert BACKOFF[effect].first_s / 2 <= wait_s <= BACKOFF[effect].most_s <= 300


@pytest.mark.parametrize("effect", Effect)
def test_backoff_grows_to_its_most_and_stays(effect: Effect) -> None:
    """It doubles, and a person who mends something never waits longer than five minutes."""
    waits = [backoff(effect, tries, 0.5) for tries in range(64)]
    assert all(early <= late for early, late in pairwise(waits))
    assert waits[1] == 2 * waits[0]
    assert waits[-1] == 0.75 * BACKOFF[effect].most_s


@given(st.none() | st.floats(allow_nan=True), st.integers(0, 10_000), st.floats(0, 1))
def test_a_wish_to_wait_is_granted_up_to_a_day(
    after_s: float | None, tries: int, luck: float
) -> None:
    """A longer wait is granted, a shorter, negative or senseless one is not, a day is the end."""
    wait_s = pause_s(E.POLL, tries, fault=Fault(K.BUSY, "why", after_s=after_s), luck=luck)
    ours = backoff(E.POLL, tries, luck)
    assert ours <= wait_s <= max(ours, ASKED_MOST_S)
    if after_s is not None and ours <= after_s <= ASKED_MOST_S:
        assert wait_s == after_s


def test_the_wish_reaches_what_is_recorded() -> None:
    """Both a refused connection and a throttled poll wait as long as was asked for."""
    fault = Fault(K.BUSY, "why", after_s=1234.0)
    for state, effect in ((S.SUBMITTING, E.SUBMIT), (S.RUNNING, E.POLL)):
        event = react(job(state), effect, fault, now=NOW, luck=0.0)
        assert isinstance(event, Unsent | Deferred)
        assert event.until == NOW + 1234.0


# Doubts

LOOKS, WINDOW = (5.0, 30.0, 120.0, 900.0), 600.0


@pytest.mark.parametrize(
    ("age_s", "look_s"), [(0.0, 5.0), (5.0, 30.0), (29.9, 30.0), (30.0, 120.0)]
)
def test_a_doubt_is_looked_into_at_the_next_look(age_s: float, look_s: float) -> None:
    """The schedule counts from the intent, so a restart looks at the same times."""
    event = doubt(
        LOOKS, WINDOW, intended_at=NOW - age_s, now=NOW, fault=Fault(K.UNSURE, "not yet")
    )
    assert event == Deferred(E.RECONCILE, K.UNSURE, "not yet", NOW - age_s + look_s)


@pytest.mark.parametrize("age_s", [120.0, 599.0, 600.0, 601.0, 1e9])
def test_a_doubt_that_may_not_be_looked_into_any_more_is_held(age_s: float) -> None:
    """After the last look inside the window a person decides; the 900 s look never happens."""
    event = doubt(
        LOOKS, WINDOW, intended_at=NOW - age_s, now=NOW, fault=Fault(K.UNSURE, "not known")
    )
    assert isinstance(event, Held)
    assert (event.code, event.until) == ("in_doubt", None)
    assert "not known" in event.reason


def test_a_doubt_from_the_future_is_looked_into_only_where_looking_is_free() -> None:
    """A clock that went back hides how old the intent is; small steps are no matter."""
    late = doubt(LOOKS, WINDOW, intended_at=NOW + 3600, now=NOW, fault=Fault(K.UNSURE, "?"))
    assert isinstance(late, Held)
    for window_s, ahead_s in ((WINDOW, 50.0), (6 * 86_400.0, 3600.0)):
        event = doubt(
            LOOKS, window_s, intended_at=NOW + ahead_s, now=NOW, fault=Fault(K.UNSURE, "?")
        )
        assert event == Deferred(E.RECONCILE, K.UNSURE, "?", NOW + 5)


def test_a_look_that_was_not_answered_does_not_count() -> None:
    """Nobody is asked to decide because a network was away at the time of the last look."""
    for age_s in (1.0, 500.0):
        at = {"intended_at": NOW - age_s, "now": NOW}
        event = doubt(LOOKS, WINDOW, fault=Fault(K.BUSY, "away"), again_at=NOW + 60, **at)
        assert event == Deferred(E.RECONCILE, K.BUSY, "away", NOW + 60)
    late = doubt(LOOKS, WINDOW, fault=Fault(K.BUSY, "away"), again_at=NOW + 101, **at)
    assert isinstance(late, Held)


def test_a_doubt_under_another_key_is_held_at_once() -> None:
    """However many looks there would be: none of them may be made."""
    fault = Fault(K.UNSURE, "the key was changed", code=KEY_CHANGED)
    event = doubt(LOOKS, WINDOW, intended_at=NOW, now=NOW, fault=fault)
    assert event == Held("key_changed", "the key was changed")


def test_a_doubt_without_looks_is_held_at_once() -> None:
    """A provider that cannot be asked leaves only a person."""
    assert isinstance(doubt((), 1e9, intended_at=NOW, now=NOW, fault=Fault(K.UNSURE, "?")), Held)


def test_a_task_that_never_ends_is_told_and_asked_again() -> None:
    """A person learns of it; it goes on by itself when the provider finishes after all."""
    assert overdue(NOW, NOW + OVERDUE_S - 1) is None
    assert overdue(NOW, NOW - 1e9) is None
    held = overdue(NOW, NOW + OVERDUE_S)
    assert held is not None
    assert (held.code, held.until) == ("overdue", NOW + OVERDUE_S + 3600)


@given(st.lists(st.floats(0, 1e6), max_size=6).map(sorted), st.floats(0, 1e6), st.floats(0, 2e6))
def test_looking_into_a_doubt_always_ends(
    looks: list[float], window_s: float, age_s: float
) -> None:
    """Each look that settles nothing leads to a later one inside the window, then to a hold.

    While a clock that went back stands before the intent the first look is made again and again.
    """
    now = NOW + age_s
    for _ in range(len(looks) + 1):
        event = doubt(tuple(looks), window_s, intended_at=NOW, now=now, fault=Fault(K.UNSURE, "?"))
        if isinstance(event, Held):
            return
        assert now - 1e-6 <= event.until <= NOW + window_s
        now = event.until + 1e-3
    raise AssertionError(looks)


def test_a_machine_that_stood_still_looks_once_all_the_same() -> None:
    """When all times to look are over before the paid call came back, one look is made."""
    age_s = 500.0  # beyond the last look within the window
    doubtful = Fault(K.UNSURE, "cut")

    event = doubt(LOOKS, WINDOW, intended_at=NOW, now=NOW + age_s, fault=doubtful, looked=False)

    assert event == Deferred(E.RECONCILE, K.UNSURE, "cut", NOW + age_s + LOOKS[0])
    after = doubt(LOOKS, WINDOW, intended_at=NOW, now=NOW + 506.0, fault=doubtful)
    assert isinstance(after, Held)
    too_late = doubt(LOOKS, WINDOW, intended_at=NOW, now=NOW + 599, fault=doubtful, looked=False)
    assert isinstance(too_late, Held)


@pytest.mark.parametrize(
    ("age_s", "may"),
    [(-61.0, False), (-1.0, True), (0.0, True), (600.0, True), (600.1, False), (1e9, False)],
)
def test_looking_is_allowed_only_inside_the_window(age_s: float, may: bool) -> None:
    """Too late a replay could pay again; with a clock gone back nobody knows how late it is."""
    assert may_look(WINDOW, intended_at=NOW, now=NOW + age_s) is may


FREE = Money(Decimal(0), "credits")
PAID_CALL = Intended(1, "k", "https://a.example", b"", "m", Money(Decimal(16), "credits"), 9.0)


def test_a_refused_call_cost_nothing_and_a_failed_task_what_it_says() -> None:
    """Budgets live by this: what a refusal or failure cost is recorded with it."""
    refused = Fault(K.REFUSED, "no", charged=Money(Decimal(3), "credits"))
    made = job(S.SUBMITTING, intended=PAID_CALL)
    event = react(made, E.SUBMIT, refused, now=NOW, luck=0.0)
    assert isinstance(event, Failing)
    assert event.charged == FREE
    event = react(replace(made, state=S.RUNNING), E.POLL, refused, now=NOW, luck=0.0)
    assert isinstance(event, Failing)
    assert event.charged == Money(Decimal(3), "credits")

"""What may be ordered in which state, and that nothing paid is given up silently."""

from dataclasses import replace
from itertools import product

import pytest

from seedance_watch.core.events import Accepted, Cancelling, GivenUp, Held, Released
from seedance_watch.core.machine import AT_REST, MOVES, Job, advance
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order, Refused, obey

S = State
WORKING = [state for state in State if state not in AT_REST and state is not S.NEW]
PAID = {S.SUBMITTING, S.RUNNING, S.READY}
DOUBT = Held("in_doubt", "not known")


def job(state: State, *, hold: Held | None = None) -> Job:
    return replace(Job("shot-1", state, seq=7, at=1.0, since={state: 1.0}), hold=hold)


def ordered(act: Act, state: State, *, hold: Held | None = None, anyway: bool = False) -> object:
    """Give the kind of event that an order leads to, None for none, "no" for a refusal."""
    order = Order(act, "shot-1", task_id="task-9", anyway=anyway)
    try:
        events = obey(job(state, hold=hold), order)
    except Refused:
        return "no"
    return type(events[0]) if events else None


@pytest.mark.parametrize(("state", "act"), list(product(WORKING, Act)))
def test_what_is_obeyed_is_legal(state: State, act: Act) -> None:
    """Whatever is ordered of whatever job: a legal event, or a reason and nothing recorded."""
    for hold, anyway in product((None, DOUBT), (False, True)):
        before = job(state, hold=hold)
        try:
            events = obey(before, Order(act, "shot-1", "task-9", anyway=anyway))
        except Refused:
            continue
        for event in events:
            assert type(event) in MOVES[state]
            advance(before, event, 2.0)


@pytest.mark.parametrize(("state", "act"), list(product(sorted(AT_REST), Act)))
def test_what_is_over_is_over(state: State, act: Act) -> None:
    """No order wakes a job that is at rest."""
    assert ordered(act, state, anyway=True) == "no"


@pytest.mark.parametrize("state", WORKING)
def test_nothing_paid_is_given_up_silently(state: State) -> None:
    """Cancelling, holding or paying again where money may hang on it needs a second word."""
    for act, kind in ((Act.CANCEL, Cancelling), (Act.HOLD, Held), (Act.RESUBMIT, GivenUp)):
        if state in PAID:
            assert ordered(act, state) == "no"
            assert ordered(act, state, anyway=True) is kind


def test_cancelling_is_possible_until_the_video_is_here() -> None:
    """Before it is paid at once; after it came never."""
    free = {state for state in WORKING if ordered(Act.CANCEL, state) is Cancelling}
    late = {state for state in WORKING if ordered(Act.CANCEL, state, anyway=True) == "no"}
    assert free == {S.CLAIMED, S.PREPARED, S.STAGED}
    assert late == set(WORKING) - free - PAID


@pytest.mark.parametrize("state", WORKING)
def test_only_a_doubt_can_adopt(state: State) -> None:
    """A task id from a person settles an unknown outcome and nothing else."""
    kind = ordered(Act.ADOPT, state)
    assert kind is (Accepted if state is S.SUBMITTING else None) or kind == "no"
    assert (kind is Accepted) == (state is S.SUBMITTING)


@pytest.mark.parametrize("task_id", ["", "a/b", "../x", "a b", "a?b", "ä", "-x", "x" * 201, "a\n"])
def test_a_task_id_is_part_of_an_address(task_id: str) -> None:
    """What could lead somewhere else is no task id."""
    with pytest.raises(Refused, match="is not a task id"):
        obey(job(S.SUBMITTING), Order(Act.ADOPT, "shot-1", task_id))


def test_a_wrong_task_id_can_be_corrected() -> None:
    """Else only paying again would help; what the provider itself said is not corrected."""
    adopted = replace(job(S.RUNNING), accepted=Accepted("mistyped", via="person"))
    [event] = obey(adopted, Order(Act.ADOPT, "shot-1", "task-9"))
    assert event == Accepted("task-9", via="person")
    running = replace(adopted, accepted=Accepted("task-1"))
    with pytest.raises(Refused, match="only one in doubt"):
        obey(running, Order(Act.ADOPT, "shot-1", "task-9"))


def test_adopting_is_recorded_as_a_persons_word() -> None:
    """The history tells who said so."""
    [event] = obey(job(S.SUBMITTING, hold=DOUBT), Order(Act.ADOPT, "shot-1", "req_1.2-3"))
    assert event == Accepted("req_1.2-3", via="person")


@pytest.mark.parametrize("state", sorted(PAID))
def test_a_held_attempt_can_be_given_up(state: State) -> None:
    """Where nothing goes on by itself a person decides; the attempt stays counted as spent."""
    assert ordered(Act.RESUBMIT, state, hold=DOUBT) is GivenUp


@pytest.mark.parametrize("state", sorted(PAID))
def test_what_a_person_holds_is_not_stuck(state: State) -> None:
    """Its video may be finished at the provider: paying again needs a second word."""
    hold = Held("by_person", "why")
    assert ordered(Act.RESUBMIT, state, hold=hold) == "no"
    assert ordered(Act.RESUBMIT, state, hold=hold, anyway=True) is GivenUp


@pytest.mark.parametrize(("code", "kind"), [("budget", Released), ("by_person", None)])
def test_a_budget_lets_go_of_its_own_holds_only(code: str, kind: object) -> None:
    """What a person holds is not released because there is room."""
    order = Order(Act.RELEASE, "shot-1", only="budget")
    events = obey(job(S.PREPARED, hold=Held(code, "why")), order)
    assert [type(each) for each in events] == ([kind] if kind else [])
    assert obey(job(S.PREPARED), order) == []


def test_a_doubt_is_not_released() -> None:
    """It would only be asked again; the message names what helps."""
    with pytest.raises(Refused, match=r"`adopt`.*`resubmit`"):
        obey(job(S.SUBMITTING, hold=DOUBT), Order(Act.RELEASE, "shot-1"))


@pytest.mark.parametrize("code", ["key_changed", "by_person", "bug"])
def test_what_stands_before_a_look_can_be_released(code: str) -> None:
    """The old key is back, or a person let go: the doubt is looked into again."""
    assert ordered(Act.RELEASE, S.SUBMITTING, hold=Held(code, "why")) is Released


@pytest.mark.parametrize("state", [S.PREPARED, S.STAGED, S.FETCHED, S.PLACING])
def test_hold_and_release(state: State) -> None:
    """A hold waits for the release; each is recorded once."""
    assert ordered(Act.HOLD, state) is Held
    assert ordered(Act.HOLD, state, hold=Held("by_person", "why")) is None
    assert ordered(Act.RELEASE, state, hold=Held("by_person", "why")) is Released
    assert ordered(Act.RELEASE, state) is None


@pytest.mark.parametrize(
    ("act", "event"),
    [
        (Act.HOLD, Held("by_person", "held by a person (page); it goes on when it is released")),
        (Act.RELEASE, Released("page")),
        (Act.CANCEL, Cancelling("cancelled by a person (page)")),
        (Act.RESUBMIT, GivenUp("a person (page) wants another attempt")),
    ],
)
def test_what_is_recorded_says_who_wanted_it(act: Act, event: object) -> None:
    """The history tells people from the program, and one way in from another."""
    before = job(S.RUNNING, hold=DOUBT)
    assert obey(before, Order(act, "shot-1", anyway=True, by="page")) == [event]


@pytest.mark.parametrize(
    ("act", "state", "said"),
    [
        (Act.HOLD, S.RUNNING, "may perish at the provider. Say --anyway"),
        (Act.CANCEL, S.RUNNING, "throws its video away. Say --anyway"),
        (Act.CANCEL, S.CLAIMING, "just being claimed: try again in a moment"),
        (Act.CANCEL, S.PLACED, "is placed: it is too late"),
        (Act.ADOPT, S.READY, "only one in doubt"),
        (Act.RESUBMIT, S.STAGED, "no attempt"),
        (Act.RESUBMIT, S.RUNNING, "pay twice. Say --anyway"),
        (Act.HOLD, S.DONE, "is over (done)"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(act: Act, state: State, said: str) -> None:
    """Nobody is left with a bare no."""
    with pytest.raises(Refused) as caught:
        obey(job(state), Order(act, "shot-1", "task-9"))
    assert str(caught.value).startswith("job shot-1 is ")
    assert said in str(caught.value)


def test_releasing_a_doubt_names_the_two_ways_out() -> None:
    """Adopt, or resubmit when it was certainly not taken."""
    with pytest.raises(Refused, match=r"or `resubmit` it when you are sure that it was not taken"):
        obey(job(S.SUBMITTING, hold=DOUBT), Order(Act.RELEASE, "shot-1"))


def test_a_task_id_may_have_capitals() -> None:
    """Providers' numbers do."""
    found = obey(job(S.SUBMITTING), Order(Act.ADOPT, "shot-1", "Task_9.B-x"))
    assert found == [Accepted("Task_9.B-x", via="person")]

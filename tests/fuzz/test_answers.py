"""Whatever a provider answers: an event that it says, or a fault; never a guess about money."""

import os
from dataclasses import replace

import pytest
from fuzz import money
from fuzz.answers import DIALECTS, FLOWS, NOW, made, odd, real, recorded, staged
from fuzz.targets import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedance_watch.core import doubts, reactions
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Effect, Failing, Unsent
from seedance_watch.core.model import State
from seedance_watch.providers.dialect import Reply

QUICK = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "80")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@st.composite
def cases(draw: st.DrawFn, *names: str) -> tuple[str, str, list[Reply]]:
    """Draw a dialect, a flow, and answers to it."""
    kind, name = draw(st.sampled_from(sorted(DIALECTS))), draw(st.sampled_from(names))
    answers = st.lists(real(kind, name) | odd() | made(), min_size=1, max_size=3)
    return kind, name, draw(answers)


@pytest.mark.parametrize("name", FLOWS)
def test_an_answer_is_believed_what_it_says_and_no_more(name: str) -> None:
    """An event or a fault; what costs money or ends a job is said in so many words."""

    @QUICK
    @given(cases(name))
    def believed(case: tuple[str, str, list[Reply]]) -> None:
        kind, name, replies = case
        money.check(kind, name, *run(kind, name, replies))

    believed()


@QUICK
@given(cases("submit"), st.floats(0, 1, exclude_max=True))
def test_the_engine_forgets_an_attempt_only_when_told(
    case: tuple[str, str, list[Reply]], luck: float
) -> None:
    """What the policy makes of it: Unsent and Failing are for refusals, all else is in doubt."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    if not isinstance(found, Fault) or doubts.in_doubt(Effect.SUBMIT, found.kind):
        return
    job = replace(staged(DIALECTS[kind]), state=State.SUBMITTING)
    event = reactions.react(job, Effect.SUBMIT, found, now=NOW, luck=luck)
    assert isinstance(event, Unsent | Failing)
    assert used[0].status // 100 == 4 or found.kind is FaultKind.DENIED


@pytest.mark.parametrize("kind", sorted(DIALECTS))
def test_the_recorded_answers_are_worth_spoiling(kind: str) -> None:
    """The sandbox's own answers lead all the way: to a number, a video and a balance."""
    flows = {name for who, name, _ in recorded() if who == kind}
    statuses = {reply.status for who, _, reply in recorded() if who == kind}
    assert {"stage", "submit", "poll", "balance"} <= flows
    assert {200, 429} <= statuses

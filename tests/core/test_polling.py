"""When to ask how a task stands."""

import math
import random
import statistics
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from histories import SPEC
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.events import Accepted, Prepared, Ready, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, State
from seedance_watch.core.polling import (
    QUESTIONS,
    Durations,
    PollPace,
    Usual,
    poll_at,
    poll_pace,
)

NOW = 1_800_000_000.0


def spec_of(model: str, **params: int) -> JobSpec:
    """Give a wish for a model."""
    return replace(SPEC, model=model, params=params)


USUALS = st.builds(Usual, st.floats(1, 3600), st.floats(0.02, 1))
PACES = st.builds(poll_pace, USUALS, st.none() | st.floats(0.01, 600), st.floats(0.01, 600))
AGES = st.floats(-1e9, 1e9)


@given(PACES, AGES)
def test_the_next_question_lies_ahead(pace: PollPace, age_s: float) -> None:
    """It is strictly later than now, and never further away than all questions or longest gap."""
    now = NOW + age_s
    at = poll_at(pace, accepted_at=NOW, now=now)
    assert now < at <= now + max(pace.asks_s[-1], pace.step_s, pace.most_s, 0.02) * 1.5 + 1e-3


@given(PACES, AGES, st.floats(0, 1e6))
def test_the_questions_keep_their_order(pace: PollPace, age_s: float, later_s: float) -> None:
    """A later now never gives an earlier question."""
    first = poll_at(pace, accepted_at=NOW, now=NOW + age_s)
    assert first <= poll_at(pace, accepted_at=NOW, now=NOW + age_s + later_s) + 1e-6


def questions(pace: PollPace, count: int) -> list[float]:
    """Give the times of the first questions."""
    at, found = NOW, list[float]()
    while len(found) < count:
        at = poll_at(pace, accepted_at=NOW, now=at)
        found.append(at)
    return found


@given(PACES, st.integers(0, 30), st.floats(0, 0.49))
def test_a_restart_asks_when_the_daemon_would_have_asked(
    pace: PollPace, number: int, share: float
) -> None:
    """Soon after a question it does not matter when the next one is computed."""
    asked_at, next_at = questions(pace, number + 2)[-2:]
    soon = asked_at + share * (next_at - asked_at)
    assert poll_at(pace, accepted_at=NOW, now=soon) == pytest.approx(next_at, abs=1e-5)


@given(st.floats(20, 600), st.floats(0.02, 1), st.floats(0.9, 1.1), st.integers(0, 11))
def test_no_question_is_put_again_when_the_pace_moves(
    usual_s: float, spread: float, moved: float, number: int
) -> None:
    """While a task is asked about others end, and what is usual changes a little each time."""
    before = poll_pace(Usual(usual_s, spread), None, 600.0)
    after = poll_pace(Usual(usual_s * moved, spread * moved), None, 600.0)
    asked_at = questions(before, number + 1)[-1]
    gaps = [late - soon for soon, late in pairwise((0.0, *after.asks_s))]
    next_at = poll_at(after, accepted_at=NOW, now=asked_at)
    assert next_at - asked_at >= min(*gaps, after.step_s) / 2 - 1e-5


@pytest.mark.parametrize("usual_s", [1, 2, 5, 20, 45, 60, 90, 150, 300, 1200, 3600])
def test_a_usual_task_is_asked_about_ten_times_at_most(usual_s: float) -> None:
    """Before anything was learned the questions fit what the table of models says."""
    pace, now, asked = poll_pace(Usual(usual_s), None, most_s=30), NOW, 0
    while (now := poll_at(pace, accepted_at=NOW, now=now)) <= NOW + usual_s:
        asked += 1
    assert asked <= QUESTIONS
    assert now <= NOW + 1.5 * usual_s + 2


def followed(durations: Durations, took_s: float, number: int) -> tuple[float, int]:
    """Ask about a task until it is found finished; give how late that was, and the questions."""
    spec = spec_of("seedance")
    pace = poll_pace(durations.usual(spec, 60.0), None, 30.0)
    now, asked = NOW, 0
    while now < NOW + took_s:
        now, asked = poll_at(pace, accepted_at=NOW, now=now), asked + 1
    job = Job(f"job{number}", prepared=Prepared(spec, ()))
    accepted = Record(job.id, 1, NOW, Accepted("task", "submit"))
    durations.heard(job, accepted, pace)
    ended = replace(job, since={State.RUNNING: NOW, State.READY: now})
    durations.heard(ended, Record(job.id, 2, now, Ready("https://x/y.mp4")), pace)
    return now - NOW - took_s, asked


@pytest.mark.parametrize("usual_s", [45, 240, 900])
@pytest.mark.parametrize("spread", [0.05, 0.2, 0.3])
def test_what_was_learned_finds_the_end_soon(usual_s: float, spread: float) -> None:
    """After some tasks the median overshoot is 5 % of the usual time, for some ten questions.

    Whatever the table of models said, and although the end of a task is never seen, only guessed.
    """
    dice, durations = random.Random(3), Durations()
    took = [usual_s * math.exp(dice.gauss(0, spread)) for _ in range(300)]
    found = [followed(durations, each_s, number) for number, each_s in enumerate(took)]

    late_s, asked = zip(*found[40:], strict=True)
    assert statistics.median(late_s) <= 0.05 * usual_s
    assert statistics.mean(asked) <= 9
    assert statistics.quantiles(asked, n=4)[2] <= 11


def test_a_service_that_became_slower_is_followed() -> None:
    """The last tasks count: what was usual last month is not."""
    durations = Durations()
    for number in range(200):
        followed(durations, 30.0, number)
    for number in range(200, 300):
        followed(durations, 90.0, number)

    assert durations.usual(spec_of("seedance"), 60.0).median_s == pytest.approx(90, rel=0.1)


def test_half_of_the_durations_may_be_wrong() -> None:
    """Tasks that were found hours later, because nobody looked, change little."""
    durations, spec = Durations(), spec_of("seedance")
    for _ in range(12):
        durations.add(spec, 60.0)
    for _ in range(10):
        durations.add(spec, 20_000.0)

    assert durations.usual(spec, 100.0).median_s == pytest.approx(60)


def test_only_a_task_that_was_followed_counts() -> None:
    """One that ended while the daemon was not running tells nothing about durations."""
    durations, spec = Durations(), spec_of("seedance")
    ended = Job("job", prepared=Prepared(spec, ()), since={State.RUNNING: 0.0, State.READY: 9e4})
    for _ in range(10):
        durations.heard(ended, Record("job", 2, 9e4, Ready("x")), poll_pace(Usual(60), None, 10))

    assert durations.usual(spec, 77.0) == Usual(77.0)


def test_a_video_that_was_placed_once_more_had_no_task() -> None:
    """It was ready without having run; a journal with one must not stop the start."""
    durations = Durations()
    durations.learn(Job("a", State.DONE, prepared=Prepared(SPEC), since={State.READY: 1.0}))
    assert durations.usual(SPEC, 77.0) == Usual(77.0)


def test_few_tasks_of_a_length_borrow_from_all_of_their_model() -> None:
    """Ten-second videos are judged by five-second ones until enough of them are known."""
    durations, other = Durations(), spec_of("seedance", duration=10)
    for _ in range(10):
        durations.add(spec_of("seedance", duration=5), 50.0)
    assert durations.usual(other, 77.0).median_s == pytest.approx(50)
    for _ in range(5):
        durations.add(other, 90.0)

    assert durations.usual(other, 77.0).median_s == pytest.approx(90)
    assert durations.usual(spec_of("another"), 77.0) == Usual(77.0)


def test_the_configured_first_question_is_kept() -> None:
    """A person's own pace overrides the model's; later gaps grow to the longest."""
    pace = poll_pace(Usual(300.0), 7.0, 10.0)
    asked = [NOW]
    while len(asked) < 6:
        asked.append(poll_at(pace, accepted_at=NOW, now=asked[-1]))
    assert [at - NOW for at in asked] == [0, 7, 14, 24, 34, 44]


@pytest.mark.parametrize("years", [1, 10, 100])
@pytest.mark.parametrize(
    "pace", [PollPace((0,), 0, 0), PollPace((2,), 1, 10), PollPace((1e-9,), 1e-9, 60)]
)
def test_the_next_question_after_years_is_found_at_once(pace: PollPace, years: int) -> None:
    """A wrong clock or a senseless pace must not keep the processor busy, nor ask at once."""
    now, began_s = NOW + years * 365 * 86_400, time.process_time()
    at = poll_at(pace, accepted_at=NOW, now=now)
    assert now < at <= now + 60
    assert time.process_time() - began_s < 1


def test_asking_goes_on_while_the_clock_is_behind() -> None:
    """A clock set back by a day must not let the provider forget a paid video meanwhile."""
    pace = poll_pace(Usual(60.0), None, 30.0)
    assert poll_at(pace, accepted_at=NOW, now=NOW - 86_400) == NOW - 86_400 + pace.asks_s[0]


@pytest.mark.parametrize("now", [1e18, 1.7e308])
def test_a_time_beyond_reason_still_moves_on(now: float) -> None:
    """Where floats are coarser than the gap the next question is the next float."""
    assert poll_at(PollPace((2,), 1, 10), accepted_at=NOW, now=now) > now

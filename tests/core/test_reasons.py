"""What a person at the folder reads, and what a script reads in the same note."""

from dataclasses import replace
from decimal import Decimal

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core import reasons
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Accepted,
    Cancelling,
    Duplicate,
    Effect,
    Failing,
    Held,
    Returned,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.spending import Spending

FAILED = Job(
    "shot-1.2",
    State.FAILING,
    failing=Failing(Effect.PREPARE, FaultKind.REFUSED, "shot.toml:3: duration: 99 is too long"),
)
CANCELLED = Job(
    "shot-1",
    State.CANCELLING,
    since={State.CANCELLING: 0.0},
    cancelling=Cancelling("cancelled by a person (shell)"),
)
HELD = Job("shot-1", State.RUNNING, hold=Held("garbled", "nobody can read it\nlook"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def facts(note: str) -> dict[str, object]:
    """Read a note as a script does."""
    return tomli.loads(note)


def sentences(note: str) -> list[str]:
    """Give the lines for people."""
    return [line[2:] for line in note.splitlines() if line.startswith("# ")]


def test_a_failed_job_says_why_and_what_to_do() -> None:
    """The reason and the way to try again stand in words; the same facts stand as TOML."""
    note = reasons.ended(FAILED)
    assert sentences(note)[0] == "No video was made."
    assert "shot.toml:3: duration: 99 is too long" in sentences(note)
    assert "move the files back to the inbox" in note
    assert facts(note) == {
        "job": "shot-1.2",
        "code": "refused",
        "step": "prepare",
        "reason": "shot.toml:3: duration: 99 is too long",
    }


def test_the_providers_own_word_is_the_better_code() -> None:
    """Where the provider named the trouble, scripts get that name."""
    assert FAILED.failing is not None
    job = replace(FAILED, failing=replace(FAILED.failing, code="content_policy"))
    assert facts(reasons.ended(job))["code"] == "content_policy"


def test_a_cancelled_job_says_by_whom_and_when_and_how_to_have_it_again() -> None:
    """Weeks later nobody knows why these files lie in failed/."""
    job = replace(CANCELLED, since={State.CANCELLING: 86_400.0})
    note = reasons.ended(job)
    assert sentences(note)[0] == "No video was made."
    assert "cancelled by a person (shell) at 1970-01-02 00:00:00 UTC" in sentences(note)
    assert "move the files back to the inbox" in note
    assert "counted" not in note
    assert facts(note)["code"] == "cancelled"


def test_a_cancelled_attempt_stays_counted_and_says_so() -> None:
    """Who looks at a budget should not wonder."""
    price = Money(Decimal(16), "credits")
    paid = replace(CANCELLED, spendings=(Spending(1, "rivya", "m", price, 0.0),))
    assert "stays counted in the budgets" in reasons.ended(paid)
    none = replace(CANCELLED, spendings=(Spending(1, "rivya", "m", price.none(), 0.0),))
    assert "counted" not in reasons.ended(none)


def test_files_that_went_back_to_the_inbox_need_no_note() -> None:
    """They are claimed again in a moment."""
    back = Cancelling("the files changed", Returned.INBOX)
    assert reasons.ended(replace(CANCELLED, cancelling=back)) == ""


@pytest.mark.parametrize("state", sorted(set(State) - {State.FAILING}))
def test_only_a_failing_job_gets_a_failed_note(state: State) -> None:
    """A video, or files given back, need no excuse."""
    assert reasons.ended(replace(FAILED, state=state)) == ""


@pytest.mark.parametrize(
    ("state", "hold", "said"),
    [
        (State.SUBMITTING, Held("in_doubt", "why"), "adopt shot-1 TASK_ID"),
        (State.SUBMITTING, Held("in_doubt", "why"), "resubmit shot-1"),
        (State.SUBMITTING, Held("key_changed", "why"), "Put the old key back"),
        (State.SUBMITTING, Held("key_changed", "why"), "release shot-1"),
        (State.READY, Held("gone", "why"), "resubmit shot-1"),
        (State.PREPARED, Held("budget", "why"), "release shot-1"),
        (State.PREPARED, Held("budget", "why", 9.0), "Nothing needs to be done"),
    ],
)
def test_a_held_job_says_what_to_do(state: State, hold: Held, said: str) -> None:
    """The command to type, or that there is none."""
    assert said in reasons.held(replace(HELD, state=state, hold=hold))


def test_a_person_who_named_a_task_can_name_another() -> None:
    """A mistyped task id is no reason to pay again; the provider's own word is not doubted."""
    told = replace(HELD, accepted=Accepted("mistyped", via="person"))
    assert "adopt shot-1 TASK_ID" in reasons.held(told)
    assert "adopt" not in reasons.held(replace(told, accepted=Accepted("task-1")))


def test_a_held_job_says_what_it_waits_for() -> None:
    """Every line of the reason is for people, and so is what they can do about it."""
    note = reasons.held(HELD)
    assert sentences(note)[:3] == ["This one waits for you.", "nobody can read it", "look"]
    assert "`seedance-watch release shot-1`" in note
    assert facts(note) == {
        "job": "shot-1",
        "code": "garbled",
        "reason": "nobody can read it\nlook",
    }


def test_a_job_in_doubt_says_that_it_may_have_been_paid() -> None:
    """The person is sent to the provider's own page first."""
    note = reasons.held(replace(HELD, state=State.SUBMITTING))
    assert "may have been paid already" in note
    assert "nothing is paid twice" not in note


def test_a_held_paid_job_names_its_task() -> None:
    """With the task id the video can be found at the provider without us."""
    note = reasons.held(replace(HELD, accepted=Accepted("task-9")))
    assert facts(note)["task_id"] == "task-9"


def test_a_job_that_is_not_held_has_no_held_note() -> None:
    """Asking is our mistake."""
    with pytest.raises(AssertionError, match="shot-1"):
        reasons.held(replace(HELD, hold=None))


@given(TEXTS, TEXTS)
def test_a_note_is_always_toml(reason: str, task_id: str) -> None:
    """Whatever a provider or a file name says, scripts can read the note, people only text."""
    held = replace(HELD, hold=Held("gone", reason), accepted=Accepted(task_id))
    note = reasons.held(held)
    assert facts(note)["reason"] == reason
    assert facts(note)["task_id"] == task_id
    assert FAILED.failing is not None
    failed = replace(FAILED, failing=replace(FAILED.failing, reason=reason))
    assert facts(reasons.ended(failed))["reason"] == reason


def test_a_note_shows_no_control_characters() -> None:
    """A reason cannot repaint a terminal, and undecodable bytes do not stop it."""
    note = reasons.held(replace(HELD, hold=Held("gone", "a\x1b[31mb\x00c \udcff")))
    assert "a?[31mb?c ?" in sentences(note)
    assert "\x1b" not in note


def test_a_job_knows_its_own_notes() -> None:
    """The mark stands in both kinds, and one job's is never a part of another's."""
    assert reasons.mark(FAILED) in reasons.ended(FAILED)
    assert reasons.mark(HELD) in reasons.held(HELD)
    other = replace(HELD, id="shot-1.2")
    assert reasons.mark(HELD) not in reasons.held(other)
    assert reasons.mark(replace(HELD, id="shot-1.1")) not in reasons.held(
        replace(HELD, id="shot-1.10")
    )


def test_a_duplicate_says_where_its_video_is() -> None:
    """Nothing was paid, and how to pay all the same."""
    job = Job("shot-2", State.PLACED, duplicate=Duplicate("shot-1", "harbour/shot.mp4"))
    note = reasons.ended(job)
    assert sentences(note)[0] == "Not made and not paid again."
    assert "The same video exists already: harbour/shot.mp4 (job shot-1)." in sentences(note)
    assert "`again = true`" in note
    assert facts(note) == {
        "job": "shot-2",
        "of": "shot-1",
        "video": "harbour/shot.mp4",
        "reason": "The same video exists already: harbour/shot.mp4 (job shot-1).",
    }


@pytest.mark.parametrize(
    ("until", "title"), [(None, "This one waits for you."), (9.0, "This one waits.")]
)
def test_the_title_says_whether_a_person_is_needed(until: float | None, title: str) -> None:
    """It is the first thing that is read."""
    job = replace(HELD, hold=Held("budget", "why", until))
    assert sentences(reasons.held(job))[0] == title


def test_a_held_note_has_its_facts() -> None:
    """Code, task and reason, for scripts."""
    job = replace(HELD, accepted=Accepted("t-9"))
    note = reasons.held(job)
    assert facts(note) == {
        "job": "shot-1",
        "code": "garbled",
        "task_id": "t-9",
        "reason": "nobody can read it\nlook",
    }

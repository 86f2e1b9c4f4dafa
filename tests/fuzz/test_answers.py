"""Whatever a provider answers: an event that it says, or a fault; never a guess about money."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from fuzz.answers import DIALECTS, FLOWS, MARKER, NOW, flow, made, odd, real, staged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedance_watch.core import policy
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import (
    EVENT_TYPES,
    Accepted,
    Effect,
    Event,
    Failing,
    Ready,
    Unsent,
)
from seedance_watch.core.model import Money, State
from seedance_watch.journal import codec
from seedance_watch.providers.dialect import Reply

K = FaultKind
QUICK = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
# By these the engine believes that nothing was or will be paid.
UNPAID = {K.BUSY, K.UNREACHED, K.DENIED, K.LOCAL, K.RETURNED, K.REFUSED}
# The provider's own words for "nothing was taken", whatever the status; all of account or key.
DENIALS = {
    "public_api_disabled", "api_key_missing", "api_key_invalid", "api_key_revoked",
    "api_key_expired", "api_scope_denied", "insufficient_credits",
}  # fmt: skip


def run(kind: str, name: str, replies: list[Reply]) -> tuple[Any, list[Reply]]:
    """Run a flow; give its result or fault, and the answers that it used."""
    used: list[Reply] = []
    waiting: Iterator[Reply] = iter(replies)
    begun = flow(DIALECTS[kind], name)
    try:
        next(begun)
        while True:
            used.append(next(waiting, replies[-1]))
            begun.send(used[-1])
            assert len(used) < 50, "a flow without end"
    except StopIteration as done:
        return done.value, used
    except Fault as fault:
        return fault, used


@st.composite
def cases(draw: st.DrawFn, *names: str) -> tuple[str, str, list[Reply]]:
    """Draw a dialect, a flow, and answers to it."""
    kind, name = draw(st.sampled_from(sorted(DIALECTS))), draw(st.sampled_from(names))
    answers = st.lists(real(kind, name) | odd() | made(), min_size=1, max_size=3)
    return kind, name, draw(answers)


def at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def texts(value: Any) -> Iterator[str]:
    """Give every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for below in value.values() if isinstance(value, dict) else value:
            yield from texts(below)


@QUICK
@given(cases(*FLOWS))
def test_any_answer_is_an_event_or_a_fault(case: tuple[str, str, list[Reply]]) -> None:
    """Nothing else is raised, and what is told can be recorded and shown."""
    kind, name, replies = case
    found, _ = run(kind, name, replies)
    if isinstance(found, Fault):
        assert found.reason
        assert found.after_s is None or found.after_s >= 0
        found.reason.encode()
    told = found if isinstance(found, list) else [found]
    for event in (each for each in told if type(each).__name__ in EVENT_TYPES):
        assert event == codec.decode(*codec.encode(event))


@QUICK
@given(cases("stage"))
def test_a_picture_is_staged_only_under_an_address(case: tuple[str, str, list[Reply]]) -> None:
    """A success that names no address is no success: an empty one would be paid for."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    if not isinstance(found, Fault):
        assert 200 <= used[-1].status < 300
        assert found.strip()
        assert found in {each.strip() for each in texts(used[-1].json)}


@QUICK
@given(cases("submit"))
def test_a_submission_is_judged_by_what_was_said(case: tuple[str, str, list[Reply]]) -> None:
    """Accepted needs a success with a number; unpaid needs a refusal in so many words."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    told = isinstance(found, Fault) and found.kind in UNPAID
    assert len(used) == 1 or told, "only of a refusal is asked what it is about"
    reply = used[0]
    success = 200 <= reply.status < 300
    if isinstance(found, Fault):
        words = str(at(reply.json, "error", "code") or "").strip()
        refused = 400 <= reply.status < 500 and reply.status not in {408, 409}
        if found.kind in UNPAID:
            assert refused or words in DENIALS, (reply, found)
        return
    accepted, *rest = found
    assert isinstance(accepted, Accepted)
    assert success, reply
    names = {at(reply.json, "id"), at(reply.json, "request_id"), reply.headers.get("x-request-id")}
    assert accepted.task_id in {each.strip() for each in names if isinstance(each, str)}
    assert isinstance(reply.json, dict) or reply.saved_bytes is not None, "a page is no acceptance"
    assert accepted.remaining is None or accepted.remaining.amount.is_finite()
    for ready in rest:
        assert ready.url in {"", *texts(reply.json)}
        _check_cost(ready)


@QUICK
@given(cases("submit"), st.floats(0, 1, exclude_max=True))
def test_the_engine_forgets_an_attempt_only_when_told(
    case: tuple[str, str, list[Reply]], luck: float
) -> None:
    """What the policy makes of it: Unsent and Failing are for refusals, all else is in doubt."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    if not isinstance(found, Fault) or policy.in_doubt(Effect.SUBMIT, found.kind):
        return
    job = replace(staged(DIALECTS[kind]), state=State.SUBMITTING)
    event = policy.react(job, Effect.SUBMIT, found, now=NOW, luck=luck)
    assert isinstance(event, Unsent | Failing)
    assert used[0].status // 100 == 4 or found.kind is K.DENIED


@QUICK
@given(cases("reconcile"))
def test_a_look_adopts_only_what_is_ours(case: tuple[str, str, list[Reply]]) -> None:
    """Adopting needs the number of a request that carries our mark; absence is never inferred."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    if found is None or isinstance(found, Fault):
        return
    assert isinstance(found, Accepted)
    assert all(200 <= reply.status < 300 for reply in used)
    if kind == "rivya":
        assert str(at(used[0].json, "id")).strip() == found.task_id
        return
    ours = [row for reply in used for row in _rows(reply.json) if _ours(row)]
    assert found.task_id in {str(row.get("request_id")).strip() for row in ours}


def _rows(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for below in value.values() if isinstance(value, dict) else value or ():
        if isinstance(below, dict | list):
            yield from _rows(below)


def _ours(row: dict[str, Any]) -> bool:
    return MARKER in json.dumps(row.get("request_body"), ensure_ascii=False).replace("\\", "")


@QUICK
@given(cases("poll", "refresh"))
def test_a_task_is_ready_or_failed_only_when_it_says_so(
    case: tuple[str, str, list[Reply]],
) -> None:
    """A link needs a success that names it; only a failed task's own word ends a paid job."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    reply = used[-1]
    if isinstance(found, Ready):
        assert found.url, "a task that is ready has a video"
        assert 200 <= reply.status < 300
        assert found.url in {each.strip() for each in texts(reply.json)}
        _check_cost(found)
        assert found.expires_at is None or found.expires_at > NOW
    elif isinstance(found, Fault) and found.kind in {K.REFUSED, K.RETURNED}:
        assert 200 <= reply.status < 300 or reply.status == 422, (reply, found)
        words = {each.strip().lower() for each in texts(reply.json)}
        assert "failed" in words, (reply, found)
        assert found.charged is None or found.charged.amount >= 0


def _check_cost(ready: Event) -> None:
    assert isinstance(ready, Ready)
    if ready.cost is not None:
        assert Decimal(0) <= ready.cost.amount < Decimal(10) ** 15, "nobody pays us"


@QUICK
@given(cases("balance"))
def test_a_balance_is_a_number_or_a_fault(case: tuple[str, str, list[Reply]]) -> None:
    """No answer makes an amount that could not be added up."""
    kind, name, replies = case
    found, used = run(kind, name, replies)
    assert isinstance(found, Fault | Money)
    if isinstance(found, Money):
        assert found.amount.is_finite()
        assert 200 <= used[0].status < 300


@pytest.mark.parametrize("kind", sorted(DIALECTS))
def test_the_recorded_answers_are_worth_spoiling(kind: str) -> None:
    """The sandbox's own answers lead all the way: to a number, a video and a balance."""
    from fuzz.answers import recorded

    flows = {name for who, name, _ in recorded() if who == kind}
    statuses = {reply.status for who, _, reply in recorded() if who == kind}
    assert {"stage", "submit", "poll", "balance"} <= flows
    assert {200, 429} <= statuses

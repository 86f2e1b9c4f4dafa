"""The table of moves walked by brute force, and what a history folds to."""

from dataclasses import FrozenInstanceError, replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_watch.core.errors import FaultKind, IllegalMove
from seedance_watch.core.events import (
    EVENT_TYPES,
    Absent,
    Accepted,
    Added,
    Archived,
    Cancelling,
    Claimed,
    Claiming,
    Deferred,
    Duplicate,
    Effect,
    Event,
    Failing,
    Fetched,
    GivenUp,
    Held,
    Intended,
    Placed,
    Placing,
    Prepared,
    Ready,
    Record,
    Released,
    Rerouted,
    Reused,
    Staged,
    Unsent,
)
from seedance_watch.core.machine import AT_REST, MOVES, Job, advance, fold
from seedance_watch.core.model import Clip, Extra, ExtraKind, JobSpec, Money, Part, Role, State

S = State
PRICE = Money(Decimal(12), "credits")
SPEC = JobSpec("rivya", "seedance", "a cat", {"duration": 5}, {"prompt": "sidecar"}, PRICE)
CLIP = Clip(9, "ab" * 32, 5.0, 640, 360, 120, 24.0, "h264", has_audio=False)
PART = Part(Role.IMAGE, "shot.png", "shot.png", 3, "cd" * 32)
DEFERRED = Deferred(Effect.POLL, FaultKind.UNREACHED, "no network", 700.0)

# One event of every kind.
SAMPLES: dict[type[Event], Event] = {
    type(each): each
    for each in (
        Claiming("shot-1", 1, 1, "main", "", "shot", (PART,), "0" * 32),
        Claimed(),
        Prepared(SPEC),
        Staged(("https://example.com/a.png",)),
        Intended(1, "key-1-1", "https://example.com/pay", b"{}", "marker", PRICE, 60.0),
        Unsent(FaultKind.BUSY, "throttled", 500.0),
        Absent("never came"),
        GivenUp("a person says so"),
        Duplicate("shot-0", "shot.mp4"),
        Reused("shot-0", "main", "shot.mp4"),
        Rerouted("segmind", "no credits", PRICE),
        Accepted("task-1"),
        Ready("https://example.com/v.mp4", 900.0),
        Fetched(CLIP),
        Placing("shot.mp4", "receipt"),
        Placed(),
        Added((Extra(ExtraKind.POSTER, "shot.poster.jpg"),)),
        Failing(Effect.PREPARE, FaultKind.REFUSED, "no"),
        Cancelling("changed"),
        Archived(),
        DEFERRED,
        Held("in_doubt", "look", 800.0),
        Released("person"),
    )
}
HAPPY = (
    *(Claiming, Claimed, Prepared, Staged, Intended, Accepted),
    *(Ready, Fetched, Placing, Placed, Archived),
)
WORKING = [state for state in State if state not in AT_REST]
ANEW = {Intended, Unsent, Absent, GivenUp, Rerouted}

# The design's own table, written out a second time and by hand.
WAITS = {Deferred, Held, Released}
ENDS = {Failing, Cancelling}
HERE = {S.FETCHED, S.PLACING, S.PLACED, S.FAILING, S.CANCELLING}
TABLE: dict[State, dict[type[Event], State]] = {
    S.NEW: {Claiming: S.CLAIMING},
    S.CLAIMING: {Claimed: S.CLAIMED},
    S.CLAIMED: {Prepared: S.PREPARED},
    S.PREPARED: {
        Staged: S.STAGED,
        Duplicate: S.PLACED,
        Reused: S.READY,
        Rerouted: S.CLAIMED,
    },
    S.STAGED: {
        Staged: S.STAGED,
        Intended: S.SUBMITTING,
        Duplicate: S.PLACED,
        Reused: S.READY,
        Rerouted: S.CLAIMED,
    },
    S.SUBMITTING: {
        Accepted: S.RUNNING,
        Unsent: S.STAGED,
        Absent: S.PREPARED,
        GivenUp: S.PREPARED,
        Rerouted: S.CLAIMED,
    },
    S.RUNNING: {
        Accepted: S.RUNNING,
        Ready: S.READY,
        Unsent: S.STAGED,
        GivenUp: S.PREPARED,
        Rerouted: S.CLAIMED,
    },
    S.READY: {Fetched: S.FETCHED, Ready: S.READY, GivenUp: S.PREPARED},
    S.FETCHED: {Placing: S.PLACING, Ready: S.READY},
    S.PLACING: {Placed: S.PLACED, Placing: S.PLACING, Ready: S.READY},
    S.PLACED: {Added: S.PLACED, Archived: S.DONE},
    S.FAILING: {Archived: S.FAILED},
    S.CANCELLING: {Archived: S.CANCELLED},
    S.DONE: {},
    S.FAILED: {},
    S.CANCELLED: {},
}


def expected(state: State, kind: type[Event]) -> State | None:
    """Say where a kind of event leads, by the hand-written table."""
    if state in AT_REST or state is S.NEW:
        return TABLE[state].get(kind)
    if kind in WAITS:
        return state
    if kind in ENDS and state not in HERE:
        return S.FAILING if kind is Failing else S.CANCELLING
    return TABLE[state].get(kind)


def in_state(state: State) -> Job:
    """Give a job that stands in a state, whatever way it came there."""
    return Job("shot-1", state, seq=7, at=100.0, since={state: 100.0})


def walked(*kinds: type[Event]) -> Job:
    """Fold one sample event after the other, a second apart."""
    events = (SAMPLES[kind] for kind in kinds)
    return fold("shot-1", [Record("shot-1", n, float(n), e) for n, e in enumerate(events, 1)])


def test_there_is_a_sample_of_every_kind_of_event() -> None:
    """The walks below leave no kind out."""
    assert set(EVENT_TYPES.values()) == set(SAMPLES)


def test_every_state_has_a_row() -> None:
    """A state without a row would be an omission; at rest the row is empty by decision."""
    assert set(MOVES) == set(State)
    assert all(MOVES[state] == {} for state in AT_REST)
    assert all(MOVES[state] for state in WORKING)


@pytest.mark.parametrize(("state", "kind"), list(product(State, SAMPLES)))
def test_a_move_is_legal_exactly_where_the_table_says(state: State, kind: type[Event]) -> None:
    """Every state times every event: the table's move, or IllegalMove and the job untouched."""
    job, to = in_state(state), expected(state, kind)
    before = replace(job, since=dict(job.since))
    if to is None:
        with pytest.raises(IllegalMove, match=f"{kind.__name__} cannot follow in state {state}"):
            advance(job, SAMPLES[kind], 200.0)
    else:
        after = advance(job, SAMPLES[kind], 200.0)
        assert (to, 8, 200.0) == (after.state, after.seq, after.at)
    assert job == before


def reachable(start: State) -> set[State]:
    """Give every state that some events lead to."""
    found, new = set(), {start}
    while new:
        found |= new
        new = {to for state in new for to in MOVES[state].values()} - found
    return found


@pytest.mark.parametrize("state", WORKING)
def test_every_working_state_reaches_rest(state: State) -> None:
    """No job can be caught where nothing ends it."""
    assert reachable(state) & AT_REST


def test_every_state_is_reached_from_the_beginning() -> None:
    """There is no state that no job can be in."""
    assert reachable(S.NEW) == set(State)


@pytest.mark.parametrize("state", WORKING)
def test_only_an_intent_leads_to_submitting(state: State) -> None:
    """Promise 1: no way leads to the paid call but through a recorded intent."""
    ways = {kind for kind, to in MOVES[state].items() if to is S.SUBMITTING}
    stays = WAITS if state is S.SUBMITTING else set()
    assert ways == ({Intended} if state is S.STAGED else stays)


def test_submitting_is_left_only_by_an_outcome_or_by_giving_up() -> None:
    """Promise 2: a second intent needs an outcome, or a person who gives the first one up."""
    onward = {kind for kind, to in MOVES[S.SUBMITTING].items() if to is not S.SUBMITTING}
    assert {Accepted, Unsent, Absent, GivenUp, Rerouted, Failing, Cancelling} == onward


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Walk at random along legal moves, with times that need not rise."""
    records: list[Record] = []
    state = S.NEW
    for seq in range(1, draw(st.integers(1, 40)) + 1):
        row = MOVES[state]
        if not row:
            break
        kind = draw(st.sampled_from(sorted(row, key=lambda each: each.__name__)))
        at = draw(st.floats(0, 4e9))
        records.append(Record("shot-1", seq, at, SAMPLES[kind]))
        state = row[kind]
    return records


@given(histories())
def test_promise_9_every_prefix_of_a_history_is_a_legal_job(records: list[Record]) -> None:
    """However a history is cut, what is left folds, and folds to what was before the cut."""
    job = Job("shot-1")
    for length, record in enumerate(records, 1):
        job = advance(job, record.event, record.at)
        assert job == fold("shot-1", records[:length])
        assert length == job.seq


@given(histories())
def test_a_history_counts_what_it_holds(records: list[Record]) -> None:
    """Attempts are the intents; an outcome is kept until the next attempt; time may go back."""
    job = fold("shot-1", records)
    events = [record.event for record in records]
    assert sum(isinstance(each, Intended) for each in events) == job.attempts
    ends = [n for n, each in enumerate(events) if type(each) in ANEW]
    latest = events[ends[-1] :] if ends else events
    assert (SAMPLES[Accepted] if SAMPLES[Accepted] in latest else None) == job.accepted
    assert (SAMPLES[Ready] if SAMPLES[Ready] in latest else None) == job.ready
    assert job.at == records[-1].at
    assert job.at_rest == (job.state in AT_REST)


@given(histories(), st.integers(0, 39), st.integers(-3, 60))
@settings(max_examples=50)
def test_a_history_with_a_wrong_number_is_not_believed(
    records: list[Record], place: int, seq: int
) -> None:
    """A number that is missing or doubled makes the history untrustworthy."""
    place %= len(records)
    if records[place].seq == seq:
        seq += 1
    records[place] = records[place]._replace(seq=seq)
    with pytest.raises(IllegalMove, match=f"event {seq} follows event {place}"):
        fold("shot-1", records)


def test_an_empty_history_is_a_new_job() -> None:
    """Nothing has happened yet."""
    assert Job("shot-1") == fold("shot-1", [])


def test_the_usual_way_ends_done() -> None:
    """From drop to archive, and every fact of it is kept."""
    job = walked(*HAPPY)
    assert S.DONE is job.state
    assert job.at_rest
    kept = (job.claiming, job.prepared, job.staged, job.intended, job.accepted)
    assert kept == tuple(SAMPLES[k] for k in (Claiming, Prepared, Staged, Intended, Accepted))
    assert (job.ready, job.fetched) == (SAMPLES[Ready], SAMPLES[Fetched])
    assert job.placing == SAMPLES[Placing]
    assert job.claim == SAMPLES[Claiming]


def test_a_job_without_a_claim_has_none_to_give() -> None:
    """Only our own mistake can ask for it."""
    with pytest.raises(AssertionError, match="shot-1"):
        _ = Job("shot-1").claim


def test_faults_and_endings_are_kept() -> None:
    """Why a job waits or ends can be told from the job alone."""
    failing = walked(Claiming, Deferred, Failing)
    assert (SAMPLES[Failing], SAMPLES[Deferred]) == (failing.failing, failing.deferred)
    cancelling = walked(Claiming, Cancelling)
    assert SAMPLES[Cancelling] == cancelling.cancelling


@pytest.mark.parametrize("state", [s for s in WORKING if s is not S.NEW])
def test_a_deferral_counts_and_sets_the_time(state: State) -> None:
    """Each failed try counts; the state stays; the time to go on is that of the last."""
    once = advance(in_state(state), SAMPLES[Deferred], 200.0)
    twice = advance(once, replace(DEFERRED, until=999.0), 300.0)
    assert (state, 1, 700.0, 2, 999.0) == (
        twice.state, once.tries, once.wake_at, twice.tries, twice.wake_at
    )  # fmt: skip
    assert {state: 100.0} == twice.since


def test_a_deferral_ends_a_hold_that_ran_out() -> None:
    """Otherwise the hold's past time would hide the time to wait until."""
    held = advance(in_state(S.STAGED), SAMPLES[Held], 200.0)
    job = advance(held, replace(DEFERRED, until=900.0), 801.0)
    assert (job.hold, job.wake_at) == (None, 900.0)


def test_tries_outlive_intents_but_not_progress() -> None:
    """A connection refused again and again is tried ever more rarely, until one is taken."""
    path = [Claiming, Claimed, Prepared, Staged, Intended, Unsent, Intended, Unsent]
    job = walked(*path)
    assert (job.tries, job.attempts, job.wake_at) == (2, 2, 500.0)
    assert walked(*path, Staged).tries == 2
    assert walked(*path, Intended).tries == 2
    assert walked(*path, Intended, Accepted).tries == 0


def test_an_intent_is_not_made_to_wait() -> None:
    """Intent and paid call are one: no wake time or hold of an earlier try stands between."""
    job = walked(Claiming, Claimed, Prepared, Staged, Deferred, Intended)
    assert (job.wake_at, job.hold, job.attempts) == (None, None, 1)
    job = walked(Claiming, Claimed, Prepared, Staged, Held, Intended)
    assert (job.wake_at, job.hold) == (None, None)


def test_a_task_given_back_unpaid_is_wished_for_again() -> None:
    """Under a new intent, after a wait, with the upload that the provider still has."""
    job = walked(Claiming, Claimed, Prepared, Staged, Intended, Accepted, Unsent)
    assert (job.state, job.wake_at, job.since[S.STAGED]) == (S.STAGED, 500.0, 4.0)
    again = walked(Claiming, Claimed, Prepared, Staged, Intended, Accepted, Unsent, Intended)
    assert (again.state, again.attempts) == (S.SUBMITTING, 2)


def test_a_new_upload_ends_the_wait_for_it() -> None:
    """An upload that worked is not waited for; what failed before it still counts."""
    job = walked(Claiming, Claimed, Prepared, Deferred, Held, Staged)
    assert (job.wake_at, job.hold, job.tries) == (None, None, 1)


@pytest.mark.parametrize("kind", [Released, Claimed, Cancelling, Failing])
def test_progress_and_release_clear_the_slate(kind: type[Event]) -> None:
    """What a job waited for is over: no tries, no time, no hold."""
    job = walked(Claiming, Deferred, Deferred, Held, kind)
    assert (job.tries, job.wake_at, job.hold) == (0, None, None)


def test_a_hold_replaces_the_wait() -> None:
    """A held job has no time of its own but the hold's; its tries are kept."""
    job = walked(Claiming, Deferred, Held)
    assert (SAMPLES[Held], None, 1) == (job.hold, job.wake_at, job.tries)


def test_absence_asks_for_a_new_upload() -> None:
    """The old upload's address would be mistaken for the old attempt's."""
    job = walked(Claiming, Claimed, Prepared, Staged, Intended, Absent)
    assert S.PREPARED is job.state
    assert job.since[S.PREPARED] == 6.0


@pytest.mark.parametrize("again", [GivenUp, Absent, Unsent, Rerouted])
def test_an_attempt_knows_nothing_of_the_one_before(again: type[Event]) -> None:
    """Else a paid video would not be fetched, or somebody would adopt the old task's id."""
    first = [Claiming, Claimed, Prepared, Staged, Intended]
    path = first if again is Absent else [*first, Accepted]
    job = walked(*path, again)
    assert (job.accepted, job.ready, job.reused) == (None, None, None)


def test_a_video_that_could_not_be_reused_is_paid_and_fetched() -> None:
    """Once it is paid for, the job is after its own video and no longer after the other's."""
    job = walked(Claiming, Claimed, Prepared, Reused, GivenUp, Staged, Intended, Accepted, Ready)
    assert job.reused is None
    assert SAMPLES[Ready] == job.ready


def test_an_upload_grows_older_while_intents_are_refused() -> None:
    """Going back to STAGED without an upload does not make the upload younger."""
    path = [Claiming, Claimed, Prepared, Staged, Intended, Unsent, Intended, Unsent]
    assert walked(*path).since[S.STAGED] == 4.0
    assert walked(*path, Staged).since[S.STAGED] == 9.0


def test_since_is_when_a_state_was_entered_last() -> None:
    """Staying in a state is not entering it; coming back is."""
    path = [Claiming, Claimed, Prepared, Staged, Intended]
    assert walked(*path, Deferred, Held).since[S.SUBMITTING] == 5.0
    assert walked(*path, Unsent, Intended).since[S.SUBMITTING] == 7.0
    assert walked(*path, Accepted, Ready, Ready).since[S.READY] == 7.0


def test_a_perished_video_is_fetched_again_not_paid_again() -> None:
    """From fetched and from placing the way back leads to READY, never before the intent."""
    for found in ([Fetched], [Fetched, Placing]):
        path = [Claiming, Claimed, Prepared, Staged, Intended, Accepted, Ready, *found, Ready]
        job = walked(*path)
        assert (job.state, job.attempts) == (S.READY, 1)


def test_a_job_is_a_value_for_all_who_see_it() -> None:
    """However it was made, it cannot be changed; and the one before stays as it was."""
    before = walked(Claiming)
    after = advance(before, Claimed(), 2.0)
    for job in (before, after, fold("x", [])):
        assert type(job) is Job
        with pytest.raises(FrozenInstanceError):
            job.state = S.DONE  # type: ignore[misc]
    assert (before.state, after.state) == (S.CLAIMING, S.CLAIMED)
    assert before == walked(Claiming)

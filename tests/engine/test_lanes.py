"""When a provider turns all away: one pause, one probe, and who may end it."""

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Claiming, Effect, Prepared
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, State
from seedance_watch.core.reactions import BACKOFF
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.queue import Queue

E, K = Effect, FaultKind
NOW = 1_800_000_000.0
CLOSING = (K.DENIED, K.BUSY, K.UNREACHED)
TALKS = (E.STAGE, E.SUBMIT, E.RECONCILE, E.POLL, E.DOWNLOAD)


@pytest.fixture(autouse=True)
def hurried() -> None:
    """Keep the real pauses: nothing here waits for them."""


def lanes(*, luck: float = 0.0) -> Lanes:
    """Give lanes of which one is configured."""
    return Lanes({"rivya": 3}, lambda: luck)


def closed(kind: FaultKind = K.DENIED, effect: Effect = E.SUBMIT) -> Lanes:
    """Give lanes of which one was closed just now."""
    made = lanes()
    made.heard("rivya", effect, fault=Fault(kind, "why", code="word"), now=NOW)
    return made


def is_open(made: Lanes, now: float = NOW) -> bool:
    """Say whether the lane is fully open."""
    return made.open("rivya", now) and made.seats_of("rivya", 0) == 3


def test_a_lane_begins_open_with_its_seats() -> None:
    """As configured; a provider that is not gets one seat."""
    assert is_open(lanes())
    assert lanes().seats_of("another", 0) == 1
    assert lanes().next_at(NOW) is None


@pytest.mark.parametrize(("kind", "effect"), list(product(FaultKind, TALKS)))
def test_only_faults_of_the_provider_close_its_lane(kind: FaultKind, effect: Effect) -> None:
    """A refused picture or a lost task says nothing about the next job."""
    made = closed(kind, effect)
    closes = kind in {*CLOSING, K.RETURNED} and effect is not E.DOWNLOAD
    assert made.open("rivya", NOW) == (not closes)
    assert made.open("another", NOW)


@pytest.mark.parametrize("kind", CLOSING)
def test_a_closed_lane_lets_one_probe_through_after_its_pause(kind: FaultKind) -> None:
    """Nothing before, one seat more than are in work after, never more than it has."""
    made = closed(kind)
    until = made.next_at(NOW)
    assert until == NOW + BACKOFF[E.SUBMIT].first_s / 2
    assert not made.open("rivya", until - 0.001)
    assert made.open("rivya", until)
    assert made.next_at(until) is None
    assert [made.seats_of("rivya", in_work) for in_work in (0, 1, 2, 3)] == [1, 2, 3, 3]


def test_a_failed_probe_closes_for_longer() -> None:
    """Pauses double up to five minutes."""
    made, now, pauses = closed(), NOW, []
    for _ in range(12):
        until = made.next_at(now)
        assert until is not None
        pauses.append(until - now)
        now = until
        made.heard("rivya", E.SUBMIT, fault=Fault(K.DENIED, "still"), now=now)
    assert pauses[:4] == [2.5, 5, 10, 20]
    assert pauses[-1] == BACKOFF[E.SUBMIT].most_s / 2
    assert made.lane("rivya").why == "still"


def test_jobs_that_were_under_way_do_not_lengthen_the_pause() -> None:
    """Ten refusals at once are one reason to pause."""
    made = closed()
    before = made.next_at(NOW)
    for _ in range(10):
        made.heard("rivya", E.SUBMIT, fault=Fault(K.DENIED, "why"), now=NOW + 1)
    assert made.next_at(NOW) == before


def test_the_providers_own_wish_is_granted() -> None:
    """Retry-After holds for the lane, not for one job."""
    made = lanes()
    fault = Fault(K.BUSY, "slow down", after_s=120.0)
    made.heard("rivya", E.POLL, fault=fault, now=NOW)
    assert made.next_at(NOW) == NOW + 120


@pytest.mark.parametrize(
    ("kind", "effect", "opens"),
    [
        *((kind, E.SUBMIT, True) for kind in CLOSING),
        *((kind, E.STAGE, False) for kind in CLOSING),
        *(
            (kind, effect, False)
            for kind in (K.DENIED, K.BUSY)
            for effect in (E.POLL, E.RECONCILE)
        ),
        *((K.UNREACHED, effect, True) for effect in (E.POLL, E.RECONCILE)),
    ],
)
def test_a_lane_opens_when_its_own_trouble_is_over(
    kind: FaultKind, effect: Effect, opens: bool
) -> None:
    """That an old task can be asked about brings no credits; that anything is reached is enough
    for a network that was gone.
    """
    made = closed(kind)
    made.heard("rivya", effect, fault=None, now=NOW + 1)
    assert is_open(made, NOW + 1) == opens


def test_a_lane_that_gave_jobs_back_opens_with_a_video() -> None:
    """Taking the next one proves nothing: one at a time, until a video was fetched."""
    made = closed(K.RETURNED, E.POLL)
    for effect in TALKS[:-1]:
        made.heard("rivya", effect, fault=None, now=NOW + 9)
        assert [made.seats_of("rivya", in_work) for in_work in (0, 1, 2)] == [1, 1, 1]
    made.heard("rivya", E.DOWNLOAD, fault=None, now=NOW + 9)
    assert is_open(made, NOW + 9)


@pytest.mark.parametrize("kind", sorted(set(FaultKind) - {*CLOSING, K.RETURNED}))
def test_other_faults_of_a_probe_leave_it_probing(kind: FaultKind) -> None:
    """The next job is the next probe."""
    made = closed()
    made.heard("rivya", E.SUBMIT, fault=Fault(kind, "why"), now=NOW + 9)
    assert made.open("rivya", NOW + 9)
    assert made.seats_of("rivya", 0) == 1


def test_a_network_that_is_gone_too_does_not_bring_the_credits_back() -> None:
    """Denied stays denied until the paid call is taken."""
    made = closed(K.DENIED)
    made.heard("rivya", E.SUBMIT, fault=Fault(K.UNREACHED, "no network"), now=NOW + 9)
    made.heard("rivya", E.POLL, fault=None, now=NOW + 99)
    assert not is_open(made, NOW + 99)
    made.heard("rivya", E.SUBMIT, fault=None, now=NOW + 99)
    assert is_open(made, NOW + 99)


def test_an_unreached_lane_that_turns_out_denied_stays_closed_to_polls() -> None:
    """The weightier trouble counts."""
    made = closed(K.UNREACHED)
    made.heard("rivya", E.SUBMIT, fault=Fault(K.DENIED, "no credits"), now=NOW + 9)
    made.heard("rivya", E.POLL, fault=None, now=NOW + 99)
    assert not is_open(made, NOW + 99)


def test_after_opening_the_next_pause_is_short_again() -> None:
    """Old trouble is forgotten."""
    made = closed()
    made.heard("rivya", E.SUBMIT, fault=Fault(K.DENIED, "why"), now=NOW + 9)
    made.heard("rivya", E.SUBMIT, fault=None, now=NOW + 99)
    made.heard("rivya", E.SUBMIT, fault=Fault(K.DENIED, "why"), now=NOW + 100)
    assert made.next_at(NOW + 100) == NOW + 102.5


@pytest.mark.parametrize(
    ("kind", "name"),
    [(K.DENIED, "lane.paused"), (K.BUSY, "lane.narrowed"), (K.UNREACHED, "lane.narrowed")],
)
def test_promise_10_a_pause_is_said_once(kind: FaultKind, name: str) -> None:
    """When it begins and when it ends, not for each job or each probe."""
    with capture_logs() as said:
        made = closed(kind)
        for later_s in (1, 2, 100, 200, 900):
            made.heard("rivya", E.SUBMIT, fault=Fault(kind, "again"), now=NOW + later_s)
        for _ in range(3):
            made.heard("rivya", E.SUBMIT, fault=None, now=NOW + 2000)
    assert [each["event"] for each in said] == [name, "lane.resumed"]
    assert (said[0]["provider"], said[0]["reason"], said[0]["code"]) == ("rivya", "why", "word")


def test_the_next_probe_is_of_the_lane_that_comes_first() -> None:
    """The dispatcher sleeps no longer than to the first probe, and past ones do not wake it."""
    made = lanes()
    for provider, after_s in (("a", 300.0), ("b", 60.0), ("c", 10.0)):
        fault = Fault(K.BUSY, "why", after_s=after_s)
        made.heard(provider, E.POLL, fault=fault, now=NOW)
    assert made.next_at(NOW) == NOW + 10
    assert made.next_at(NOW + 10) == NOW + 60
    assert made.next_at(NOW + 300) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(TALKS),
            st.none() | st.sampled_from(list(FaultKind)),
            st.floats(-1e6, 1e6),
            st.none() | st.floats(-10, 1e9),
        ),
        max_size=30,
    )
)
def test_a_lane_always_opens_in_the_end(
    heard: list[tuple[Effect, FaultKind | None, float, float | None]],
) -> None:
    """Whatever was heard, in whatever order of time: it is probed within a day, and can open."""
    made, now = lanes(luck=0.5), NOW
    for effect, kind, later_s, after_s in heard:
        now = NOW + later_s
        fault = Fault(kind, "why", after_s=after_s) if kind else None
        made.heard("rivya", effect, fault=fault, now=now)
        assert 1 <= made.seats_of("rivya", 0) <= 3
    latest = NOW + 1e6 + 86_400
    assert made.open("rivya", latest)
    for effect in (E.SUBMIT, E.DOWNLOAD):
        made.heard("rivya", effect, fault=None, now=latest)
    assert is_open(made, latest)


def staged(name: str, state: State = State.STAGED) -> Job:
    """Give a job of the lane."""
    claim = Claiming(name, 1, 1, "main", "", name, (), "0" * 32)
    price = Money(Decimal(1), "credits")
    spec = JobSpec("rivya", "model", "a cat", {}, {}, price)
    return Job(name, state, claiming=claim, prepared=Prepared(spec))


def test_a_probe_is_one_job_beside_those_in_work() -> None:
    """Lanes and queue together: old tasks do not keep the probe from going, nor bring a second."""
    made = closed()
    queue = Queue(made.seats_of, made.open)
    queue.put(staged("old", State.RUNNING), at=NOW + 1e6)
    for name in "abc":
        queue.put(staged(name), at=NOW)
    assert list(queue.due(NOW)) == []
    assert [each.id for each in queue.due(NOW + 3)] == ["a"]
    assert list(queue.due(NOW + 3)) == []
    made.heard("rivya", E.SUBMIT, fault=None, now=NOW + 4)
    queue.put(staged("a", State.RUNNING), at=NOW + 1e6)
    assert [each.id for each in queue.due(NOW + 4)] == ["b"]

"""Who may go on now: in fair order, never more than there are seats, and cheaply."""

import os
from dataclasses import replace
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from seedance_watch.core.events import Added, Claiming, Held, Placing, Prepared, Ready
from seedance_watch.core.machine import AT_REST, Job
from seedance_watch.core.model import Extra, ExtraKind, JobSpec, Money, State
from seedance_watch.engine import queue as queue_module
from seedance_watch.engine.queue import GATES, LANE, SEATS, WATCH, Queue, gate, in_work, order

S = State
PRICE = Money(Decimal(1), "credits")
HOLD = Held("by_person", "wait")


def job(
    stem: str = "shot",
    state: State = S.STAGED,
    *,
    name: str = "",
    provider: str = "rivya",
    priority: int = 0,
    folder: str = "",
    take: int = 1,
    hold: Held | None = None,
    expires_at: float | None = None,
) -> Job:
    """Give a job that stands in a state."""
    claim = Claiming("d", take, 1, "main", folder, stem, (), "0" * 32, priority)
    spec = JobSpec(provider, "model", "a cat", {}, {}, PRICE)
    early = state in {S.CLAIMING, S.CLAIMED}
    return Job(
        name or f"{folder}{stem}.{take}",
        state,
        claiming=claim,
        prepared=None if early else Prepared(spec),
        hold=hold,
        ready=Ready("https://example.com/v", expires_at) if state is S.READY else None,
    )


def wide(seats: int = 1000, *, closed: frozenset[str] = frozenset()) -> Queue:
    """Give a queue whose lanes have some seats."""
    return Queue(lambda _provider, _in_work: seats, lambda provider, _now: provider not in closed)


def through(queue: Queue, *jobs: Job, now: float = 0.0) -> list[str]:
    """Put jobs in that may go on at once; give the names in the order they are let through."""
    for each in jobs:
        queue.put(each, at=now)
    return [each.id for each in queue.due(now)]


# Gates


@pytest.mark.parametrize("state", State)
def test_every_working_state_has_a_gate(state: State) -> None:
    """A job that can be driven can wait for its seat; at rest there is nothing to wait for."""
    assert (state in GATES) == (state not in AT_REST and state is not S.NEW)


def test_lanes_and_their_watching_are_per_provider() -> None:
    """What one provider does cannot stand in the way of another's jobs."""
    assert gate(job(state=S.STAGED, provider="a")) == "lane:a"
    assert gate(job(state=S.RUNNING, provider="b")) == "watch:b"
    assert gate(job(state=S.CLAIMED)) == "files"
    assert gate(job(state=S.READY)) == "fetch"


# Order


def test_names_are_counted_as_people_count() -> None:
    """shot2 goes before shot10, in every folder, whatever the case."""
    stems = ["shot10", "Shot2", "shot1", "b/shot2", "b/shot10", "a/shot3", "2024-9", "2024-10"]
    jobs = [job(each.rpartition("/")[2], folder=each.rpartition("/")[0]) for each in stems]
    Random(1).shuffle(jobs)
    assert through(wide(), *jobs) == [
        *("2024-9.1", "2024-10.1", "shot1.1", "Shot2.1", "shot10.1"),
        *("ashot3.1", "bshot2.1", "bshot10.1"),
    ]


def test_priority_goes_before_names_and_takes_after() -> None:
    """A higher number first, then the name, then the take."""
    jobs = [
        job("a", take=2),
        job("a", take=1),
        job("z", priority=5),
        job("b", priority=5),
        job("c", priority=-1),
        job("d"),
    ]
    assert through(wide(), *jobs) == ["b.1", "z.1", "a.1", "a.2", "d.1", "c.1"]


def test_links_that_perish_go_first() -> None:
    """At the gate of downloads the soonest loss outweighs priority."""
    jobs = [
        job("a", S.READY, priority=9),
        job("b", S.READY, expires_at=900.0),
        job("c", S.READY, expires_at=100.0),
        job("d", S.READY),
    ]
    assert through(wide(), *jobs) == ["c.1", "b.1", "a.1", "d.1"]


@pytest.mark.parametrize("state", [S.READY, S.RUNNING])
def test_where_no_end_is_told_what_waits_longest_goes_first(state: State) -> None:
    """Services forget results and links after a while, told or not."""
    jobs = [
        replace(job(name, state, priority=9 - age), since={state: 100.0 - age})
        for age, name in enumerate("abc")
    ]
    assert through(wide(), *jobs) == ["c.1", "b.1", "a.1"]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"])) | st.binary(
    min_size=1, max_size=30
).map(os.fsdecode)
JOBS = st.builds(
    job,
    NAMES,
    st.sampled_from(sorted(GATES)),
    folder=NAMES,
    priority=st.integers(-9, 9),
    take=st.integers(1, 9),
    expires_at=st.none() | st.floats(1, 1e10),
)


@given(st.lists(JOBS, max_size=6))
def test_any_two_names_have_an_order(jobs: list[Job]) -> None:
    """No name that a disk can hold stops the queue from sorting."""
    keys = [order(each) for each in jobs]
    assert sorted(sorted(keys, reverse=True)) == sorted(keys)


# Waiting


def test_a_job_waits_for_its_time() -> None:
    """Not before, and then once."""
    queue = wide()
    queue.put(job(), at=10.0)
    assert queue.next_at() == 10.0
    assert through(queue, now=9.9) == []
    assert through(queue, now=10.0) == ["shot.1"]
    assert through(queue, now=99.0) == []
    assert queue.next_at() is None


def test_a_job_without_a_time_waits_for_somebody() -> None:
    """It is known, but no clock lets it go on; put again, it does."""
    queue = wide()
    queue.put(job(hold=HOLD), at=None)
    assert (len(queue), queue.next_at()) == (1, None)
    assert through(queue, now=1e12) == []
    assert through(queue, job(), now=1e12) == ["shot.1"]


def test_the_last_word_about_a_job_counts() -> None:
    """Put again it has one place, at the new time; the old one means nothing."""
    queue = wide()
    for at in (1.0, 5.0, 3.0):
        queue.put(job(), at=at)
    assert len(queue) == 1
    assert through(queue, now=2.0) == []
    assert through(queue, now=9.0) == ["shot.1"]


def test_a_job_put_again_while_it_stands_at_a_gate_has_one_place() -> None:
    """What waits for a seat and is put again comes through once, as what it is now."""
    queue = wide(0)
    assert through(queue, job()) == []
    queue.put(job(state=S.FAILING), at=0.0)
    assert [(each.id, each.state) for each in queue.due(0.0)] == [("shot.1", S.FAILING)]


def test_a_forgotten_job_is_gone() -> None:
    """At rest it has no place, no seat and no share of its lane."""
    queue = wide(1)
    assert through(queue, job("a"), job("b")) == ["a.1"]
    queue.forget(job("a"))
    queue.forget(job("a"))
    assert [each.id for each in queue.jobs()] == ["b.1"]
    assert through(queue) == ["b.1"]


# Seats


@pytest.mark.parametrize(
    ("state", "kind"), [(state, kind) for state, kind in GATES.items() if kind != LANE]
)
def test_local_gates_have_a_number_of_seats(state: State, kind: str) -> None:
    """Never more than fit; each that leaves lets the next one through."""
    jobs = [job(f"{n}", state) for n in range(SEATS[kind] + 3)]
    queue = wide(1 if kind == WATCH else 1000)
    assert through(queue, *jobs) == [each.id for each in jobs[: SEATS[kind]]]
    assert through(queue) == []
    queue.forget(jobs[0])
    assert through(queue) == [jobs[SEATS[kind]].id]


@pytest.mark.parametrize("state", [S.SUBMITTING, S.RUNNING])
def test_what_a_provider_has_in_work_counts_against_its_lane(state: State) -> None:
    """Also after a restart, when it was never let through that lane."""
    queue = wide(2)
    queue.put(job("working", state), at=1e9)
    assert through(queue, job("a"), job("b")) == ["a.1"]
    queue.forget(job("working", state))
    assert through(queue) == ["b.1"]


def test_extras_keep_no_video_from_its_place() -> None:
    """They are made one after the other, at a gate of their own; what is left is archiving."""
    still = Placing("shot.mp4", "", (Extra(ExtraKind.POSTER, "shot.poster.jpg"),))
    made = [replace(job(f"a{n}", S.PLACED), placing=still) for n in range(20)]
    done = replace(made[0], id="done", added=Added(still.extras))

    seated = through(wide(), *made, job("b", S.FETCHED), done)

    assert sorted(seated) == ["a0.1", "b.1", "done"]


def test_a_held_job_keeps_no_seat() -> None:
    """What waits for a person does not make the others wait for that person."""
    assert not in_work(job(state=S.SUBMITTING, hold=HOLD))
    queue = wide(1)
    queue.put(job("held", S.SUBMITTING, hold=HOLD), at=None)
    assert through(queue, job("a"), job("b")) == ["a.1"]


def test_a_job_counts_once_from_lane_to_video() -> None:
    """Seated in the lane, then in work, then fetched: one seat, then none."""
    queue = wide(1)
    assert through(queue, job("a"), job("b")) == ["a.1"]
    assert through(queue, job("a", S.RUNNING)) == ["a.1"]  # it is asked about
    assert through(queue) == []
    assert through(queue, job("a", S.READY)) == ["b.1", "a.1"]


def test_a_job_that_goes_on_after_a_hold_counts_again() -> None:
    """The account follows the job, not its first state."""
    queue = wide(1)
    queue.put(job("x", S.RUNNING, hold=HOLD), at=None)
    queue.put(job("x", S.RUNNING), at=1e9)
    assert through(queue, job("a")) == []


def test_promise_8_a_closed_lane_stops_only_itself() -> None:
    """Nothing of its own goes through; watching and other providers go on."""
    queue = wide(9, closed=frozenset({"a"}))
    jobs = [
        job("1", provider="a"),
        job("2", provider="b"),
        job("3", S.RUNNING, provider="a"),
        job("4", S.READY, provider="a"),
    ]
    assert sorted(through(queue, *jobs)) == ["2.1", "3.1", "4.1"]


class Crowd(RuleBasedStateMachine):
    """Jobs of two providers that come, go on, wait, are held and end, in any order."""

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.limits = {"a": 2, "b": 1}
        self.queue = Queue(lambda provider, _in_work: self.limits[provider], self.open)
        self.closed: set[str] = set()
        self.jobs: dict[str, Job] = {}
        self.seated: dict[str, str] = {}
        self.now = 0.0
        self.count = 0

    def open(self, provider: str, _now: float) -> bool:
        """Say whether a lane is open."""
        return provider not in self.closed

    def put(self, one: Job, at: float | None) -> None:
        """Put a job and keep account of it by hand."""
        self.seated.pop(one.id, None)
        self.jobs[one.id] = one
        self.queue.put(one, at=at)

    @rule(
        target=known,
        state=st.sampled_from([S.CLAIMING, S.STAGED, S.STAGED, S.SUBMITTING, S.RUNNING]),
        provider=st.sampled_from("ab"),
        wait_s=st.sampled_from([0.0, 1.0]),
    )
    def come(self, state: State, provider: str, wait_s: float) -> str:
        """A new job, or one found after a restart."""
        self.count += 1
        one = job("x", state, name=f"job-{self.count}", provider=provider)
        self.put(one, self.now + wait_s)
        return one.id

    @rule(name=known, state=st.sampled_from(sorted(GATES)), wait_s=st.sampled_from([0.0, 2.0]))
    def go_on(self, name: str, state: State, wait_s: float) -> None:
        """It was driven to another state."""
        if name in self.jobs:
            before = self.jobs[name]
            prepared = before.prepared or Prepared(JobSpec("a", "model", "a cat", {}, {}, PRICE))
            self.put(replace(before, state=state, hold=None, prepared=prepared), self.now + wait_s)

    @rule(name=known)
    def hold(self, name: str) -> None:
        """It waits for a person."""
        if name in self.jobs:
            self.put(replace(self.jobs[name], hold=HOLD), None)

    @rule(name=consumes(known))
    def end(self, name: str) -> None:
        """It is at rest."""
        if name in self.jobs:
            self.queue.forget(self.jobs.pop(name))
            self.seated.pop(name, None)

    @rule(provider=st.sampled_from("ab"))
    def flip(self, provider: str) -> None:
        """A lane closes or opens."""
        self.closed ^= {provider}

    @rule(wait_s=st.sampled_from([0.0, 1.0, 5.0]))
    def turn(self, wait_s: float) -> None:
        """Time goes on and all who may are let through."""
        self.now += wait_s
        for one in self.queue.due(self.now):
            if gate(one).startswith(LANE):
                assert len(self.busy(gate(one)[-1])) < self.limits[gate(one)[-1]]
            assert one == self.jobs[one.id]
            assert one.hold is None
            assert one.id not in self.seated
            assert not (gate(one).startswith(LANE) and gate(one)[-1] in self.closed)
            self.seated[one.id] = gate(one)

    def busy(self, provider: str) -> set[str]:
        """Give the jobs that sit in a provider's lane, or that it has in work."""
        sitting = {each for each, seat in self.seated.items() if seat == f"{LANE}:{provider}"}
        watched = {e.id for e in self.jobs.values() if gate(e) == f"{WATCH}:{provider}"}
        return sitting | {each for each in watched if self.jobs[each].hold is None}

    @invariant()
    def seats_are_never_exceeded(self) -> None:
        """At every gate, at every moment."""
        for name in set(self.seated.values()):
            sitting = {each for each, seat in self.seated.items() if seat == name}
            kind, _, provider = name.partition(":")
            limit = self.limits[provider] if kind == LANE else SEATS[kind]
            assert len(sitting) <= limit

    @invariant()
    def all_are_known(self) -> None:
        """None is lost."""
        assert {each.id for each in self.queue.jobs()} == set(self.jobs)
        assert len(self.queue) == len(self.jobs)
        held = {name for name, each in self.jobs.items() if each.hold}
        assert {each.id for each in self.queue.held()} == held


Crowd.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestCrowd = Crowd.TestCase


# Many


class Counted(float):
    """A time that counts how often times are compared."""

    compared = 0

    def __lt__(self, other: Any) -> bool:
        Counted.compared += 1
        return float(self) < float(other)


def effort(many: int, monkeypatch: pytest.MonkeyPatch) -> tuple[float, int, int]:
    """Let many jobs wait and some go on; give comparisons per job, and sorts while crowded."""
    keyed = 0
    real = queue_module.natural

    def counting(name: str) -> Any:
        nonlocal keyed
        keyed += 1
        return real(name)

    monkeypatch.setattr(queue_module, "natural", counting)
    queue, Counted.compared = wide(3), 0
    names = [f"shot{n}" for n in range(many)]
    Random(2).shuffle(names)
    for n, name in enumerate(names):
        queue.put(job(name), at=Counted(n % 7))
    first = [each.id for each in queue.due(10.0)]
    assert first == ["shot0.1", "shot1.1", "shot2.1"]
    spent, keyed = Counted.compared, 0
    for n in range(100):
        queue.forget(job(f"shot{n}"))
        assert [each.id for each in queue.due(10.0)] == [f"shot{n + 3}.1"]
    return spent / many, keyed, len(queue)


def test_ten_thousand_waiting_jobs_cost_little_more_than_a_thousand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Putting costs a logarithm per job; letting one through costs no look at the others."""
    per_job, keyed, _ = effort(1_000, monkeypatch)
    per_job_of_many, keyed_of_many, left = effort(10_000, monkeypatch)
    assert per_job_of_many < 3 * per_job
    assert keyed == keyed_of_many == 0
    assert left == 9_900


def test_a_closed_lane_makes_ten_thousand_jobs_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing may go on, a turn asks the lane once and touches no job."""
    asked = 0

    def closed(_provider: str, _now: float) -> bool:
        nonlocal asked
        asked += 1
        return False

    queue = Queue(lambda _provider, _in_work: 3, closed)
    for n in range(10_000):
        queue.put(job(f"shot{n}"), at=0.0)
    assert list(queue.due(1.0)) == []
    asked = 0
    monkeypatch.setattr(queue_module, "order", partial(pytest.fail, "looked at a job again"))
    for _ in range(100):
        assert list(queue.due(1.0)) == []
    assert asked == 100


# Folders


def test_a_job_whose_folders_are_away_waits_and_keeps_nobody_back() -> None:
    """It takes no seat; when they are back it stands at its gate again."""
    away = {"shot.1"}
    queue = Queue(lambda _p, _n: 1, lambda _p, _t: True, lambda each: each.id not in away)

    assert through(queue, job(), job("tree")) == ["tree.1"]
    queue.forget(job("tree"))
    queue.unpark()
    assert list(queue.due(0.0)) == []
    away.clear()
    queue.unpark()
    assert [each.id for each in queue.due(0.0)] == ["shot.1"]


def test_a_job_that_was_put_again_while_its_folders_were_away_has_one_place() -> None:
    """The older place is void."""
    away = {"shot.1"}
    queue = Queue(lambda _p, _n: 9, lambda _p, _t: True, lambda each: each.id not in away)
    through(queue, job())
    queue.put(job(), at=0.0)
    away.clear()
    queue.unpark()
    assert [each.id for each in queue.due(0.0)] == ["shot.1"]


def test_a_seat_may_be_given_to_others() -> None:
    """While its job waits for a disk that does not answer."""
    queue = wide(1)
    assert through(queue, job(), job("tree")) == ["shot.1"]
    queue.unseat("shot.1")
    assert [each.id for each in queue.due(0.0)] == ["tree.1"]


def test_a_clock_set_back_prolongs_no_wait() -> None:
    """Times move with it."""
    queue = wide()
    queue.put(job(), at=1000.0)
    queue.set_back(900.0)
    assert queue.next_at() == 100.0
    assert [each.id for each in queue.due(100.0)] == ["shot.1"]

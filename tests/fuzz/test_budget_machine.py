"""Budgets under any interleaving: two writers, many jobs, refunds, retries, restarts, midnights.

Nothing of ours is replaced: purse, terms and journal are the real ones. What was spent is counted
by the test itself, from the histories, by days as a wall clock shows them.
"""

import asyncio
import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from fuzz.purses import ACTS, UNITS, Attempt, attempts, claimed
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from seedance_watch.core import machine
from seedance_watch.core.budget import Cap, Ceiling, Period
from seedance_watch.core.errors import Declined, Stale
from seedance_watch.core.events import Event, Intended, Record
from seedance_watch.core.machine import MOVES, Job
from seedance_watch.core.model import Money, State
from seedance_watch.engine.purse import Purse
from seedance_watch.journal import opening
from seedance_watch.journal.lock import Lock
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal

BERLIN = ZoneInfo("Europe/Berlin")
# The clocks go back in the night from the 24th to the 25th; a month ends a week later.
BEGINNING = datetime(2026, 10, 24, 22, 30, tzinfo=BERLIN).timestamp()
HOUR_S = 3600.0
WATCHES = ("one", "two")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))

EVER = Ceiling("rivya", "", 0.0, 1e12, Money(Decimal(0), "credits"))
Wishes = list[tuple[str, str, str, str]]

limits = st.fixed_dictionaries(
    {
        (provider, watch, period): st.none() | st.integers(0, 12)
        for provider in UNITS
        for watch in ("", "one")
        for period in (Period.DAY, Period.MONTH)
    }
)
wishes = st.tuples(
    st.sampled_from(WATCHES),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(("0", "0.000002", "1", "2.5", "4", "13")),
    st.sampled_from(("", "", "", "x", "y")),
)
moves = st.tuples(
    st.integers(0, 1),
    st.integers(0, 11),
    st.sampled_from(("intend",) * 4 + ("go on",) * 3 + tuple(ACTS)),
)


@dataclass
class Daemon:
    """One writer: a journal, and what it believes of the jobs; its beliefs may be old."""

    journal: SqliteJournal
    believed: dict[str, Job]


class BudgetMachine(RuleBasedStateMachine):
    """Two daemons that share one purse."""

    recorded: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="purse-"))
        self.loop = asyncio.Runner()
        self.daemons: list[Daemon] = []
        self.names: list[str] = []
        self.now = BEGINNING

    @initialize(limits=limits, wishes=st.lists(wishes, min_size=4, max_size=8))
    def begin(self, limits: dict[tuple[str, str, Period], int | None], wishes: Wishes) -> None:
        self.caps = [
            Cap("budget", provider, watch, period, Money(Decimal(most), UNITS[provider]))
            for (provider, watch, period), most in limits.items()
            if most is not None
        ]
        self.start()
        self.drop(wishes)

    def start(self) -> None:
        """Open the journal twice, which the lock forbids and the transactions must bear."""
        path = self.folder / "journal.db"
        first = self.loop.run(SqliteJournal.open(path))
        lock = Lock(path.with_name("second.db"))
        second = SqliteJournal(
            path,
            lock,
            opening.connect(path),
            reader=SqliteReader(path),
            unseen=None,
            loop=self.loop.get_loop(),
        )
        self.daemons = [Daemon(each, {}) for each in (first, second)]
        for daemon in self.daemons:
            self.loop.run(self.look(daemon))

    async def look(self, daemon: Daemon) -> None:
        """Believe what the journal says."""
        for name in self.names:
            daemon.believed[name] = machine.fold(name, await daemon.journal.history(name))

    def drop(self, wishes: Wishes) -> None:
        """Jobs are claimed, prepared and staged; both daemons look."""
        for watch, provider, cost, wish in wishes:
            name = f"job{len(self.names)}"
            money = Money(Decimal(cost), UNITS[provider])
            events = claimed(name, watch=watch, provider=provider, cost=money, wish=wish)
            self.loop.run(self.record(self.daemons[0], Job(name), events))
            self.names.append(name)
        for daemon in self.daemons:
            self.loop.run(self.look(daemon))

    async def record(self, daemon: Daemon, job: Job, events: Sequence[Event]) -> None:
        """Record as the runner does: one look at the clock, terms where it intends."""
        now, before = self.now, job
        for event in events:
            job = machine.advance(job, event, now)
        records = [
            Record(job.id, before.seq + 1 + place, now, event)
            for place, event in enumerate(events)
        ]
        purse = Purse(daemon.journal, None, self.caps, BERLIN)  # type: ignore[arg-type]
        intends = any(isinstance(event, Intended) for event in events)
        terms = purse.terms(job, now) if intends else None
        kind = type(events[-1]).__name__
        try:
            await daemon.journal.append(records, [job], terms=terms)
        except Declined:
            self.recorded["Declined"] += 1
        except Stale:
            self.recorded["Stale"] += 1
            daemon.believed[job.id] = machine.fold(job.id, await daemon.journal.history(job.id))
        else:
            self.recorded[kind] += 1
            daemon.believed[job.id] = job

    async def move(self, daemon: Daemon, name: str, act: str) -> None:
        """Do to a job what a daemon believes to be possible."""
        job = daemon.believed[name]
        events = ACTS[act](job)
        if events and type(events[0]) in MOVES[job.state]:
            await self.record(daemon, job, events)

    @rule(
        moves=st.lists(moves, min_size=2, max_size=12),
        hours=st.sampled_from((-1.0, 0.0, 0.0, 0.4, 1.0, 5.0, 24.0, 24.0 * 7, 24.0 * 31)),
    )
    def race(self, moves: list[tuple[int, int, str]], hours: float) -> None:
        """Time passes, then both daemons do something to some jobs, all at the same moment."""
        self.now += hours * HOUR_S

        async def all_at_once() -> None:
            async with asyncio.TaskGroup() as tasks:
                for who, which, act in moves:
                    name = self.names[which % len(self.names)]
                    tasks.create_task(self.move(self.daemons[who], name, act))

        self.loop.run(all_at_once())

    @rule(more=st.lists(wishes, max_size=3))
    def restart(self, more: Wishes) -> None:
        """Both stop and begin anew, and find more in the inbox."""
        self.stop()
        self.start()
        self.drop(more)

    def stop(self) -> None:
        for daemon in self.daemons:
            self.loop.run(daemon.journal.close())

    @invariant()
    def promise_11(self) -> None:
        """By the histories alone no cap is exceeded; the table says what they say."""
        if self.daemons:
            histories = self.loop.run(self.histories())
            found = [each for history in histories for each in attempts(history)]
            for cap in self.caps:
                assert most(cap, found) <= cap.most.amount, (cap, found)
            total = sum(each.told for each in found if each.provider == "rivya")
            assert self.loop.run(self.daemons[1].journal.spent(EVER)).amount == total, found
            self.nothing_is_bought_twice(histories)

    def nothing_is_bought_twice(self, histories: Sequence[Sequence[Record]]) -> None:
        """Of equal wishes one at most is being bought or was."""
        jobs = [machine.fold(each[0].job_id, each) for each in histories]
        wished = (job.prepared.fingerprint for job in jobs if job.prepared and _buys(job))
        bought = Counter(filter(None, wished))
        assert all(count == 1 for count in bought.values()), bought

    async def histories(self) -> list[list[Record]]:
        """Give every job's history."""
        return [await self.daemons[0].journal.history(name) for name in self.names]

    def teardown(self) -> None:
        self.stop()
        self.loop.close()
        shutil.rmtree(self.folder)


def most(cap: Cap, found: Sequence[Attempt]) -> Decimal:
    """Give what counts under a cap on the dearest day, or in the dearest month."""
    sums: defaultdict[tuple[int, ...], Decimal] = defaultdict(Decimal)
    for each in found:
        if each.provider == cap.provider and cap.watch in {"", each.watch}:
            sums[_date(each.at, cap.period)] += each.counted
    return max(sums.values(), default=Decimal(0))


def _buys(job: Job) -> bool:
    return job.state in {State.SUBMITTING, State.RUNNING, State.READY}


def _date(at: float, period: Period) -> tuple[int, ...]:
    """Give the day or month that a wall clock shows."""
    moment = datetime.fromtimestamp(at, BERLIN)
    return moment.timetuple()[: 3 if period is Period.DAY else 2]


def test_promise_11_no_interleaving_exceeds_a_cap() -> None:
    """Whatever two daemons do at the same time, no cap is exceeded and no video bought twice."""
    BudgetMachine.recorded.clear()
    quick = settings(
        max_examples=EXAMPLES,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(BudgetMachine, settings=quick)
    print(dict(BudgetMachine.recorded))
    assert {"Intended", "Declined", "Stale"} <= set(BudgetMachine.recorded)

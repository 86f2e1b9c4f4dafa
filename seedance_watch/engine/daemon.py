"""The daemon: admits drops, drives jobs through their gates, drains when told to stop."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from seedance_watch.core import machine, naming, orders, policy
from seedance_watch.core.errors import Stale
from seedance_watch.core.events import Claiming, Effect, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Drop, State
from seedance_watch.core.orders import Act, Order, Refused
from seedance_watch.engine import meant
from seedance_watch.engine.beats import Beats
from seedance_watch.engine.detours import Detours
from seedance_watch.engine.hands import Hands
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.queue import Queue, order
from seedance_watch.engine.room import Room
from seedance_watch.engine.runner import Runner
from seedance_watch.engine.standstill import Standstill
from seedance_watch.ports import Inbox

# Effects that a stop may cut short. A download goes on where it ended and has a connection of
# its own; other calls are short, and cutting one would spoil the connections they share.
_MAY_CUT = frozenset({Effect.DOWNLOAD})
_IDLE_S = 60.0  # also until it is noticed that the clock was set, or that the machine slept


@dataclass(slots=True)
class Daemon:
    """Everything that runs.

    Attributes:
        runner: Drives jobs.
        lanes: The providers' lanes.
        inboxes: The watched folders, by watch name.
        draw_key: Draws 32 random hex digits.
        stop: Set to ask for a stop.
        besides: What runs beside the jobs until the stop.
        room: Where a budget may have room again.
        beats: Told when the dispatcher comes round.
        ended: How many jobs came to each state at rest since the start.
        left: Whether a single run left something in an inbox that no job could be made of.
        standstill: What a single run does not wait for.
    """

    runner: Runner
    lanes: Lanes
    inboxes: Mapping[str, Inbox]
    draw_key: Callable[[], str]
    stop: asyncio.Event
    besides: Sequence[Callable[[asyncio.Event], Coroutine[None, None, None]]] = ()
    queue: Queue = field(init=False)
    detours: Detours = field(init=False)
    hands: Hands = field(init=False)
    ended: Counter[State] = field(default_factory=Counter)
    left: bool = False
    standstill: Standstill = field(init=False)
    room: Room = field(default_factory=Room)
    beats: Beats = field(default_factory=Beats)
    _nudge: asyncio.Event = field(default_factory=asyncio.Event)
    _driving: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[str] = field(default_factory=set)
    _once: bool = False

    def __post_init__(self) -> None:
        """Tie the queue to the lanes, and the runner's news to the inboxes."""
        self.detours, self.standstill = Detours(self.lanes), Standstill(self.lanes)
        grounds = self.runner.tools.grounds
        self.queue = Queue(self.lanes.seats_of, self.lanes.open, grounds.open)
        self.hands = Hands(self.runner, self.queue, self.detours.came)
        self.runner.listeners.append(self._heard)

    # Running

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Load the journal, then watch and drive until stopped.

        Args:
            ready: Called once when every open job is known and the inboxes are being watched.

        Raises:
            JournalError: The journal cannot be written any more.
        """
        async with self._working() as tasks:
            tasks.create_task(self._stopping())
            for inbox in self.inboxes.values():
                tasks.create_task(inbox.run(self.admit, self.stop))
            for each in self.besides:
                tasks.create_task(each(self.stop))
            ready()
            await self._dispatch(tasks)

    async def run_once(self) -> None:
        """Work off what lies in the inboxes, as far as it goes without somebody's act."""
        async with self._working() as tasks:
            others = [tasks.create_task(self._stopping()), tasks.create_task(self._sweep())]
            await self._dispatch(tasks)
            for each in others:
                each.cancel()

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncIterator[asyncio.TaskGroup]:
        """Load the journal and look after the folders for the length of the block."""
        async with self._entered():
            await self.load()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.hands.note_again())
                pulses = self._pulses(tasks)
                yield tasks
                for each in pulses:
                    each.cancel()

    @contextlib.asynccontextmanager
    async def _entered(self) -> AsyncIterator[None]:
        """Work in the folders for a while, alone.

        Raises:
            SpoolError: Another daemon works in one of the inboxes.
        """
        grounds = self.runner.tools.grounds
        try:
            await grounds.enter(self.stop)
            yield
        finally:
            await grounds.leave()

    def _pulses(self, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
        """Begin to look after the folders."""
        changed = asyncio.Event()
        works = [self._unblock(changed, tasks), self._tell_strays()]
        works += self.runner.tools.grounds.pulses(changed.set)
        return [tasks.create_task(work) for work in works]

    async def _unblock(self, changed: asyncio.Event, tasks: asyncio.TaskGroup) -> None:
        """When folders close or open again, let those go on who can; until cancelled."""
        tools = self.runner.tools
        while await changed.wait():
            changed.clear()
            for job_id in self._driving:
                job = self.queue.job(job_id)
                if job and tools.grounds.holds_up(job, self.runner.doing.get(job_id)):
                    self.runner.unseated.add(job_id)
                    self.queue.unseat(job_id)
            self.queue.unpark()
            self._nudge.set()
            await tools.workers.look()
            tasks.create_task(self.hands.note_again())

    async def _sweep(self) -> None:
        """Take in what lies in every inbox, then let the dispatcher end when all is at rest."""
        async with asyncio.TaskGroup() as tasks:
            sweeps = [tasks.create_task(each.sweep(self.admit)) for each in self.inboxes.values()]
        self.left = any(sweep.result() for sweep in sweeps)
        self._once = True
        self._nudge.set()

    async def load(self) -> None:
        """Take up every open job where its history ends."""
        now = self.runner.tools.clock.now()
        jobs = await self.runner.tools.journal.working()
        self._known = {job.claim.drop_id for job in jobs}
        for job in jobs:
            if not self.runner.tools.spool.serves(job.claim.watch):
                structlog.get_logger().warning("job.unserved", job=job.id, watch=job.claim.watch)
                continue
            if job.state is State.CLAIMING:
                self._inbox(job).keep_off(part.source for part in job.claim.parts)
            if job.hold:
                self.hands.unnoted.add(job.id)
            self.queue.put(job, at=_due(job, now))
            self.room.loaded(job)
        self._loaded.set()

    async def _tell_strays(self) -> None:
        """Tell of claimed files that no open job owns, as after a journal was lost."""
        spool = self.runner.tools.spool
        for folder in await asyncio.to_thread(spool.strays, self._known.__contains__):
            cure = (
                "nothing is done with it. If another daemon worked in this inbox, with a state_dir "
                "of its own, start that one: it knows whether this was paid. If none did, the "
                "journal was lost: look at the provider's own page, then move what is in it back "
                "to the inbox by hand"
            )
            structlog.get_logger().error("spool.stray", folder=str(folder), cure=cure)

    def _inbox(self, job: Job) -> Inbox:
        """Give the inbox that a job came from."""
        return self.inboxes[job.claim.watch]

    # Admitting

    async def admit(self, drops: Sequence[Drop]) -> None:
        """Make the claims of settled drops durable and start their jobs."""
        now = self.runner.tools.clock.now()
        records = [record for drop in drops for record in self._claims(drop, now)]
        jobs = [machine.advance(Job(each.job_id), each.event, each.at) for each in records]
        await self.runner.tools.journal.append(records, jobs)
        for job, record in zip(jobs, records, strict=True):
            self.runner.tell(Job(job.id), job, record)
            self.queue.put(job, at=now)
        self._nudge.set()

    def _claims(self, drop: Drop, now: float) -> list[Record]:
        """Give the first event of each take of a drop."""
        key = self.draw_key()
        name = naming.drop_id(drop.stem, key)
        return [
            Record(naming.job_id(name, take, drop.takes), 1, now, _claiming(drop, name, take, key))
            for take in range(1, drop.takes + 1)
        ]

    # Driving

    async def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        """Start every job whose turn it is; sleep until the next one's."""
        clock = self.runner.tools.clock
        now = clock.now()
        while not self.stop.is_set():
            self._nudge.clear()
            self.beats.beat("jobs", _IDLE_S)
            before, now = now, clock.now()
            if now < before:
                self.queue.set_back(before - now)
                self.lanes.set_back(before - now)
            for job in self.queue.due(now):
                self._driving[job.id] = tasks.create_task(self._drive(job))
            for job_id in self.room.next_of(self.queue.jobs):
                self._driving[job_id] = tasks.create_task(self._let_try(job_id))
            for job_id in self.detours.take(self.queue.jobs):
                self._driving[job_id] = tasks.create_task(self._detour(job_id))
            if self._at_rest():
                return
            times = (self.queue.next_at(), self.lanes.next_at(now))
            wake_at = min((at for at in times if at is not None), default=now + _IDLE_S)
            await clock.pause(min(_IDLE_S, wake_at - clock.now()), self._nudge)

    def _at_rest(self) -> bool:
        """Whether a single run has taken in all drops and has nothing left to wait for."""
        if not self._once or self._driving or self.room.trying:
            return False
        return len(self.standstill.reasons(self.queue.jobs())) == len(self.queue)

    def waiting(self) -> list[tuple[Job, str]]:
        """Give the jobs that are not at rest, and why; "" for one that goes on by itself."""
        jobs = sorted(self.queue.jobs(), key=order)
        stuck = self.standstill.reasons(jobs)
        return [(job, stuck.get(job.id, "")) for job in jobs]

    async def _drive(self, found: Job) -> None:
        """Drive a job to its next stand."""
        await self._busy_with(found.id, self.hands.drive(found))

    async def _detour(self, job_id: str) -> None:
        """Send a job to the next provider of its route, if that still is what it needs."""
        await self._busy_with(job_id, self.hands.change(job_id, self.detours.events))

    async def _let_try(self, job_id: str) -> None:
        """Let go of a job that waits for its budget, if there is room now."""
        await self._busy_with(job_id, self._tried(job_id))
        self.room.asked(self.queue.job(job_id), job_id)

    async def _tried(self, job_id: str) -> None:
        tools, job = self.runner.tools, self.queue.job(job_id)
        if job and not await tools.purse.over(job, tools.clock.now()):
            order = Order(Act.RELEASE, job_id, by="budget", only="budget")
            await self.hands.change(job_id, partial(orders.obey, order=order))

    async def _busy_with(self, job_id: str, work: Awaitable[object]) -> None:
        """Do something with a job that may have ended or changed meanwhile."""
        try:
            with contextlib.suppress(Refused, Stale):
                await work
        finally:
            if self._driving.get(job_id) is asyncio.current_task():
                del self._driving[job_id]
            self._nudge.set()

    async def obey(self, order: Order) -> Job:
        """Do what a person orders, as soon as the effect that the job is in has ended.

        Returns:
            The job as it is now.

        Raises:
            Refused: There is no such open job, or the order makes no sense for it.
            JournalError: The journal cannot be written.
        """
        await self._loaded.wait()
        await meant.check(order, self.queue, self.runner.tools.journal)
        job = await self.hands.change(order.job_id, partial(orders.obey, order=order))
        self._nudge.set()
        return job

    async def _stopping(self) -> None:
        """When a stop is asked for, cut what may be cut short and wake the dispatcher."""
        await self.stop.wait()
        self._nudge.set()
        for job_id, task in list(self._driving.items()):
            if self.runner.doing.get(job_id) in _MAY_CUT:
                task.cancel()

    # News

    def _heard(self, before: Job, after: Job, record: Record) -> None:
        """Let the inbox look again where a claim is over; count what ended."""
        self.room.heard(before, after, record)
        self.standstill.heard(after, record)
        self.ended.update([after.state] if after.at_rest else [])
        if after.state is State.CLAIMED or after.at_rest:
            self._inbox(after).let_go(part.source for part in after.claim.parts)


def _due(job: Job, now: float) -> float | None:
    """Give when a job that a start finds may go on; None: when somebody acts."""
    step = policy.decide(job, now)
    return step.until if isinstance(step, policy.Wait) else now


def _claiming(drop: Drop, name: str, take: int, key: str) -> Claiming:
    """Give the will to take a drop, for one of its takes."""
    return Claiming(
        drop_id=name,
        take=take,
        takes=drop.takes,
        watch=drop.watch,
        folder=drop.folder,
        stem=drop.stem,
        parts=drop.parts,
        key=key,
        priority=drop.priority,
        seen_at=drop.seen_at,
    )

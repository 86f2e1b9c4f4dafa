"""The daemon: admits drops, drives jobs through their gates, drains when told to stop."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from seedance_watch.core import machine, orders
from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Drop, State
from seedance_watch.core.orders import Order
from seedance_watch.engine import again, meant
from seedance_watch.engine.beats import Beats
from seedance_watch.engine.claims import claims
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.queue import Queue
from seedance_watch.engine.runner import Runner
from seedance_watch.engine.standstill import Standstill
from seedance_watch.engine.strays import tell_strays
from seedance_watch.engine.turns import Turns
from seedance_watch.ports import Inbox

_ARM_S = 30.0  # longer than it takes to notice that a disk does not answer
_FIRST_S = 0.5  # no job is begun before the inboxes are watched, unless a disk is slow
_IDLE_S = 60.0  # also until it is noticed that the clock was set, or that the machine slept

Work = Callable[[], Coroutine[None, None, None]]


@dataclass(slots=True)
class Daemon:
    """Everything that runs.

    Attributes:
        runner: Drives jobs.
        lanes: The providers' lanes.
        inboxes: The watched folders, by watch name.
        draw_key: Draws 32 random hex digits.
        stop: Set to ask for a stop.
        needs: Blocking calls that have to succeed before it is ready, done beside the loading.
        soon: What is done once, beside the first jobs.
        besides: What runs beside the jobs until the stop.
        errands: What a single run does when it has looked into the inboxes.
        turns: Who goes on when.
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
    needs: Sequence[Callable[[], object]] = ()
    soon: Sequence[Work] = ()
    besides: Sequence[Callable[[asyncio.Event], Coroutine[None, None, None]]] = ()
    errands: Sequence[Work] = ()
    turns: Turns = field(init=False)
    ended: Counter[State] = field(default_factory=Counter)
    left: bool = False
    standstill: Standstill = field(init=False)
    beats: Beats = field(default_factory=Beats)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)
    _known: set[str] = field(default_factory=set)
    _once: bool = False

    def __post_init__(self) -> None:
        """Tie the parts together, and the runner's news to the inboxes."""
        self.turns = Turns(self.runner, self.lanes)
        self.standstill = Standstill(self.lanes, links=self.turns.chains.links)
        self.standstill.grounds = self.runner.tools.grounds
        self.runner.listeners.append(self._heard)

    @property
    def queue(self) -> Queue:
        """Where jobs wait."""
        return self.turns.queue

    # Running

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Load the journal, then watch and drive until stopped.

        Args:
            ready: Called once when every open job is known and the inboxes are being watched,
                as far as their disks answer.

        Raises:
            JournalError: The journal cannot be written any more.
        """
        async with self._working() as tasks:
            tasks.create_task(self._stopping())
            for inbox in self.inboxes.values():
                tasks.create_task(inbox.run(self.admit, self.stop))
            telling = tasks.create_task(self._tell_ready(ready))
            await asyncio.wait([telling], timeout=_FIRST_S)
            strays = tasks.create_task(self._tell_strays())
            for work in self.soon:
                tasks.create_task(work())
            for each in self.besides:
                tasks.create_task(each(self.stop))
            await self._dispatch(tasks)
            strays.cancel()
            telling.cancel()

    async def _tell_ready(self, ready: Callable[[], None]) -> None:
        """Say so when the inboxes are watched; one whose disk hangs is not waited for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ARM_S):
                for inbox in self.inboxes.values():
                    await inbox.armed.wait()
        ready()

    async def run_once(self) -> None:
        """Work off what lies in the inboxes, as far as it goes without somebody's act."""
        async with self._working() as tasks:
            others = [tasks.create_task(self._stopping()), tasks.create_task(self._sweep())]
            for work in self.soon:
                tasks.create_task(work())
            await self._dispatch(tasks)
            for each in others:
                each.cancel()

    @contextlib.asynccontextmanager
    async def _working(self) -> AsyncIterator[asyncio.TaskGroup]:
        """Load the journal and look after the folders for the length of the block."""
        async with self._entered():
            loop = asyncio.get_running_loop()
            needed = [loop.run_in_executor(None, each) for each in self.needs]
            await self.load()
            for call in needed:
                await call
            self._tell_resumed()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.turns.hands.note_again())
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
        works = [self._unblock(changed, tasks), *self.runner.tools.grounds.pulses(changed.set)]
        return [tasks.create_task(work) for work in works]

    async def _unblock(self, changed: asyncio.Event, tasks: asyncio.TaskGroup) -> None:
        """When folders close or open again, let those go on who can; until cancelled."""
        while await changed.wait():
            changed.clear()
            self.turns.look()
            await self.runner.tools.look()
            tasks.create_task(self.turns.hands.note_again())

    async def _sweep(self) -> None:
        """Take in what lies in every inbox, then let the dispatcher end when all is at rest."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_strays())
            sweeps = [tasks.create_task(each.sweep(self.admit)) for each in self.inboxes.values()]
        for each in self.errands:
            await each()
        self.left = any(sweep.result() for sweep in sweeps)
        self._once = True
        self.turns.nudge.set()

    async def _tell_strays(self) -> None:
        tools = self.runner.tools
        await tell_strays(tools.spool, tools.journal, self._known)

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
            self.turns.take_up(job, now)
        self._loaded.set()

    def _tell_resumed(self) -> None:
        """Tell how many jobs go on where they were, and whether they all wait yet."""
        if not len(self.queue):
            return
        now = self.runner.tools.clock.now()
        wait_s = max(0.0, (self.queue.next_at() or now) - now)
        waits = {"wait_s": round(wait_s, 1)} if wait_s else {}
        structlog.get_logger().info("daemon.resumed", jobs=len(self.queue), **waits)

    def _inbox(self, job: Job) -> Inbox:
        """Give the inbox that a job came from."""
        return self.inboxes[job.claim.watch]

    # Admitting

    async def admit(self, drops: Sequence[Drop]) -> None:
        """Make the claims of settled drops durable and start their jobs."""
        now = self.runner.tools.clock.now()
        records = [each for drop in drops for each in claims(drop, self.draw_key(), now)]
        jobs = [machine.advance(Job(each.job_id), each.event, each.at) for each in records]
        await self.runner.tools.journal.append(records, jobs)
        for job, record in zip(jobs, records, strict=True):
            self.runner.tell(Job(job.id), job, record)
            self.queue.put(job, at=now)
        self.turns.nudge.set()

    # Driving

    async def _dispatch(self, tasks: asyncio.TaskGroup) -> None:
        """Start every job whose turn it is; sleep until the next one's."""
        clock = self.runner.tools.clock
        now = clock.now()
        while not self.stop.is_set():
            self.turns.nudge.clear()
            self.beats.beat("jobs", _IDLE_S)
            before, now = now, clock.now()
            if now < before:
                self.turns.set_back(before - now)
            self.turns.begin(tasks, now)
            if self._at_rest():
                return
            wake_at = self.turns.next_at(now) or now + _IDLE_S
            await clock.pause(min(_IDLE_S, wake_at - clock.now()), self.turns.nudge)

    def _at_rest(self) -> bool:
        """Whether a single run has taken in all drops and has nothing left to wait for."""
        if not self._once or not self.turns.idle:
            return False
        return len(self.standstill.reasons(self.queue.jobs())) == len(self.queue)

    def waiting(self) -> list[tuple[Job, str]]:
        """Give the jobs that are not at rest, and why; "" for one that goes on by itself."""
        return self.standstill.waiting(self.queue.jobs())

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
        job = await self.turns.hands.change(order.job_id, partial(orders.obey, order=order))
        self.turns.nudge.set()
        return job

    async def retry(self, job_id: str) -> str:
        """Put the originals of a job that failed back into the inbox; say which.

        Raises:
            Refused: There is nothing to try again.
            JournalError: The journal cannot be read.
        """
        await self._loaded.wait()
        return await again.retry(job_id, self.queue, self.runner.tools)

    async def _stopping(self) -> None:
        """When a stop is asked for, cut what may be cut short and wake the dispatcher."""
        await self.stop.wait()
        self.turns.nudge.set()
        self.turns.cut()

    # News

    def _heard(self, before: Job, after: Job, record: Record) -> None:
        """Let the inbox look again where a claim is over; count what ended."""
        self.turns.room.heard(before, after, record)
        self.turns.chains.heard(before, after)
        if self.turns.chains.stirred:  # while the shot's originals are still put away
            self.turns.nudge.set()
        self.standstill.heard(after, record)
        self.ended.update([after.state] if after.at_rest else [])
        # What is done was claimed before that, and is in done/ by now.
        if after.state is State.CLAIMED or (after.at_rest and after.state is not State.DONE):
            self._inbox(after).let_go(part.source for part in after.claim.parts)

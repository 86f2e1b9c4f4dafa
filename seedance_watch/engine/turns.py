"""Gives every job its turn: a task of its own as soon as it may go on, one at a time for each.

A job is driven to its next stand, sent to another provider, let try whether a budget has room, or
let look whether the shot that it goes on from has its video.
"""

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import partial

from seedance_watch.core import orders, policy
from seedance_watch.core.errors import Fault, Stale
from seedance_watch.core.events import Effect, Event, Released
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order, Refused
from seedance_watch.engine import chains
from seedance_watch.engine.chains import Chains
from seedance_watch.engine.detours import Detours
from seedance_watch.engine.hands import Hands
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.queue import Queue
from seedance_watch.engine.room import Room
from seedance_watch.engine.runner import Runner

# Effects that a stop may cut short. A download goes on where it ended and has a connection of
# its own; other calls are short, and cutting one would spoil the connections they share. What is
# made beside a video may take minutes, and is made anew.
_MAY_CUT = frozenset({Effect.DOWNLOAD, Effect.ADD})


@dataclass(slots=True)
class Turns:
    """The jobs' turns.

    Attributes:
        runner: Drives jobs.
        lanes: The providers' lanes.
        queue: Where jobs wait.
        hands: Who has a job in hand.
        detours: Who need not wait for a paused lane.
        room: Where a budget may have room again.
        nudge: Set when somebody's turn may have come.
        busy: The tasks under way, by job.
    """

    runner: Runner
    lanes: Lanes
    queue: Queue = field(init=False)
    hands: Hands = field(init=False)
    detours: Detours = field(init=False)
    room: Room = field(default_factory=Room)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _timed: list[str] = field(default_factory=list)  # held for hours that may be others by now

    def __post_init__(self) -> None:
        """Tie the queue to the lanes and to the folders."""
        self.detours = Detours(self.lanes)
        self.queue = Queue(self.lanes.seats_of, self.lanes.open, self.runner.tools.grounds.open)
        self.hands = Hands(self.runner, self.queue, self.detours.came)

    def take_up(self, job: Job, now: float) -> None:
        """Take in a job as a start finds it."""
        step = policy.decide(job, now)
        self.queue.put(job, at=step.until if isinstance(step, policy.Wait) else now)
        self.room.loaded(job)
        self.chains.loaded(job)
        if job.hold:
            self.hands.unnoted.add(job.id)
            self._timed += [job.id] if job.hold.code == "hours" else []

    def begin(self, tasks: asyncio.TaskGroup, now: float) -> None:
        """Start everything whose turn it is."""
        self._look_again(tasks, now)
        for job in self.queue.due(now):
            self.busy[job.id] = tasks.create_task(self._drive(job))
        for job_id in self.room.next_of(self.queue.job):
            self.busy[job_id] = tasks.create_task(self._let_try(job_id))
        for job_id in self.detours.take(self.queue.jobs):
            self.busy[job_id] = tasks.create_task(self._detour(job_id))
        while self._timed:
            job_id = self._timed.pop()
            self.busy[job_id] = tasks.create_task(self._time_anew(job_id))

    @property
    def chains(self) -> Chains:
        """Who waits for another one's video."""
        return self.runner.tools.chains

    def _look_again(self, tasks: asyncio.TaskGroup, now: float) -> None:
        """Let chained jobs look again for what they go on from."""
        for job_id in self.chains.take(self.busy):
            job = self.queue.job(job_id)
            if job and chains.held(job):
                self.busy[job_id] = tasks.create_task(self._look(job))
            elif job and job.state is State.CLAIMED and not job.hold:
                self.queue.put(job, at=now)

    async def _look(self, job: Job) -> None:
        """Let a held job look again for what it goes on from."""
        await self._busy_with(job.id, self._looked(job))

    async def _looked(self, job: Job) -> None:
        """Record what changed; a job that cannot look now will before it goes on."""
        found = None
        with contextlib.suppress(Fault):
            found = await self.chains.look(job, self.runner.tools.clock.now())
        await self.hands.change(job.id, partial(chains.changed, before=job, found=found))

    def next_at(self, now: float) -> float | None:
        """Give when the next turn comes, UTC seconds; None: when something happens."""
        times = (self.queue.next_at(), self.lanes.next_at(now))
        return min((at for at in times if at is not None), default=None)

    def set_back(self, by_s: float) -> None:
        """Wait no longer than before although the clock was set back."""
        self.queue.set_back(by_s)
        self.lanes.set_back(by_s)

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self.busy and not self.room.trying and not self.chains.stirred

    def cut(self) -> None:
        """Cut short what may be."""
        for job_id, task in list(self.busy.items()):
            if self.runner.doing.get(job_id) in _MAY_CUT:
                task.cancel()

    def look(self) -> None:
        """Take in that folders closed or opened: those that hang lose their seats."""
        for job_id in self.busy:
            job = self.queue.job(job_id)
            doing = self.runner.doing.get(job_id)
            if job and self.runner.tools.grounds.holds_up(job, doing):
                self.runner.unseated.add(job_id)
                self.queue.unseat(job_id)
        self.queue.unpark()
        self.nudge.set()

    async def _drive(self, found: Job) -> None:
        """Drive a job to its next stand."""
        await self._busy_with(found.id, self.hands.drive(found))

    async def _detour(self, job_id: str) -> None:
        """Send a job to the next provider of its route, if that still is what it needs."""
        await self._busy_with(job_id, self.hands.change(job_id, self.detours.events))

    async def _time_anew(self, job_id: str) -> None:
        """Hold a job for the hours that its folder has now, or let it go."""
        await self._busy_with(job_id, self.hands.change(job_id, self._hours))

    def _hours(self, job: Job) -> list[Event]:
        """Give what the folder's hours make of a job that was held for those before."""
        if job.hold is None or job.hold.code != "hours":
            return []
        tools = self.runner.tools
        hold = tools.purse.closed(job, tools.clock.now())
        if hold == job.hold:
            return []
        return [hold] if hold else [Released("hours")]

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
            if self.busy.get(job_id) is asyncio.current_task():
                del self.busy[job_id]
            self.nudge.set()

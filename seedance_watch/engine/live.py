"""What only a running daemon knows, as the Snapshot has it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from seedance_watch.core.snapshot import InboxView, LaneView, Live, LoopView
from seedance_watch.engine.accounts import Accounts
from seedance_watch.engine.beats import GRACE_S, inbox_loop
from seedance_watch.engine.daemon import Daemon
from seedance_watch.ports import Inbox


@dataclass(slots=True)
class Lookout:
    """Looks at a daemon.

    Attributes:
        daemon: The daemon.
        accounts: What is known of the accounts.
        version: This program's version.
        since: When the daemon became ready, UTC seconds.
    """

    daemon: Daemon
    accounts: Accounts
    version: str
    since: float = field(init=False)

    def __post_init__(self) -> None:
        """Note the time."""
        self.since = self.daemon.runner.tools.clock.now()

    def look(self) -> Live:
        """Give what is so at this moment."""
        return Live(
            process=os.getpid(),
            version=self.version,
            since=self.since,
            lanes=tuple(map(self._lane, self.daemon.runner.tools.providers)),
            inboxes=tuple(map(self._inbox, self.daemon.inboxes.values())),
            doing={job: str(effect) for job, effect in self.daemon.runner.doing.items()},
            left=dict(self.accounts.left),
            loops=tuple(self._loops()),
        )

    def _inbox(self, inbox: Inbox) -> InboxView:
        """Give how an inbox stands, its watch entry's other folders included."""
        ground = self.daemon.runner.tools.grounds.grounds.get(inbox.watch)
        view = inbox.view()
        return replace(view, closed=ground.closed, low=ground.low) if ground else view

    def _loops(self) -> Iterator[LoopView]:
        """Give the loops; one that waits for a disk that is known to hang hangs not itself."""
        tools = self.daemon.runner.tools
        frozen = {inbox_loop(name) for name in self.daemon.inboxes if tools.grounds.frozen(name)}
        loops = self.daemon.beats.view()
        yield from (loop for loop in loops if loop.name not in frozen)
        if loops:
            yield LoopView("journal", tools.journal.waited_s(), GRACE_S)

    def _lane(self, provider: str) -> LaneView:
        lane = self.daemon.lanes.lane(provider)
        in_work = self.daemon.queue.in_work(provider)
        paused = bool(self.daemon.lanes.paused(provider))
        if pause := self.daemon.lanes.pauses.get(provider):
            return LaneView(provider, lane.seats, in_work, why=str(pause), paused=True)
        return LaneView(provider, lane.seats, in_work, lane.closed_until, lane.why, paused)

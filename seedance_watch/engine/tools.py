"""What effects work with: the outside, through its ports."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.machine import Job
from seedance_watch.engine.chains import Chains
from seedance_watch.engine.grounds import Grounds
from seedance_watch.engine.purse import Purse
from seedance_watch.engine.seats import Seats
from seedance_watch.ports import Clock, Journal, Provider, Spool, Studio


@dataclass(frozen=True, slots=True)
class Tools:
    """The outside, through its ports.

    Attributes:
        grounds: Whether the folders can be worked in.
        workers: Bounds the pictures and videos that are worked on at the same time.
        uploads: Bounds what is uploaded at the same time, by provider: each picture is in memory.
        min_free_bytes: Nothing is submitted while less is free where the video will go.
        purse: What may be spent.
        chains: Who waits for another one's video.
        folders: Locks of job folders, by drop.
    """

    clock: Clock
    journal: Journal
    spool: Spool
    studio: Studio
    providers: Mapping[str, Provider]
    workers: Seats
    uploads: Mapping[str, Seats]
    min_free_bytes: int
    purse: Purse
    chains: Chains
    grounds: Grounds = field(default_factory=Grounds)
    folders: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def look(self) -> None:
        """Let those who wait for a seat see whether one became free by a disk that hangs."""
        for seats in (self.workers, *self.uploads.values()):
            await seats.look()

    def provider(self, job: Job) -> Provider:
        """Give the service that a prepared job goes to."""
        assert job.prepared is not None, job.id
        name = job.prepared.spec.provider
        if name not in self.providers:
            reason = f"provider {name!r} is not configured any more; add [providers.{name}] again"
            raise Fault(FaultKind.DENIED, reason, code="no_provider")
        return self.providers[name]

    def folder_lock(self, job: Job) -> asyncio.Lock:
        """Give the lock that the takes of one drop share."""
        return self.folders.setdefault(job.claim.drop_id, asyncio.Lock())

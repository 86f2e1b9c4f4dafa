"""The video's bytes: from the provider, or from a video that exists, into the part file."""

import asyncio
from collections.abc import Sequence
from functools import partial

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Event, Fetched, GivenUp
from seedance_watch.core.machine import Job
from seedance_watch.engine.tools import Tools


async def download(job: Job, tools: Tools) -> Sequence[Event]:
    """Fetch the video and decode it from first to last frame."""
    part, reused = tools.spool.part(job), job.reused
    if reused and not await asyncio.to_thread(tools.spool.has_video, reused.watch, reused.video):
        return [GivenUp(f"{reused.video}, to be placed once more, was taken away meanwhile")]
    await _fetch(job, tools)
    try:
        async with tools.workers.seat(job.claim.watch):
            return [Fetched(await asyncio.to_thread(tools.studio.verify, part))]
    except Fault as fault:
        if fault.kind is FaultKind.GARBLED:
            await asyncio.to_thread(tools.spool.discard, job)
        raise


async def _fetch(job: Job, tools: Tools) -> None:
    """Bring the video's bytes into the part file."""
    part = tools.spool.part(job)
    if job.reused:
        watch, video = job.reused.watch, job.reused.video
        await asyncio.to_thread(tools.spool.reuse, job, watch, video)
    elif url := await _link(job, tools):
        sure = partial(tools.spool.sure, job, "outbox")
        await tools.provider(job).download(url, part, sure=sure)


async def _link(job: Job, tools: Tools) -> str:
    """Give the link to fetch from: a fresh one where the known one is of no use; "" for none."""
    assert job.ready is not None, job.id
    assert job.accepted is not None, job.id
    known, failed = job.ready, job.deferred if job.tries else None
    perished = known.expires_at is not None and known.expires_at <= tools.clock.now()
    useless = failed is not None and failed.kind in {FaultKind.GONE, FaultKind.GARBLED}
    if not known.url and not failed and await asyncio.to_thread(_came, job, tools):
        return ""
    if perished or useless or not known.url:
        provider, ours = tools.provider(job), account(job)
        return (await provider.refresh(job.accepted.task_id, account=ours)).url
    return known.url


def _came(job: Job, tools: Tools) -> bool:
    """Whether the video came with the answer to the paid call; blocking."""
    tools.spool.sure(job, "outbox")
    return tools.spool.part(job).is_file()


def account(job: Job) -> str:
    """Give the fingerprint of the key that the job was paid with, "" when it is not known."""
    return job.intended.account if job.intended else ""

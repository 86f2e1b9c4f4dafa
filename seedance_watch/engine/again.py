"""Another try for a job that failed or was cancelled: its originals are dropped once more.

The new try is a job of its own; nothing is recorded about the old one.
"""

import asyncio

from seedance_watch.core.errors import Fault
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.model import State
from seedance_watch.core.orders import Gone, Refused, may_retry
from seedance_watch.core.snapshot import Row
from seedance_watch.core.words import listing
from seedance_watch.engine import meant
from seedance_watch.engine.queue import Queue
from seedance_watch.engine.tools import Tools


async def retry(job_id: str, queue: Queue, tools: Tools) -> str:
    """Put the originals of a job back into the inbox; say which.

    Raises:
        Refused: There is no such job, or it needs no other try, or its files are not there.
        JournalError: The journal cannot be read.
    """
    history = await tools.journal.history(job_id)
    if not history:
        raise Refused(await meant.unknown(job_id, queue, tools.journal))
    job = fold(job_id, history)
    may_retry(job)
    if not tools.spool.serves(job.claim.watch):
        raise Refused(f"the folder of job {job.id} is not in the configuration any more")
    try:
        moved = await asyncio.to_thread(tools.spool.put_back, job)
    except Fault as fault:
        raise Refused(f"job {job.id} cannot be tried again: {fault.reason}") from fault
    if not moved:
        raise Gone(_where(job, await tools.journal.siblings(job.claim.drop_id)))
    return f"job {job.id}: back in the inbox: {listing(moved, last='and', plain=True)}"


def _where(job: Job, takes: list[Row]) -> str:
    """Say why the originals of a job are not in failed/."""
    states = {row.state: row.job_id for row in takes if row.job_id != job.id}
    if State.DONE in states:
        return (
            f"the originals of job {job.id} are in done/, because job {states[State.DONE]}, "
            "another take, has its video; move them to the inbox to have all takes made again"
        )
    for row in takes:
        if row.state not in {State.FAILED, State.CANCELLED}:
            return f"the originals of job {job.id} are needed by job {row.job_id} ({row.state})"
    return f"the originals of job {job.id} are not in failed/ any more"

"""The effects: each does one thing to the outside and says which events came of it.

Every effect may be repeated after a crash at any point in it. None retries, none waits, none
records: the runner does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from seedance_watch.core import doubts, naming, policy, reactions, reasons
from seedance_watch.core.chain import Start, Waits
from seedance_watch.core.errors import Fault, FaultKind, SidecarError
from seedance_watch.core.events import (
    Accepted,
    Archived,
    Cancelling,
    Claimed,
    Effect,
    Event,
    Failing,
    Held,
    Placed,
    Placing,
    Prepared,
    Ready,
    Returned,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.engine.extras import Adding
from seedance_watch.engine.fetching import account, download
from seedance_watch.engine.tools import Tools
from seedance_watch.ports import Claim, Putting

Events = Sequence[Event]

# States in which a take no longer needs the drop's files.
_ENDED = frozenset(
    {State.PLACED, State.FAILING, State.CANCELLING, State.DONE, State.FAILED, State.CANCELLED}
)
_VIDEO = frozenset({State.PLACED, State.DONE})


async def _claim(job: Job, tools: Tools) -> Events:
    """Move the drop into its folder; a late writer or a missing file takes the claim back."""
    async with tools.folder_lock(job):
        outcome = await asyncio.to_thread(tools.spool.claim, job.claim)
    match outcome:
        case Claim.CLAIMED:
            return [Claimed()]
        case Claim.CHANGED:
            return [Cancelling("the files changed while they were being claimed", Returned.INBOX)]
        case Claim.GONE:
            return [Cancelling("a file was taken away before it was claimed", Returned.INBOX)]


async def _prepare(job: Job, tools: Tools) -> Events:
    """Understand the wish, make the pictures fit; no event while a chained shot waits."""
    try:
        folder = tools.spool.folder(job.claim)
        start = await _start(job, tools, folder) if job.claim.start_from else None
        if isinstance(start, Waits | Held):
            return [start] if isinstance(start, Held) else []
        async with tools.workers.seat(job.claim.watch):
            return [await asyncio.to_thread(_prepared, job, tools, folder, start)]
    except SidecarError as error:
        return [Failing(Effect.PREPARE, FaultKind.REFUSED, str(error), "sidecar")]


def _prepared(job: Job, tools: Tools, folder: Path, start: Start | None) -> Prepared:
    """Prepare in the folder that it was claimed into; blocking."""
    tools.spool.sure(job, "inbox")
    return tools.studio.prepare(job, folder, start)


async def _start(job: Job, tools: Tools, folder: Path) -> Start | Waits | Held:
    """Say what a chained shot goes on from; what is wrong with its wish is said before it waits.

    A frame that was taken once is taken for good: another provider gets the same one.
    """
    await asyncio.to_thread(tools.spool.sure, job, "inbox")
    taken = job.prepared.start if job.prepared else ""
    if bool(taken) and await asyncio.to_thread(tools.studio.has_start, job, folder):
        return Start(taken)
    await asyncio.to_thread(tools.studio.understand, job, folder)
    return await tools.chains.look(job, tools.clock.now())


async def _stage(job: Job, tools: Tools) -> Events:
    """Make the pictures reachable for the provider, when the video may be paid for."""
    assert job.prepared is not None, job.id
    if stopped := await tools.purse.stopped(job, tools.clock.now()):
        return [stopped]
    # An inbox that is away needs no look of its own: nothing is made in it here, and a picture
    # that is not there, or not the one that was prepared, is our own disk's fault.
    folder, spec = tools.spool.folder(job.claim), job.prepared.spec
    provider = tools.provider(job)
    async with tools.uploads[spec.provider].seat(job.claim.watch):
        staged = await provider.stage(job.prepared.pictures, folder, spec)
    if policy.listed(job, staged.urls):
        reason = (
            f"{spec.provider} gave the picture the address that it had at the last attempt, so a "
            "lost answer could not be told from that one: lend pictures from storage of your own "
            f"(providers.{spec.provider}.image_host), then release the job"
        )
        raise Fault(FaultKind.GARBLED, reason, code="address")
    return [staged]


async def _intend(job: Job, tools: Tools) -> Events:
    """Compose the paid call, when there is room for what it will bring."""
    await _room(job, tools)
    if early := tools.purse.not_now(job, tools.clock.now()):
        return [early]
    attempt = job.attempts + 1
    key = naming.attempt_key(job.claim.key, job.claim.take, attempt)
    return [await tools.provider(job).intend(job, key, attempt)]


async def _room(job: Job, tools: Tools) -> None:
    """Make sure that a paid video will have a place.

    Raises:
        Fault: LOCAL, too little is free; the job waits, nothing is paid.
    """
    free = await asyncio.to_thread(tools.spool.free_bytes, job)
    if free < tools.min_free_bytes:
        reason = (
            f"only {free} bytes are free where the video will go, limits.min_free_bytes asks for "
            f"{tools.min_free_bytes}; make room, the job goes on by itself"
        )
        raise Fault(FaultKind.LOCAL, reason, code="no_room")


async def _submit(job: Job, tools: Tools) -> Events:
    """Make the one paid call."""
    assert job.intended is not None, job.id
    return await tools.provider(job).submit(job.intended, tools.spool.part(job))


async def _reconcile(job: Job, tools: Tools) -> Events:
    """Look whether the paid call was taken."""
    assert job.intended is not None, job.id
    provider, intended_at = tools.provider(job), job.since[State.SUBMITTING]
    window_s, now = provider.doubts.window_s, tools.clock.now()
    if not doubts.may_look(window_s, intended_at=intended_at, now=now):
        raise Fault(FaultKind.UNSURE, "it is too late to ask the provider safely")
    found = await provider.reconcile(job.intended, intended_at)
    if found is None:
        raise Fault(FaultKind.UNSURE, "the provider does not know it (yet)")
    if isinstance(found, Accepted):
        await _own(job, found, tools)
    return [found]


async def _own(job: Job, found: Accepted, tools: Tools) -> None:
    """Make sure that a task which was found is no other job's.

    Raises:
        Fault: UNSURE, it is; that one's video would come twice, and this one's perhaps never.
    """
    if other := await tools.journal.taker(found.task_id, job.id):
        reason = f"the task that was found, {found.task_id}, is that of job {other}"
        raise Fault(FaultKind.UNSURE, reason)


async def _poll(job: Job, tools: Tools) -> Events:
    """Ask once how the task stands; no event while it is not finished and in time."""
    assert job.accepted is not None, job.id
    accepted_at = job.since[State.RUNNING]
    provider, ours = tools.provider(job), account(job)
    ready = await provider.poll(job.accepted.task_id, accepted_at, account=ours)
    event = ready or reactions.overdue(accepted_at, tools.clock.now())
    return [event] if event else []


async def _name(job: Job, tools: Tools) -> Events:
    """Choose a free name in the outbox and write the receipt for it."""
    stem, more = await asyncio.to_thread(tools.spool.named, job)
    name = f"{stem}.mp4"
    receipt = tools.studio.receipt(job, name, placed_at=tools.clock.now(), extras=more)
    return [Placing(name, receipt, more)]


async def _place(job: Job, tools: Tools) -> Events:
    """Put video and receipt into the outbox under the recorded name."""
    assert job.placing is not None, job.id
    assert job.fetched is not None, job.id
    name, receipt = job.placing.name, job.placing.receipt.encode()
    outcome = await asyncio.to_thread(tools.spool.place, job, name, job.fetched.clip, receipt)
    match outcome:
        case Putting.PLACED:
            return [Placed()]
        case Putting.TAKEN:
            return await _name(job, tools)
        case Putting.MISSING:
            known = job.ready or Ready("")
            return [Ready("", cost=known.cost, seed=known.seed)]


async def _add(job: Job, tools: Tools) -> Events:
    """Make what was wished for beside the video; their gate bounds it, no worker's seat."""
    adding = Adding(tools.journal, tools.spool, tools.studio, tools.min_free_bytes)
    return [await adding.added(job)]


async def _archive(job: Job, tools: Tools) -> Events:
    """Write the reason where there is one; move the originals when no sibling needs them."""
    note = reasons.ended(job)
    if note:
        kind = "done" if job.duplicate else "failed"
        await asyncio.to_thread(tools.spool.write_note, job, kind, note)
    async with tools.folder_lock(job):
        states = await _states(job, tools)
        if states <= _ENDED:
            to = None if states & _VIDEO else _destination(job)
            lost = await asyncio.to_thread(tools.spool.archive, job, to)
            return [Archived(tuple(lost))]
    await asyncio.to_thread(tools.spool.clear, job)
    return [Archived()]


async def _states(job: Job, tools: Tools) -> set[State]:
    """Give the states of all takes of a job's drop."""
    if job.claim.takes == 1:
        return {job.state}
    rows = await tools.journal.siblings(job.claim.drop_id)
    return {row.state for row in rows if row.job_id != job.id} | {job.state}


def _destination(job: Job) -> Returned:
    """Say where the originals of a drop without any video go."""
    return job.cancelling.to if job.cancelling else Returned.FAILED


PERFORM: Mapping[Effect, Callable[[Job, Tools], Awaitable[Events]]] = {
    Effect.CLAIM: _claim,
    Effect.PREPARE: _prepare,
    Effect.STAGE: _stage,
    Effect.INTEND: _intend,
    Effect.SUBMIT: _submit,
    Effect.RECONCILE: _reconcile,
    Effect.POLL: _poll,
    Effect.DOWNLOAD: download,
    Effect.NAME: _name,
    Effect.PLACE: _place,
    Effect.ADD: _add,
    Effect.ARCHIVE: _archive,
}

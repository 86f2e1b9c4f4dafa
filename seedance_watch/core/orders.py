"""What a person may order a job to do, and what comes of it.

Nobody is asked twice, so nothing that money may hang on is given up silently: such an order says
no with a reason, and is obeyed when it is given again with `anyway`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from seedance_watch.core import chain
from seedance_watch.core.errors import SeedanceWatchError
from seedance_watch.core.events import (
    Accepted,
    Cancelling,
    Event,
    GivenUp,
    Held,
    Released,
    Returned,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State

S = State
_FREE = frozenset({S.CLAIMED, S.PREPARED, S.STAGED})
_PAID = frozenset({S.SUBMITTING, S.RUNNING, S.READY})
_BY_PERSON = "person"  # how an adopted task was accepted


class Act(StrEnum):
    """What may be ordered."""

    HOLD = "hold"  # do not go on
    RELEASE = "release"  # go on, and look again whether a limit still stands in the way
    CANCEL = "cancel"  # give it up and put the originals into failed/
    ADOPT = "adopt"  # the provider took the attempt in doubt, under this task id
    RESUBMIT = "resubmit"  # pay for another attempt; the last one is not to be had any more
    RETRY = "retry"  # it failed or was cancelled: its originals are to be dropped again


class Refused(SeedanceWatchError):
    """An order that was not obeyed; nothing was recorded."""


class Gone(Refused):
    """There is nothing any more that it could be done with."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants of a job.

    Attributes:
        act: What to do.
        job_id: To which job.
        task_id: The provider's name for the task to adopt, "" for other orders.
        anyway: Do it although money may be lost by it.
        by: Who says so, for the log ("shell").
        only: A release lets go of no other hold than one of this code; "" for any.
        seq: The job's last event as whoever orders saw it; 0: it may have gone on since.
    """

    act: Act
    job_id: str
    task_id: str = ""
    anyway: bool = False
    by: str = "shell"
    only: str = ""
    seq: int = 0


def obey(job: Job, order: Order) -> list[Event]:
    """Give the events of an order; none where nothing has to be done.

    Raises:
        Refused: It makes no sense in the job's state, or would lose money.
    """
    if job.at_rest:
        raise Refused(f"job {job.id} is over ({job.state})")
    if order.seq and order.seq != job.seq:
        raise Refused(f"job {job.id} has gone on since you looked ({job.state}): look again")
    return _ACTS[order.act](job, order)


def _hold(job: Job, order: Order) -> list[Event]:
    if job.hold and job.hold.code == "by_person":
        return []
    if job.state in _PAID and not order.anyway:
        raise Refused(
            f"job {job.id} is paid or may be; while it is held its video may perish at the "
            "provider. Say --anyway if that is what you want"
        )
    return [Held("by_person", f"held by a person ({order.by}); it goes on when it is released")]


def _release(job: Job, order: Order) -> list[Event]:
    if order.only and not (job.hold and job.hold.code == order.only):
        return []
    if job.hold and job.hold.code == "in_doubt" and not order.anyway:
        raise Refused(
            f"it is not known whether the provider took job {job.id}; releasing it would only ask "
            "once more and hold it again. `adopt` it with the provider's task id, or `resubmit` "
            "it when you are sure that it was not taken"
        )
    if job.hold and job.hold.code in chain.HEARD:
        raise Refused(
            f"job {job.id} goes on by itself as soon as it can: {job.hold.reason}. `cancel` gives "
            "it up"
        )
    return [Released(order.by)] if job.hold or job.wake_at else []


def _cancel(job: Job, order: Order) -> list[Event]:
    if job.state in _PAID and not order.anyway:
        raise Refused(
            f"job {job.id} is paid or may be; cancelling throws its video away. "
            "Say --anyway if that is what you want"
        )
    if job.state is S.CLAIMING:
        raise Refused(f"job {job.id} is just being claimed: try again in a moment")
    if job.state not in _FREE | _PAID:
        raise Refused(f"job {job.id} is {job.state}: it is too late to cancel")
    return [Cancelling(f"cancelled by a person ({order.by})")]


def _adopt(job: Job, order: Order) -> list[Event]:
    if job.state is not S.SUBMITTING and not adopted(job):
        raise Refused(f"job {job.id} is {job.state}: only one in doubt (submitting) can adopt")
    if not _sound(order.task_id):
        raise Refused(f"{order.task_id!r} is not a task id: copy it from the provider's own page")
    return [Accepted(order.task_id, via=_BY_PERSON)]


def adopted(job: Job) -> bool:
    """Whether the task that a job waits for is a person's word, which may have been wrong."""
    return job.state is S.RUNNING and job.accepted is not None and job.accepted.via == _BY_PERSON


def _resubmit(job: Job, order: Order) -> list[Event]:
    if job.state not in _PAID:
        raise Refused(
            f"job {job.id} is {job.state}: no attempt of it can be given up; "
            "if it is held, `release` lets it go on"
        )
    if not _stuck(job) and not order.anyway:
        raise Refused(
            f"job {job.id} is under way ({job.state}); paying again would pay twice. "
            "Say --anyway if that is what you want"
        )
    return [GivenUp(f"a person ({order.by}) wants another attempt")]


def _stuck(job: Job) -> bool:
    """Whether an attempt does not go on by itself, for another reason than a person's wish."""
    return job.hold is not None and job.hold.code != "by_person"


def _retry(job: Job, _order: Order) -> list[Event]:
    held = f", held: {job.hold.reason}" if job.hold else ""
    cure = "`release` lets it go on" if job.hold else "it goes on by itself"
    raise Refused(f"job {job.id} is not over ({job.state}{held}); {cure}")


def may_retry(job: Job) -> None:
    """Make sure that a job has originals in failed/ that may be dropped again.

    Raises:
        Refused: It is not over, or needs no other try.
    """
    if not job.at_rest:
        _retry(job, Order(Act.RETRY, job.id))
    if job.duplicate:
        raise Refused(
            f"job {job.id} is done: the same video exists already (job {job.duplicate.of}), "
            f"nothing was paid; {_ANOTHER}"
        )
    if job.state is S.DONE:
        raise Refused(f"job {job.id} is done: its video was placed; {_ANOTHER}")
    if job.cancelling and job.cancelling.to is Returned.INBOX:
        raise Gone(f"the files of job {job.id} went back to the inbox already")


_ANOTHER = (
    "for another one write `again = true` into the sidecar and move both files from done/ to the "
    "inbox"
)


def _sound(task_id: str) -> bool:
    """Whether this may be a task id: it becomes part of an address."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", task_id) is not None


_ACTS: Mapping[Act, Callable[[Job, Order], list[Event]]] = {
    Act.HOLD: _hold,
    Act.RELEASE: _release,
    Act.CANCEL: _cancel,
    Act.ADOPT: _adopt,
    Act.RESUBMIT: _resubmit,
    Act.RETRY: _retry,
}

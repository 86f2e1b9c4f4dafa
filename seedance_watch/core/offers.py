"""What may be ordered of a job now, and what a person must know first; pure.

Found by trying each order on the job as it is, so it never says anything else than the order
itself would.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order, Refused, adopted, may_retry, obey

PAY_AGAIN = "pay again"  # what a person types who means it


class Sure(StrEnum):
    """How a person says that an order is meant."""

    AT_ONCE = "at_once"  # the button is enough
    ASKED = "asked"  # a second button, below what it means
    TYPED = "typed"  # the words PAY_AGAIN are to be typed


@dataclass(frozen=True, slots=True)
class Offer:
    """An order that would be obeyed.

    Attributes:
        act: What to do.
        sure: How it has to be confirmed.
        warning: What it costs, or loses; "" for nothing.
        anyway: Whether it is obeyed only when that is accepted.
        seq: The job's last event; a confirmed order is for the job as it was shown.
    """

    act: Act
    sure: Sure = Sure.AT_ONCE
    warning: str = ""
    anyway: bool = False
    seq: int = 0


_UNPAID = frozenset({State.CLAIMED, State.PREPARED, State.STAGED})
_LOST = "it is paid, or may be: its video is thrown away, and what was paid is lost"
_TWICE = "it is under way: this pays a second time for the same video"
_AGAIN = "this pays for another attempt; the one before stays counted as spent"


def offers(job: Job) -> tuple[Offer, ...]:
    """Give what may be ordered of a job."""
    return tuple(_at_rest(job) if job.at_rest else _open(job))


def _at_rest(job: Job) -> Iterator[Offer]:
    try:
        may_retry(job)
    except Refused:
        return
    spent = [str(each.amount) for each in job.spendings if each.amount.amount > 0]
    if not spent:
        yield Offer(Act.RETRY)
        return
    said = " and ".join(spent)
    warning = f"{said} count as spent for it already; another try is paid on its own"
    yield Offer(Act.RETRY, Sure.ASKED, warning)


def _open(job: Job) -> Iterator[Offer]:
    if _obeyed(job, Act.RELEASE):
        yield Offer(Act.RELEASE)
    if job.hold is None and job.state in _UNPAID and _obeyed(job, Act.HOLD):
        yield Offer(Act.HOLD)
    if _obeyed(job, Act.ADOPT) and (job.hold is not None or adopted(job)):
        yield Offer(Act.ADOPT)
    for act, warnings in _COSTLY.items():
        for anyway in (False, True):
            if _obeyed(job, act, anyway=anyway):
                sure, warning = warnings[anyway]
                seq = job.seq if sure is not Sure.AT_ONCE else 0
                yield Offer(act, sure, warning, anyway=anyway, seq=seq)
                break


_COSTLY: Mapping[Act, Mapping[bool, tuple[Sure, str]]] = {
    Act.RESUBMIT: {False: (Sure.TYPED, _AGAIN), True: (Sure.TYPED, _TWICE)},
    Act.CANCEL: {False: (Sure.AT_ONCE, ""), True: (Sure.ASKED, _LOST)},
}


def _obeyed(job: Job, act: Act, *, anyway: bool = False) -> bool:
    """Whether an order would be obeyed and change something."""
    try:
        return bool(obey(job, Order(act, job.id, task_id="any", anyway=anyway)))
    except Refused:
        return False

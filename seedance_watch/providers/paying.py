"""What must hold before a paid call leaves: it is the intended one, and not too late for a replay.

A key is remembered for a while only; after that a replay would pay again. This machine's clock
alone does not tell how long ago the intent was: it may have been set back meanwhile, or have
stood still while the machine was off. The provider's clock did neither.
"""

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Intended
from seedance_watch.providers.dialect import Call, Reply
from seedance_watch.providers.verdicts import http_date


def check_intended(call: Call, intent: Intended | None, paid: int) -> None:
    """Stop a dialect that would pay without an intent, twice, or for something else.

    Args:
        call: What is about to be sent; calls that are not paid always may.
        intent: What may be paid for, None for nothing.
        paid: Paid calls of this flow, this one included.

    Raises:
        RuntimeError: Our bug; nothing was sent.
    """
    if not call.paid:
        return
    if intent is None or paid > 1:
        raise RuntimeError(f"{call.url}: a paid call without an intent, or a second one")
    if (call.url, call.body) != (intent.url, intent.body):
        raise RuntimeError(f"{call.url}: a paid call that is not the intended one")


def ahead_s(skew_s: float | None) -> float:
    """Give how far the provider's clock is ahead of ours; 0.0 when behind, or not told."""
    return max(0.0, skew_s or 0.0)


def skew_s(reply: Reply) -> float | None:
    """Give the provider's clock less ours; None: not told. Precise to some seconds."""
    told_at = http_date(reply.headers.get("date", ""))
    return None if told_at is None else told_at - reply.at


_NOTED_MOST = 1000


def note(known: dict[str, float], key: str, ahead: float) -> None:
    """Note by how much the provider's clock was ahead at an intent; the oldest is forgotten.

    What is not known any more, as after a restart, counts as 0.0: the replay is believed to be
    later than it is.
    """
    known[key] = ahead
    if len(known) > _NOTED_MOST:
        del known[next(iter(known))]


def check_age(provider: str, *, age_s: float, window_s: float) -> None:
    """Stop a replay that would come too late.

    Raises:
        Fault: UNSURE; nothing was sent.
    """
    if age_s > window_s:
        reason = (
            f"by {provider}'s clock the paid call was {age_s / 60:.0f} minutes ago, too long to "
            "send it again safely; this machine's clock says less: set it"
        )
        raise Fault(FaultKind.UNSURE, reason)

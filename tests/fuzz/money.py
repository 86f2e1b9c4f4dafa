"""What may be believed of an answer where money hangs on it."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from fuzz.answers import MARKER, NOW

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import EVENT_TYPES, Accepted, Event, Ready
from seedance_watch.core.model import Money
from seedance_watch.journal import codec
from seedance_watch.providers.dialect import Reply

K = FaultKind
# By these the engine believes that nothing was or will be paid.
UNPAID = {K.BUSY, K.UNREACHED, K.DENIED, K.LOCAL, K.RETURNED, K.REFUSED}
# The provider's own words for "nothing was taken", whatever the status; all of account or key.
DENIALS = {
    "public_api_disabled", "api_key_missing", "api_key_invalid", "api_key_revoked",
    "api_key_expired", "api_scope_denied", "insufficient_credits",
}  # fmt: skip


def check(kind: str, name: str, found: Any, used: Sequence[Reply]) -> None:
    """Hold what a flow made of its answers against these.

    Raises:
        AssertionError: It says more than they do.
    """
    tellable(found)
    match name:
        case "stage":
            staged(found, used)
        case "submit":
            submitted(found, used)
        case "reconcile":
            reconciled(kind, found, used)
        case "poll" | "refresh":
            polled(found, used)
        case "balance":
            balanced(found, used)


def tellable(found: Any) -> None:
    """Nothing but a fault in words, or events that can be recorded."""
    if isinstance(found, Fault):
        assert found.reason
        assert found.after_s is None or found.after_s >= 0
        found.reason.encode()
    told = found if isinstance(found, list) else [found]
    for event in (each for each in told if type(each).__name__ in EVENT_TYPES):
        assert event == codec.decode(*codec.encode(event))


def staged(found: Any, used: Sequence[Reply]) -> None:
    """A success that names no address is no success: an empty one would be paid for."""
    if not isinstance(found, Fault):
        assert 200 <= used[-1].status < 300
        assert found.strip()
        assert found in {each.strip() for each in texts(used[-1].json)}


def submitted(found: Any, used: Sequence[Reply]) -> None:
    """Accepted needs a success with a number; unpaid needs a refusal in so many words."""
    reply = used[0]  # to the paid call; what was asked then is free
    if isinstance(found, Fault):
        words = str(at(reply.json, "error", "code") or "").strip()
        refused = 400 <= reply.status < 500 and reply.status not in {408, 409}
        assert found.kind not in UNPAID or refused or words in DENIALS, (reply, found)
        return
    accepted, *rest = found
    assert isinstance(accepted, Accepted)
    assert 200 <= reply.status < 300, reply
    names = {at(reply.json, "id"), at(reply.json, "request_id"), reply.headers.get("x-request-id")}
    assert accepted.task_id in {each.strip() for each in names if isinstance(each, str)}
    assert isinstance(reply.json, dict) or reply.saved_bytes is not None, "a page is no acceptance"
    assert accepted.remaining is None or accepted.remaining.amount.is_finite()
    for ready in rest:
        assert ready.url in {"", *(each.strip() for each in texts(reply.json))}
        _check_cost(ready)


def reconciled(kind: str, found: Any, used: Sequence[Reply]) -> None:
    """Adopting needs the number of a request that carries our mark; absence is never inferred."""
    if found is None or isinstance(found, Fault):
        return
    assert isinstance(found, Accepted)
    assert all(200 <= reply.status < 300 for reply in used)
    if kind == "rivya":
        assert str(at(used[0].json, "id")).strip() == found.task_id
        return
    ours = [row for reply in used for row in _rows(reply.json) if _ours(row)]
    assert found.task_id in {str(row.get("request_id")).strip() for row in ours}


def polled(found: Any, used: Sequence[Reply]) -> None:
    """A link needs a success that names it; only a failed task's own word ends a paid job."""
    reply = used[-1]
    if isinstance(found, Ready):
        assert found.url.strip(), "a task that is ready has a video"
        assert 200 <= reply.status < 300
        assert found.url in {each.strip() for each in texts(reply.json)}
        _check_cost(found)
        assert found.expires_at is None or found.expires_at > NOW
    elif isinstance(found, Fault) and found.kind in {K.REFUSED, K.RETURNED}:
        assert 200 <= reply.status < 300 or reply.status == 422, (reply, found)
        assert "failed" in {each.strip().lower() for each in texts(reply.json)}, (reply, found)
        assert found.charged is None or found.charged.amount >= 0


def balanced(found: Any, used: Sequence[Reply]) -> None:
    """No answer makes an amount that could not be added up."""
    assert isinstance(found, Fault | Money)
    if isinstance(found, Money):
        assert found.amount.is_finite()
        assert 200 <= used[0].status < 300


def _check_cost(ready: Event) -> None:
    assert isinstance(ready, Ready)
    if ready.cost is not None:
        assert Decimal(0) <= ready.cost.amount < Decimal(10) ** 15, "nobody pays us"


def at(value: Any, *path: str) -> Any:
    """Give what lies in an answer, None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def texts(value: Any) -> Iterator[str]:
    """Give every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for below in value.values() if isinstance(value, dict) else value:
            yield from texts(below)


def _rows(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for below in value.values() if isinstance(value, dict) else value or ():
        if isinstance(below, dict | list):
            yield from _rows(below)


def _ours(row: dict[str, Any]) -> bool:
    return MARKER in json.dumps(row.get("request_body"), ensure_ascii=False).replace("\\", "")

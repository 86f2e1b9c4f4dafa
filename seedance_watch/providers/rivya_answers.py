"""Reading Rivya's answers: what went wrong, what it cost, which models are served."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Money
from seedance_watch.providers.dialect import Call, Reply
from seedance_watch.providers.verdicts import by_class, fault, number_at, text_at, trusted, wait_s

K = FaultKind
UNIT = "credits"

# Source: "API errors and limits". The status of insufficient_credits is not documented.
ERRORS: Mapping[str, FaultKind] = {
    "public_api_disabled": K.DENIED,
    "api_key_missing": K.DENIED,
    "api_key_invalid": K.DENIED,
    "api_key_revoked": K.DENIED,
    "api_key_expired": K.DENIED,
    "api_scope_denied": K.DENIED,
    "insufficient_credits": K.DENIED,
    "rate_limited": K.BUSY,
    "validation_failed": K.REFUSED,
    "not_found": K.GONE,
    "idempotency_conflict": K.UNSURE,
}
_ACTS: Mapping[str, str] = {
    "api_key_missing": "set the API key",
    "api_key_invalid": "check the API key",
    "api_key_revoked": "make a new API key at Rivya",
    "api_key_expired": "make a new API key at Rivya",
    "api_scope_denied": "make a new API key at Rivya with the rights for files and generations",
    "insufficient_credits": "top up the account; the jobs wait and go on by themselves",
    "public_api_disabled": "Rivya has switched its API off for now; the jobs wait",
}


def refuse(call: Call, reply: Reply) -> Fault:
    """Sort an answer that is not what was asked for, by the error's code, else the status."""
    code = text_at(reply.json, "error", "code")
    kind = ERRORS.get(code) or by_class(reply.status, paid=call.paid)
    kind = trusted(kind, call, reply.status)
    if call.paid and kind is K.GONE:  # the model is not known, or not any more
        kind, code = K.DENIED, "model_withdrawn"
    return fault(
        kind,
        call,
        reply,
        provider="Rivya",
        words=_words(reply),
        code=code,
        act=_ACTS.get(code, ""),
        after_s=wait_s(reply),
    )


def listed(body: Any) -> frozenset[str] | None:
    """Read which models are served; None: that is no list."""
    match body:
        case {"data": [*rows]}:
            return frozenset(text_at(row, "id") for row in rows)
        case _:
            return None


def failed(call: Call, reply: Reply) -> Fault:
    """Say that a task failed, or was never run for want of credits and may be wished for again.

    Where credits lack, a task may be made, marked as failed and not run. One that says that it
    was charged all the same has ended: to wish for it again would be to pay twice.
    """
    code = text_at(reply.json, "error", "code") or "generation_failed"
    charged = charged_for(reply)
    unrun = code == "insufficient_credits" and charged is None
    return fault(
        K.RETURNED if unrun else K.REFUSED,
        call,
        reply,
        provider="Rivya",
        words=text_at(reply.json, "error", "message") or "it gave no reason",
        code=code,
        act=_ACTS.get(code, ""),
        charged=charged,
    )


def charged_for(reply: Reply) -> Money | None:
    """Read what a finished task cost in the end; None while it is not told.

    Nought is not a word: `final_credits` may stay 0 (docs: api-credits), also where credits of a
    failed task were not returned.
    """
    charged = number_at(reply.json, "final_credits")
    return Money(Decimal(str(charged)), UNIT) if charged else None


def _words(reply: Reply) -> str:
    """Give the error's message with the request's number, by which Rivya can look it up."""
    message = text_at(reply.json, "error", "message")
    number = text_at(reply.json, "error", "requestId")
    return f"{message} (request {number})" if message and number else message

"""Reading Segmind's answers: what went wrong, what it cost, where the video is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Ready
from seedance_watch.core.model import Money
from seedance_watch.providers.dialect import Call, Reply
from seedance_watch.providers.verdicts import by_class, fault, number_at, text_at, trusted, wait_s

K = FaultKind
UNIT = "usd"

# 406 has several causes, told apart by its text alone. First match holds.
_CAUSES_406: Sequence[tuple[tuple[str, ...], FaultKind, str, str]] = (
    (("content type", "content-type"), K.REFUSED, "content_type", "please report this mistake"),
    (
        ("credit", "balance"),
        K.DENIED,
        "insufficient_credits",
        "top up the account; the jobs wait and go on by themselves",
    ),
    (("spend", "limit", "budget"), K.DENIED, "spend_limit", "raise the team's limit at Segmind"),
)
# What a status says on the paid call besides its class.
_PAID = {
    401: (K.DENIED, "api_key_invalid", "check the API key"),
    403: (K.DENIED, "not_permitted", "this account may not use the model; choose another"),
    404: (K.DENIED, "model_withdrawn", "the model is not known (any more); choose another"),
    410: (K.DENIED, "model_withdrawn", "the model was withdrawn; choose another"),
}


def refuse(call: Call, reply: Reply) -> Fault:
    """Sort an answer that is not what was asked for."""
    kind, code, act = _judge(call, reply)
    kind = trusted(kind, call, reply.status)
    words = text_at(reply.json, "error") or text_at(reply.json, "error_description")
    return fault(
        kind, call, reply, provider="Segmind", words=words, code=code, act=act,
        after_s=wait_s(reply) if kind is K.BUSY else None,
    )  # fmt: skip


def _judge(call: Call, reply: Reply) -> tuple[FaultKind, str, str]:
    """Give kind, code and what to do."""
    if reply.status == 406:
        text = (text_at(reply.json, "error") or reply.text).lower()
        for words, kind, code, act in _CAUSES_406:
            if any(word in text for word in words):
                return kind, code, act
    if reply.status == 401 or (call.paid and reply.status in _PAID):
        return _PAID[reply.status]
    if not call.paid and reply.status in {404, 410}:
        return K.GONE, "", ""
    return by_class(reply.status, paid=call.paid), "", ""


def number_of(reply: Reply) -> str:
    """Give the number that a success has for the request, "" for none.

    Servers on the way write x-request-id as well: it counts only beside what is Segmind's own,
    a video or a JSON object.
    """
    own = reply.saved_bytes is not None or isinstance(reply.json, dict)
    header = reply.headers.get("x-request-id", "").strip() if own else ""
    return text_at(reply.json, "request_id") or header


def says_failed(reply: Reply, word: str) -> bool:
    """Whether a task's own status says that it failed; the HTTP status is 422 or 200 then.

    Under any other one the word belongs to the answer, not to the task.
    """
    told = 200 <= reply.status < 300 or reply.status == 422
    return told and word.upper() == "FAILED"


def failed(call: Call, reply: Reply) -> Fault:
    """Say that a task ran and failed; it is not billed."""
    words = text_at(reply.json, "error") or "it gave no reason"
    return fault(
        K.REFUSED,
        call,
        reply,
        provider="Segmind",
        words=words,
        code="generation_failed",
        charged=cost_of(0),
    )


def cost_of(amount: float | None) -> Money | None:
    """Give an amount of money, None for none."""
    return None if amount is None else Money(Decimal(str(amount)), UNIT)


def remaining(reply: Reply) -> Money | None:
    """Read what is left from the header that tells it."""
    return cost_of(_header_number(reply, "x-remaining-credits"))


def _header_number(reply: Reply, name: str) -> float | None:
    try:
        number = float(reply.headers.get(name, ""))
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None


def sync_ready(call: Call, reply: Reply) -> Ready:
    """Read what version 1 answers: the video itself, or JSON that says where it is.

    An answer with neither was still paid for: the video is then asked for by the request's
    number, which the history knows.
    """
    seed = _header_number(reply, "x-seed-value")
    cost = cost_of(_header_number(reply, "x-cost"))
    url = "" if reply.saved_bytes is not None else video_of(reply.json)
    return Ready(url, cost=cost, seed=None if seed is None else int(seed))


def video_of(json: Any) -> str:
    """Find the video's address in a result, "" for none.

    `output` has been seen as a text, a list and an object.
    """
    match json:
        case {"video": {"url": str() as url}} | {"output": str() as url}:
            return url.strip()
        case {"output": [str() as url, *_]} | {"output": [{"url": str() as url}, *_]}:
            return url.strip()
        case {"output": {"url": str() as url}} | {"video": str() as url}:
            return url.strip()
        case {"url": str() as url} | {"video_url": str() as url}:
            return url.strip()
        case _:
            return ""


def row_cost(row: Any) -> Money | None:
    """Read what a row of the history says was charged."""
    return cost_of(number_at(row, "credits_deduction"))

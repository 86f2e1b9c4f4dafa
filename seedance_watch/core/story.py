"""A job's history as people read it: what happened, when, and what it cost.

No link, no body of a request and no key is ever told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seedance_watch.core.events import (
    Absent,
    Accepted,
    Added,
    Archived,
    Cancelling,
    Claimed,
    Claiming,
    Deferred,
    Duplicate,
    Event,
    Failing,
    Fetched,
    GivenUp,
    Held,
    Intended,
    Placed,
    Placing,
    Prepared,
    Ready,
    Record,
    Released,
    Rerouted,
    Reused,
    Staged,
    Unsent,
)
from seedance_watch.core.model import Money
from seedance_watch.core.why import STEPS


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a history.

    Attributes:
        seq: Its number.
        at: When, UTC seconds.
        after_s: Seconds since the event before, 0.0 for the first.
        event: Its type's name.
        said: What happened, for people.
        cost: What was reserved or charged by it, None for nothing.
        until: What is waited for by it, UTC seconds, None for nothing.
    """

    seq: int
    at: float
    after_s: float
    event: str
    said: str
    cost: Money | None = None
    until: float | None = None


def told(records: Iterable[Record]) -> Iterator[Line]:
    """Tell a history."""
    before: float | None = None
    for record in records:
        event = record.event
        yield Line(
            record.seq,
            record.at,
            max(0.0, record.at - (record.at if before is None else before)),
            type(event).__name__,
            said(event),
            cost_of(event),
            getattr(event, "until", None),
        )
        before = record.at


def said(event: Event) -> str:
    """Say what an event means."""
    return _SAID[type(event)](event)


def cost_of(event: Event) -> Money | None:
    """Give what an event reserves or tells to have been charged."""
    match event:
        case Intended(cost=cost) | Ready(cost=cost):
            return cost
        case Failing(charged=charged) | Rerouted(charged=charged):
            return charged
        case _:
            return None


def _claiming(event: Claiming) -> str:
    take = f", take {event.take} of {event.takes}" if event.takes > 1 else ""
    start = f"; it starts from {event.start_from}" if event.start_from else ""
    files = ", ".join(part.source for part in event.parts)
    return f"seen in the inbox of {event.watch}{take}: {files}{start}"


def _prepared(event: Prepared) -> str:
    spec, steps = event.spec, [step for each in event.pictures for step in each.steps]
    changed = f"; picture {', '.join(steps)}" if steps else ""
    start = f"; starts from the last frame of job {event.start}" if event.start else ""
    return f"understood: {spec.model} at {spec.provider}, {spec.cost}{changed}{start}"


def _intended(event: Intended) -> str:
    return f"attempt {event.attempt} is about to be paid"


def _accepted(event: Accepted) -> str:
    via = {"reconcile": " (found again)", "person": " (a person says)"}.get(event.via, "")
    left = f", {event.remaining} left" if event.remaining else ""
    return f"the provider took it as task {event.task_id}{via}{left}"


def _fetched(event: Fetched) -> str:
    clip = event.clip
    size = f"{clip.width_px}x{clip.height_px}"
    return f"video fetched and whole: {clip.duration_s:.3g} s, {size}, {clip.size_bytes:,} bytes"


def _added(event: Added) -> str:
    made = ", ".join(each.name for each in event.extras if not each.lacking)
    lacking = [f"{each.name} is not: {each.lacking}" for each in event.extras if each.lacking]
    return "; ".join([f"made beside it: {made or 'nothing'}", *lacking])


def _archived(event: Archived) -> str:
    lost = f"; not found any more: {', '.join(event.lost)}" if event.lost else ""
    return f"originals put away{lost}"


_SAID: Mapping[type[Event], Callable[[Any], str]] = {
    Claiming: _claiming,
    Claimed: lambda _: "its files are taken in",
    Prepared: _prepared,
    Staged: lambda each: (
        f"{len(each.urls)} picture(s) uploaded" if each.urls else "no upload needed"
    ),
    Intended: _intended,
    Unsent: lambda each: f"not taken, nothing was paid: {each.reason}",
    Absent: lambda each: f"proved not to have been taken: {each.reason}",
    GivenUp: lambda each: f"the attempt was given up: {each.reason}",
    Duplicate: lambda each: f"the same video exists: {each.video} of job {each.of}",
    Reused: lambda each: (
        f"the same video exists and is taken once more: {each.video} of job {each.of}"
    ),
    Rerouted: lambda each: f"goes to {each.to} instead: {each.reason}",
    Accepted: _accepted,
    Ready: lambda _: "the video is ready at the provider",
    Fetched: _fetched,
    Placing: lambda each: f"gets the name {each.name}",
    Placed: lambda _: "video and receipt are in the outbox",
    Added: _added,
    Failing: lambda each: f"failed while {STEPS[each.effect]}: {each.reason}",
    Cancelling: lambda each: f"given up: {each.reason}",
    Archived: _archived,
    Deferred: lambda each: f"{STEPS[each.effect]} failed and is tried again: {each.reason}",
    Held: lambda each: f"held ({each.code}): {each.reason}",
    Released: lambda each: f"released ({each.by})",
}

"""Idempotency keys: one key is one task, whatever is sent again."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.replies import Refused, Reply, rivya_error
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.tasks import Task


@dataclass(slots=True, kw_only=True)
class Slot:
    """One remembered key; without task and reply, its first call is still at work."""

    fingerprint: str
    at: float
    done: asyncio.Event = field(default_factory=asyncio.Event)
    task: Task | None = None
    reply: Reply | None = None


Make = Callable[[], Awaitable[tuple[Task, Reply]]]
Show = Callable[[Task], Reply]


class KeyBook:
    """All keys of all accounts."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._slots: dict[tuple[str, str], Slot] = {}

    async def once(self, name: tuple[str, str], body: bytes, *, make: Make, show: Show) -> Reply:
        """Make a task for a new key, or answer from what the key already led to."""
        fingerprint = _fingerprint(body, self._state.knobs)
        slot = self._find(name)
        if slot is None:
            return await self._first(name, fingerprint, make)
        if slot.fingerprint != fingerprint:
            raise Refused(rivya_error("idempotency_conflict", "key was used with another body"))
        if not slot.done.is_set() and self._state.knobs.rivya_key_in_flight == "conflict":
            raise Refused(rivya_error("idempotency_conflict", "the first call is still at work"))
        await slot.done.wait()
        if slot.reply is None:
            return await self.once(name, body, make=make, show=show)
        return self._again(slot, slot.reply, show)

    def _find(self, name: tuple[str, str]) -> Slot | None:
        slot = self._slots.get(name)
        young = slot and self._state.clock.now_at() - slot.at <= self._state.knobs.rivya_key_ttl_s
        return slot if young else None

    async def _first(self, name: tuple[str, str], fingerprint: str, make: Make) -> Reply:
        slot = Slot(fingerprint=fingerprint, at=self._state.clock.now_at())
        self._slots[name] = slot
        try:
            slot.task, slot.reply = await make()
        except Refused as refused:
            if self._state.knobs.rivya_rejected_key == "kept":
                slot.reply = refused.reply
            raise
        finally:
            if slot.reply is None:
                del self._slots[name]
            slot.done.set()
        return slot.reply

    def _again(self, slot: Slot, first: Reply, show: Show) -> Reply:
        if slot.task is None:
            return first
        self._state.replayed(slot.task)
        knobs = self._state.knobs
        body = first if knobs.rivya_replay_body == "frozen" else show(slot.task)
        status = first.status if knobs.rivya_replay_status == "original" else 200
        return body.with_body(body.body, body.content_type, status=status)


def _fingerprint(body: bytes, knobs: Knobs) -> str:
    if knobs.rivya_body_match == "canonical":
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()

"""Tasks and their timelines: what was asked, what it costs and how it stands at a moment."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from seedance_watch.sandbox.faults import Injection
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.render import VideoSpec


class Phase(StrEnum):
    """How a task stands; both services have these four under different names."""

    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task fails in the end; ``free`` means that it was never charged."""

    code: str
    message: str
    free: bool = False


@dataclass(slots=True, kw_only=True)
class Task:
    """One accepted request. Times are virtual UTC seconds; only ``settled`` ever changes."""

    id: str
    provider: str
    account: str
    model: str
    body: dict[str, Any]
    images: tuple[str, ...]
    price: Decimal
    unit: str
    created_at: float
    starts_at: float
    ends_at: float
    video: str
    base_url: str
    spec: VideoSpec
    failure: Failure | None = None
    failed_status: int | None = None
    history_delay_s: float = 0.0
    api: str = ""
    idempotency_key: str | None = None
    client_request_id: str | None = None
    settled: bool = field(default=False)

    def phase(self, now_at: float) -> Phase:
        """Return how it stands at that time."""
        if now_at < self.starts_at:
            return Phase.QUEUED
        if now_at < self.ends_at:
            return Phase.PROCESSING
        return Phase.FAILED if self.failure else Phase.SUCCEEDED

    def updated_at(self, now_at: float) -> float:
        """Return when it last changed."""
        return max(at for at in (self.created_at, self.starts_at, self.ends_at) if at <= now_at)


@dataclass(frozen=True, slots=True)
class Timeline:
    """When a task starts and ends, relative to its creation, in virtual seconds."""

    queue_s: float
    processing_s: float


def timeline(
    knobs: Knobs, provider: str, fates: list[Injection], chance: random.Random
) -> Timeline:
    """Pick the durations of one task."""
    queue_s = chance.uniform(*knobs.provider(provider, "queue_s")) * knobs.time_factor
    processing_s = chance.uniform(*knobs.provider(provider, "processing_s")) * knobs.time_factor
    for fate in fates:
        if fate.kind == "stuck":
            processing_s = float("inf")
        if fate.kind == "slow_task":
            processing_s = float(fate.args["seconds"])
    return Timeline(queue_s, processing_s)


def fated_failure(fates: list[Injection]) -> Failure | None:
    """Return the failure that an injection decided on."""
    for fate in fates:
        if fate.kind == "task_failed":
            return Failure(str(fate.args["code"]), str(fate.args["message"]))
        if fate.kind == "failed_200":
            return Failure("generation_failed", str(fate.args["message"]))
    return None

"""Everything that a running sandbox remembers, and how tasks turn into money."""

import asyncio
import random
import uuid
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from seedance_watch.sandbox.calls import Call
from seedance_watch.sandbox.clock import SandboxClock
from seedance_watch.sandbox.faults import Faults
from seedance_watch.sandbox.keys import Account
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.ledger import Entry, Ledger, Line
from seedance_watch.sandbox.rates import Rates
from seedance_watch.sandbox.studio import Studio
from seedance_watch.sandbox.tasks import Phase, Task

_CALLS_KEPT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An image that a client uploaded."""

    id: str
    account: str
    url: str
    content: bytes
    mime_type: str
    created_at: float
    listing: dict[str, Any]


class State:
    """The far side's memory; lost when the sandbox ends, except the ledger's file."""

    def __init__(self, knobs: Knobs, ledger_path: Path | None = None) -> None:
        self.knobs = knobs
        self.clock = SandboxClock(lambda: self.knobs)
        self.ledger = Ledger(ledger_path)
        self.faults = Faults(knobs.random_seed)
        self.chance = random.Random(knobs.random_seed)  # noqa: S311 - picks durations
        self.rates = Rates(self.clock)
        self.studio = Studio()
        self.calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self.tasks: dict[str, Task] = {}
        self.by_video: dict[str, Task] = {}
        self.uploads: dict[str, Upload] = {}
        self.versions: dict[str, int] = {}
        self.closing = asyncio.Event()
        self._uploads_by_path: dict[str, Upload] = {}
        self._open: dict[str, Task] = {}

    def accept(self, task: Task) -> None:
        """Remember a task; from here on it exists whatever the client sees."""
        self.tasks[task.id] = task
        self.by_video[task.video] = task
        self._open[task.id] = task
        self._write(task, Entry.SUBMISSION)
        if task.provider == "rivya" and not (task.failure and task.failure.free):
            self._write(task, Entry.CHARGE)
        if task.failure is None:
            self.studio.begin(task.spec)
        self._settle_later(task)
        self.settle()

    def replayed(self, task: Task) -> None:
        """Note that a key was sent again; nothing is charged."""
        self._write(task, Entry.REPLAY)

    def settle(self) -> None:
        """Charge and refund what has ended by now."""
        now_at = self.clock.now_at()
        for task in [task for task in self._open.values() if task.ends_at <= now_at]:
            del self._open[task.id]
            phase = task.phase(now_at)
            if task.provider == "segmind" and phase is Phase.SUCCEEDED:
                self._write(task, Entry.CHARGE)
            if task.provider == "rivya" and self._refunded(task, phase):
                self._write(task, Entry.REFUND)

    def balance(self, account: Account) -> Decimal:
        """Return what an account has left."""
        start = account.credits
        if start is None:
            start = Decimal(str(self.knobs.provider(account.provider, "credits")))
        return start + self.ledger.moved(account.key)

    def owed(self, account: Account) -> Decimal:
        """Return what the account's unfinished tasks will cost on success."""
        own = (task for task in self._open.values() if task.account == account.key)
        return sum((task.price for task in own), Decimal())

    def own_task(self, task_id: str, account: Account) -> Task | None:
        """Return a task if it is this account's."""
        task = self.tasks.get(task_id)
        return task if task is not None and task.account == account.key else None

    def uploaded(self, upload: Upload) -> None:
        """Remember an uploaded image."""
        self.uploads[upload.id] = upload
        self._uploads_by_path[urlsplit(upload.url).path] = upload

    def upload_at(self, url: str) -> Upload | None:
        """Return the upload that a link is about; None for a foreign link.

        Only the path counts: this host may be called by several names.
        """
        return self._uploads_by_path.get(urlsplit(url).path)

    def _refunded(self, task: Task, phase: Phase) -> bool:
        charged = not (task.failure and task.failure.free)
        return phase is Phase.FAILED and charged and self.knobs.rivya_refund == "yes"

    def _settle_later(self, task: Task) -> None:
        """Write the charge at its time even if nobody asks, for readers of the file."""
        delay_s = task.ends_at - self.clock.now_at()
        if 0 < delay_s < float("inf") and self.knobs.clock == "real":
            asyncio.get_running_loop().call_later(delay_s + 0.01, self.settle)

    def _write(self, task: Task, entry: Entry) -> None:
        free = entry in {Entry.SUBMISSION, Entry.REPLAY}
        line = Line(
            entry=entry,
            provider=task.provider,
            task_id=task.id,
            account=task.account,
            model=task.model,
            amount=Decimal() if free else task.price,
            unit=task.unit,
            at=self.clock.now_at(),
            idempotency_key=task.idempotency_key,
            client_request_id=task.client_request_id,
            images=task.images,
            api=task.api,
        )
        self.ledger.add(line)


def new_id(prefix: str = "") -> str:
    """Return an identifier that nobody can guess."""
    return f"{prefix}{uuid.uuid4().hex[:24]}" if prefix else str(uuid.uuid4())

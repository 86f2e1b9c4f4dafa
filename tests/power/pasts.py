"""A sandbox that can be taken back to what it knew at an earlier moment.

A power cut stops us, not the provider: what it was told until then it knows, and nothing later.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import studios

from seedance_watch.sandbox import rivya
from seedance_watch.sandbox.rivya_keys import KeyBook
from seedance_watch.sandbox.server import Sandbox, threaded
from seedance_watch.sandbox.state import State

_BOOKS: dict[int, KeyBook] = {}


class _Known(KeyBook):
    """A key book that can be found by its state."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        _BOOKS[id(state)] = self


@dataclass
class Past:
    """A running sandbox and its moments: a time, and how much it knew from then on.

    What it knows is in dicts and lists that only grow, so a moment is their lengths.
    """

    sandbox: Sandbox
    moments: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    _kept: tuple[list[Any], ...] = ()
    _slots: dict[Any, Any] = field(default_factory=dict)

    @property
    def _state(self) -> State:
        return self.sandbox._state

    def _stores(self) -> tuple[Any, ...]:
        state = self._state
        dicts = (state.tasks, state.by_video, state.uploads, state._uploads_by_path)
        return (*dicts, state.ledger._lines)

    def note(self) -> None:
        """Note a moment."""
        self.moments.append((time.monotonic_ns(), tuple(map(len, self._stores()))))

    def keep(self) -> None:
        """Keep all that it knows now, to go back into."""
        self._state.settle()
        self._kept = tuple(
            list(each.items()) if isinstance(each, dict) else list(each) for each in self._stores()
        )
        self._slots = dict(_BOOKS[id(self._state)]._slots)

    def go_back(self, at_ns: int) -> None:
        """Let it know what it knew at a time."""
        known = [lengths for moment_ns, lengths in self.moments if moment_ns <= at_ns]
        lengths = known[-1] if known else self.moments[0][1]
        for store, kept, length in zip(self._stores(), self._kept, lengths, strict=True):
            store.clear()
            (store.update if isinstance(store, dict) else store.extend)(kept[:length])
        slots = _BOOKS[id(self._state)]._slots
        slots.clear()
        tasks = self._state.tasks
        slots.update((k, s) for k, s in self._slots.items() if s.task and s.task.id in tasks)
        self._state._open.clear()  # tasks end at once here, so all are settled

    def forget(self) -> None:
        """Begin a new story: moments count from here."""
        self.moments.clear()
        self.note()


@contextmanager
def remembering() -> Iterator[Past]:
    """Run a sandbox that remembers."""
    kept, rivya.KeyBook = rivya.KeyBook, _Known
    try:
        with threaded(studios.KNOBS, time_factor=0) as sandbox:
            past = Past(sandbox)
            _listen(past)
            past.note()
            yield past
    finally:
        rivya.KeyBook = kept


def _listen(past: Past) -> None:
    """Note a moment after everything that it is told."""
    state = past.sandbox._state
    for name in ("accept", "replayed", "uploaded"):
        setattr(state, name, _noted(getattr(state, name), past))


def _noted(told: Any, past: Past) -> Any:
    def heard(*args: Any) -> None:
        told(*args)
        past.note()

    return heard


def place(config: Path, *, state: str) -> None:
    """Let a studio's folders lie on the disk, and its journal where it is told."""
    text = config.read_text().replace('inbox = "inbox"', 'inbox = "disk/inbox"')
    config.write_text(text.replace('state_dir = "state"', f'state_dir = "{state}"'))

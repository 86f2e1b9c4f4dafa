"""What was accepted and what it cost, so that tests can prove "charged once".

Entries are only ever appended. With a path, each is also written to a file as one line of JSON
before the client can see its effect, so that another process can read it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any


class Entry(StrEnum):
    """What a line is about."""

    SUBMISSION = "submission"
    CHARGE = "charge"
    REFUND = "refund"
    REPLAY = "replay"


_SIGN = {Entry.CHARGE: -1, Entry.REFUND: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact about money; ``amount`` is positive, ``entry`` gives its direction."""

    entry: Entry
    provider: str
    task_id: str
    account: str
    model: str
    amount: Decimal
    unit: str
    at: float
    idempotency_key: str | None = None
    client_request_id: str | None = None
    images: tuple[str, ...] = ()
    api: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the line with JSON values; the amount stays exact as text."""
        return {**asdict(self), "amount": str(self.amount), "images": list(self.images)}


class Ledger:
    """The list of lines, and the file that follows it."""

    def __init__(self, path: Path | None = None) -> None:
        self._lines: list[Line] = []
        self._path = path

    def __iter__(self) -> Iterator[Line]:
        return iter(tuple(self._lines))

    def add(self, line: Line) -> None:
        """Append one line, to the file first."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line.as_json()) + "\n")
        self._lines.append(line)

    def moved(self, account: str) -> Decimal:
        """Return what charges and refunds did to one account's balance."""
        own = (line for line in self._lines if line.account == account)
        return sum((_SIGN.get(line.entry, 0) * line.amount for line in own), Decimal())


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a ledger file; a missing file is empty."""
    if not path.exists():
        return []
    return [json.loads(text) for text in path.read_text("utf-8").splitlines()]

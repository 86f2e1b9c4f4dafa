"""Any value of the core as JSON has it."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import Row, Snapshot


def plain(value: object) -> Any:
    """Give what has named fields as objects, amounts as text and unit, bytes as their number."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Money):
        return {"amount": value.digits, "unit": value.unit}
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Row):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return {"bytes": len(value)} if isinstance(value, bytes) else value


def of_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """Give the whole picture; jobs are counted by state, held ones by the code of their hold."""
    counts = {"counts": plain(snapshot.states()), "held": plain(snapshot.held())}
    return {"at": snapshot.at, **plain(snapshot), **counts}

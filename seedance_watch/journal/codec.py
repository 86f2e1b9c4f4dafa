"""Events to text and back; stored histories stay readable for years.

Unknown fields of stored events are ignored and missing ones take their defaults, so that an
older and a newer version can read each other's journals. Names with undecodable bytes survive:
JSON writes their surrogates as ASCII escapes.
"""

import json
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import EVENT_TYPES, Event, Record

_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", extra="ignore")


def _adapter(kind: type[Event]) -> TypeAdapter[Any]:
    """Build the translator of one kind of event."""
    kind.__pydantic_config__ = _CONFIG  # type: ignore[union-attr]
    return TypeAdapter(kind)


_ADAPTERS = {name: _adapter(kind) for name, kind in EVENT_TYPES.items()}


def encode(event: Event) -> tuple[str, str]:
    """Give an event's type name and its JSON text, pure ASCII."""
    name = type(event).__name__
    return name, json.dumps(_ADAPTERS[name].dump_python(event, mode="json"))


def decode(job_id: str, seq: int, at: float, kind: str, data: str) -> Record:
    """Give the record of a stored row.

    Raises:
        JournalError: The kind is not known to this version, or the text cannot be read.
    """
    if kind not in _ADAPTERS:
        message = (
            f"the journal's event {kind!r} (job {job_id}, number {seq}) is of a newer version; "
            "run the newer seedance-watch again"
        )
        raise JournalError(message)
    try:
        return Record(job_id, seq, at, _ADAPTERS[kind].validate_python(json.loads(data)))
    except (ValidationError, ValueError) as error:
        message = f"the journal's event {seq} of job {job_id} cannot be read: {error}"
        raise JournalError(message) from error

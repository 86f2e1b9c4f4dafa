"""Events as text: their class's name and a JSON object.

The format stays readable for years. Unknown fields are ignored and missing ones get their
defaults, so a newer version may add fields; an unknown type of event is refused, because leaving
one out would be a lie about what was paid. Bytes are base64 (URL-safe), decimals are strings.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import EVENT_TYPES, Event
from seedance_watch.journal.text import MARK, mapped, restored, storable

_CONFIG = ConfigDict(
    ser_json_bytes="base64",
    val_json_bytes="base64",
    ser_json_inf_nan="constants",
    hide_input_in_errors=True,  # bodies and links are nobody's business
)


@cache
def _adapter(name: str) -> TypeAdapter[Event | None]:
    """Give the translator of one type; "or None" because a bare dataclass takes no config."""
    kind: Any = EVENT_TYPES[name]
    return TypeAdapter(kind | None, config=_CONFIG)


@cache
def _reader(name: str) -> Callable[[str], Event | None]:
    """Give what reads one type."""
    read: Callable[[str], Event | None] = _adapter(name).validator.validate_json
    return read


def encode(event: Event) -> tuple[str, str]:
    """Give an event's type and JSON text.

    Raises:
        JournalError: It could not be read back; our bug, and nothing may be recorded of it.
    """
    name = type(event).__name__
    text = _dumped(name, event)
    decode(name, text)  # what cannot be read back must never be written
    return name, text


def _dumped(name: str, event: Event) -> str:
    """Write the JSON; the rare strings that need an escape cost a second try.

    pydantic refuses a lone surrogate in a value and replaces it by U+FFFD in a key.
    """
    try:
        text = _adapter(name).serializer.to_json(event, warnings=False).decode()
    except PydanticSerializationError:
        text = MARK
    if MARK not in text and "\ufffd" not in text:
        return text
    try:
        plain = mapped(event, storable)
        return _adapter(name).serializer.to_json(plain, warnings=False).decode()
    except PydanticSerializationError as error:
        raise JournalError(
            f"an event of type {name} cannot be written as JSON: {error}"
        ) from error


def decode(name: str, text: str) -> Event:
    """Give the event of a type and its JSON text.

    Raises:
        JournalError: A newer version wrote it, or it is damaged.
    """
    if name not in EVENT_TYPES:
        raise JournalError(
            f"the event type {name!r} is not known here: "
            "a newer version of seedance-watch wrote it; install that version or a newer one"
        )
    try:
        event = _reader(name)(text)
    except ValidationError as error:
        raise JournalError(_unreadable(name, error)) from error
    if event is None:
        raise JournalError(f"an event of type {name} is damaged: it is null")
    read: Event = mapped(event, restored) if MARK in text else event
    return read


def _unreadable(name: str, error: ValidationError) -> str:
    """Say which fields are wrong, without their values."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
    return (
        f"an event of type {name} cannot be read ({wrong}): "
        "it is damaged, or a newer version of seedance-watch wrote it"
    )

"""Strings that any database takes, from strings that only Python takes.

File names of other systems and providers' answers may hold lone surrogates, which are no UTF-8
and so no TEXT; PostgreSQL refuses NUL as well. Both become an escape that begins with U+FDD0, a
code point that Unicode sets aside for a program's own use; that one is escaped too, so that
every string comes back as it was.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

MARK = "\ufdd0"
_FORBIDDEN = re.compile("[\ud800-\udfff\ufdd0\0]")
_ESCAPED = re.compile(MARK + "([0-9a-f]{4})")


def storable(text: str) -> str:
    """Give the string without what a database refuses."""
    if text.isascii() and "\0" not in text:
        return text
    return _FORBIDDEN.sub(lambda found: f"{MARK}{ord(found[0]):04x}", text)


def restored(text: str) -> str:
    """Give the string that `storable` was given."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if MARK in text else text


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Change every plain string in a value made of dataclasses, mappings, tuples and lists."""
    if type(value) is str:
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        inner = {each.name: getattr(value, each.name) for each in fields(value)}
        return replace(value, **mapped(inner, change))
    if isinstance(value, Mapping):
        return {mapped(key, change): mapped(below, change) for key, below in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(mapped(below, change) for below in value)
    return value

"""What the schema says about a file, turned into sentences for the person who wrote it."""

import re
from collections.abc import Iterator, Mapping
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from seedance_watch.config.schema import ConfigKeys
from seedance_watch.core.errors import Complaint
from seedance_watch.core.sidecar_keys import Key, mistyped
from seedance_watch.core.toml import Table
from seedance_watch.core.toml_lines import Path
from seedance_watch.core.words import meant, path_text, show

_SECRET = re.compile(
    r"(api_?)?(key|token|secret|password)|(access|secret)_key(_id)?", re.IGNORECASE
)
_KEYS_BELONG = (
    "put it into the environment variable that api_key_env names, or into the file that "
    "api_key_file names, and make a new one if others can read this file"
)
_NATURAL = {
    "string_type": str,
    "int_type": int,
    "float_type": float,
    "bool_type": bool,
    "list_type": list,
    "dict_type": dict,
    "model_type": dict,
    "model_attributes_type": dict,
}
_BOUND = {
    "greater_than": ("must be more than", "gt"),
    "greater_than_equal": ("must be at least", "ge"),
    "less_than": ("must be less than", "lt"),
    "less_than_equal": ("must be at most", "le"),
}


def complaints_of(error: ValidationError, table: Table) -> Iterator[Complaint]:
    """Turn what pydantic found into complaints."""
    for one in error.errors(include_url=False):
        path = tuple(one["loc"])
        problem, hint = _sentence(one, path)
        yield Complaint(table.file, table.line(path), path_text(path), problem, hint)


def _sentence(one: ErrorDetails, path: Path) -> tuple[str, str]:
    kind, value = one["type"], one["input"]
    match kind:
        case "extra_forbidden":
            return _unknown(path)
        case "missing":
            return "is missing", f"write {path[-1]} = ..."
        case "value_error":
            return str(one.get("ctx", {})["error"]), ""
        case _ if kind in _NATURAL:
            return _mistyped(_NATURAL[kind], path, value)
        case _:
            return f"{show(value)} is not possible; {_allowed(one)}", ""


def _allowed(one: ErrorDetails) -> str:
    facts = one.get("ctx", {})
    if one["type"] in _BOUND:
        words, bound = _BOUND[one["type"]]
        return f"it {words} {facts[bound]:g}"
    if one["type"] == "literal_error":
        return "possible: " + str(facts["expected"]).replace("'", '"')
    return one["msg"].lower().replace("input should", "it must")


def _mistyped(natural: type, path: Path, value: object) -> tuple[str, str]:
    name = str(path[-1])
    if natural is list and isinstance(value, Mapping):
        return "is one table, a list of tables is needed", f"write [[{path_text(path)}]]"
    wrong = mistyped(name, "" if _SECRET.fullmatch(name) else value, Key((natural,), ""))
    return wrong or ("is not possible", "")


def _unknown(path: Path) -> tuple[str, str]:
    name = str(path[-1])
    if _SECRET.fullmatch(name):
        return "a key is never written into the configuration", _KEYS_BELONG
    table = _table_at(path[:-1])
    return "there is no such key", meant(name, list(table.model_fields)) if table else ""


def _table_at(path: Path) -> type[BaseModel] | None:
    """Give the schema of the table at this path."""
    table: type[BaseModel] | None = ConfigKeys
    for part in path:
        if table is not None and isinstance(part, str):
            field = table.model_fields.get(part)
            table = next(_models(field.annotation), None) if field else None
    return table


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)

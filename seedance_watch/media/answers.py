"""What a decoder's process answers: data and nothing else.

A hostile file may have taken the process over; so an answer is JSON, taken apart field by field,
and can name nothing that would be called or loaded here.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, get_type_hints

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip, Picture

T = TypeVar("T")

MOST_BYTES = 1 << 20  # the longest answer is a few sentences
_PLAIN = (bool, int, float, str, type(None))


class Garbled(Exception):
    """That is no answer."""


class Bug(Exception):
    """What a decoder raised that is no fault of the file or the disk; the notes say where."""


def written(result: object, error: BaseException | None = None, trace: str = "") -> bytes:
    """Write the outcome of a call.

    Args:
        result: What it gave.
        error: What it raised, None: nothing.
        trace: Where it raised that.
    """
    kind, value = _failed(error, trace) if error else _done(result)
    return json.dumps({"kind": kind, "value": value}).encode("ascii")


def _done(result: object) -> tuple[str, object]:
    if isinstance(result, Picture | Clip):
        return type(result).__name__.lower(), asdict(result)
    if isinstance(result, _PLAIN):
        return "plain", result
    return "bug", {"said": f"a decoder gave a {type(result).__name__}", "trace": ""}


def _failed(error: BaseException, trace: str) -> tuple[str, object]:
    match error:
        case Fault():
            return "fault", {"kind": error.kind, "reason": error.reason, "code": error.code}
        case OSError():
            said = {"number": error.errno or 0, "words": error.strerror or str(error)}
            return "os_error", said | {"file": str(error.filename or "")}
        case _:
            return "bug", {"said": f"{type(error).__name__}: {error}", "trace": trace}


def read(body: bytes) -> Any:
    """Give the result that an answer tells of, or the Fault, OSError or Bug that was raised.

    Raises:
        Garbled: It is no answer.
    """
    try:
        answer = json.loads(body.decode("ascii"))
    except (ValueError, RecursionError) as error:
        raise Garbled from error
    match answer:
        case {"kind": str() as kind, "value": value} if len(answer) == 2 and kind in _READ:
            return _READ[kind](value)
        case _:
            raise Garbled


def _plain(value: object) -> object:
    if not isinstance(value, _PLAIN):
        raise Garbled
    return value


def _picture(value: object) -> Picture:
    """Read a picture; it lies in the folder of its original, whoever says what."""
    found = _made(Picture, _typed(value, _hints(Picture)))
    if found.name in {"", ".", ".."} or "/" in found.name or "\0" in found.name:
        raise Garbled
    return found


def _clip(value: object) -> Clip:
    return _made(Clip, _typed(value, _hints(Clip)))


def _fault(value: object) -> Fault:
    told = _typed(value, {"kind": FaultKind, "reason": str, "code": str})
    return Fault(told["kind"], told["reason"], code=told["code"])


def _os_error(value: object) -> OSError:
    told = _typed(value, {"number": int, "words": str, "file": str})
    return OSError(told["number"], told["words"], told["file"] or None)


def _bug(value: object) -> Bug:
    told = _typed(value, {"said": str, "trace": str})
    error = Bug(told["said"])
    error.add_note(told["trace"])
    return error


_READ: Mapping[str, Callable[[object], object]] = {
    "plain": _plain,
    "picture": _picture,
    "clip": _clip,
    "fault": _fault,
    "os_error": _os_error,
    "bug": _bug,
}


def _made(kind: Callable[..., T], fields: Mapping[str, Any]) -> T:
    return kind(**fields)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    """Give the types of a dataclass's fields."""
    return get_type_hints(kind)


def _typed(value: object, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give an object's values, each of exactly the type that its field has."""
    if not isinstance(value, dict) or value.keys() != fields.keys():
        raise Garbled
    return {name: _as(kind, value[name]) for name, kind in fields.items()}


def _as(kind: Any, value: object) -> object:
    if kind is float and type(value) in {int, float}:
        return float(value)  # type: ignore[arg-type]
    if kind in {str, int, bool} and type(value) is kind:
        return value
    if kind == tuple[str, ...] and isinstance(value, list):
        return tuple(_as(str, each) for each in value)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and value in list(kind):
        return kind(str(value))
    raise Garbled

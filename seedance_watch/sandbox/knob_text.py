"""Knobs from text: ``--knob name=value`` and the control endpoint's JSON."""

import dataclasses
import difflib
import math
from collections.abc import Iterable, Mapping

from seedance_watch.sandbox.knobs import Knobs


class KnobError(ValueError):
    """A knob that does not exist, or a value that it does not take."""


def parse_knobs(lines: Iterable[str], *, base: Knobs | None = None) -> Knobs:
    """Return knobs from lines ``name=value``.

    Args:
        lines: One setting each.
        base: What the lines change; None is all defaults.

    Raises:
        KnobError: Unknown name or a value that is not allowed.
    """
    pairs: dict[str, object] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals:
            raise KnobError(f"knob {line!r}: expected name=value")
        pairs[name.strip().replace("-", "_")] = value.strip()
    return changed(base or Knobs(), pairs)


def changed(knobs: Knobs, values: Mapping[str, object]) -> Knobs:
    """Return knobs with some values replaced; text is converted.

    Raises:
        KnobError: Unknown name or a value that is not allowed.
    """
    fields = {field.name: field for field in dataclasses.fields(Knobs)}
    for name in values.keys() - fields.keys():
        near = difflib.get_close_matches(name, fields, n=1)
        hint = f", did you mean {near[0]!r}" if near else ""
        raise KnobError(f"knob {name!r} does not exist{hint}")
    converted = {name: _converted(fields[name], value) for name, value in values.items()}
    return dataclasses.replace(knobs, **converted)  # type: ignore[arg-type]


def value_names(field: "dataclasses.Field[object]") -> str:
    """Return what a knob takes, as the documentation's table shows it."""
    choices: tuple[str, ...] = field.metadata["choices"]
    return ", ".join(choices) if choices else _text(field.default)


def _text(default: object) -> str:
    match default:
        case (low, high):
            return f"{low:g}-{high:g}"
        case "":
            return "(empty)"
        case float():
            return f"{default:.12g}"
        case _:
            return str(default)


def _converted(field: "dataclasses.Field[object]", value: object) -> object:
    choices: tuple[str, ...] = field.metadata["choices"]
    text = _boolean_word(value)
    if choices and text not in choices:
        raise KnobError(f"knob {field.name!r}: {text!r} is not one of {', '.join(choices)}")
    try:
        return _like(field, text)
    except ValueError as error:
        raise KnobError(f"knob {field.name!r}: cannot read {text!r}") from error


def _boolean_word(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case (low, high):
            return f"{low}-{high}"
        case _:
            return str(value)


def _like(field: "dataclasses.Field[object]", text: str) -> object:
    match field.default:
        case float():
            return _number(text, least=field.metadata["least"])
        case int():
            return int(_number(text, least=field.metadata["least"]))
        case tuple():
            low, _, high = text.partition("-")
            return _span(_number(low), _number(high or low))
        case _:
            return text


def _span(low: float, high: float) -> tuple[float, float]:
    if low > high:
        raise ValueError("from the smaller to the larger")
    return (low, high)


def _number(text: str, *, least: float = 0.0) -> float:
    number = float(text)
    if math.isnan(number) or number < least:
        raise ValueError("not a number that makes sense")
    return number

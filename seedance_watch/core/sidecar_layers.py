"""Sidecar, folder defaults and configuration laid over each other, the strongest first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from seedance_watch.core.errors import Complaint
from seedance_watch.core.models import Catalogue
from seedance_watch.core.pairing import IMAGE_ENDINGS, split_ending
from seedance_watch.core.sidecar_extras import no_sequence
from seedance_watch.core.sidecar_keys import KEYS, MEANT, Key, find, mistyped, unknown, vocabulary
from seedance_watch.core.sidecar_never import never
from seedance_watch.core.toml import Table, line_of
from seedance_watch.core.toml_lines import Path
from seedance_watch.core.words import listing, nearest, path_text, show

_ENOUGH = 100  # complaints
_NAME_MAX_BYTES = 255  # no file system has longer names


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of sidecar keys.

    Attributes:
        name: Where values of it come from, as words for receipts ("sidecar",
            "_defaults.toml in scenes/", "configuration").
        file: The file's name for complaints.
        values: Its keys.
        lines: Line from 1 of each key path of the file.
        own: It is the drop's own sidecar: it may name end_image, start_from and sequence, and
            a key that the model does not have is a mistake in it. Other layers serve many models.
        prefix: Key path of the values inside their file.
    """

    name: str
    file: str
    values: Mapping[str, object]
    lines: Mapping[Path, int] = field(default_factory=dict)
    own: bool = False
    prefix: Path = ()

    def complain(self, key: str, problem: str, hint: str = "") -> Complaint:
        """Complain about one key of this layer."""
        path = (*self.prefix, key) if key else self.prefix
        return Complaint(self.file, line_of(self.lines, path), path_text(path), problem, hint)


def own_layer(table: Table) -> Layer:
    """Make the layer of a drop's own sidecar."""
    return Layer("sidecar", table.file, table.values, table.lines, own=True)


def folder_layer(table: Table, folder: str) -> Layer:
    """Make the layer of a `_defaults.toml`.

    Args:
        table: What it says.
        folder: Its folder below the inbox, "" for the inbox itself.
    """
    name = f"_defaults.toml in {folder}/" if folder else "_defaults.toml"
    return Layer(name, table.file, table.values, table.lines)


@dataclass(frozen=True, slots=True)
class Found:
    """The strongest sound value of a key.

    Attributes:
        value: The value.
        layer: Where it stands.
        rank: Place of the layer; 0 is the strongest.
    """

    value: object
    layer: Layer
    rank: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """All layers as one.

    Attributes:
        layers: The layers, the strongest first.
        known: Every key that exists and stands in a layer, and those of no model.
        found: The strongest sound value of each key.
        named: Keys that stand somewhere, sound or not.
        complaints: What is wrong; grows while the sheet is read.
    """

    layers: tuple[Layer, ...]
    known: dict[str, Key]
    found: dict[str, Found] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    complaints: list[Complaint] = field(default_factory=list)

    def value(self, key: str, default: object = None) -> object:
        """Give the effective value of a key."""
        return self.found[key].value if key in self.found else default

    def complain(self, key: str, problem: str, hint: str = "") -> None:
        """Complain about the effective value of a key, or its absence."""
        if key in self.found:
            layer = self.found[key].layer
        else:
            layer = self.layers[0] if self.layers else Layer("sidecar", "sidecar", {}, own=True)
        self.complaints.append(layer.complain(key, problem, hint))


def overlay(layers: Sequence[Layer], catalogue: Catalogue) -> Sheet:
    """Lay the layers over each other, complaining about unknown keys and wrong types."""
    sheet = Sheet(tuple(layers), dict(KEYS))
    for rank, layer in enumerate(layers):
        for name, value in layer.values.items():
            sheet.named.add(name)
            key = find(name, catalogue)
            if key is not None:
                sheet.known[name] = key
                wrong = mistyped(name, value, key) or _unusable(name, value, key, own=layer.own)
            elif len(sheet.complaints) >= _ENOUGH:
                continue  # finding what was meant costs time, and nobody reads so much
            else:
                wrong = "there is no such key", _meant(name, catalogue)
            if wrong:
                sheet.complaints.append(layer.complain(name, *wrong))
            else:
                sheet.found.setdefault(name, Found(value, layer, rank))
    return sheet


def _meant(name: str, catalogue: Catalogue) -> str:
    """Say what to do about a key that does not exist."""
    shown = [each for each in vocabulary(catalogue) if each != "receipt"]
    hint = MEANT.get(name) or never(name)
    return unknown(name, shown) if hint in shown or not hint else hint


def _unusable(name: str, value: object, key: Key, *, own: bool) -> tuple[str, str] | None:
    """Say what is wrong with a value of the right type, whatever the model; None: nothing."""
    if name in _OF_ONE_SHOT:
        return _OF_ONE_SHOT[name](str(value)) if own else _NOT_FOR_MANY
    if key.choices and not key.param and value not in key.choices:
        near = nearest(str(value), [str(each) for each in key.choices])
        said = f"did you mean {show(near)}?" if near else ""
        return f"{show(value)} is not possible; possible: {listing(key.choices)}", said
    if name == "meta" and (bad := _unkeepable(value)):
        return f"contains {bad}, which cannot be kept", ""
    if isinstance(value, int) and (problem := out_of_range(value, key.low, key.high)):
        return problem, ""
    return None


_NOT_FOR_MANY = ("belongs to one shot", "write it into that shot's sidecar")


def _no_end_image(name: str) -> tuple[str, str] | None:
    if not plain_name(name):
        hint = "put the image beside the sidecar and write its name alone"
        return f"{show(name)} is not a plain file name", hint
    if not name.lower().endswith(tuple(IMAGE_ENDINGS)):
        return f"{show(name)} is not the name of an image", "write it with its ending"
    return None


def _no_start(name: str) -> tuple[str, str] | None:
    if sound_start(name):
        return None
    stem, ending = split_ending(name)
    if plain_name(name) and stem:
        return f"{show(name)} is the name of a file", f"write it without {ending}"
    hint = 'write the name of a shot of the same folder alone, such as "shot01"'
    return f"{show(name)} is not the name of a shot", hint


def sound_start(name: str) -> bool:
    """Tell whether this may be a drop's name: a file name without the ending."""
    return plain_name(name) and split_ending(name)[1] not in _ENDINGS


_ENDINGS = IMAGE_ENDINGS | {".toml", ".mp4", ".mov"}
_OF_ONE_SHOT = {
    "end_image": _no_end_image,
    "start_from": _no_start,
    "sequence": no_sequence,
}


def out_of_range(value: int, low: int | None, high: int | None) -> str:
    """Say that a number is too small or too large, "" when it is neither."""
    if low is not None and value < low:
        return f"{value} is too small; " + _bounds(low, high)
    if high is not None and value > high:
        return f"{value} is too large; " + _bounds(low, high)
    return ""


def _bounds(low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return f"at most {high} is possible" if low is None else f"at least {low} is possible"
    return f"{low} to {high} is possible"


def plain_name(name: str) -> bool:
    """Tell whether this names a file in the same folder and nothing else."""
    if not name.strip() or name[0] == "." or len(name.encode(errors="replace")) > _NAME_MAX_BYTES:
        return False
    return not any(c in "/\\" or c < " " for c in name)


def _unkeepable(value: object) -> str:
    match value:
        case float() if not math.isfinite(value):
            return show(value)
        case Mapping():
            below: Iterable[object] = value.values()
        case list():
            below = value
        case _:
            return ""
    return next(filter(None, map(_unkeepable, below)), "")

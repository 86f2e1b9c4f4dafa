"""Tables of the documents: keys, models, prices, made from what the program itself checks.

A test compares the documents with what is made here, so neither can go its own way.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from seedance_watch.config.explained import explained
from seedance_watch.config.schema import ConfigKeys, SettleKeys, WatchKeys
from seedance_watch.core.models import Catalogue, Model, Param
from seedance_watch.core.sidecar_keys import Key, vocabulary
from seedance_watch.core.words import listing, show

_WORDS = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    dict: "table",
    list: "list",
    date: "date",
}


def sidecar_keys(catalogue: Catalogue) -> str:
    """Make the table of a sidecar's keys."""
    rows = [
        f"| `{name}` | {_type(key)} | {_default(key)} | {key.about} |"
        for name, key in vocabulary(catalogue).items()
    ]
    return _table(("key", "type", "default", "what it does"), rows)


def overview(catalogue: Catalogue) -> str:
    """Make the table of all models, one row each."""
    rows = [
        f"| `{model.id}` | {model.provider} | {listing(model.aliases, last='or', plain=True)} |"
        f" {_images(model)} | {_range(model.params['duration'])} | {_cost(model)} |"
        for model in catalogue.values()
    ]
    head = ("model", "provider", "also called", "images", "duration in seconds", "one video")
    return _table(head, rows)


def models(catalogue: Catalogue, provider: str) -> str:
    """Make the tables of a provider's models: what each takes."""
    return "\n\n".join(_model(each) for each in _of(catalogue, provider))


def prices(catalogue: Catalogue, provider: str) -> str:
    """Make the table of what a provider's videos cost."""
    rows = [
        f"| `{model.id}` | {params} | {amount.normalize():f} {model.price.unit} | {note} |"
        for model in _of(catalogue, provider)
        for params, amount, note in _costs(model)
    ]
    return _table(("model", "with", "one video", "how it is known"), rows)


def _of(catalogue: Catalogue, provider: str) -> list[Model]:
    return [model for model in catalogue.values() if model.provider == provider]


def _costs(model: Model) -> Iterator[tuple[str, Decimal, str]]:
    """Give each price of a model, with the parameters that it is for and where it is from."""
    for wanted, amount in model.price.cases:
        yield ", ".join(f"`{name} = {show(value)}`" for name, value in wanted.items()), amount, ""
    yield "all others" if model.price.cases else "all", model.price.base, model.price.note


def _images(model: Model) -> str:
    fewest, most = model.images
    return f"{fewest} to {most}" if fewest != most else str(most)


def _cost(model: Model) -> str:
    varies = ", or less" if model.price.cases else ""
    return f"{model.price.base.normalize():f} {model.price.unit}{varies}"


def _model(model: Model) -> str:
    also = (
        f"Also called {listing(model.aliases, last='or', plain=True)}. " if model.aliases else ""
    )
    noun = "image" if model.images[1] == 1 else "images"
    facts = f"{also}{_images(model)} {noun}, prompt up to {model.prompt_max} characters."
    rows = [
        f"| `{name}` | {_range(param)} | {'chosen' if name == 'seed' else _value(param.default)} |"
        for name, param in model.params.items()
    ]
    table = _table(("parameter", "possible", "default"), rows)
    note = f" Note: {model.note}." if model.note else ""
    return f"### {model.id}\n\n{facts}{note}\n\n{table}"


def _range(param: Param) -> str:
    if param.choices and param.natural is not bool:
        return ", ".join(_value(each) for each in param.choices)
    if param.low is None and param.high is None:
        return _WORDS[param.natural]
    return (
        f"{'' if param.low is None else param.low} to {'' if param.high is None else param.high}"
    )


def _value(value: object) -> str:
    return "" if value is None else f"`{show(value)}`"


def _type(key: Key) -> str:
    words = listing([_WORDS[natural] for natural in key.naturals], plain=True)
    return words if key.low is None else f"{words}, {key.low} to {key.high}"


def _default(key: Key) -> str:
    return "by the model" if key.param else _value(key.default)


def config_keys() -> str:
    """Make the tables of the configuration's keys, one per section of the file."""
    return "\n\n".join(_section(*each) for each in _sections("", ConfigKeys))


def _section(title: str, model: type[BaseModel]) -> str:
    about = explained(model)
    rows = [
        f"| `{name}` | {_shape(field)} | {_preset(field)} | {about[name]} |"
        for name, field in model.model_fields.items()
        if not _inner(field) and not (model is WatchKeys and name in SettleKeys.model_fields)
    ]
    table = _table(("key", "type", "default", "what it does"), rows)
    text = " ".join((model.__doc__ or "").split())
    return f"### {title or 'Top of the file'}\n\n{text}\n\n{table}" if rows else ""


def _sections(title: str, model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Give every table that a file may have, as it is written there."""
    if any(not _inner(field) for field in model.model_fields.values()):
        yield title, model
    for name, field in model.model_fields.items():
        path = f"{title.strip('`[]')}.{name}".lstrip(".")
        for inner, listed in _inner(field):
            yield from _sections(f"`[[{path}]]`" if listed else f"`[{path}]`", inner)


def _inner(field: FieldInfo) -> list[tuple[type[BaseModel], bool]]:
    """Give the table that a key is, and whether it is a list of them."""
    kinds = (field.annotation, *get_args(field.annotation))
    listed = field.annotation not in kinds[1:] and "list" in str(field.annotation)
    return [
        (kind, listed) for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]


def _shape(field: FieldInfo) -> str:
    text = str(field.annotation)
    if "Literal" in text:
        options = re.findall(r"'([a-z0-9_]+)'", text)
        return ", ".join(f'`"{each}"`' for each in options)
    shapes = {"list": "list", "dict": "table", "bool": "true or false", "float": "number"}
    shapes |= {"int": "whole number", "str": "text"}
    return next(words for name, words in shapes.items() if name in text)


def _preset(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    if field.default in (None, {}):
        return ""
    if isinstance(field.default, list):
        return f"`[{', '.join(show(each) for each in field.default)}]`"
    return _value(field.default)


def _table(head: tuple[str, ...], rows: list[str]) -> str:
    top = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*top, *rows])

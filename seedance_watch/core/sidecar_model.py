"""What the model makes of a sheet: which model it is, and its parameters with their origins."""

import hashlib
from dataclasses import dataclass

from seedance_watch.core.model import Value
from seedance_watch.core.models import Catalogue, Model, Param
from seedance_watch.core.sidecar_layers import Sheet, out_of_range
from seedance_watch.core.words import listing, meant, nearest, show

CHOSEN = "chosen by seedance-watch"
MODEL_DEFAULT = "model default"
_CHOOSE = -1  # a seed that means: choose one
_SEED_HIGH = 2**31 - 1  # where a row names no bound; every provider here takes 31 bits


@dataclass(frozen=True, slots=True)
class SeedSource:
    """What a seed is derived from when nobody gave one.

    Attributes:
        key: The job's or drop's random key.
        take: Which take this is, from 1.
    """

    key: str
    take: int


def named(model: Model) -> str:
    """Name a model for people."""
    return f"{model.id} at {model.provider}"


def pick_model(sheet: Sheet, catalogue: Catalogue) -> Model | None:
    """Find the wished model; None and a complaint when there is none."""
    providers = list(dict.fromkeys(each for each, _ in catalogue))
    provider = _named(sheet, "provider", providers)
    if provider and provider not in providers:
        problem = f"{show(provider)} is not a provider"
        sheet.complain("provider", problem, meant(provider, providers))
        return None
    name = _named(sheet, "model", [each for owner, each in catalogue if owner == provider])
    if not provider or not name:
        return None
    if (model := _find(catalogue, provider, name)) is None:
        _complain_model(sheet, catalogue)
    return model


def _named(sheet: Sheet, key: str, known: list[str]) -> str:
    """Give the wished provider or model, "" and a complaint when there is none."""
    value = str(sheet.value(key, ""))
    if key not in sheet.named or (key in sheet.found and not value):
        hint = f"write {key} = {show(known[0])}" if known else f'write {key} = "..."'
        sheet.complain(key, "is empty" if key in sheet.named else "is missing", hint)
    return value


def _find(catalogue: Catalogue, provider: str, name: str) -> Model | None:
    exact = catalogue.get((provider, name))
    own = (model for (owner, _), model in catalogue.items() if owner == provider)
    return exact or next((model for model in own if name in model.aliases), None)


def _complain_model(sheet: Sheet, catalogue: Catalogue) -> None:
    """Complain where the person can act: at the stronger of the two keys."""
    provider, name = str(sheet.value("provider")), str(sheet.value("model"))
    ids = [model.id for model in catalogue.values() if model.provider == provider]
    there = f"{provider} has {listing(ids, last='and', plain=True)}"
    if sheet.found["provider"].rank < sheet.found["model"].rank:
        problem = f"{provider} has no model {show(name)}, which the {_from(sheet)} asks for"
        sheet.complain("provider", problem, f"write model as well: {there}")
        return
    others = [each.provider for each in catalogue.values() if name in (each.id, *each.aliases)]
    if others:
        hint = f"write provider = {show(others[0])} as well, or choose: {there}"
        sheet.complain("model", f"{show(name)} is a model of {others[0]}, not of {provider}", hint)
        return
    near = nearest(name, ids)
    hint = f"did you mean {near}? {there}" if near else there
    sheet.complain("model", f"{show(name)} is not a model of {provider}", hint)


def _from(sheet: Sheet) -> str:
    return sheet.found["model"].layer.name


def pick_params(
    sheet: Sheet, model: Model, seeds: SeedSource
) -> tuple[dict[str, Value], dict[str, str]]:
    """Give the effective parameters and where each came from; complain about the others."""
    params: dict[str, Value] = {}
    origins: dict[str, str] = {}
    for name, param in model.params.items():
        if name == "seed":
            params[name], origins[name] = _seed(sheet, model, seeds)
        elif name in sheet.found:
            params[name], origins[name] = _checked(sheet, name, model)
        elif param.default is not None:
            params[name], origins[name] = param.default, MODEL_DEFAULT
    _complain_strangers(sheet, model)
    return params, origins


def _complain_strangers(sheet: Sheet, model: Model) -> None:
    has = listing(model.params, last="and", plain=True) if model.params else "no parameters"
    for name, found in sheet.found.items():
        if sheet.known[name].param and found.layer.own and name not in model.params:
            sheet.complain(name, f"{named(model)} has no such setting", f"it has {has}")


def _checked(sheet: Sheet, name: str, model: Model) -> tuple[Value, str]:
    found, param = sheet.found[name], model.params[name]
    value = found.value
    assert isinstance(value, str | int | float | bool)
    if problem := _misfit(value, param, model):
        sheet.complain(name, problem, _fitting(value, param))
    return value, found.layer.name


def _misfit(value: Value, param: Param, model: Model) -> str:
    if param.choices and not any(_same(value, each) for each in param.choices):
        return f"{show(value)} is not possible with {named(model)}; {_allowed(param)}"
    if isinstance(value, int) and (problem := out_of_range(value, param.low, param.high)):
        return f"{problem} with {named(model)}"
    return ""


def _same(value: Value, choice: Value) -> bool:
    return value == choice and isinstance(value, bool) == isinstance(choice, bool)


def _allowed(param: Param) -> str:
    verb = "only" if len(param.choices) == 1 else "possible:"
    return f"{verb} {listing(param.choices)}"


def _fitting(value: Value, param: Param) -> str:
    texts = [each for each in param.choices if isinstance(each, str)]
    near = nearest(value, texts) if isinstance(value, str) else ""
    return f"did you mean {show(near)}?" if near else ""


def _seed(sheet: Sheet, model: Model, seeds: SeedSource) -> tuple[int, str]:
    """Give a concrete seed: the wished one counted on per take, or one made from the key."""
    param = model.params["seed"]
    low = max(0, param.low or 0)
    high = _SEED_HIGH if param.high is None else param.high
    span = high - low + 1
    wished = sheet.value("seed", _CHOOSE)
    assert isinstance(wished, int)
    if wished == _CHOOSE:
        digest = hashlib.sha256(f"{seeds.key}/{seeds.take}".encode(errors="replace")).digest()
        return low + int.from_bytes(digest[:8]) % span, CHOSEN
    if problem := out_of_range(wished, low, high):
        sheet.complain("seed", f"{problem} with {named(model)}", "-1 lets seedance-watch choose")
    origin = sheet.found["seed"].layer.name
    on = f", plus {seeds.take - 1} for take {seeds.take}" if seeds.take > 1 else ""
    return low + (wished - low + seeds.take - 1) % span, origin + on

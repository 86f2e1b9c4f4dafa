"""The providers to try in turn: `route = ["rivya", "segmind"]`, or "provider/model"."""

from collections.abc import Iterator

from seedance_watch.core.catalogue import DEFAULT_MODELS
from seedance_watch.core.models import Catalogue
from seedance_watch.core.sidecar_layers import Found, Sheet
from seedance_watch.core.words import meant, show


def follow(sheet: Sheet, catalogue: Catalogue, to: str) -> tuple[str, ...]:
    """Let a route choose provider and model of a sheet.

    A provider that is named nearer to the drop than the route switches the route off.

    Args:
        sheet: All layers; its provider and model are set.
        catalogue: Every model.
        to: The entry to follow, "" for the first one.

    Returns:
        The entries that are left after this one.
    """
    route = _entries(sheet)
    if not route or _complained(sheet, catalogue, route):
        return ()
    entry = to or route[0]
    _choose(sheet, entry, keep_model=entry == route[0])
    return route[route.index(entry) + 1 :] if entry in route else ()


def _entries(sheet: Sheet) -> tuple[str, ...]:
    route, provider = sheet.found.get("route"), sheet.found.get("provider")
    if route is None or (provider and provider.rank < route.rank):
        return ()
    return tuple(str(each) for each in route.value) if isinstance(route.value, list) else ()


def _complained(sheet: Sheet, catalogue: Catalogue, route: tuple[str, ...]) -> bool:
    wrong = list(_wrong(catalogue, route))
    for problem, hint in wrong:
        sheet.complain("route", problem, hint)
    return bool(wrong)


def _wrong(catalogue: Catalogue, route: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Find entries that name nobody, or one twice."""
    providers = list(dict.fromkeys(each for each, _ in catalogue))
    for place, entry in enumerate(route):
        provider, _, model = entry.partition("/")
        ids = [each.id for (owner, _), each in catalogue.items() if owner == provider]
        if provider not in providers:
            yield f"{show(provider)} is not a provider", meant(provider, providers)
        elif model and model not in ids:
            yield f"{show(model)} is not a model of {provider}", meant(model, ids)
        if entry in route[:place]:
            yield f"{show(entry)} stands there twice", ""


def _choose(sheet: Sheet, entry: str, *, keep_model: bool) -> None:
    """Set provider and model; a model of its own is kept for the first entry."""
    provider, _, model = entry.partition("/")
    route, own = sheet.found["route"], sheet.found.get("model")
    sheet.found["provider"] = Found(provider, route.layer, route.rank)
    if model or not (keep_model and own and own.rank <= route.rank):
        chosen = model or DEFAULT_MODELS.get(provider, "")
        sheet.found["model"] = Found(chosen, route.layer, route.rank)
    sheet.named.update(("provider", "model"))

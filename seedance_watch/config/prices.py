"""The operator's own prices, laid over the built-in ones."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from seedance_watch.config.schema import PriceKeys, ProvidersKeys
from seedance_watch.core.errors import Complaint
from seedance_watch.core.model import Value
from seedance_watch.core.models import Catalogue, Model, Price
from seedance_watch.core.sidecar import Prices
from seedance_watch.core.toml import Table
from seedance_watch.core.words import listing, meant, path_text, show


def prices_of(keys: ProvidersKeys, catalogue: Catalogue) -> Prices:
    """Give a price for each model that the configuration names one for.

    Rows of the file come first, in its order; where none fits, the built-in price holds.
    """
    prices: dict[tuple[str, str], Price] = {}
    for provider, rows in _rows(keys):
        for row in rows:
            model = catalogue.get((provider, row.model))
            if model is not None:
                price = prices.get((provider, row.model)) or Price(model.price.unit, Decimal(0))
                cases = (*price.cases, (_values(row.when), Decimal(str(row.amount))))
                prices[provider, row.model] = Price(model.price.unit, Decimal(0), cases)
    return {name: _over(price, catalogue[name].price) for name, price in prices.items()}


def wrong_prices(keys: ProvidersKeys, catalogue: Catalogue, table: Table) -> Iterator[Complaint]:
    """Find prices of models or parameters that do not exist."""
    for provider, rows in _rows(keys):
        for number, row in enumerate(rows):
            for key, problem, hint in _wrong(row, provider, catalogue):
                path = ("providers", provider, "prices", number, key)
                line = table.line(path)
                yield Complaint(table.file, line, path_text(path), problem, hint)


def _rows(keys: ProvidersKeys) -> Iterator[tuple[str, list[PriceKeys]]]:
    yield from (("rivya", keys.rivya.prices), ("segmind", keys.segmind.prices))


def _over(own: Price, built_in: Price) -> Price:
    note = "from the configuration"
    return Price(own.unit, built_in.base, (*own.cases, *built_in.cases), note)


def _values(when: Mapping[str, object]) -> dict[str, Value]:
    return {name: value for name, value in when.items() if isinstance(value, str | int | float)}


def _wrong(row: PriceKeys, provider: str, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    model = catalogue.get((provider, row.model))
    if model is None:
        ids = [name for owner, name in catalogue if owner == provider]
        yield (
            "model",
            f"{show(row.model)} is not the id of a model of {provider}",
            meant(row.model, ids),
        )
        return
    for name, value in row.when.items():
        if problem := _no_case(model, name, value):
            yield "when", problem, ""


def _no_case(model: Model, name: str, value: object) -> str:
    """Say why a price for this value would never be used, "" when it may be."""
    if name not in model.params:
        has = listing(model.params, last="and", plain=True)
        return f"{model.id} has no {show(name)}; it has {has}"
    param = model.params[name]
    if type(value) is not param.natural or (param.choices and value not in param.choices):
        allowed = listing(param.choices) if param.choices else f"of type {param.natural.__name__}"
        return f"{name} = {show(value)} never happens with {model.id}; possible: {allowed}"
    return ""

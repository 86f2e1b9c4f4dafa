"""The table of models: rows that cannot contradict themselves."""

import pytest

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.models import Model

ROWS = pytest.mark.parametrize("model", CATALOGUE.values(), ids=lambda m: f"{m.provider}-{m.id}")


@ROWS
def test_every_default_is_allowed(model: Model) -> None:
    """A default outside its own choices or range would be refused by the service."""
    for name, param in model.params.items():
        if param.default is None or name == "seed":
            continue
        assert not param.choices or param.default in param.choices, name
        assert isinstance(param.default, param.natural), name
        if isinstance(param.default, int) and param.low is not None and param.high is not None:
            assert param.low <= param.default <= param.high, name


@ROWS
def test_every_price_is_known_and_positive(model: Model) -> None:
    """Unknown cost is a configuration error, never zero; each says where it comes from."""
    prices = [model.price.base, *(amount for _, amount in model.price.cases)]

    assert all(price > 0 for price in prices)
    assert model.price.unit in {"credits", "usd"}
    assert model.price.note


def test_no_name_means_two_models_of_a_provider() -> None:
    """Ids and aliases are unique per provider."""
    names = [(m.provider, name) for m in CATALOGUE.values() for name in (m.id, *m.aliases)]

    assert len(names) == len(set(names))


def test_the_lite_price_depends_on_length_and_size() -> None:
    """The dearest documented price where no row fits."""
    lite = CATALOGUE["segmind", "seedance-v1-lite-image-to-video"]

    assert str(lite.price.of({"duration": 5, "resolution": "480p"})) == "0.18 usd"
    assert str(lite.price.of({"duration": 10, "resolution": "720p"})) == "0.45 usd"

"""Two small models, so that whole messages do not change when a row of the catalogue does."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from seedance_watch.config.load import understand
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.models import Catalogue, Model, Param, Price, Wire

_PARAMS = {
    "duration": Param("duration", Wire.STRING, int, choices=(5, 10), default=5),
    "resolution": Param("resolution", Wire.STRING, str, choices=("480p", "720p"), default="720p"),
}
LITE = Model(
    provider="rivya",
    id="seedance-1-0-lite",
    params=_PARAMS,
    prompt_max=100,
    images=(0, 2),
    price=Price("credits", Decimal(16), cases=(({"duration": 10}, Decimal(32)),)),
    usual_s=60,
)
SLUG = Model(
    provider="segmind",
    id="seedance-v1-lite-image-to-video",
    params=_PARAMS,
    prompt_max=100,
    images=(1, 2),
    price=Price("usd", Decimal("0.45")),
    usual_s=40,
)


@pytest.fixture(scope="session")
def rows() -> Catalogue:
    """Give the catalogue of these tests."""
    return {(model.provider, model.id): model for model in (LITE, SLUG)}


Read = Callable[..., Config]


@pytest.fixture(scope="session")
def read(rows: Catalogue) -> Read:
    """Give a function that checks a text as if it were /srv/studio/seedance-watch.toml."""

    def read(text: str, *, environ: Mapping[str, str] | None = None) -> Config:
        return understand(
            text.encode(errors="surrogatepass"),
            file=Path("/srv/studio/seedance-watch.toml"),
            catalogue=rows,
            environ=environ or {},
        )

    return read


@pytest.fixture
def said(read: Read) -> Callable[[str], list[str]]:
    """Give a function that returns the complaints about a text, one line each."""

    def said(text: str) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text)
        return str(caught.value).split("\n")

    return said

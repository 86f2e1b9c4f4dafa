"""Every model that can be asked for; adding one is adding a row beside this file."""

from seedance_watch.core.catalogue_rivya import RIVYA
from seedance_watch.core.catalogue_segmind import SEGMIND
from seedance_watch.core.models import Catalogue, Model

CATALOGUE: Catalogue = {(model.provider, model.id): model for model in (*RIVYA, *SEGMIND)}


def find(provider: str, name: str) -> Model | None:
    """Give a provider's model by its id or by another name for it; None: there is none."""
    exact = CATALOGUE.get((provider, name))
    others = (m for m in CATALOGUE.values() if m.provider == provider and name in m.aliases)
    return exact or next(others, None)

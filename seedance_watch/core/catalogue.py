"""Every model that can be asked for; adding one is adding a row beside this file."""

from collections.abc import Mapping

from seedance_watch.core.catalogue_rivya import RIVYA
from seedance_watch.core.catalogue_segmind import SEGMIND
from seedance_watch.core.models import Catalogue

CATALOGUE: Catalogue = {(model.provider, model.id): model for model in (*RIVYA, *SEGMIND)}

# What is meant where only a provider is named.
DEFAULT_MODELS: Mapping[str, str] = {
    "rivya": "seedance-1-0-lite",
    "segmind": "seedance-v1-lite-image-to-video",
}

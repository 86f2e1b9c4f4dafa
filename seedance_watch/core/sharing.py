"""One object for what is equal in thousands of jobs that wait.

Two jobs of one folder have the same origins, price and kind of picture, each job its own copy of
them. The tables here are small and drop what was not asked for longest.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from seedance_watch.core.events import Prepared
from seedance_watch.core.model import Money, Part, Picture

_NOTHING: Mapping[str, object] = {}


def shared(prepared: Prepared, parts: Iterable[Part]) -> Prepared:
    """Give an equal event that shares what it can with those of other jobs.

    Args:
        prepared: The event.
        parts: The files of the same job; a picture that fitted has their names and digests.
    """
    spec = prepared.spec
    lean = replace(
        spec,
        prompt=sys.intern(spec.prompt),
        origins=_origins(tuple(spec.origins.items())),
        cost=_money(str(spec.cost.amount), spec.cost.unit),
        meta=spec.meta or _NOTHING,
    )
    known = {text: text for part in parts for text in (part.name, part.sha256)}
    pictures = tuple(_picture(each, known) for each in prepared.pictures)
    return replace(prepared, spec=lean, pictures=pictures)


@lru_cache(maxsize=128)
def _origins(items: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return dict(items)


@lru_cache(maxsize=128)
def _money(amount: str, unit: str) -> Money:
    return Money(Decimal(amount), unit)


def _picture(picture: Picture, known: Mapping[str, str]) -> Picture:
    return replace(
        picture,
        name=known.get(picture.name, picture.name),
        sha256=known.get(picture.sha256, picture.sha256),
        media_type=sys.intern(picture.media_type),
        steps=tuple(map(sys.intern, picture.steps)),
    )

"""A sidecar's text to exactly what is wished, or to every complaint about it at once.

    text --parse--> Table --own_layer--> Layer   (the drop's own sidecar)
    `_defaults.toml`s, the configuration    ...  (weaker layers)
    layers --wish--> JobSpec                     (or SidecarError)
    JobSpec --receipt_keys--> the sidecar that repeats it

Nothing here can name a file elsewhere, an address or a secret: such keys do not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from seedance_watch.core import chain
from seedance_watch.core.errors import Complaint, SidecarError
from seedance_watch.core.model import JobSpec, Money
from seedance_watch.core.models import Catalogue, Model, Price
from seedance_watch.core.pairing import Glance
from seedance_watch.core.sidecar_extras import wants_preview, wants_sequence
from seedance_watch.core.sidecar_images import wants_text_only
from seedance_watch.core.sidecar_keys import MAX_TAKES, PRIORITY_LIMIT
from seedance_watch.core.sidecar_layers import (
    Layer,
    Sheet,
    folder_layer,
    overlay,
    own_layer,
    plain_name,
    sound_start,
)
from seedance_watch.core.sidecar_model import SeedSource, named, pick_model, pick_params
from seedance_watch.core.sidecar_route import follow
from seedance_watch.core.toml import Table, decode, parse

Prices = Mapping[tuple[str, str], Price]  # by provider and model id; they win over the catalogue

__all__ = [
    "Layer",
    "Prices",
    "Table",
    "decode",
    "folder_layer",
    "glance",
    "own_layer",
    "parse",
    "receipt_keys",
    "review",
    "wish",
]


def glance(text: str, *, defaults: Sequence[Mapping[str, object]] = ()) -> Glance:
    """See what pairing needs to know, forgiving every mistake; wish will complain.

    Args:
        text: The sidecar.
        defaults: Weaker layers' values, the strongest first, for takes, priority and text_only.
    """
    try:
        own: Mapping[str, object] = parse(text, file="").values
    except SidecarError:
        return Glance(end_image=None, takes=1, text_only=False, priority=0, broken=True)
    layers = (own, *defaults)
    end_image, start = own.get("end_image"), own.get("start_from")
    named_here = isinstance(end_image, str) and plain_name(end_image)
    return Glance(
        end_image=str(end_image) if named_here else None,
        takes=_whole(layers, "takes", range(1, MAX_TAKES + 1), 1),
        text_only=next((each["text_only"] for each in layers if "text_only" in each), 0) is True,
        priority=_whole(layers, "priority", range(-PRIORITY_LIMIT, PRIORITY_LIMIT + 1), 0),
        broken=False,
        start_from=str(start) if isinstance(start, str) and sound_start(start) else "",
    )


def _whole(layers: Sequence[Mapping[str, object]], key: str, allowed: range, default: int) -> int:
    value = next((layer[key] for layer in layers if key in layer), default)
    sound = isinstance(value, int) and not isinstance(value, bool) and value in allowed
    return int(str(value)) if sound else default


def wish(  # noqa: PLR0913  a drop's facts, each named at the call
    layers: Sequence[Layer],
    *,
    catalogue: Catalogue,
    key: str,
    take: int = 1,
    takes: int = 1,
    images: int = 1,
    has_end: bool = False,
    prices: Prices | None = None,
    to: str = "",
    stem: str = "",
) -> JobSpec:
    """Take all layers and the model table together.

    Args:
        layers: The strongest first: the sidecar if there is one, each `_defaults.toml` from the
            nearest folder upward, the watch's defaults, the watch's provider and model.
        catalogue: Every model.
        key: The drop's random key; a seed that nobody gave is made from it and the take.
        take: Which take this is, from 1.
        takes: How many takes the drop asked for.
        images: How many first images the drop has, 0 or 1.
        has_end: Whether the drop has an end image.
        prices: The operator's own prices.
        to: The entry of the route to follow, "" for the first one.
        stem: What the drop is called, "" where that does not matter.

    Raises:
        SidecarError: Every complaint of every layer.
    """
    sheet = overlay(layers, catalogue)
    rest = follow(sheet, catalogue, to)
    model = pick_model(sheet, catalogue)
    prompt = _prompt(sheet, model, needed=True)
    params, origins = pick_params(sheet, model, SeedSource(key, take)) if model else ({}, {})
    text_only = wants_text_only(sheet, model, images=images, has_end=has_end)
    if chain.names_itself(start_from := str(sheet.value("start_from", "")), stem):
        sheet.complain("start_from", "names the shot itself", "name the shot that comes before it")
    sequence = wants_sequence(sheet)
    if sheet.complaints or model is None:
        raise SidecarError(_sorted(sheet))
    return JobSpec(
        provider=model.provider,
        model=model.id,
        prompt=prompt,
        params=params,
        origins={**_named_origins(sheet), **origins},
        cost=_cost(model, params, prices),
        take=take,
        takes=takes,
        text_only=text_only,
        keep_metadata=sheet.value("keep_metadata") is True,
        again=sheet.value("again") is True,
        meta=_meta(sheet),
        route=rest,
        not_before=_moment(sheet.value("not_before")),
        start_from=start_from,
        poster=sheet.value("poster") is True,
        preview=wants_preview(sheet),
        sequence=sequence,
    )


def review(layers: Sequence[Layer], *, catalogue: Catalogue) -> tuple[Complaint, ...]:
    """Find what is wrong with defaults alone, before any drop exists."""
    sheet = overlay(layers, catalogue)
    follow(sheet, catalogue, "")
    model = pick_model(sheet, catalogue)
    _prompt(sheet, model, needed=False)
    if model:
        pick_params(sheet, model, SeedSource("", 1))
    return _sorted(sheet)


def receipt_keys(spec: JobSpec, *, end_image: str | None = None) -> dict[str, object]:
    """Give the sidecar part of a receipt: dropped beside the image, it repeats the job.

    Args:
        spec: What was made; one take of several is repeated as one video of the same seed.
        end_image: Name of the second image, None: there was none.
    """
    flags = {"text_only": spec.text_only, "keep_metadata": spec.keep_metadata}
    flags |= {"again": spec.again, "poster": spec.poster}
    keys: dict[str, object] = {"provider": spec.provider, "model": spec.model}
    keys |= {"prompt": spec.prompt, **spec.params}
    keys |= {"end_image": end_image} if end_image else {}
    keys |= {"start_from": spec.start_from} if spec.start_from else {}
    keys |= {name: True for name, value in flags.items() if value}
    names = {"preview": spec.preview, "sequence": spec.sequence}
    keys |= {name: value for name, value in names.items() if value}
    return keys | ({"meta": dict(spec.meta)} if spec.meta else {})


def _sorted(sheet: Sheet) -> tuple[Complaint, ...]:
    files = [layer.file for layer in sheet.layers]
    unique = dict.fromkeys(sheet.complaints)
    return tuple(
        sorted(unique, key=lambda one: ((*files, one.file).index(one.file), one.line or 0))
    )


def _named_origins(sheet: Sheet) -> dict[str, str]:
    return {key: sheet.found[key].layer.name for key in ("prompt", "model", "provider")}


def _cost(
    model: Model, params: Mapping[str, str | int | float | bool], prices: Prices | None
) -> Money:
    price = (prices or {}).get((model.provider, model.id), model.price)
    return price.of(params)


def _prompt(sheet: Sheet, model: Model | None, *, needed: bool) -> str:
    prompt = str(sheet.value("prompt", "")).replace("\r\n", "\n").strip()
    if "prompt" not in sheet.found:
        if needed and "prompt" not in sheet.named:
            sheet.complain("prompt", "is missing", 'write prompt = "what should happen"')
    elif not prompt:
        sheet.complain("prompt", "is empty", "say what should happen in the video")
    elif bad := next((sign for sign in prompt if sign < " " and sign not in "\n\t"), ""):
        sheet.complain("prompt", f"contains the control character U+{ord(bad):04X}")
    elif model and len(prompt) > model.prompt_max:
        most = f"{named(model)} takes at most {model.prompt_max}"
        sheet.complain("prompt", f"has {len(prompt)} characters, {most}")
    return prompt


def _meta(sheet: Sheet) -> dict[str, object]:
    """Merge the tables of all layers, the strongest winning key by key; dates become text."""
    merged: dict[str, object] = {}
    for layer in reversed(sheet.layers):
        meta = layer.values.get("meta", {})
        merged |= meta if isinstance(meta, Mapping) else {}
    return {name: _kept(value) for name, value in merged.items()}


def _moment(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else ""


def _kept(value: object) -> object:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {name: _kept(below) for name, below in value.items()}
        case list():
            return [_kept(below) for below in value]
        case _:
            return value

"""What Segmind refuses, in the order in which it looks."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from seedance_watch.sandbox.catalogue import SEGMIND, SegmindModel
from seedance_watch.sandbox.keys import Account, account_of
from seedance_watch.sandbox.knobs import Knobs, words
from seedance_watch.sandbox.replies import Refused, html, segmind_error
from seedance_watch.sandbox.serving import json_body
from seedance_watch.sandbox.state import State

_MISSING = "Missing Authorization or x-api-key in header"
_REJECTED = "Unauthorized. API key is invalid or may have expired. Please check your API key."
_NO_VERB = b"<!doctype html><title>405 Method Not Allowed</title><h1>Method Not Allowed</h1>"
_REFERENCES = ("reference_images", "reference_videos", "reference_audios")


def refuse(status: int, message: str) -> Refused:
    """Return the exception that answers with this error."""
    return Refused(segmind_error(status, message))


def admit(request: Request, state: State) -> Account:
    """Return the caller's account, or refuse; a bearer token does not count."""
    key = request.headers.get("x-api-key")
    if key is None and "authorization" not in request.headers:
        raise refuse(401, _MISSING)
    account = account_of(key or "", provider="segmind", knobs=state.knobs)
    if account is None or account.state != "valid":
        raise refuse(401, _REJECTED)
    return account


def admit_to_model(
    request: Request, state: State, slug: str
) -> tuple[Account, SegmindModel, Decimal]:
    """Refuse by key, verb, content type, slug, rate, balance; return who, what, price."""
    account = admit(request, state)
    if request.method != "POST":
        raise Refused(html(405, _NO_VERB))
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind not in {"application/json", "multipart/form-data"}:
        raise refuse(406, "Invalid content type")
    model = known_model(slug, state.knobs)
    _limited(account, state)
    price = price_of(model, state.knobs)
    left = state.balance(account) - state.owed(account)
    if left < price:
        raise refuse(
            406, f"Insufficient credits. Your balance is {left}, this request needs {price}."
        )
    return account, model, price


def price_of(model: SegmindModel, knobs: Knobs) -> Decimal:
    """Return what one video costs, in USD."""
    return model.price if knobs.segmind_price < 0 else Decimal(str(knobs.segmind_price))


def known_model(slug: str, knobs: Knobs) -> SegmindModel:
    """Return the slug's row, or refuse."""
    if slug in words(knobs.segmind_retired):
        raise refuse(410, f"Model {slug} has been retired")
    if slug in words(knobs.segmind_forbidden):
        raise refuse(403, f"Model {slug} is not permitted for this account")
    if slug not in SEGMIND:
        raise refuse(404, f"Model {slug} not found")
    return SEGMIND[slug]


def _limited(account: Account, state: State) -> None:
    knobs = state.knobs
    wait_s = state.rates.wait_s(
        account.key, per_min=knobs.segmind_rate_rpm, time_factor=knobs.time_factor
    )
    if wait_s:
        reset = state.clock.text(state.clock.now_at() + wait_s)
        reply = segmind_error(429, "Rate limit exceeded")
        raise Refused(reply.with_headers({"x-rate-limit-reset-at-utc": reset}))


async def model_body(request: Request) -> dict[str, Any]:
    """Return the body of a model call, from JSON or form fields."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            return {name: _guessed(str(value)) for name, value in form.items()}
    body = await json_body(request, otherwise=segmind_error(400, "Malformed JSON body"))
    if not isinstance(body, dict):
        raise refuse(400, "The body must be a JSON object")
    return body


def _guessed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def check_body(body: Mapping[str, Any], model: SegmindModel, knobs: Knobs) -> None:
    """Refuse what the gateway sees: missing fields and values outside a fixed set."""
    needed = (*model.needed, *(("aspect_ratio",) if model.ratio_needed else ()))
    for name in needed:
        if body.get(name) in {None, ""} if not isinstance(body.get(name), list) else False:
            raise refuse(400, f"Missing required field: {name}")
    if not isinstance(body["prompt"], str):
        raise refuse(400, "prompt must be a string")
    _image_style(body, model)
    bad = int(knobs.segmind_bad_choice_status)
    for name, allowed in _fixed_sets(model).items():
        if name in body and not _within(body[name], allowed):
            raise refuse(bad, f"{name}: {body[name]!r} is not one of {sorted(allowed, key=str)}")


def _fixed_sets(model: SegmindModel) -> dict[str, frozenset[Any]]:
    sets: dict[str, frozenset[Any]] = {
        "duration": frozenset(model.durations),
        "resolution": frozenset(model.resolutions),
    }
    return sets | ({"aspect_ratio": frozenset(model.ratios)} if model.ratios else {})


def _within(value: object, allowed: frozenset[Any]) -> bool:
    """Say whether a value is in a set, by type too: 5 is not "5", true is not 1."""
    return isinstance(value, str | int) and not isinstance(value, bool) and value in allowed


def _image_style(body: Mapping[str, Any], model: SegmindModel) -> None:
    frames = body.get("first_frame_url") is not None or body.get("last_frame_url") is not None
    used = {
        "image_url": body.get("image_url") is not None,
        "first_frame_url": frames,
        "reference": any(body.get(name) for name in _REFERENCES),
    }
    styles = {style for style, given in used.items() if given}
    if len(styles) > 1:
        raise refuse(400, f"{' and '.join(sorted(styles))} cannot be combined")
    if body.get("last_frame_url") is not None and body.get("first_frame_url") is None:
        raise refuse(400, "last_frame_url needs first_frame_url")
    if styles - model.styles:
        raise refuse(400, f"{min(styles)} is not supported by this model")
    if model.image_needed and not styles:
        raise refuse(400, "Missing required field: image_url")


def model_complaint(body: Mapping[str, Any], knobs: Knobs) -> str | None:
    """Return what the model itself trips over, after the gateway let it pass."""
    seed = body.get("seed", 1)
    random = seed == -1 and knobs.segmind_seed == "signed"
    whole = isinstance(seed, int) and not isinstance(seed, bool)
    if not (whole and (random or 1 <= seed <= 999_999)):
        return f"seed: {seed!r} is out of range"
    if not isinstance(body.get("camera_fixed", False), bool):
        return "camera_fixed: must be a boolean"
    for url in image_urls(body):
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return "could not read the input image"
    return None


def image_urls(body: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the images that a body names, first frame first."""
    single = [body.get(name) for name in ("image_url", "first_frame_url", "last_frame_url")]
    many = body.get("reference_images") or []
    return tuple(url for url in [*single, *(many if isinstance(many, list) else [])] if url)

"""What Rivya refuses, in the order in which it looks."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request

from seedance_watch.sandbox.catalogue import RIVYA, Param, RivyaModel
from seedance_watch.sandbox.keys import Account, account_of
from seedance_watch.sandbox.knobs import Knobs, words
from seedance_watch.sandbox.replies import Refused, rivya_error
from seedance_watch.sandbox.state import State

_TOP_LEVEL = {"model", "prompt", "params", "client_request_id"}
_ITEM = {"url", "kind", "name", "mimeType", "durationSeconds", "durationToken"}
_TRACE_MAX = 128
MAGIC = (
    (b"\xff\xd8\xff", b"", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", b"", "image/png"),
    (b"RIFF", b"WEBP", "image/webp"),
)


def refuse(code: str, message: str, *, status: int | None = None) -> Refused:
    """Return the exception that answers with this error."""
    return Refused(rivya_error(code, message, status=status))


def admit(request: Request, state: State, scope: str) -> Account:
    """Return the caller's account, or refuse: switch, key, state, scope, rate."""
    _open_for_business(state.knobs)
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key:
        raise refuse("api_key_missing", "send Authorization: Bearer rvya_sk_...")
    account = account_of(key.strip(), provider="rivya", knobs=state.knobs)
    if account is None:
        raise refuse("api_key_invalid", "the API key is not known")
    if account.state in {"revoked", "expired"}:
        raise refuse(f"api_key_{account.state}", f"the API key is {account.state}")
    if scope not in account.scopes:
        raise refuse("api_scope_denied", f"the API key lacks the scope {scope}")
    limited(account.key, state)
    return account


def _open_for_business(knobs: Knobs) -> None:
    if knobs.rivya_enabled == "no":
        raise refuse("public_api_disabled", "the public API is switched off")


def limited(key: str, state: State) -> None:
    """Take a token from the key's bucket, or refuse."""
    _open_for_business(state.knobs)
    wait_s = state.rates.wait_s(
        key, per_min=state.knobs.rivya_rate_per_min, time_factor=state.knobs.time_factor
    )
    if not wait_s:
        return
    reply = rivya_error("rate_limited", "too many requests in the current window")
    if state.knobs.rivya_retry_after == "present":
        reply = reply.with_headers({"retry-after": str(int(wait_s) + 1)})
    raise Refused(reply)


def known_model(name: object, knobs: Knobs) -> RivyaModel:
    """Return the model's row, or refuse."""
    if isinstance(name, str) and name in words(knobs.rivya_retired):
        raise refuse(knobs.rivya_retired_answer, f"model {name} is no longer available")
    if not isinstance(name, str) or name not in RIVYA:
        raise refuse("validation_failed", f"model {name!r} is not known")
    return RIVYA[name]


def check_trace(value: object) -> None:
    """Refuse a client_request_id that is no short string."""
    if value is not None and not (isinstance(value, str) and len(value) <= _TRACE_MAX):
        raise refuse("validation_failed", "client_request_id: at most 128 characters")


def check_generation(body: Any, knobs: Knobs, hosted: Callable[[str], bool]) -> RivyaModel:
    """Check the body of a generation and return its model's row."""
    if not isinstance(body, dict):
        raise refuse("validation_failed", "the body must be a JSON object")
    if "files" in body:
        raise refuse("validation_failed", "files: not accepted here, use referenceMediaItems")
    _known_keys(body, _TOP_LEVEL, knobs, where="body")
    check_trace(body.get("client_request_id"))
    model = known_model(body.get("model"), knobs)
    _prompt(body.get("prompt"), model)
    params = body.get("params", {})
    if not isinstance(params, dict):
        raise refuse("validation_failed", "params: must be an object")
    _known_keys(params, {*model.params, "referenceMediaItems"}, knobs, where="params")
    for name, param in model.params.items():
        if name in params:
            _value(name, params[name], param, knobs)
    _items(params, model, knobs, hosted)
    return model


def _known_keys(given: Mapping[str, Any], known: set[str], knobs: Knobs, *, where: str) -> None:
    unknown = sorted(given.keys() - known)
    if unknown and knobs.rivya_unknown_params == "reject":
        raise refuse("validation_failed", f"{where}: unknown key {unknown[0]}")


def _prompt(prompt: object, model: RivyaModel) -> None:
    if not isinstance(prompt, str) or not prompt.strip():
        raise refuse("validation_failed", "prompt: required")
    if len(prompt) > model.prompt_max:
        raise refuse("validation_failed", f"prompt: at most {model.prompt_max} characters")


def _value(name: str, value: object, param: Param, knobs: Knobs) -> None:
    if param.options:
        if knobs.rivya_select_types == "lenient" and isinstance(value, bool | int):
            value = str(value).lower()
        if value not in param.options or not isinstance(value, str):
            raise refuse("validation_failed", f"params.{name}: one of {param.options}")
        return
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or not param.low <= int(str(value)) <= param.high:
        raise refuse("validation_failed", f"params.{name}: {param.low} to {param.high}")


def _items(
    params: Mapping[str, Any], model: RivyaModel, knobs: Knobs, hosted: Callable[[str], bool]
) -> None:
    items = params.get("referenceMediaItems", [])
    if not isinstance(items, list):
        raise refuse("validation_failed", "referenceMediaItems: must be an array")
    for item in items:
        _item(item, knobs, hosted)
    least, most = 0, model.images_max
    if model.scenes:
        scene = params.get("seedance_scene", model.params["seedance_scene"].default)
        least, most = model.scenes[str(scene)]
    if not least <= len(items) <= most:
        raise refuse("validation_failed", f"referenceMediaItems: {least} to {most} items")


def _item(item: object, knobs: Knobs, hosted: Callable[[str], bool]) -> None:
    if not isinstance(item, dict):
        raise refuse("validation_failed", "referenceMediaItems: items must be objects")
    _known_keys(item, _ITEM, knobs, where="referenceMediaItems")
    if item.get("kind") != "image":
        raise refuse("validation_failed", "referenceMediaItems: kind must be image")
    url = item.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise refuse("validation_failed", "referenceMediaItems: url must be http(s)")
    if knobs.rivya_media_urls == "hosted" and not hosted(url):
        raise refuse("validation_failed", "referenceMediaItems: upload with the Files API first")


def image_type(content: bytes) -> str | None:
    """Return the MIME type by signature; None is not an accepted image."""
    for start, later, mime_type in MAGIC:
        if content.startswith(start) and content[8 : 8 + len(later)] == later:
            return mime_type
    return None

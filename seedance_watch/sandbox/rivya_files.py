"""Rivya's Files API."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from seedance_watch.sandbox.keys import Account
from seedance_watch.sandbox.replies import Reply, json_reply
from seedance_watch.sandbox.rivya_checks import (
    admit,
    check_trace,
    image_type,
    known_model,
    refuse,
)
from seedance_watch.sandbox.serving import origin
from seedance_watch.sandbox.state import State, Upload, new_id

_OTHER_LIMITS = {"video": 50_000_000, "audio": 10_000_000}


async def upload(request: Request, state: State) -> Reply:
    """Store an image."""
    account = admit(request, state, "files:create")
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise refuse("validation_failed", "send multipart/form-data")
    async with request.form() as form:
        file, kind = form.get("file"), form.get("kind")
        if not isinstance(file, UploadFile) or not isinstance(kind, str):
            raise refuse("validation_failed", "file and kind are required")
        if kind not in {"image", *_OTHER_LIMITS}:
            raise refuse("validation_failed", "kind: image, video or audio")
        check_trace(form.get("client_request_id"))
        if "model" in form:
            known_model(form["model"], state.knobs)
            _accepts(kind)
        content = await file.read()
        mime_type = _checked_type(content, kind, state)
    stored = _stored(request, state, account, (file.filename or "file", content, mime_type))
    state.uploaded(stored)
    return json_reply(int(state.knobs.rivya_file_status), stored.listing)


def _accepts(kind: str) -> None:
    if kind != "image":
        raise refuse("validation_failed", f"the model does not accept {kind}")


def _checked_type(content: bytes, kind: str, state: State) -> str:
    limit = _OTHER_LIMITS.get(kind, state.knobs.rivya_image_max_bytes)
    if len(content) > limit:
        status = int(state.knobs.rivya_too_large_status)
        raise refuse("validation_failed", f"file: at most {limit} bytes", status=status)
    found = image_type(content)
    if kind == "image" and found is None:
        raise refuse("validation_failed", "file: not a JPEG, PNG or WebP image")
    return found or f"{kind}/mp4"


def _stored(
    request: Request, state: State, account: Account, file: tuple[str, bytes, str]
) -> Upload:
    name, content, mime_type = file
    file_id, now_at = new_id("file_"), state.clock.now_at()
    url = f"{origin(request)}/media/files/{file_id}"
    listing: dict[str, Any] = {
        "id": file_id,
        "object": "file",
        "kind": mime_type.partition("/")[0],
        "url": url,
        "name": name,
        "mime_type": mime_type,
        "size": len(content),
        "duration_seconds": None,
        "duration_token": None,
        "created_at": state.clock.text(now_at),
    }
    return Upload(
        id=file_id,
        account=account.key,
        url=url,
        content=content,
        mime_type=mime_type,
        created_at=now_at,
        listing=listing,
    )


async def uploaded(request: Request, state: State) -> Reply:
    """Describe an uploaded image to its owner."""
    account = admit(request, state, "files:read")
    stored = state.uploads.get(request.path_params["id"])
    if stored is None or stored.account != account.key:
        raise refuse("not_found", "no such file")
    return json_reply(200, stored.listing)

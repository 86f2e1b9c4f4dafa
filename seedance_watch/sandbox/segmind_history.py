"""Segmind's two other hosts: storage for input images, and the request history."""

import base64
import binascii
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from seedance_watch.sandbox.media import video_url
from seedance_watch.sandbox.replies import Reply, json_reply, segmind_error
from seedance_watch.sandbox.segmind_checks import admit, refuse
from seedance_watch.sandbox.serving import json_body, origin, route
from seedance_watch.sandbox.state import State, Upload, new_id
from seedance_watch.sandbox.tasks import Phase, Task

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,(.*)", re.DOTALL)
_STATUS = {Phase.SUCCEEDED: "COMPLETED", Phase.FAILED: "FAILED"}
_SORTS = {"model_created", "model_name", "credits_deduction"}
_SPAN_DAYS = 31
Row = dict[str, Any]


def routes() -> list[Route]:
    """Return the paths of the storage and history hosts."""
    history_path = "/inference-request/request-history"
    return [
        route("/upload-asset", upload, "POST"),
        route(history_path, history, "GET"),
        route(f"{history_path}/{{id}}", history_row, "GET"),
    ]


async def upload(request: Request, state: State) -> Reply:
    """Store images given as data URLs."""
    account = admit(request, state)
    body = await json_body(request, otherwise=segmind_error(400, "Malformed JSON body"))
    urls = body.get("data_urls") if isinstance(body, dict) else None
    if not isinstance(urls, list) or not urls:
        raise refuse(400, "data_urls must be a non-empty list")
    files = [_decoded(url) for url in urls]
    limit = state.knobs.segmind_upload_max_mb * 1_000_000
    if limit and any(len(content) > limit for _, content in files):
        raise refuse(413, f"Asset is larger than {state.knobs.segmind_upload_max_mb:g} MB")
    links = [_stored(request, state, account.key, file) for file in files]
    body = {state.knobs.segmind_upload_reply: links}
    if state.knobs.segmind_upload_reply == "file_urls":
        body["message"] = "Files uploaded successfully"
    return json_reply(200, body)


def _decoded(url: object) -> tuple[str, bytes]:
    found = _DATA_URL.fullmatch(url) if isinstance(url, str) else None
    if found is None:
        raise refuse(400, "data_urls: expected data:<mime>;base64,<data>")
    try:
        return found[1], base64.b64decode(found[2], validate=True)
    except binascii.Error as error:
        raise refuse(400, "data_urls: not base64") from error


def _stored(request: Request, state: State, key: str, file: tuple[str, bytes]) -> str:
    mime_type, content = file
    asset_id = new_id()
    url = f"{origin(request)}/assets/{asset_id}"
    now_at = state.clock.now_at()
    state.uploaded(
        Upload(
            id=asset_id,
            account=key,
            url=url,
            content=content,
            mime_type=mime_type,
            created_at=now_at,
            listing={},
        )
    )
    return url


async def history(request: Request, state: State) -> Reply:
    """List the caller's requests that have landed."""
    account = admit(request, state)
    query = request.query_params
    page, per_page = _whole(query.get("page", "1")), _whole(query.get("per_page", "20"))
    if not (page >= 1 and 1 <= per_page <= 100):
        raise refuse(400, "page from 1, per_page from 1 to 100")
    first, last = _dates(request, state)
    rows = [
        _row(task, state)
        for task in state.tasks.values()
        if task.account == account.key and _landed(task, state)
        if first <= _day(task.created_at) <= last
    ]
    rows = _sorted(_filtered(rows, request), request)
    begin = (page - 1) * per_page
    body = {
        state.knobs.segmind_history_key: rows[begin : begin + per_page],
        "page": page,
        "per_page": per_page,
        "total": len(rows),
    }
    return json_reply(200, body)


async def history_row(request: Request, state: State) -> Reply:
    """Give one own request of any age."""
    account = admit(request, state)
    task = state.own_task(request.path_params["id"], account)
    if task is None or not _landed(task, state):
        raise refuse(404, f"Request {request.path_params['id']} not found")
    return json_reply(200, _row(task, state))


def _landed(task: Task, state: State) -> bool:
    delay_s = max(state.knobs.segmind_history_delay_s, task.history_delay_s)
    return state.clock.now_at() >= task.created_at + delay_s


def _row(task: Task, state: State) -> Row:
    phase = task.phase(state.clock.now_at())
    done = phase is Phase.SUCCEEDED
    updated = state.clock.text(task.updated_at(state.clock.now_at()))
    return {
        "request_id": task.id,
        "model_name": task.model,
        "model_status": _STATUS.get(phase, "PENDING"),
        "model_created": state.clock.text(task.created_at),
        "model_updated": updated,
        "credits_deduction": float(task.price) if done else 0.0,
        "request_body": task.body,
        "generation_url": video_url(task) if done else None,
        "latency_ms": round((task.ends_at - task.created_at) * 1000) if done else None,
        "error": task.failure.message if phase is Phase.FAILED and task.failure else None,
    }


def _filtered(rows: list[Row], request: Request) -> list[Row]:
    name, status = request.query_params.get("model_name", ""), request.query_params.get("status")
    if status is not None and status not in {"COMPLETED", "FAILED", "PENDING"}:
        raise refuse(400, "status: COMPLETED, FAILED or PENDING")
    return [
        row for row in rows if name in row["model_name"] and status in {None, row["model_status"]}
    ]


def _sorted(rows: list[Row], request: Request) -> list[Row]:
    by = request.query_params.get("sort_by", "model_created")
    order = request.query_params.get("sort_order", "desc")
    if by not in _SORTS or order not in {"asc", "desc"}:
        raise refuse(400, "sort_by or sort_order is not known")
    return sorted(rows, key=lambda row: row[by], reverse=order == "desc")


def _dates(request: Request, state: State) -> tuple[date, date]:
    today = _day(state.clock.now_at())
    query = request.query_params
    last = _date(query.get("to_date")) or today
    first = _date(query.get("from_date")) or last - timedelta(days=7)
    if first > last or (last - first).days > _SPAN_DAYS:
        raise refuse(400, "from_date to to_date: at most 31 days")
    return first, last


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise refuse(400, f"{text}: expected YYYY-MM-DD") from error


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, UTC).date()


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0

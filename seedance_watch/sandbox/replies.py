"""Answers as values, and the two services' error envelopes."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.datastructures import URL
from starlette.types import Scope

Headers = tuple[tuple[str, str], ...]

RIVYA_CODES = {
    "api_key_missing": 401,
    "api_key_invalid": 401,
    "api_key_revoked": 401,
    "api_key_expired": 401,
    "api_scope_denied": 403,
    "rate_limited": 429,
    "validation_failed": 400,
    "not_found": 404,
    "idempotency_conflict": 409,
    "insufficient_credits": 402,
    "public_api_disabled": 503,
}
_CODE_OF_STATUS = {
    400: "validation_failed", 401: "api_key_invalid", 402: "insufficient_credits",
    403: "api_scope_denied", 404: "not_found", 409: "idempotency_conflict", 429: "rate_limited",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One whole answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    @property
    def raw_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers for ASGI, with a length that is right."""
        headers = dict(self.headers) | {"content-length": str(len(self.body))}
        return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

    @property
    def content_type(self) -> str:
        """Return the declared type; empty when none is."""
        return dict(self.headers).get("content-type", "")

    def json(self) -> Any:
        """Return the body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def head(self) -> bytes:
        """Return status line and headers as bytes."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def first(self, part: float) -> bytes:
        """Return the beginning of the body, as a part from 0 to 1."""
        return self.body[: int(len(self.body) * part)]

    def with_headers(self, headers: Mapping[str, str]) -> "Reply":
        """Return the answer with headers added or replaced; names in lower case."""
        return replace(self, headers=tuple((dict(self.headers) | dict(headers)).items()))

    def without(self, name: str) -> "Reply":
        """Return the answer without one header."""
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] != name))

    def with_body(self, body: bytes, content_type: str, status: int | None = None) -> "Reply":
        """Return the answer with another body."""
        changed = replace(self, body=body, status=status or self.status)
        return changed.with_headers(
            {"content-type": content_type, "content-length": str(len(body))}
        )


class Refused(Exception):
    """A check that failed, with the answer to give."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def json_reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a JSON answer."""
    content = json.dumps(body, ensure_ascii=False).encode()
    reply = Reply(status=status).with_body(content, "application/json; charset=utf-8")
    return reply.with_headers(headers or {})


def html(status: int, body: bytes) -> Reply:
    """Return an HTML page."""
    return Reply(status=status).with_body(body, "text/html; charset=utf-8")


def rivya_error(code: str, message: str, *, status: int | None = None) -> Reply:
    """Return an error in Rivya's envelope."""
    error = {"code": code, "message": message, "requestId": f"req_{uuid.uuid4().hex[:20]}"}
    return json_reply(status or RIVYA_CODES[code], {"error": error})


def segmind_error(status: int, message: str) -> Reply:
    """Return an error in Segmind's envelope."""
    return json_reply(status, {"error": message})


def error(endpoint: str, status: int) -> Reply:
    """Return an error of that status as the endpoint's provider words it."""
    phrase = HTTPStatus(status).phrase
    if endpoint.startswith("rivya."):
        code = _CODE_OF_STATUS.get(status, "internal_error")
        return rivya_error(code, f"sandbox: {phrase}", status=status)
    if endpoint.startswith("segmind."):
        return segmind_error(status, f"sandbox: {phrase}")
    return html(status, f"<Error>{phrase}</Error>".encode())


def throttled(endpoint: str, *, reset: str, retry_after: float | None) -> Reply:
    """Return a 429; ``reset`` is Segmind's stamp, Retry-After is sent when given (seconds)."""
    reply = error(endpoint, 429)
    if endpoint.startswith("segmind."):
        reply = reply.with_headers({"x-rate-limit-reset-at-utc": reset})
    if retry_after is not None:
        reply = reply.with_headers({"retry-after": f"{retry_after:g}"})
    return reply


def url_of(scope: Scope) -> str:
    """Return the URL that a request asked for."""
    return str(URL(scope=scope))

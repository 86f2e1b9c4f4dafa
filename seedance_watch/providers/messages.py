"""A request and its answer on one connection: composed and read by httpx, spoken by httpcore."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpcore
import httpx
import structlog

from seedance_watch.providers.links import Place

log = structlog.get_logger()


def _agent() -> str:
    """Say who calls."""
    try:
        return f"seedance-watch/{version('seedance-watch')}"
    except PackageNotFoundError:
        return "seedance-watch"


# No compression: a video has none to gain, and a small answer cannot unfold into a large one.
_HEADERS = {"accept": "*/*", "user-agent": _agent(), "accept-encoding": "identity"}


def composed(
    method: str, url: str, *, headers: Mapping[str, str], timeout: httpx.Timeout, **body: Any
) -> httpx.Request:
    """Compose a request; `body` is as httpx.Request has it.

    Raises:
        httpx.InvalidURL: No usable address.
    """
    named = {**_HEADERS, **{name.lower(): value for name, value in headers.items()}}
    extensions = {"timeout": timeout.as_dict()}
    request = httpx.Request(method, url, headers=named, extensions=extensions, **body)
    request.read()  # each piece of a form would be sent by itself
    return request


class _Body(httpx.AsyncByteStream):
    """The body of an answer, still on its connection."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_stream()

    async def aclose(self) -> None:
        await self._answer.aclose()


def core_url(url: httpx.URL) -> httpcore.URL:
    """Give an address as httpcore has it."""
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


async def _answer(
    connection: httpcore.AsyncConnectionInterface, request: httpx.Request
) -> httpx.Response:
    """Send a request and read the head of its answer."""
    asked = httpcore.Request(
        request.method,
        core_url(request.url),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
    answer = await connection.handle_async_request(asked)
    return httpx.Response(
        answer.status, headers=answer.headers, stream=_Body(answer), request=request
    )


@asynccontextmanager
async def opened(
    connection: httpcore.AsyncConnectionInterface, request: httpx.Request, target: Place
) -> AsyncIterator[httpx.Response]:
    """Send a request, lend the answer with its body unread, say in the log how it went."""
    began = time.monotonic()
    status: int | None = None
    try:
        response = await _answer(connection, request)
        status = response.status_code
        try:
            yield response
        finally:
            await response.aclose()
    finally:
        log.debug(
            "provider.called",
            method=request.method,
            host=target.host,
            path=target.path,
            status=status,
            took_s=round(time.monotonic() - began, 3),
        )

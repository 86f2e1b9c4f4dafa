"""Forms as they arrive: bounded in size and time, nothing else is read."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_SMALL_BYTES = 16_384
_FIELDS_MOST = 40
_SMALL_S = 30.0
_WAIT_S = 30.0  # for the next piece


async def pieces(request: Request, most_bytes: int) -> AsyncIterator[bytes]:
    """Give a body piece by piece.

    Raises:
        HTTPException: It is too long (413), or does not come (408).
    """
    if int(request.headers.get("content-length") or 0) > most_bytes:
        raise HTTPException(413, f"at most {most_bytes} bytes are taken")
    count, stream = 0, aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(_WAIT_S):
                piece = await anext(stream, None)
        except TimeoutError:
            raise HTTPException(408, "it did not come") from None
        if piece is None:
            return
        count += len(piece)
        if count > most_bytes:
            raise HTTPException(413, f"at most {most_bytes} bytes are taken")
        yield piece


async def small_form(request: Request) -> Mapping[str, str]:
    """Read a form of a few fields.

    Raises:
        HTTPException: It is none, or too long.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "a form is needed")
    try:
        async with asyncio.timeout(_SMALL_S):
            body = b"".join([piece async for piece in pieces(request, _SMALL_BYTES)])
    except TimeoutError:
        raise HTTPException(408, "it did not come") from None
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_FIELDS_MOST,
        )
    except ValueError:
        raise HTTPException(400, "that is no form") from None
    return dict(pairs)

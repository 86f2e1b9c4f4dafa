"""Forms from strangers: whatever arrives, it is a form or it is refused."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.requests import Request

from seedance_watch.faces.page.forms import small_form
from seedance_watch.faces.page.uploads import Event, Field, File, Piece, parts

KIND = b"multipart/form-data; boundary=b"
BITS = [
    b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"--", b"\n", b":", b'"', b";", b"\x00", b"\xff",
    b'content-disposition: form-data; name="image"; filename="x.png"', b"x" * 5000,
    b'content-disposition: form-data; name="p"', b"content-disposition:", b"filename*=utf-8''%ff",
]  # fmt: skip


def asked(body: bytes, kind: bytes, cuts: Iterator[int]) -> Request:
    """Give a request whose body comes in pieces."""
    chunks = []
    while body:
        size = max(1, next(cuts, len(body)))
        chunks.append(body[:size])
        body = body[size:]

    async def receive() -> dict[str, object]:
        chunk = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind)]}
    return Request(scope, receive)


async def taken(body: bytes, kind: bytes, cuts: list[int]) -> list[Event]:
    return [each async for each in parts(asked(body, kind, iter(cuts)), 1_000_000)]


@settings(max_examples=150, deadline=None)
@given(
    body=st.lists(st.sampled_from(BITS) | st.binary(max_size=8), max_size=14).map(b"".join),
    kind=st.just(KIND) | st.binary(max_size=30) | st.just(b"multipart/form-data"),
    cuts=st.lists(st.integers(1, 40), max_size=20),
)
def test_nothing_that_arrives_breaks_it(body: bytes, kind: bytes, cuts: list[int]) -> None:
    """It is taken or refused, by both readers; never anything else."""
    for read in (
        lambda: taken(body, kind, cuts),
        lambda: small_form(asked(body, b"application/x-www-form-urlencoded", iter(cuts))),
    ):
        with suppress(HTTPException):
            asyncio.run(read())


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(1, 50), max_size=20))
def test_a_file_arrives_as_it_is(data: bytes, cuts: list[int]) -> None:
    """In whatever pieces it comes."""
    head = b'--b\r\ncontent-disposition: form-data; name="'
    body = head + b'prompt"\r\n\r\nw\xc3\xa4ves\r\n' + head + b'image"; filename="a.png"\r\n\r\n'
    if b"\r\n--b" in data:
        return
    events = asyncio.run(taken(body + data + b"\r\n--b--\r\n", KIND, cuts))
    assert events[:2] == [Field("prompt", "wäves"), File("image", "a.png")]
    assert b"".join(each.data for each in events[2:] if isinstance(each, Piece)) == data


@pytest.mark.parametrize(
    "fields", [b"a=1&a=2&b=%ff", b"a", b"a=" + b"x" * 20_000, b"&".join([b"a=1"] * 100)]
)
async def test_a_small_form_is_small(fields: bytes) -> None:
    """Short, and text."""
    with pytest.raises(HTTPException):
        await small_form(asked(fields, b"application/x-www-form-urlencoded", iter(())))

"""Who is not answered: a test for each rule, which fails without it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from seedance_watch.faces import endpoint
from seedance_watch.faces.endpoint import serving
from seedance_watch.faces.page import guard
from seedance_watch.faces.page.guard import Guard


async def said(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("answered")


async def broken(_request: Request) -> PlainTextResponse:
    raise RuntimeError("a secret")


APP = Starlette(
    routes=[Route("/", said, methods=["GET", "POST"]), Route("/broken", broken, methods=["GET"])]
)


@asynccontextmanager
async def answering(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving("127.0.0.1:0", app) as base,
        httpx.AsyncClient(base_url=base, timeout=30) as client,
    ):
        yield client


OTHERS = [
    ("_other_name", "GET", {"host": "evil.example"}, 421),
    ("_other_name", "GET", {"host": "127.0.0.1.evil.example:80"}, 421),
    ("_other_page", "GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, 403),
    ("_other_page", "GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"}, 403),
    (
        "_other_page",
        "GET",
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        403,
    ),
    ("_foreign_order", "POST", {}, 403),
    ("_foreign_order", "POST", {"origin": "https://evil.example"}, 403),
    ("_foreign_order", "POST", {"origin": "null"}, 403),
    ("_foreign_order", "POST", {"sec-fetch-site": "none"}, 403),
    (
        "_foreign_order",
        "POST",
        {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:1"},
        403,
    ),
]


@pytest.mark.parametrize(("rule", "method", "headers", "status"), OTHERS)
async def test_what_others_cause_is_refused(
    rule: str,
    method: str,
    headers: dict[str, str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By just this rule: without it the same request is answered."""
    async with answering(Guard(APP, local=True)) as client:
        assert (await client.request(method, "/", headers=headers)).status_code == status
        rest = tuple(each for each in guard.RULES if each.__name__ != rule)
        monkeypatch.setattr(guard, "RULES", rest)
        assert (await client.request(method, "/", headers=headers)).status_code == 200


OWN = [
    ("GET", {}),
    ("GET", {"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}),
    ("GET", {"host": "localhost:1"}),
    ("GET", {"host": "[::1]:1"}),
    (
        "GET",
        {
            "sec-fetch-site": "cross-site",
            "sec-fetch-mode": "navigate",
            "sec-fetch-dest": "document",
        },
    ),
    ("POST", {"sec-fetch-site": "same-origin"}),
    ("POST", {"origin": "http://localhost:9", "host": "localhost:9"}),
]


@pytest.mark.parametrize(("method", "headers"), OWN)
async def test_people_are_answered(method: str, headers: dict[str, str]) -> None:
    """Who types the address, follows a link or uses the page itself."""
    async with answering(Guard(APP, local=True)) as client:
        assert (await client.request(method, "/", headers=headers)).status_code == 200


async def test_a_proxy_s_name_is_known() -> None:
    """And no other: behind a proxy on this machine as well."""
    async with answering(Guard(APP, local=True, names=frozenset({"studio.example"}))) as client:
        assert (await client.get("/", headers={"host": "studio.example"})).status_code == 200
        assert (await client.get("/", headers={"host": "evil.example"})).status_code == 421


async def test_every_answer_is_shut_in() -> None:
    """No script but ours, nothing from elsewhere, in no frame; refusals and mistakes too."""
    async with answering(Guard(APP, local=True)) as client:
        for path, headers in (("/", {}), ("/", {"host": "x"}), ("/none", {}), ("/broken", {})):
            answer = await client.get(path, headers=headers)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self';")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"


async def test_a_mistake_tells_nothing() -> None:
    """Not its words, not its trace; the next request is answered."""
    async with answering(Guard(APP, local=True)) as client:
        answer = await client.get("/broken")
        assert (answer.status_code, "secret" in answer.text) == (500, False)
        assert (await client.get("/")).text == "answered"


async def raw(base: httpx.URL, *pieces: bytes, first: bytes = b"") -> bytes:
    """Say something by hand, give all that comes until the other side hangs up.

    Args:
        base: To whom.
        pieces: What to say.
        first: What to wait for after each piece but the last.
    """
    reader, writer = await asyncio.open_connection(base.host, base.port)
    try:
        async with asyncio.timeout(30):
            for piece in pieces[:-1]:
                writer.write(piece)
                await reader.readuntil(first)
            writer.write(b"".join(pieces[-1:]))
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_who_asks_slowly_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that does not end, also after a whole request; nobody is kept waiting by it."""
    monkeypatch.setattr(endpoint, "_HEAD_S", 0.2)
    whole = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
    async with answering(Guard(APP, local=True)) as client:
        assert await raw(client.base_url) == b""
        assert await raw(client.base_url, b"GET / HTTP/1.1\r\nx: ") == b""
        assert await raw(client.base_url, whole, b"GET / HT", first=b"answered") == b""
        assert (await client.get("/")).text == "answered"


async def test_a_head_is_no_place_for_much() -> None:
    """More than 16 KiB of it are refused."""
    async with answering(Guard(APP, local=True)) as client:
        try:
            answer = await client.get("/", headers={"x": "x" * 200_000})
            assert answer.status_code == 400
        except httpx.TransportError:
            pass
        assert (await client.get("/", headers={"x": "x" * 8_000})).status_code == 200

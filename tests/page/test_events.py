"""Browsers are told that something changed: soon, not too often, and not for ever."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
import studios
from visiting import Visit, visiting

from seedance_watch.app.page.source import Answers
from seedance_watch.config.load import load
from seedance_watch.faces.page import events
from seedance_watch.faces.page.events import Audience, Events


@asynccontextmanager
async def listening(visit: Visit) -> AsyncIterator[asyncio.StreamReader]:
    """Listen as a browser does."""
    port = int(visit.base.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200" in head.split(b"\r\n")[0]
        assert b"text/event-stream" in head
        yield reader
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader, word: bytes) -> bytes:
    async with asyncio.timeout(60):
        return await reader.readuntil(word)


async def test_a_change_arrives(studio: studios.Studio) -> None:
    """The first word comes at once, the next when something happens."""
    async with visiting(studio) as visit, listening(visit) as reader:
        first = await heard(reader, b"event: changed\nid: ")
        assert b"retry: 2000" in first
        studio.drop('prompt = "waves"\n')
        await heard(reader, b"event: changed\n")
        await visit.done("shot")
        page = await visit.come()
        assert "shot" in page


async def test_a_crowd_of_changes_is_told_twice_a_second() -> None:
    """However many there are."""
    count, sent = 0, []

    async def change(_after: int) -> int:
        nonlocal count
        await asyncio.sleep(0.001)
        count += 1
        return count

    async def send(message: object) -> None:
        sent.append(message)

    async def receive() -> dict[str, str]:
        await asyncio.sleep(1.2)
        return {"type": "http.disconnect"}

    audience = Audience(1)
    begun_s = time.monotonic()
    await Events(audience, change)({}, receive, send)
    took_s = time.monotonic() - begun_s

    assert 3 <= len(sent) <= 3 + took_s / events._APART_S
    assert audience.count == 0


async def test_a_beat_says_that_all_is_well(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing happens, so that whatever is between does not hang up."""
    monkeypatch.setattr(events, "_BEAT_S", 0.05)
    async with visiting(studio) as visit, listening(visit) as reader:
        await heard(reader, b": still here\n\n")


async def test_so_many_and_no_more(studio: studios.Studio) -> None:
    """One that leaves makes room."""
    async with visiting(studio, "max_clients = 1") as visit:
        async with listening(visit) as reader:
            await heard(reader, b"changed")
            full = await visit.get("/events")
            assert (full.status_code, full.headers["retry-after"]) == (503, "30")

        async def again() -> None:
            async with asyncio.timeout(60):
                while True:
                    try:
                        async with listening(visit) as reader:
                            await heard(reader, b"changed")
                            return
                    except AssertionError:
                        await asyncio.sleep(0.02)

        await again()


async def test_who_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that hangs keeps nobody's place."""
    monkeypatch.setattr(events, "_SLOW_S", 0.05)
    never = asyncio.Event()
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)
        if len(sent) > 2:
            await never.wait()

    async def receive() -> dict[str, str]:
        await never.wait()
        return {"type": "http.disconnect"}

    async def change(after: int) -> int:
        return after + 1

    audience = Audience(1)
    async with asyncio.timeout(30):
        await Events(audience, change)({}, receive, send)
    assert (len(sent), audience.count) == (3, 0)


async def test_a_stop_waits_for_no_browser(studio: studios.Studio) -> None:
    """All that listen are let go at once, and nobody else is answered."""
    async with visiting(studio) as visit, AsyncExitStack() as stack:
        reader = await stack.enter_async_context(listening(visit))
        await heard(reader, b"changed")
        stack.pop_all()
        begun_s = time.monotonic()
    assert time.monotonic() - begun_s < 5
    try:
        async with asyncio.timeout(30):
            await reader.read()
    except ConnectionError:
        pass
    with pytest.raises(httpx.TransportError):
        async with httpx.AsyncClient() as late:
            await late.get(visit.base)


async def test_who_gets_an_old_look_is_told_again(studio: studios.Studio) -> None:
    """A look is shared by all for a moment; what happened since is shown soon after."""
    async with visiting(studio) as visit:
        answers = Answers(load(studio.config), visit.daemon.built)
        first = await answers.board()
        assert await answers.board() is first
        answers.mark()
        count = await answers.change(0)
        assert await answers.board() is first
        async with asyncio.timeout(30):
            await answers.change(count)
        assert await answers.board() is not first

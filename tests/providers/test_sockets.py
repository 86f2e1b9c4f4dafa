"""Connections below HTTP: what arrives, and whether an idle one can still be used."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpcore
import pytest
import trustme

from seedance_watch.providers.sockets import Sockets, Stream

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SIZE = 3_000_000


@asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection with one conversation; gives the port."""
    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


async def read_all(stream: Stream) -> bytes:
    content = b""
    while piece := await stream.read(65536, 30):
        content += piece
    return content


async def seen(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not fact():
            await asyncio.sleep(0.01)


async def test_an_idle_connection_that_has_ended_is_noticed() -> None:
    """Else the next call would begin on a dead connection."""
    ended = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    async with talking(serve) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)

        assert stream.get_extra_info("is_readable") is False
        ended.set()
        await seen(lambda: stream.get_extra_info("is_readable"))
        await stream.aclose()
        assert stream.get_extra_info("is_readable") is True


async def test_what_arrived_before_a_reset_can_be_read() -> None:
    """Who answered and then reset the connection has answered."""
    linger = struct.pack("ii", 1, 0)
    reset = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x" * 100_000)
        await writer.drain()
        await reset.wait()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    async with talking(serve) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        content = await stream.read(1, 30)
        await asyncio.sleep(0.05)  # the rest arrives, the loop takes it in
        reset.set()
        with pytest.raises(httpcore.ReadError):  # noqa: PT012 - all that comes before it
            while True:
                content += await stream.read(1000, 30)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"y", 30)
        await stream.aclose()

    assert content == b"x" * 100_000


async def test_nobody_fills_the_memory_with_what_is_not_asked_for() -> None:
    """Who sends faster than we write to the disk waits."""
    sent = 0

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        with suppress(ConnectionError):  # at the end
            while True:
                writer.write(b"x" * 1_000_000)
                await writer.drain()
                sent += 1_000_000

    async with talking(serve) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        await seen(lambda: sent > 0)
        before = 0
        while sent > before:
            before = sent
            await asyncio.sleep(0.2)
        assert sent < 100_000_000
        assert await stream.read(10, 30) == b"x" * 10
        await stream.aclose()


async def test_silence_and_a_full_connection_end_in_time() -> None:
    """In httpcore's own words, which tell what may have been sent."""
    go = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go.wait()
        writer.close()

    async with talking(serve) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, 0.05)
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"x" * 50_000_000, 0.05)
        await stream.aclose()
        go.set()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: Any) -> ssl.SSLContext:
    """Give a server's certificate that is trusted here."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_all_that_was_sent_encrypted_arrives(trusted: ssl.SSLContext) -> None:
    """Also what came before the end of a connection that nobody read from for a while."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readexactly(SIZE)
        writer.write(asked)
        writer.close()

    async with talking(serve, trusted) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        await stream.start_tls(ssl.create_default_context(), "127.0.0.1", 30)
        assert stream.get_extra_info("ssl_object") is not None
        content = bytes(range(250)) * (SIZE // 250)
        await stream.write(content, 30)
        await seen(lambda: stream.get_extra_info("is_readable"))
        await asyncio.sleep(0.1)
        assert await read_all(stream) == content
        await stream.aclose()


async def test_a_provider_is_called_and_its_video_fetched_encrypted(
    trusted: ssl.SSLContext, http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Short calls on one connection, paid calls and videos each on their own."""
    video = bytes(range(250)) * (SIZE // 250)

    async def say(heard: Any, writer: Any) -> None:
        if heard.target.endswith(".mp4"):
            writer.write(http.answer(200, video, content_type="video/mp4", content_length=""))
            await writer.drain()
            writer.close()
        else:
            writer.write(http.answer(200, b'{"id": "task-1", "credits": 5}'))

    peer = await serve(say, tls=trusted)
    provider = gateway(peer.url, read_s=30.0, timeout_s=30.0, deadline_s=30.0)
    await provider.balance()
    await provider.balance()
    await provider.submit(http.intent(peer.url, deadline_s=30.0), tmp_path / "b.mp4")
    got = await provider.download(f"{peer.url}/1.mp4", tmp_path / "a.mp4")

    assert got.size_bytes == SIZE
    assert (tmp_path / "a.mp4").read_bytes() == video
    assert [each.connection for each in peer.heard] == [1, 1, 2, 3]


async def test_a_handshake_that_nobody_waits_for_is_ended() -> None:
    """Nobody else knows of its connection."""
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()
        writer.close()

    async with talking(serve) as port:
        stream = await Sockets().connect_tcp("127.0.0.1", port)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await stream.start_tls(ssl.create_default_context(), "127.0.0.1", 30)
        await asyncio.wait_for(left.wait(), 30)

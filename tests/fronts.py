"""What stands between a studio and a sandbox: TLS, and a host that must never hear anything."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_TLS_HELLO = b"\x16"


@dataclass
class Front:
    """A port before a sandbox that speaks TLS to who begins with it, and plainly to others.

    Links of the sandbox name this port with http, because it does not know of the TLS.

    Attributes:
        tls: Shows the certificate.
        port: Where it listens, on 127.0.0.1.
    """

    sandbox: str
    tls: ssl.SSLContext
    port: int = 0

    async def serve(self, listening: socket.socket) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            while True:
                sock, _ = await loop.sock_accept(listening)
                tasks.create_task(self._serve(sock))

    async def _serve(self, sock: socket.socket) -> None:
        first = await _peeked(sock)
        with contextlib.suppress(OSError):
            reader, writer = await self._streams(sock, self.tls if first == _TLS_HELLO else None)
            there = urlsplit(self.sandbox)
            back, forth = await asyncio.open_connection(there.hostname, there.port)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pipe(reader, forth))
                tasks.create_task(_pipe(back, writer))

    async def _streams(
        self, sock: socket.socket, tls: ssl.SSLContext | None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, sock, ssl=tls)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _peeked(sock: socket.socket) -> bytes:
    """Look at the first byte without taking it."""
    while True:
        try:
            return sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            await asyncio.sleep(0.001)
        except OSError:
            return b""


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def front(sandbox: str, tls: ssl.SSLContext) -> AsyncIterator[Front]:
    """Stand before a sandbox for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        made = Front(sandbox, tls, listening.getsockname()[1])
        serving = asyncio.ensure_future(made.serve(listening))
        try:
            yield made
        finally:
            serving.cancel()
            await asyncio.wait([serving])


@dataclass
class Ear:
    """A host of somebody else, which keeps what it hears.

    Attributes:
        heard: The bytes of each connection.
    """

    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/caught"

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep what comes, and answer as if all were well."""
        self.heard.append(await reader.read(65536))
        body = b'{"id": "caught", "url": "http://127.0.0.1/x", "request_id": "caught"}'
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        writer.write(head % len(body) + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def ear() -> AsyncIterator[Ear]:
    """Listen for the length of the block."""
    made = Ear()
    server = await asyncio.start_server(made.hear, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made

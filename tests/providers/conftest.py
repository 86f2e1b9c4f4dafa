"""A server whose answers are raw bytes, and a provider so small that only the gateway shows."""

import asyncio
import hashlib
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Intended, Ready
from seedance_watch.core.model import JobSpec, Money, Picture, Role
from seedance_watch.ports import Doubts
from seedance_watch.providers.dialect import Call
from seedance_watch.providers.gateway import Gateway, GatewaySettings

KEY = "sk_test_0123456789abcdef"
NOW = 1_700_000_000.0


@dataclass
class Heard:
    """One request as it stood on the wire."""

    connection: int
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


Say = Callable[[Heard, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """A loopback server that records what it hears and answers as it is told."""

    say: Say
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    scheme: str = "http"
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while not writer.is_closing() and (one := await self.read(reader, number)):
                self.heard.append(one)
                await self.say(one, writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def read(self, reader: asyncio.StreamReader, number: int) -> Heard | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
        method, target, _ = first.split(" ")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Heard(number, method, target, headers, body)


def answer(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """Compose a whole answer; header names with underscores for dashes."""
    named = {"content-length": str(len(body)), "content-type": "application/json"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{n}: {v}" for n, v in named.items() if v)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def whole(status: int = 200, body: bytes = b"{}", **headers: str) -> Say:
    """Answer properly and keep the connection."""

    async def say(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(status, body, **headers))

    return say


def cut(content: bytes = b"") -> Say:
    """Send some bytes, then close."""

    async def say(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        writer.close()

    return say


def reset(content: bytes = b"") -> Say:
    """Send some bytes, then break the connection."""

    async def say(_: Heard, writer: asyncio.StreamWriter) -> None:
        if content:
            writer.write(content)
            await writer.drain()
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    return say


def silent(content: bytes = b"") -> Say:
    """Send some bytes, then say nothing until the other side leaves."""

    async def say(_: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()
        while not writer.transport.is_closing():
            await asyncio.sleep(0.01)

    return say


def drip(content: bytes, every_s: float = 0.02) -> Say:
    """Send one byte at a time, never pausing for long."""

    async def say(_: Heard, writer: asyncio.StreamWriter) -> None:
        for index in range(len(content)):
            writer.write(content[index : index + 1])
            await writer.drain()
            await asyncio.sleep(every_s)

    return say


def in_turn(*says: Say) -> Say:
    """Answer each request differently, the last one for ever."""
    left = list(says)

    async def say(heard: Heard, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(heard, writer)

    return say


@dataclass(frozen=True)
class Plain:
    """The plainest dialect there is."""

    base: str
    media: bool = False
    timeout_s: float = 0.3
    deadline_s: float = 1.0
    foreign: str = ""
    flows: Mapping[str, Any] = field(default_factory=dict)
    name: str = "plain"
    doubts: Doubts = Doubts((1.0,), 60.0)  # noqa: RUF009 - frozen

    @property
    def hosts(self) -> frozenset[str]:
        return frozenset({self.base})

    def credentials(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def _get(self, path: str) -> Call:
        return Call("GET", self.base + path, timeout_s=self.timeout_s, deadline_s=self.deadline_s)

    def stage(self, upload: Any, spec: JobSpec) -> Generator[Call, Any, str]:
        file = ("file", upload.picture.name, upload.picture.media_type, upload.content)
        reply = yield replace(
            self._get("/files"), method="POST", form={"kind": "image"}, upload=file
        )
        return reply.json["url"]

    def intend(self, job: Any, key: str, attempt: int) -> Intended:
        return intent(self.base, key=key, deadline_s=self.deadline_s)

    def submit(self, intent: Intended) -> Generator[Call, Any, list[Any]]:
        reply = yield replace(
            self._get(""),
            method="POST",
            url=intent.url,
            headers={"content-type": "application/json", "idempotency-key": intent.key},
            body=intent.body,
            deadline_s=intent.deadline_s,
            paid=True,
            media=self.media,
        )
        if reply.saved_bytes is not None:
            return [Accepted("task-1"), Ready("")]
        return [Accepted(_judged(reply)["id"])]

    def reconcile(self, intent: Intended, at: float) -> Generator[Call, Any, Any]:
        return (yield from self.submit(intent))[0]

    def poll(self, task_id: str, at: float) -> Generator[Call, Any, Ready | None]:
        reply = yield self._get(f"/tasks/{task_id}")
        _judged(reply)
        return Ready(reply.json.get("url", "")) if isinstance(reply.json, dict) else None

    def refresh(self, task_id: str) -> Generator[Call, Any, Ready]:
        return Ready(_judged((yield self._get(f"/tasks/{task_id}")))["url"])

    def balance(self) -> Generator[Call, Any, Money]:
        return Money(Decimal(_judged((yield self._get("/credits")))["credits"]), "credits")

    def offered(self) -> Generator[Call, Any, Any]:
        """Give the last reply itself, for tests that look at it."""
        return (yield self._get("/models"))


def _judged(reply: Any) -> Any:
    """Sort by status, as every dialect does."""
    if 200 <= reply.status < 300:
        return reply.json if isinstance(reply.json, dict) else {"id": "?", "credits": 0}
    kind = FaultKind.UNSURE
    if reply.status == 429:
        kind = FaultKind.BUSY
    elif 400 <= reply.status < 500 and reply.status not in {408, 409, 425}:
        kind = FaultKind.REFUSED
    raise Fault(kind, f"{reply.status}: {reply.text}")


def intent(base: str, *, key: str = "k" * 32, deadline_s: float = 1.0) -> Intended:
    body = b'{"prompt": "caf\\u00e9  \xc3\xa9",\n "seed":7 }'
    cost = Money(Decimal(16), "credits")
    return Intended(1, key, f"{base}/generations", body, "marker", cost, deadline_s)


def picture(content: bytes, name: str = "shot.png") -> Picture:
    digest = hashlib.sha256(content).hexdigest()
    return Picture(Role.IMAGE, name, "image/png", 400, 300, len(content), digest)


class Still:
    """A clock that stands."""

    def now(self) -> float:
        return NOW

    async def pause(self, seconds: float, until: asyncio.Event) -> bool:
        raise AssertionError("the gateway never waits by the clock")


@pytest.fixture
def http() -> SimpleNamespace:
    """What tests here are made of."""
    return SimpleNamespace(
        KEY=KEY,
        NOW=NOW,
        Heard=Heard,
        Peer=Peer,
        Plain=Plain,
        answer=answer,
        whole=whole,
        cut=cut,
        reset=reset,
        silent=silent,
        drip=drip,
        in_turn=in_turn,
        intent=intent,
        picture=picture,
        json=lambda value: whole(body=json.dumps(value).encode()),
        spec=JobSpec("plain", "m", "p", {}, {}, Money(Decimal(1), "credits")),
    )


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as one:
        yield one


@asynccontextmanager
async def listening(peer: Peer, tls: ssl.SSLContext | None) -> AsyncIterator[Peer]:
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0, ssl=tls)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        server.close()


@pytest.fixture
def serve(stack: AsyncExitStack) -> Callable[..., Awaitable[Peer]]:
    """Start a peer that answers as told; it lives as long as the test."""

    async def start(say: Say, *, tls: ssl.SSLContext | None = None, host: str = "") -> Peer:
        peer = Peer(say, scheme="https" if tls else "http", host=host or "127.0.0.1")
        return await stack.enter_async_context(listening(peer, tls))

    return start


@pytest.fixture
def gateway(stack: AsyncExitStack) -> Callable[..., Gateway]:
    """Make a gateway to a base address; keywords are settings, or belong to the dialect."""

    def make(base: str, *, key: Callable[[], str] = lambda: KEY, **given: Any) -> Gateway:
        own = {
            name: given.pop(name) for name in ("media", "timeout_s", "deadline_s") if name in given
        }
        more = {name: given.pop(name) for name in ("resolve", "key_waits") if name in given}
        dialect = given.pop("dialect", None) or Plain(base, **own)
        known = {"base_url": base, "requests_per_s": 1000.0, "connect_s": 1.0, "read_s": 0.5}
        settings = GatewaySettings(**(known | given))
        made = Gateway(dialect, key=key, clock=Still(), settings=settings, **more)
        stack.push_async_callback(made.close)
        return made

    return make

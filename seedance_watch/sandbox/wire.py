"""One client connection, down to its socket, so that faults are real bytes and real resets."""

import asyncio
import socket
import struct
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from seedance_watch.sandbox.clock import lost_within

_LINGER_RESET = struct.pack("ii", 1, 0)  # close sends RST and drops what is unsent
_BUFFERED_BYTES = 1 << 20


class Wire:
    """Access to one connection's transport; ``lost`` is set when it is gone."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.lost = asyncio.Event()

    async def reset(self) -> None:
        """Answer with a TCP reset."""
        raw = self._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
        self._transport.abort()
        await self.lost.wait()

    async def close(self) -> None:
        """Send what is buffered, then close in the ordinary way."""
        self._transport.close()
        await self.lost.wait()

    async def write(self, data: bytes) -> bool:
        """Send raw bytes; False when the client is gone."""
        self._transport.write(data)
        while self._transport.get_write_buffer_size() > _BUFFERED_BYTES:
            if await lost_within(self.lost, 0.01):
                return False
        return not self._transport.is_closing()

    async def drip(self, data: bytes, interval_s: float) -> None:
        """Send one byte per interval until all is sent or the client is gone."""
        for value in data:
            if not await self.write(bytes([value])) or await lost_within(self.lost, interval_s):
                return

    async def sent(self, quiet_s: float = 0.05) -> None:
        """Give the kernel a moment to deliver before a reset discards it."""
        await lost_within(self.lost, quiet_s)


class OpenProtocol(H11Protocol):
    """uvicorn's protocol that shows its connection to the application as ``state["wire"]``."""

    wire: Wire

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the wire where every request's scope gets a copy of it."""
        super().connection_made(transport)
        # asyncio does this only for sockets that it made itself; without it each answer
        # waits 40 ms for the client's delayed acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire = Wire(transport)
        self.app_state = {**self.app_state, "wire": self.wire}

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits on the wire, after uvicorn knows."""
        super().connection_lost(exc)
        self.wire.lost.set()


def wire_of(scope: Any) -> Wire:
    """Return the connection that a request came on."""
    wire = scope["state"]["wire"]
    assert isinstance(wire, Wire)
    return wire

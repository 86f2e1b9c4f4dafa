"""Orders and questions to the daemon, over a socket in the state directory.

One line of JSON asks, one line of JSON answers. Who may open the state directory may order.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from pydantic import TypeAdapter, ValidationError

from seedance_watch.app.asking import LOOK, SOCKET, lives, reachable
from seedance_watch.core.orders import Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.core.snapshot import Live

_LINE_MAX_BYTES = 65_536
_DRAIN_S = 2.0
_ORDERS: TypeAdapter[Order | LaneOrder] = TypeAdapter(Order | LaneOrder)
_RELOAD = b'"reload"\n'


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an order.

    Attributes:
        obeyed: Whether it was.
        said: Where the job stands now, or why it was not obeyed.
        gone: Whether it was not, because there is nothing any more to do it with.
    """

    obeyed: bool
    said: str
    gone: bool = False


class Front(Protocol):
    """What the socket leads to."""

    def look(self) -> Live | None:
        """Say how things stand; None: it is only just beginning."""
        ...

    async def obey(self, order: Order | LaneOrder) -> Answer:
        """Do what a person orders."""
        ...

    async def reload(self) -> Answer:
        """Take up the configuration as it is now."""
        ...


async def asked(state_dir: Path, order: Order | LaneOrder) -> Answer | None:
    """Ask the daemon; None when nobody listens."""
    answer = await _said(state_dir, json.dumps(asdict(order)).encode() + b"\n")
    if answer is None:
        return None
    return Answer(**json.loads(answer)) if answer else Answer(False, "the daemon has just stopped")


async def reload(state_dir: Path) -> Answer | None:
    """Ask the daemon to take up its configuration anew; None: no daemon listens.

    The answer comes when that is done, after the calls that are under way.
    """
    answer = await _said(state_dir, _RELOAD)
    if answer is None:
        return None
    return Answer(**json.loads(answer)) if answer else Answer(False, "the daemon has just stopped")


async def _said(state_dir: Path, line: bytes) -> bytes | None:
    """Say a line to the daemon, give its answer; None when nobody listens."""
    try:
        with reachable(state_dir) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_LINE_MAX_BYTES)
    except OSError:
        return None
    with contextlib.closing(writer):
        writer.write(line)
        return await reader.readline()


@contextlib.asynccontextmanager
async def listening(front: Front, state_dir: Path) -> AsyncIterator[None]:
    """Take orders and answer questions for a daemon while it runs.

    Raises:
        OSError: The socket cannot be made.
    """
    with reachable(state_dir) as path:
        server = await asyncio.start_unix_server(
            partial(_serve, front), path, limit=_LINE_MAX_BYTES
        )
        _make_private(path)
        try:
            yield
        finally:
            server.close()
            (state_dir / SOCKET).unlink(missing_ok=True)


async def _serve(front: Front, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one line."""
    with contextlib.closing(writer), contextlib.suppress(ConnectionError):
        try:
            line = await reader.readline()
        except ValueError:
            line = await _refused(reader)
        else:
            line = await _reply(front, line)
        writer.write(line + b"\n")
        await writer.drain()


async def _refused(reader: asyncio.StreamReader) -> bytes:
    """Say no to a line that is too long, once it is over: else it would cut the answer off."""
    reason = f"a line of more than {_LINE_MAX_BYTES} bytes is no order"
    structlog.get_logger().warning("control.refused", reason=reason)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            while (more := await reader.read(_LINE_MAX_BYTES)) and not more.endswith(b"\n"):
                pass
    return json.dumps(asdict(Answer(False, reason))).encode()


async def _reply(front: Front, line: bytes) -> bytes:
    if line == LOOK:
        found = front.look()
        return lives().dump_json(found) if found else b""
    answer = await (front.reload() if line == _RELOAD else _answer(front, line))
    return json.dumps(asdict(answer)).encode()


async def _answer(front: Front, line: bytes) -> Answer:
    try:
        order = _ORDERS.validate_json(line)
    except ValidationError as error:
        return Answer(False, f"not an order: {error.error_count()} things are wrong with it")
    return await front.obey(order)


def _make_private(path: str) -> None:
    """Keep other users from ordering."""
    Path(path).chmod(0o600)

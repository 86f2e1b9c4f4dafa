"""Orders and questions to the daemon: over a socket in the state directory, or without one.

One line of JSON asks, one line of JSON answers. Who may open the state directory may order.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from seedance_watch.app.build import JOURNAL, Built, build
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import SeedanceWatchError, SpoolError
from seedance_watch.core.orders import Act, Gone, Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.core.snapshot import Live

SOCKET = "control.sock"
_LINE_MAX_BYTES = 65_536
_TRIES, _PATIENCE_S = 20, 0.25
_ORDERS: TypeAdapter[Order | LaneOrder] = TypeAdapter(Order | LaneOrder)
_LIVE = TypeAdapter(Live)
_LOOK = b'"live"\n'
_RELOAD = b'"reload"\n'
_LOOK_MOST_BYTES, _LOOK_S = 64 << 20, 5.0


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


async def give(config: Config, order: Order) -> Answer:
    """Give one order; see give_all."""
    return (await give_all(config, [order]))[0]


async def give_all(config: Config, orders: Sequence[Order | LaneOrder]) -> list[Answer]:
    """Give orders to the daemon; where none runs, act in its place, under its lock.

    Raises:
        SpoolError: A daemon runs that does not listen; the message names it.
        JournalError: The journal cannot be used.
    """
    answers: list[Answer] = []
    for patience in range(_TRIES, -1, -1):
        for order in orders[len(answers) :]:
            answer = await _asked(config.state_dir, order)
            if answer is None:
                break
            answers.append(answer)
        try:
            return answers + await _alone(config, orders[len(answers) :])
        except SpoolError:  # a daemon is just starting, or stopping
            if not patience:
                raise
        await asyncio.sleep(_PATIENCE_S)
    raise AssertionError


async def _asked(state_dir: Path, order: Order | LaneOrder) -> Answer | None:
    """Ask the daemon; None when nobody listens."""
    answer = await _said(state_dir, json.dumps(asdict(order)).encode() + b"\n")
    if answer is None:
        return None
    return Answer(**json.loads(answer)) if answer else Answer(False, "the daemon has just stopped")


async def live(state_dir: Path) -> Live | None:
    """Ask the daemon how things stand; None when none runs, or it does not answer."""
    try:
        async with asyncio.timeout(_LOOK_S):
            answer = await _said(state_dir, _LOOK)
        return _LIVE.validate_json(answer) if answer else None
    except (TimeoutError, ValidationError):
        return None


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
        with _reachable(state_dir) as path:
            reader, writer = await asyncio.open_unix_connection(path, limit=_LOOK_MOST_BYTES)
    except OSError:
        return None
    with contextlib.closing(writer):
        writer.write(line)
        return await reader.readline()


async def _alone(config: Config, orders: Sequence[Order | LaneOrder]) -> list[Answer]:
    """Obey without a daemon: nothing but that is done, and no journal is begun for it."""
    if not orders:
        return []
    if not any(config.state_dir.glob(f"{Path(JOURNAL).stem}.*")):
        return [Answer(False, "there are no jobs yet: `run` has not been started here")] * len(
            orders
        )
    built = await build(config, stop=asyncio.Event(), listeners=())
    try:
        await built.daemon.load()
        return [_later(await obeyed(built, order)) for order in orders]
    finally:
        await built.close()


def _later(answer: Answer) -> Answer:
    """Say who does the rest."""
    later = f"{answer.said}. No daemon runs: what follows is done by the next `run`"
    return replace(answer, said=later) if answer.obeyed else answer


@contextlib.asynccontextmanager
async def listening(front: Front, state_dir: Path) -> AsyncIterator[None]:
    """Take orders and answer questions for a daemon while it runs.

    Raises:
        OSError: The socket cannot be made.
    """
    with _reachable(state_dir) as path:
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
    with contextlib.closing(writer), contextlib.suppress(ConnectionError, ValueError):
        line = await reader.readline()
        writer.write((await _reply(front, line)) + b"\n")
        await writer.drain()


async def _reply(front: Front, line: bytes) -> bytes:
    if line == _LOOK:
        found = front.look()
        return _LIVE.dump_json(found) if found else b""
    answer = await (front.reload() if line == _RELOAD else _answer(front, line))
    return json.dumps(asdict(answer)).encode()


async def _answer(front: Front, line: bytes) -> Answer:
    try:
        order = _ORDERS.validate_json(line)
    except ValidationError as error:
        return Answer(False, f"not an order: {error.error_count()} things are wrong with it")
    return await front.obey(order)


async def obeyed(built: Built, order: Order | LaneOrder) -> Answer:
    """Let a daemon obey, and put what came of it into words."""
    try:
        if isinstance(order, LaneOrder):
            return Answer(True, await built.pauses.obey(order))
        if order.act is Act.RETRY:
            return Answer(True, await built.daemon.retry(order.job_id))
        job = await built.daemon.obey(order)
    except SeedanceWatchError as error:
        return Answer(False, str(error), gone=isinstance(error, Gone))
    held = f", held: {job.hold.reason}" if job.hold else ""
    return Answer(True, f"job {job.id} is {job.state}{held}")


def _make_private(path: str) -> None:
    """Keep other users from ordering."""
    Path(path).chmod(0o600)


@contextlib.contextmanager
def _reachable(state_dir: Path) -> Iterator[str]:
    """Give the socket's path in a form that fits an address, however long the real one is."""
    folder = os.open(state_dir, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)

"""Starting and stopping a sandbox: inside a loop, in a thread, or as a whole process.

async with running(Knobs(tiny_videos="yes"), time_factor=0) as sandbox: ...
with threaded(Knobs()) as sandbox: ...
serve("127.0.0.1", 8790, Knobs(), ready=print)
"""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.routing import Router

from seedance_watch.sandbox import control, media, rivya, segmind, segmind_history
from seedance_watch.sandbox.calls import Call
from seedance_watch.sandbox.faults import FaultError, Injection, injection_from
from seedance_watch.sandbox.gate import Gate
from seedance_watch.sandbox.knob_text import changed
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.ledger import Entry, Line
from seedance_watch.sandbox.listener import Listener
from seedance_watch.sandbox.state import State
from seedance_watch.sandbox.tasks import Task

_START_S = 10.0


class Sandbox:
    """A running sandbox, as its owner sees it."""

    def __init__(self, state: State, listener: Listener) -> None:
        self._state = state
        self._listener = listener
        self.stop: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """Return the one origin of Rivya and of all of Segmind's hosts."""
        return self._listener.url

    @property
    def knobs(self) -> Knobs:
        """Return the knobs as they are now."""
        return self._state.knobs

    def turn(self, **values: object) -> None:
        """Change knobs while it runs.

        Raises:
            KnobError: Unknown name or a value that is not allowed.
        """
        self._state.knobs = changed(self._state.knobs, values)

    def fault(self, kind: str, endpoint: str = "*", **settings: Any) -> Injection:
        """Queue a fault; settings are nth, times, chance, path and the kind's own.

        Raises:
            FaultError: Unknown kind or setting.
        """
        injection = injection_from({"kind": kind, "endpoint": endpoint, **settings})
        return self.inject(injection)

    def inject(self, injection: Injection) -> Injection:
        """Queue a fault that is already put together.

        Raises:
            FaultError: The kind is about the listener: await ``refuse`` for that.
        """
        if injection.row.stage == "server":
            raise FaultError(f"fault {injection.kind!r}: use the control endpoint or refuse()")
        self._state.faults.add(injection)
        return injection

    async def refuse(self, seconds: float) -> None:
        """Cut all connections and refuse new ones for so long; returns when it listens again."""
        await self._listener.refuse(seconds)

    def clear_faults(self) -> None:
        """Forget the faults that are queued."""
        self._state.faults.clear()

    def advance(self, seconds: float) -> None:
        """Move the virtual clock forward."""
        self._state.clock.advance(seconds)
        self._state.settle()

    def ledger(self, entry: Entry | str | None = None) -> list[Line]:
        """Return the lines so far, all or of one kind."""
        self._state.settle()
        return [line for line in self._state.ledger if entry in {None, line.entry}]

    def tasks(self) -> list[Task]:
        """Return all tasks, oldest first."""
        return list(self._state.tasks.values())

    def calls(self, endpoint: str | None = None) -> list[Call]:
        """Return the requests that came, all or those of one endpoint."""
        return [call for call in tuple(self._state.calls) if endpoint in {None, call.endpoint}]


@asynccontextmanager
async def running(
    knobs: Knobs | None = None,
    *,
    time_factor: float | None = None,
    ledger_path: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Sandbox]:
    """Run a sandbox in the current event loop for the length of the block.

    Args:
        knobs: None is every default.
        time_factor: Replaces the knob of that name.
        ledger_path: File that follows the ledger, one JSON line each.
        host: Address to listen on.
        port: 0 takes a free one.

    Raises:
        OSError: The address is taken or not ours.
    """
    knobs = knobs or Knobs()
    if time_factor is not None:
        knobs = replace(knobs, time_factor=float(time_factor))
    state = State(knobs, ledger_path)
    listener = Listener(state, host=host, port=port)
    await listener.open(Gate(_router(state, listener), state))
    try:
        yield Sandbox(state, listener)
    finally:
        await listener.close()
        await asyncio.to_thread(state.studio.close)


def serve(
    host: str,
    port: int,
    knobs: Knobs,
    *,
    ready: Callable[[Sandbox], None] | None = None,
    ledger_path: Path | None = None,
    faults: Iterable[Injection] = (),
) -> None:
    """Serve until told to stop: SIGINT or SIGTERM in the main thread, or ``Sandbox.stop``.

    Args:
        host: Address to listen on.
        port: 0 takes a free one.
        knobs: How it behaves.
        ready: Called once it listens; may keep the sandbox and call its ``stop`` from any thread.
        ledger_path: File that follows the ledger.
        faults: Queued before the first request.

    Raises:
        OSError: The address is taken or not ours.
        FaultError: A fault that cannot be queued.
    """
    asyncio.run(_serve((host, port), knobs, ready, ledger_path, tuple(faults)))


async def _serve(
    address: tuple[str, int],
    knobs: Knobs,
    ready: Callable[[Sandbox], None] | None,
    ledger_path: Path | None,
    faults: tuple[Injection, ...],
) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    host, port = address
    async with running(knobs, ledger_path=ledger_path, host=host, port=port) as sandbox:
        sandbox.stop = lambda: _from_any_thread(loop, stop)
        for injection in faults:
            sandbox.inject(injection)
        if ready is not None:
            ready(sandbox)
        await stop.wait()


def _from_any_thread(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    with suppress(RuntimeError):  # it has stopped already
        loop.call_soon_threadsafe(stop.set)


@contextmanager
def threaded(
    knobs: Knobs | None = None,
    *,
    time_factor: float | None = None,
    ledger_path: Path | None = None,
    port: int = 0,
) -> Iterator[Sandbox]:
    """Run a sandbox in a thread of its own for the length of the block.

    Raises:
        OSError: It did not start.
    """
    knobs = knobs or Knobs()
    if time_factor is not None:
        knobs = replace(knobs, time_factor=float(time_factor))
    started = threading.Event()
    found: list[Sandbox] = []
    failed: list[OSError] = []

    def note(sandbox: Sandbox) -> None:
        found.append(sandbox)
        started.set()

    def work() -> None:
        try:
            serve("127.0.0.1", port, knobs, ready=note, ledger_path=ledger_path)
        except OSError as error:
            failed.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=work, name="sandbox", daemon=True)
    thread.start()
    started.wait(_START_S)
    if not found:
        raise failed[0] if failed else OSError("the sandbox did not start")
    try:
        yield found[0]
    finally:
        found[0].stop()
        thread.join(_START_S)


def _router(state: State, listener: Listener) -> Router:
    return Router([
        *control.routes(listener),
        *rivya.routes(state),
        *segmind_history.routes(),
        *media.routes(),
        *segmind.routes(),
    ])  # fmt: skip

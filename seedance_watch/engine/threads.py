"""The threads that wait for the disk: as many as wait, none of them waited for at the end.

A call into a network drive whose server is gone may never return. The usual pool has few
threads, so a handful of such calls would stop everything, and it is joined at exit, so the
process would never end. Here every call gets a thread at once; how many there are is bounded by
those who call: each watch entry has few seats. A call that hangs holds up nobody else.
"""

import asyncio
import ctypes
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

import structlog

P = ParamSpec("P")
T = TypeVar("T")

STOP_PATIENCE_S = 20.0  # well below the 90 s after which systemd kills
_LOOK_S = 1.0
_SOON_S = 0.02
_M_ARENA_MAX = -8  # mallopt(3)
_IDLE_S = 30.0  # a thread that had nothing to do for so long ends


@dataclass(slots=True)
class _Call:
    """One blocking call and what came of it."""

    work: Callable[[], Any]
    future: "Future[Any]" = field(default_factory=Future)
    begun_s: float = 0.0

    def run(self) -> None:
        """Do it; what comes too late, after somebody gave it up, is dropped."""
        with suppress(InvalidStateError):
            try:
                result = self.work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                self.future.set_exception(error)
            else:
                self.future.set_result(result)

    def give_up(self) -> None:
        """Let whoever waits for it be cancelled; the thread stays where it is."""
        with suppress(InvalidStateError):
            self.future.set_exception(CancelledError())


class Threads(ThreadPoolExecutor):
    """An executor for `loop.set_default_executor`, which takes only this kind.

    Nothing of its base is used but its name.
    """

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self._lock = threading.Lock()
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._busy: dict[int, _Call] = {}
        self._free = 0

    @classmethod
    def installed(cls) -> "Threads":
        """Let the running loop's blocking calls use such threads."""
        _share_heaps()
        threads = cls()
        asyncio.get_running_loop().set_default_executor(threads)
        return threads

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Begin a call at once."""
        call = _Call(lambda: fn(*args, **kwargs))
        call.future.set_running_or_notify_cancel()
        call.begun_s = time.monotonic()
        with self._lock:
            self._busy[id(call)] = call
            self._free -= 1
            lacking = self._free < 0
            self._free += lacking
        self._calls.put(call)
        if lacking:
            threading.Thread(target=self._work, name="disk", daemon=True).start()
        return call.future

    def _work(self) -> None:
        """Do calls until there is nothing to do for a while."""
        while True:
            try:
                call = self._calls.get(timeout=_IDLE_S)
            except queue.Empty:
                if self._leave():
                    return
                continue
            if call is None:
                return
            call.run()
            with self._lock:
                self._busy.pop(id(call), None)
                self._free += 1
            del call

    def _leave(self) -> bool:
        """Say whether an idle thread may end: not when a call was just promised to it."""
        with self._lock:
            if self._free == 0:
                return False
            self._free -= 1
            return True

    def give_up(self, older_than_s: float) -> int:
        """Cancel those who have waited for so long for a call; give how many calls.

        To be used only when the process is about to end: what the calls are doing goes on.
        """
        with self._lock:
            since_s = time.monotonic() - older_than_s
            late = [call for call in self._busy.values() if call.begun_s <= since_s]
            for call in late:
                del self._busy[id(call)]
        for call in late:
            call.give_up()
        return len(late)

    async def idle(self) -> None:
        """Wait until no call is under way, however long that takes."""
        while self._busy:  # noqa: ASYNC110 - the threads know nothing of the loop
            await asyncio.sleep(_SOON_S)

    async def unblock(self, stop: asyncio.Event) -> None:
        """From a stop on, give up what hangs; until cancelled."""
        await stop.wait()
        while True:
            await asyncio.sleep(_LOOK_S)
            if calls := self.give_up(STOP_PATIENCE_S):
                cure = "what they were doing is done again at the next start"
                structlog.get_logger().warning("daemon.hung", calls=calls, cure=cure)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let idle threads end; wait for none."""
        with self._lock:
            free, self._free = self._free, 0
        for _ in range(free):
            self._calls.put(None)


def _share_heaps() -> None:
    """Let all threads allocate from two heaps; glibc gives each its own, and none ever shrinks."""
    with suppress(AttributeError):  # other C libraries have one
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)

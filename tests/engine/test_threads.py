"""A call that never returns holds up nobody, not even the end of the process."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from seedance_watch.engine import threads as module
from seedance_watch.engine.threads import Threads


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    """Give what calls hang on; it is let go at the end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def threads(anyio_backend: str) -> Threads:
    return Threads()


async def test_calls_that_hang_starve_nobody(threads: Threads, hung: threading.Event) -> None:
    """Hundreds of hung calls, and the next one is done at once."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(threads)
    stuck = [loop.run_in_executor(None, hung.wait) for _ in range(300)]

    async with asyncio.timeout(60.0):
        assert await asyncio.to_thread(lambda: "done") == "done"

    hung.set()
    async with asyncio.timeout(60.0):
        assert await asyncio.wait(stuck) == (set(stuck), set())


async def test_idle_threads_are_used_again_and_end(
    threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls one after the other need one thread; after a while without any it is gone."""
    monkeypatch.setattr(module, "_IDLE_S", 0.2)
    asyncio.get_running_loop().set_default_executor(threads)

    who = {await asyncio.to_thread(threading.current_thread) for _ in range(50)}

    assert len(who) <= 2
    await asyncio.sleep(0)
    for thread in who:
        thread.join(60.0)
        assert not thread.is_alive()


async def test_errors_are_raised_where_they_are_waited_for(threads: Threads) -> None:
    """As with any executor."""
    asyncio.get_running_loop().set_default_executor(threads)
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(lambda: 1 // 0)


async def test_given_up_calls_cancel_who_waits(threads: Threads, hung: threading.Event) -> None:
    """Only those that have taken so long; what they bring later is dropped."""
    asyncio.get_running_loop().set_default_executor(threads)
    async with asyncio.TaskGroup() as tasks:
        waits = tasks.create_task(asyncio.to_thread(hung.wait))
        await asyncio.sleep(0)
        assert threads.give_up(60.0) == 0
        assert threads.give_up(0.0) == 1
        assert threads.give_up(0.0) == 0

    assert waits.cancelled()
    hung.set()
    assert await asyncio.to_thread(lambda: 1) == 1


_HANGS = """
import asyncio, threading
from seedance_watch.engine.threads import Threads

async def main():
    asyncio.get_running_loop().set_default_executor(threads := Threads())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.to_thread(threading.Event().wait))
        await asyncio.to_thread(lambda: None)
        threads.give_up(0.0)
    print("ended")

asyncio.run(main())
"""


def test_the_process_ends_although_a_call_hangs() -> None:
    """Neither the loop nor the interpreter waits for a thread that will never end."""
    done = subprocess.run(
        [sys.executable, "-c", _HANGS], capture_output=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"ended\n", b"")

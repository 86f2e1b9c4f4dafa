"""Work that is not cut off in the middle."""

import asyncio
import threading

import pytest

from seedance_watch.providers.uncut import in_thread, uncut


async def test_a_cancelled_caller_still_gets_the_result() -> None:
    """The result of something paid is worth more than a quick end; the request stays visible."""
    begun, go = asyncio.Event(), asyncio.Event()

    async def work() -> str:
        begun.set()
        await go.wait()
        return "paid"

    async def caller() -> tuple[str, int]:
        result = await uncut(work())
        me = asyncio.current_task()
        assert me is not None
        return result, me.cancelling()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(caller())
        await begun.wait()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        go.set()

    assert task.result() == ("paid", 3)


async def test_a_failure_is_raised_as_it_is() -> None:
    """A fault is an outcome like any other."""

    async def work() -> None:
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await uncut(work())


async def test_a_cancelled_caller_leaves_a_thread_only_when_it_is_done() -> None:
    """Or it would close a file that the thread still writes to."""
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait(10)
        done.set()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(in_thread(work))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        go.set()

    assert task.cancelled()
    assert done.is_set()

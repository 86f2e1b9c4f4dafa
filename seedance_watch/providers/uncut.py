"""Work that is not cut off in the middle, whatever happens to who asked for it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Result = TypeVar("Result")


async def uncut(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end and give the result even when the caller is cancelled meanwhile.

    The caller finds such a request in `asyncio.current_task().cancelling()`; it is not raised,
    because that would throw the result away. Only the end of the whole loop stops the work.
    """
    task = asyncio.create_task(work)  # noqa: TID251 - a TaskGroup would hand the cancellation on
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()


async def in_thread(work: Callable[..., Result], *args: Any) -> Result:
    """Run in a thread; a cancelled caller leaves, but not before the thread is done.

    Otherwise the caller would close files that the thread still writes to.
    """
    me = asyncio.current_task()
    assert me is not None
    before = me.cancelling()
    result = await uncut(asyncio.to_thread(work, *args))
    if me.cancelling() > before:
        raise asyncio.CancelledError
    return result

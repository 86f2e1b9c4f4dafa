"""Work that is not cut off in the middle, whatever happens to who asked for it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


async def uncut(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end and give the result even when the caller is cancelled meanwhile.

    The caller finds such a request in `asyncio.current_task().cancelling()`; it is not raised,
    because that would throw the result away. Only the end of the whole loop stops the work.
    """
    return await _end(asyncio.create_task(work))  # noqa: TID251 - a TaskGroup would cancel it


async def in_thread(work: Callable[..., Result], *args: Any) -> Result:
    """Run in a thread; a cancelled caller leaves, but not before the thread is done.

    Otherwise the caller would close files that the thread still writes to.
    """
    me = asyncio.current_task()
    assert me is not None
    before = me.cancelling()
    call = partial(copy_context().run, work, *args)
    result = await _end(asyncio.get_running_loop().run_in_executor(None, call))
    if me.cancelling() > before:
        raise asyncio.CancelledError
    return result


async def _end(work: "asyncio.Future[Result]") -> Result:
    """Wait for the end, however often the caller is cancelled."""
    while not work.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([work])
    return work.result()

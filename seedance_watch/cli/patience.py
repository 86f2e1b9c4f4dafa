"""Waiting for a daemon that finishes something first, and saying so."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from seedance_watch.cli.exits import say

PATIENCE_S = 5.0
T = TypeVar("T")


async def patiently(asking: Coroutine[Any, Any, T]) -> T:
    """Wait for an answer; say so when it takes a while."""
    answer = asyncio.ensure_future(asking)
    await asyncio.wait({answer}, timeout=PATIENCE_S)
    if not answer.done():
        say(
            "seedance-watch: the daemon has not answered yet; a step under way is finished first "
            "(Ctrl-C waits no longer, `seedance-watch health` says whether it works)"
        )
    return await answer

"""Says to browsers that something changed, as server-sent events; what changed they ask for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

_APART_S = 0.5  # at most about two a second, whatever happens
_BEAT_S = 15.0
_SLOW_S = 10.0  # a browser that takes nothing for so long is let go
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would keep them back
]


@dataclass(slots=True)
class Audience:
    """The browsers that are told.

    Attributes:
        most: How many there may be at the same time.
        count: How many there are.
    """

    most: int
    count: int = 0

    @property
    def full(self) -> bool:
        """Whether nobody else can be told."""
        return self.count >= self.most


@dataclass(frozen=True, slots=True)
class Events:
    """The answer to one browser; an ASGI application.

    Attributes:
        audience: All who are told.
        change: Waits until the count of changes is another one than the given, and gives it.
    """

    audience: Audience
    change: Callable[[int], Awaitable[int]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell until the browser is gone."""
        self.audience.count += 1
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell(send))
                while (await receive())["type"] != "http.disconnect":
                    pass
                telling.cancel()
        except* OSError:  # slow, or gone; a TimeoutError is one too
            pass
        finally:
            self.audience.count -= 1

    async def _tell(self, send: Send) -> None:
        await _say(send, "retry: 2000\n\n")
        count = 0
        while True:
            try:
                async with asyncio.timeout(_BEAT_S):
                    count = await self.change(count)
            except TimeoutError:
                await _say(send, ": still here\n\n")
                continue
            await _say(send, f"event: changed\nid: {count}\ndata: {count}\n\n")
            await asyncio.sleep(_APART_S)


async def _say(send: Send, text: str) -> None:
    async with asyncio.timeout(_SLOW_S):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

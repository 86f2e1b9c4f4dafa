"""News to other programs: JSON by POST, signed as Standard Webhooks 1.0 says.

The address is the operator's own choice, so it may lie within the house; redirects are not
followed, so nobody else chooses another. This is not a part of the gateway: that one speaks to
providers, knows their keys and is what money depends on, and nothing here may reach into it.
Python's own client is enough for a POST, and costs no memory.

Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md, seen
2026-11-21. If it is wrong, receivers refuse what they are told; no job is touched.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

import structlog

from seedance_watch.core.errors import SeedanceWatchError
from seedance_watch.core.news import Kind, News, plain
from seedance_watch.core.words import printable
from seedance_watch.faces.backlog import Backlog, pause
from seedance_watch.faces.notices import Unsent, wanted

WAITS_S = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
OLDEST_S = 86_400.0  # what could not be told for a day is not told any more
_LEAST_SECRET_BYTES = 24  # the specification's own limit
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# It was understood, and would not be taken another time either.
_FINAL = frozenset({400, 413, 415, 422})
_GONE = 410  # the receiver wants to be told nothing more
_MAKE_ONE = 'make one with: echo "whsec_$(openssl rand -base64 32)"'

_SUBJECTS: Mapping[Kind, str] = {
    **dict.fromkeys((Kind.PAUSED, Kind.RESUMED), "provider"),
    **dict.fromkeys((Kind.CLOSED, Kind.OPENED), "inbox"),
    Kind.LOW: "account",
}


def body_of(news: News) -> bytes:
    """Write what is sent."""
    told = plain(news)
    kind = f"{_SUBJECTS.get(news.kind, 'job')}.{news.kind}"
    return json.dumps({"type": kind, "timestamp": told["at"], "data": told}).encode()


def key_of(secret: str) -> bytes:
    """Take a secret apart.

    Raises:
        Unsent: It is none; the message does not show it.
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _LEAST_SECRET_BYTES:
        raise Unsent(f"the secret is not whsec_ and base64 of 24 bytes or more; {_MAKE_ONE}")
    return key


def signed(news: News, key: bytes, *, at: float) -> dict[str, str]:
    """Give the headers of a message.

    Args:
        news: What is told.
        key: The secret's bytes.
        at: The time, UTC seconds; receivers refuse what is old.
    """
    name = f"msg_{hashlib.sha256(news.id.encode()).hexdigest()[:32]}"
    content = f"{name}.{int(at)}.".encode() + body_of(news)
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(at)),
        "webhook-signature": f"v1,{signature}",
        "content-type": "application/json",
        "user-agent": "seedance-watch",
    }


@dataclass(slots=True)
class Webhook:
    """An address that is told; an outlet. What it is told keeps its order.

    Attributes:
        name: What the configuration calls it, for the log.
        url: The address.
        read_secret: Reads its secret anew; raises SeedanceWatchError where there is none.
        kinds: What is told.
        watches: About which watch entries; empty: all.
        timeout_s: How long an answer may take.
        now: The time, UTC seconds.
        waits_s: Pauses after one failure, two, and so on.
    """

    name: str
    url: str
    read_secret: Callable[[], str]
    kinds: frozenset[Kind]
    watches: frozenset[str]
    timeout_s: float
    now: Callable[[], float]
    waits_s: tuple[float, ...] = WAITS_S
    _backlog: Backlog = field(init=False)
    _failures: int = 0
    _gone: bool = False
    _under_way: "tuple[str, asyncio.Future[int]] | None" = None
    _late: list[News] = field(default_factory=list)  # what a stop came too early for

    def __post_init__(self) -> None:
        """Begin with nothing to tell."""
        self._backlog = Backlog(self.name, most=1_000)

    def take(self, news: News) -> None:
        """Note what the receiver wants to be told."""
        if not self._gone and wanted(news, self.kinds, self.watches):
            self._backlog.add(news)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what was noted, until stopped."""
        try:
            key_of(self.read_secret())
        except (Unsent, SeedanceWatchError) as error:
            self._failed(str(error))  # at once, not when something has happened
        async with asyncio.TaskGroup() as tasks:
            woken = tasks.create_task(self._backlog.woken(stop))
            while (news := await self._backlog.next(stop)) and not self._gone:
                self._late.append(news)
                if await self._one(news, stop):
                    self._late.remove(news)
            woken.cancel()

    def untold(self) -> list[News]:
        """Take what could not be told, the first first."""
        late, self._late = self._late, []
        return late + self._backlog.rest()

    def follows(self, before: object) -> bool:
        """Whether it tells the same address as one before a reload."""
        return isinstance(before, Webhook) and before.url == self.url

    async def _one(self, news: News, stop: asyncio.Event) -> bool:
        """Tell one thing, again and again until it is taken; after a stop only once more.

        Returns:
            Whether it is done with.
        """
        while True:
            last = stop.is_set()
            try:
                status = await self._posted(news)
            except (Unsent, SeedanceWatchError) as error:
                self._failed(str(error))
            else:
                if self._answered(news, status):
                    return True
            if self._old(news):
                return True
            if last:
                return False
            wait_s = self.waits_s[min(self._failures, len(self.waits_s)) - 1]
            await pause(wait_s * random.uniform(0.8, 1.2), stop)  # noqa: S311 - not a secret

    def _answered(self, news: News, status: int) -> bool:
        """Take in an answer; whether the news are done with."""
        log = structlog.get_logger().bind(webhook=self.name, status=status)
        if 200 <= status < 300:
            if self._failures:
                log.info("webhook.recovered")
            log.debug("webhook.delivered", id=news.id)
            self._failures = 0
        elif status == _GONE:
            self._gone = True
            cure = "it is told nothing more until a restart; take it out of the configuration"
            log.error("webhook.gone", cure=cure)
        elif status in _FINAL:
            log.error("webhook.dropped", id=news.id, reason="the receiver will not take it")
        else:
            self._failed(f"it answered {status}")
            return False
        return True

    def _old(self, news: News) -> bool:
        old = self.now() - news.at > OLDEST_S
        if old:
            reason = "it could not be told for a day"
            structlog.get_logger().error(
                "webhook.dropped", webhook=self.name, id=news.id, reason=reason
            )
        return old

    def _failed(self, reason: str) -> None:
        """Say that it fails, once."""
        if not self._failures:
            cure = "it is tried again; nothing else waits for it"
            structlog.get_logger().error(
                "webhook.failed", webhook=self.name, reason=printable(reason), cure=cure
            )
        self._failures += 1

    async def _posted(self, news: News) -> int:
        """Send it; give the answer's status.

        Raises:
            Unsent: No answer came.
        """
        if self._under_way and self._under_way[0] != news.id and self._under_way[1].done():
            self._under_way = None  # the answer to what was given up
        if self._under_way is None:
            headers = signed(news, key_of(self.read_secret()), at=self.now())
            work = partial(post, self.url, body_of(news), headers, timeout_s=self.timeout_s)
            posting = asyncio.get_running_loop().run_in_executor(None, work)
            posting.add_done_callback(_looked_at)
            self._under_way = news.id, posting
        about, posting = self._under_way
        await asyncio.wait({posting}, timeout=2 * self.timeout_s)
        if about != news.id or not posting.done():  # a byte now and then: no call beside it
            raise Unsent(f"no whole answer within {2 * self.timeout_s:g} s")
        self._under_way = None
        return posting.result()


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> int:
    """Post once; blocking; give the answer's status, its body is not read.

    Args:
        url: An http or https address.
        body: What is sent.
        headers: Its headers.
        timeout_s: How long each step may take.

    Raises:
        Unsent: No answer came; the message does not show the address.
    """
    request = Request(url, data=body, headers=dict(headers), method="POST")  # noqa: S310 - http(s)
    try:
        with _opener(url).open(request, timeout=timeout_s) as answer:
            return int(answer.status)
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Unsent(f"it cannot be reached: {_plain(reason)}") from None


def _looked_at(posting: "asyncio.Future[int]") -> None:
    """Let nobody complain of an answer that came when it was given up."""
    if not posting.cancelled():
        posting.exception()


def _plain(reason: Any) -> str:
    return str(getattr(reason, "strerror", None) or type(reason).__name__)


def _opener(url: str) -> OpenerDirector:
    """Give a client that follows no redirect, and calls this machine without a proxy."""
    opener = OpenerDirector()
    local = urlsplit(url).hostname in _LOOPBACK
    for handler in (
        ProxyHandler({} if local else None), UnknownHandler(), HTTPHandler(), HTTPSHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener

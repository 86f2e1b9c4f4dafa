"""The one implementation of ports.Provider: runs a dialect's flows over HTTP.

It adds what a dialect does not know: keys, limits, deadlines, connections, and the rule that of
one intent only its own bytes are sent, once. It never retries; policy.py does, on the record.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from aiolimiter import AsyncLimiter

from seedance_watch.core.errors import Fault, FaultKind, SeedanceWatchError
from seedance_watch.core.events import Absent, Accepted, Event, Intended, Ready, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Picture
from seedance_watch.ports import Clock, Doubts, Download
from seedance_watch.providers import paying
from seedance_watch.providers.clients import Clients, proxy_for
from seedance_watch.providers.dialect import Call, Dialect, Flow, Reply, Upload
from seedance_watch.providers.download import Downloads
from seedance_watch.providers.links import (
    LinkRule,
    Place,
    Resolve,
    all_public,
    place,
    refused,
    resolve,
    shown,
)
from seedance_watch.providers.part import ours
from seedance_watch.providers.secrets import Secret, no_key, secret
from seedance_watch.providers.settings import GatewaySettings, ImageHost
from seedance_watch.providers.uncut import in_thread, uncut
from seedance_watch.providers.wire import Wire

__all__ = ["Gateway", "GatewaySettings", "ImageHost"]

Result = TypeVar("Result")


class Gateway:
    """A hosted service, as the engine sees it.

    Args:
        dialect: How to talk to it.
        key: Gives the key; asked before each call, so that a rotated file is noticed. May read
            a file; raises OSError, LookupError, ValueError or SeedanceWatchError without one.
        clock: The wall clock.
        settings: Times and limits.
        resolve: Asks for a name's addresses.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        key: Callable[[], str],
        clock: Clock,
        settings: GatewaySettings,
        resolve: Resolve = resolve,
    ) -> None:
        self._dialect = dialect
        self._key = key
        self._clock = clock
        self._ahead_s = 0.0
        self._ahead_then: dict[str, float] = {}
        self._settings = settings
        self._resolve = resolve
        self._rule = LinkRule.of(settings.base_url)
        self._hosts = {at.origin for at in map(place, dialect.hosts) if at is not None}
        clients = Clients(dialect.hosts, self._rule, settings, resolve)
        self._wire = Wire(clients, settings, clock)
        self._downloads = Downloads(clients, self._rule, settings, clock)
        rate = settings.requests_per_s
        self._limiter = AsyncLimiter(max(1.0, rate), max(1.0, 1.0 / rate))

    @property
    def name(self) -> str:
        """The provider's name in the configuration."""
        return self._dialect.name

    @property
    def doubts(self) -> Doubts:
        """How an unknown outcome may be settled here."""
        return self._dialect.doubts

    async def stage(self, pictures: Sequence[Picture], folder: Path, spec: JobSpec) -> Staged:
        """Make the pictures reachable; free, repeatable, addresses new each time.

        Raises:
            Fault: LOCAL: a picture cannot be read, or is not what was prepared.
        """
        return Staged(tuple([await self._lend(each, folder, spec) for each in pictures]))

    def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call's exact bytes; pure, sends nothing."""
        return self._dialect.intend(job, key, attempt)

    async def submit(self, intent: Intended, part: Path) -> Sequence[Event]:
        """Make the one paid call, once, on a fresh connection, under its overall deadline.

        Runs to its end once begun. A cancellation that comes meanwhile does not lose the
        answer: the answer is given, and `asyncio.current_task().cancelling()` tells.

        Raises:
            Fault: UNREACHED, DENIED with code "no_key", LOCAL: certainly nothing was sent.
                UNSURE, GARBLED: something may have been. Others as the dialect says.
        """
        flow = self._dialect.submit(intent)
        self._ahead_then = paying.noted(self._ahead_then, intent.key, self._ahead_s)
        return await uncut(self._run(flow, intent=intent, part=part))

    async def reconcile(self, intent: Intended, intended_at: float) -> Accepted | Absent | None:
        """Look whether the intent was taken; never pays anew. None: not to be known yet."""
        flow = self._dialect.reconcile(intent, intended_at)
        told_at = intended_at + self._ahead_then.get(intent.key, 0.0)
        return await uncut(self._run(flow, intent=intent, replay_of_at=told_at))

    async def poll(self, task_id: str, accepted_at: float) -> Ready | None:
        """Ask once how a task stands; None: not finished. A failed task is Fault(REFUSED)."""
        return await self._run(self._dialect.poll(task_id, accepted_at))

    async def refresh(self, task_id: str) -> Ready:
        """Ask for a fresh link of a finished task."""
        return await self._run(self._dialect.refresh(task_id))

    async def download(self, url: str, part: Path) -> Download:
        """Fetch into the part file, going on where it ends when the server allows it.

        Returns when the file is whole, as far as the server told its length, and synced. While
        it is not, `part` has a companion `part.etag`; whoever rejects or sweeps a part file may
        leave or delete the companion as they like.

        Raises:
            Fault: GONE: ask for a fresh link. UNREACHED, UNSURE, BUSY: try again. GARBLED: not
                a video, too long, or a link that is not followed. LOCAL: our disk.
        """
        return await self._downloads.fetch(url, part)

    async def balance(self) -> Money:
        """Ask what is left on the account."""
        return await self._run(self._dialect.balance())

    async def offered(self) -> frozenset[str] | None:
        """Ask which models are served; None: this provider has no list."""
        return await self._run(self._dialect.offered())

    async def close(self) -> None:
        """Let go of the connections; may be called twice."""
        await self._wire.close()

    async def _run(
        self,
        flow: Flow[Result],
        *,
        intent: Intended | None = None,
        part: Path | None = None,
        replay_of_at: float | None = None,
    ) -> Result:
        """Run a flow: send what it asks for, give it what came back."""
        paid = 0
        try:
            call = next(flow)
            while True:
                paid += call.paid
                paying.check_intended(call, intent, paid)
                if call.paid and replay_of_at is not None:
                    await self._check_age(replay_of_at)
                call = flow.send(await self._call(call, part))
        except StopIteration as done:
            result: Result = done.value
            return result
        finally:
            flow.close()

    async def _call(self, call: Call, part: Path | None) -> Reply:
        """Send one call, when its turn comes."""
        doing = f"{call.method} {shown(call.url)}"
        await self._limiter.acquire()
        key = await self._secret()
        target = place(call.url)
        if target is not None and target.origin in self._hosts:
            headers = {**self._dialect.credentials(key.reveal()), **call.headers}
        else:
            target = await self._vet(call.url, doing)
            headers = dict(call.headers)
        reply = await self._wire.send(call, target, headers=headers, key=key, part=part)
        self._ahead_s = paying.ahead_s(reply)
        return reply

    async def _check_age(self, intended_at: float) -> None:
        """Ask something free first, to see the other side's clock.

        Raises:
            Fault: UNSURE: too late for a replay.
        """
        with suppress(Fault):
            await self.balance()
        age_s = self._clock.now() + self._ahead_s - intended_at
        paying.check_age(self.name, age_s=age_s, window_s=self.doubts.window_s)

    async def _secret(self) -> Secret:
        try:
            text = await in_thread(self._key)
        except SeedanceWatchError as error:  # it says itself where a key belongs
            raise Fault(FaultKind.DENIED, str(error), code="no_key") from error
        except (OSError, LookupError, ValueError) as error:
            raise no_key(self.name, str(error)) from error
        return secret(text, self.name)

    async def _lend(self, picture: Picture, folder: Path, spec: JobSpec) -> str:
        """Make one picture reachable."""
        content = await in_thread(_read, folder / picture.name, picture)
        if self._settings.image_host is not None:
            return await self._settings.image_host.lend(content, picture.media_type)
        url = await self._run(self._dialect.stage(Upload(picture, content), spec))
        await self._vet(url, f"staging {picture.name}")
        return url

    async def _vet(self, url: str, doing: str) -> Place:
        """Judge a foreign address: its text, and what its name resolves to.

        Behind a proxy a name may have no address here; then the proxy is left to judge.
        """
        found = self._rule.check(url, doing)
        if self._rule.is_own(found.host, found.port):
            return found
        try:
            async with asyncio.timeout(self._settings.connect_s):
                addresses = await self._resolve(found.host, found.port)
        except OSError as error:
            if proxy_for(found) is not None:
                return found
            reason = (
                f"{doing}: the name {found.host!r} has no address ({error}); check the network"
            )
            raise Fault(FaultKind.UNREACHED, reason) from error
        if not all_public(addresses):
            raise refused(doing, shown(url), "it leads into a private network")
        return found


def _read(path: Path, picture: Picture) -> bytes:
    """Read a picture; what is sent must be what was prepared.

    Raises:
        Fault: LOCAL.
    """
    with ours("reading", path):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        reason = f"reading {path}: not the bytes that were prepared; put the file back, or cancel"
        raise Fault(FaultKind.LOCAL, reason)
    return content

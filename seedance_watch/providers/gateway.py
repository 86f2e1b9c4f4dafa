"""The one implementation of ports.Provider: runs a dialect's flows over HTTP.

It adds what a dialect does not know: keys, limits, deadlines, connections, and the rule that of
one intent only its own bytes are sent, once. It never retries; reactions.py does, on the record.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from seedance_watch.core.errors import Fault, FaultKind, SeedanceWatchError
from seedance_watch.core.events import Absent, Accepted, Event, Intended, Ready, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Picture
from seedance_watch.ports import Clock, Doubts, Download
from seedance_watch.providers import paying
from seedance_watch.providers.account import (
    UNKNOWN,
    account_of,
    check_account,
    is_other,
    unknown,
)
from seedance_watch.providers.dialect import Call, Dialect, Flow, Reply, Upload
from seedance_watch.providers.links import Resolve, place, resolve, shown
from seedance_watch.providers.pictures import read_picture
from seedance_watch.providers.secrets import Secret, no_key, secret
from seedance_watch.providers.settings import GatewaySettings, ImageHost
from seedance_watch.providers.uncut import in_thread, uncut

if TYPE_CHECKING:
    from seedance_watch.providers.line import Line

__all__ = ["Gateway", "GatewaySettings", "ImageHost"]

Result = TypeVar("Result")


class Gateway:
    """A hosted service, as the engine sees it.

    Args:
        dialect: How to talk to it.
        key: Gives the key; asked before each call, so that a rotated file is noticed. Raises
            OSError, LookupError, ValueError or SeedanceWatchError without one.
        key_waits: Whether it may wait for a server's disk; then it is asked in a thread.
        clock: The wall clock.
        settings: Times and limits.
        resolve: Asks for a name's addresses.
    """

    def __init__(
        self,
        dialect: Dialect,
        *,
        key: Callable[[], str],
        key_waits: bool = True,
        clock: Clock,
        settings: GatewaySettings,
        resolve: Resolve = resolve,
    ) -> None:
        self._dialect = dialect
        self._key = key
        self._key_waits = key_waits
        self._clock = clock
        self._ahead_s = 0.0
        self.skew_s: float | None = None  # the provider's clock less ours; None: not told yet
        self._ahead_then: dict[str, float] = {}
        self._settings = settings
        self._resolve = resolve
        self._hosts = {at.origin for at in map(place, dialect.hosts) if at is not None}
        self._opened: Line | None = None
        self._keeps = True

    @property
    def _line(self) -> "Line":
        """What speaks HTTP, loaded by the first call."""
        if self._opened is None:
            from seedance_watch.providers.line import Line  # noqa: PLC0415 - takes long to load

            hosts, settings = self._dialect.hosts, self._settings
            self._opened = Line.to(
                hosts, settings, self._clock, resolve=self._resolve, keeps=self._keeps
            )
        return self._opened

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

    async def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call's exact bytes, for the account whose key there is; sends nothing.

        Raises:
            Fault: DENIED, there is no key.
        """
        intent = self._dialect.intend(job, key, attempt)
        return replace(intent, account=account_of(await self._secret(), self.name))

    async def submit(self, intent: Intended, part: Path) -> Sequence[Event]:
        """Make the one paid call, once, on a fresh connection, under its overall deadline.

        Runs to its end once begun. A cancellation that comes meanwhile does not lose the
        answer: the answer is given, and `asyncio.current_task().cancelling()` tells.

        Raises:
            Fault: UNREACHED, DENIED with code "no_key", LOCAL: certainly nothing was sent;
                with code "key_changed" because the intent was for another key.
                UNSURE, GARBLED: something may have been. Others as the dialect says.
        """
        flow = self._dialect.submit(intent)
        paying.note(self._ahead_then, intent.key, self._ahead_s)
        return await uncut(self._run(flow, intent=intent, part=part))

    async def reconcile(self, intent: Intended, intended_at: float) -> Accepted | Absent | None:
        """Look whether the intent was taken; never pays anew. None: not to be known yet.

        Raises:
            Fault: UNSURE with code "key_changed": not asked, the key is not that of the intent.
                Others as the dialect says.
        """
        flow = self._dialect.reconcile(intent, intended_at)
        told_at = intended_at + self._ahead_then.get(intent.key, 0.0)
        return await uncut(self._run(flow, intent=intent, replay_of_at=told_at))

    async def poll(self, task_id: str, accepted_at: float, *, account: str = "") -> Ready | None:
        """Ask once how a task stands; None: not finished. A failed task is Fault(REFUSED)."""
        return await self._told(self._dialect.poll(task_id, accepted_at), account)

    async def refresh(self, task_id: str, *, account: str = "") -> Ready:
        """Ask for a fresh link of a finished task."""
        return await self._told(self._dialect.refresh(task_id), account)

    async def download(
        self, url: str, part: Path, *, sure: Callable[[], object] = lambda: None
    ) -> Download:
        """Fetch into the part file, going on where it ends when the server allows it.

        Returns when the file is whole, as far as the server told its length, and synced. While
        it is not, `part` has a companion `part.etag`; whoever rejects or sweeps a part file may
        leave or delete the companion as they like.

        Args:
            url: The link.
            part: The part file.
            sure: Called in the thread that looks at the part file first; raises Fault where its
                folder may not be worked in.

        Raises:
            Fault: GONE: ask for a fresh link. UNREACHED, UNSURE, BUSY: try again. GARBLED: not
                a video, too long, or a link that is not followed. LOCAL: our disk.
        """
        return await self._line.downloads.fetch(url, part, sure)

    async def balance(self) -> Money:
        """Ask what is left on the account."""
        return await self._run(self._dialect.balance())

    async def offered(self) -> frozenset[str] | None:
        """Ask which models are served; None: this provider has no list."""
        return await self._run(self._dialect.offered())

    async def close(self) -> None:
        """Let go of the connections; may be called twice."""
        self._keeps = False
        if self._opened:
            await self._opened.wire.close()

    async def _told(self, flow: Flow[Result], account: str) -> Result:
        """Ask about a task; that it is unknown is not believed under another account's key.

        Raises:
            Fault: GONE with code "key_changed"; others as the dialect says.
        """
        statuses: list[int] = []
        try:
            found = await self._run(flow, statuses=statuses)
        except Fault as fault:
            if fault.kind is FaultKind.GONE and await self._is_other(account):
                raise unknown(self.name, fault.reason) from fault
            raise
        if found is None and UNKNOWN & {*statuses} and await self._is_other(account):
            raise unknown(self.name, f"{self.name} does not know the task")
        return found

    async def _is_other(self, account: str) -> bool:
        return bool(account) and is_other(account, await self._secret(), self.name)

    async def _run(
        self,
        flow: Flow[Result],
        *,
        intent: Intended | None = None,
        part: Path | None = None,
        replay_of_at: float | None = None,
        statuses: list[int] | None = None,
    ) -> Result:
        """Run a flow: send what it asks for, give it what came back."""
        paid, looks = 0, replay_of_at is not None
        try:
            call = next(flow)
            while True:
                paid += call.paid
                paying.check_intended(call, intent, paid)
                if call.paid and replay_of_at is not None:
                    await self._check_age(replay_of_at)
                about = intent if call.paid or looks else None
                reply = await self._call(call, part, about, looks=looks)
                if statuses is not None:
                    statuses.append(reply.status)
                call = flow.send(reply)
        except StopIteration as done:
            result: Result = done.value
            return result
        finally:
            flow.close()

    async def _call(
        self, call: Call, part: Path | None, intent: Intended | None = None, *, looks: bool = False
    ) -> Reply:
        """Send one call, when its turn comes; one about an intent with the intent's key only."""
        await self._line.limiter.acquire()
        key = await self._secret()
        if intent is not None:
            check_account(intent, key, self.name, looks=looks)
        target = place(call.url)
        if target is not None and target.origin in self._hosts:
            headers = {**self._dialect.credentials(key.reveal()), **call.headers}
        else:
            target = await self._line.foreign.vet(call.url, f"{call.method} {shown(call.url)}")
            headers = dict(call.headers)
        reply = await self._line.wire.send(call, target, headers=headers, key=key, part=part)
        self.skew_s = paying.skew_s(reply)
        self._ahead_s = paying.ahead_s(self.skew_s)
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
            text = await in_thread(self._key) if self._key_waits else self._key()
        except SeedanceWatchError as error:  # it says itself where a key belongs
            raise Fault(FaultKind.DENIED, str(error), code="no_key") from error
        except (OSError, LookupError, ValueError) as error:
            raise no_key(self.name, str(error)) from error
        return secret(text, self.name)

    async def _lend(self, picture: Picture, folder: Path, spec: JobSpec) -> str:
        """Make one picture reachable."""
        content = await in_thread(read_picture, folder / picture.name, picture)
        if self._settings.image_host is not None:
            return await self._settings.image_host.lend(content, picture.media_type)
        url = await self._run(self._dialect.stage(Upload(picture, content), spec))
        await self._line.foreign.vet(url, f"staging {picture.name}")
        return url

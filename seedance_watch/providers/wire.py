"""One call, from a Call to a Reply or a Fault; never a second try.

A paid call, or one whose answer may be a video, has a connection of its own. Short calls use one
that was used before, if there is any. A caller that is cancelled leaves at once, and its
connection is closed.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import httpx

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.ports import Clock
from seedance_watch.providers.connections import Connections
from seedance_watch.providers.dialect import Call, Reply
from seedance_watch.providers.links import Place
from seedance_watch.providers.messages import composed
from seedance_watch.providers.part import PartFile, discard
from seedance_watch.providers.replies import MAX_BODY_BYTES, excerpt, is_video, parsed
from seedance_watch.providers.secrets import Secret
from seedance_watch.providers.settings import GatewaySettings
from seedance_watch.providers.sockets import deadline
from seedance_watch.providers.translate import translated
from seedance_watch.providers.uncut import in_thread


class Wire:
    """Sends calls to one provider."""

    def __init__(self, connections: Connections, settings: GatewaySettings, clock: Clock) -> None:
        self._connections = connections
        self._settings = settings
        self._clock = clock

    async def send(
        self,
        call: Call,
        target: Place,
        *,
        headers: Mapping[str, str],
        key: Secret,
        part: Path | None = None,
    ) -> Reply:
        """Send a call once and give its answer, whatever its status.

        Args:
            call: What to send.
            target: Its address, judged.
            headers: All headers, credentials among them.
            key: Cut out of the answer, should it be repeated there.
            part: Where a video goes that comes as the answer.

        Raises:
            Fault: UNREACHED: certainly not sent. UNSURE: perhaps sent. GARBLED: an answer that
                cannot be read. LOCAL: the part file cannot be opened; nothing was sent.
        """
        work = _Exchange(call, target, headers, key, self._settings, self._clock)
        if call.media and part is not None:
            return await self._into(part, work)
        return await self._once(work)

    async def close(self) -> None:
        """Let go of the connections; may be called twice."""
        await self._connections.close()

    async def _once(self, work: "_Exchange", part: PartFile | None = None) -> Reply:
        with deadline(work.call.deadline_s) as ends_at, translated(work.doing, ends_at):
            async with self._opened(work) as response:
                return await work.read(response, part)

    def _opened(self, work: "_Exchange") -> AbstractAsyncContextManager[httpx.Response]:
        """Send a request, on which connection its call deserves."""
        request, target = work.request(), work.target
        if work.call.paid or work.call.media:
            return self._connections.alone(request, target)
        return self._connections.together(request, target)

    async def _into(self, path: Path, work: "_Exchange") -> Reply:
        """Make sure of the part file before anything is paid for."""
        part = await PartFile.open(path)
        saved = False
        try:
            reply = await self._once(work, part)
            saved = reply.saved_bytes is not None
            return reply
        finally:
            await part.close()
            if not saved:
                # Whatever the disk says now, the call's outcome is worth more.
                with suppress(OSError):
                    await in_thread(discard, path)


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        call: Call,
        target: Place,
        headers: Mapping[str, str],
        key: Secret,
        settings: GatewaySettings,
        clock: Clock,
    ) -> None:
        self.call = call
        self.target = target
        self.doing = f"{call.method} {target.origin}{target.path}"
        self._headers = headers
        self._key = key
        self._settings = settings
        self._clock = clock

    def request(self) -> httpx.Request:
        """Compose the request."""
        call, settings = self.call, self._settings
        file = call.upload
        return composed(
            call.method,
            call.url,
            params=call.query or None,
            headers=self._headers,
            content=call.body,
            data=dict(call.form) or None,
            files=None if file is None else {file[0]: (file[1], file[3], file[2])},
            timeout=httpx.Timeout(call.timeout_s, connect=settings.connect_s),
        )

    async def read(self, response: httpx.Response, part: PartFile | None) -> Reply:
        """Read the answer."""
        kind = response.headers.get("content-type", "")
        if part is not None and response.is_success and is_video(kind):
            await self._save(response, part)
            return self._reply(response, saved_bytes=part.size_bytes)
        self._refuse_redirect(response)
        body = self._key.cut_from(await self._body(response))
        value = self._key.cut_from_json(parsed(body, kind, self.doing))
        return self._reply(response, json=value, text=excerpt(body, kind))

    def _reply(self, response: httpx.Response, **read: object) -> Reply:
        headers = self._key.cut_from_headers(response.headers)
        return Reply(response.status_code, headers, at=self._clock.now(), **read)  # type: ignore[arg-type]

    async def _body(self, response: httpx.Response) -> bytes:
        """Read the body, up to a bound."""
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise self._fault(
                    FaultKind.GARBLED, f"the answer is longer than {MAX_BODY_BYTES} bytes"
                )
        return bytes(body)

    async def _save(self, response: httpx.Response, part: PartFile) -> None:
        """Put a video into the part file, synced; it is paid, so nothing here means unpaid."""
        limit = self._settings.max_video_bytes
        try:
            async for chunk in response.aiter_bytes():
                await part.add(chunk)
                if part.size_bytes > limit:
                    raise self._fault(FaultKind.GARBLED, f"the video is longer than {limit} bytes")
            await part.sync()
        except Fault as fault:
            if fault.kind is not FaultKind.LOCAL:
                raise
            raise Fault(
                FaultKind.UNSURE, f"{self.doing}: answered with a video, but {fault.reason}"
            ) from fault

    def _refuse_redirect(self, response: httpx.Response) -> None:
        """Follow no redirect: a call goes where the configuration says, and once.

        301, 307 and 308 say that nothing was done here. 302 and 303 are also how a form says
        that all is done, so that after a paid call nothing is known.
        """
        if response.is_redirect or 300 <= response.status_code < 400:
            undone = response.status_code in {301, 307, 308} or not self.call.paid
            kind = FaultKind.UNREACHED if undone else FaultKind.UNSURE
            where = _shown_target(response)
            raise self._fault(
                kind,
                f"answered {response.status_code}, elsewhere{where}; redirects of calls are "
                "not followed; check base_url, and the network for a login page",
            )

    def _fault(self, kind: FaultKind, happened: str) -> Fault:
        return Fault(kind, f"{self.doing}: {happened}")


def _shown_target(response: httpx.Response) -> str:
    """Name the host of a redirect's target, " (host)" or ""."""
    try:
        host = response.url.join(response.headers.get("location", "")).host
    except httpx.InvalidURL:
        return ""
    return f" ({host})" if host else ""

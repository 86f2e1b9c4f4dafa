"""Fetching a finished video into its part file, going on where the last try ended.

Beside `NAME` lies `NAME.etag` while the video is not whole and did not come in one piece: the
strong ETag of what the part file's bytes are the beginning of, and the link they came from.
Without it a part file is begun anew, so whoever finds a part file bad deletes it, and whoever
sweeps knows both names. Neither needs to survive a power cut: a part with holes fails
verification and is fetched anew.

No credentials are ever sent from here.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.ports import Clock, Download
from seedance_watch.providers.answer import Answer, complete, elsewhere, judge, whole_bytes
from seedance_watch.providers.connections import Connections
from seedance_watch.providers.links import LinkRule, Place, refused, shown
from seedance_watch.providers.messages import composed
from seedance_watch.providers.part import Begun, PartFile, begun, discard, make_folders, ours
from seedance_watch.providers.settings import GatewaySettings
from seedance_watch.providers.sockets import deadline
from seedance_watch.providers.translate import translated
from seedance_watch.providers.uncut import in_thread

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5


class Downloads:
    """Fetches videos of one provider."""

    def __init__(
        self, connections: Connections, rule: LinkRule, settings: GatewaySettings, clock: Clock
    ) -> None:
        self._connections = connections
        self._rule = rule
        self._settings = settings
        self._clock = clock

    async def fetch(self, url: str, part: Path, sure: Callable[[], object]) -> Download:
        """Fetch into the part file, when its folder is sure; returns when it is whole and synced.

        Raises:
            Fault: GONE: ask for a fresh link. UNREACHED, UNSURE, BUSY: try again, it goes on
                where it ended. GARBLED: no video, too long, or a link not to be followed; the
                part file is gone. LOCAL: our disk.
        """
        link = self._rule.check(url, "downloading")
        doing = f"downloading from {link.origin}"
        with ours("reading", part):
            have = await in_thread(_have, sure, part, link.origin + link.path)
        with deadline(self._settings.download_s) as ends_at, translated(doing, ends_at):
            got = await self._try(url, part, link, have)
            if got is None:
                got = await self._try(url, part, link, Begun())
        if got is None:
            raise Fault(FaultKind.UNSURE, f"{doing}: answered with a range that was not asked for")
        return got

    async def _try(self, url: str, part: Path, link: Place, have: Begun) -> Download | None:
        """Fetch once; None: what the part file holds cannot be gone on from."""
        async with self._answer(url, have) as response:
            answer = Answer(response, f"downloading from {response.url.host}", have.size_bytes)
            if elsewhere(answer):
                return None
            try:
                await judge(answer, self._clock.now())
                return await self._store(answer, part, link)
            except Fault as fault:
                if fault.kind is FaultKind.GARBLED:
                    with ours("removing", part):
                        await in_thread(discard, part)
                raise

    async def _store(self, answer: Answer, part: Path, link: Place) -> Download:
        """Stream the body to disk."""
        whole = whole_bytes(answer)
        self._bound(answer, whole or 0)
        if answer.anew:
            file = PartFile.anew(part, answer.header("etag"), link.origin + link.path)
        else:
            file = await PartFile.open(part, answer.offset)
        try:
            async for chunk in answer.response.aiter_raw():
                await file.add(chunk)
                self._bound(answer, file.size_bytes)
            complete(answer, file.size_bytes, whole)
            await file.finish()
        finally:
            await file.close()
        return Download(file.size_bytes, answer.media_type)

    def _bound(self, answer: Answer, size_bytes: int) -> None:
        limit = self._settings.max_video_bytes
        if size_bytes > limit:
            raise answer.fault(FaultKind.GARBLED, f"the video is longer than {limit} bytes")

    @asynccontextmanager
    async def _answer(self, url: str, have: Begun) -> AsyncIterator[httpx.Response]:
        """Open the answer behind all redirects."""
        for _ in range(_MAX_REDIRECTS + 1):
            target = self._rule.check(url, "downloading")
            request = self._request(url, have)
            async with self._connections.again(request, target, trusting=False) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                url = _next(response)
        raise refused("downloading", shown(url), f"it is redirect {_MAX_REDIRECTS + 1}")

    def _request(self, url: str, have: Begun) -> httpx.Request:
        ranged = {"range": f"bytes={have.size_bytes}-", "if-range": have.etag}
        timeout = httpx.Timeout(self._settings.read_s, connect=self._settings.connect_s)
        return composed("GET", url, headers=ranged if have.etag else {}, timeout=timeout)


def _have(sure: Callable[[], object], part: Path, link: str) -> Begun:
    """Make sure of the part file's folders, and see what can be gone on from."""
    sure()
    make_folders(part)
    return begun(part, link)


def _next(response: httpx.Response) -> str:
    """Give the target of a redirect."""
    location = response.headers.get("location", "")
    try:
        return str(response.url.join(location))
    except httpx.InvalidURL as error:
        raise refused("downloading", shown(location), "it is no address") from error

"""Posters, small pictures, originals and videos of jobs, by job and nothing else.

Every path comes from the journal. What lies on a disk that does not answer is not asked for.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec

from seedance_watch.config.watches import Watch
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Part, Role, State
from seedance_watch.disk.places import PRIVATE
from seedance_watch.disk.shelf import Shelf
from seedance_watch.disk.showing import Shown, shown
from seedance_watch.faces.page.views import Busy
from seedance_watch.media.decoders import Decoders

P = ParamSpec("P")
_Open = Callable[[Job], Shown | None]
_THUMB_PX = 320
_WAITING_MOST, _FAILED_MOST = 64, 10_000
_PATIENCE_S = 20.0
_PLACED = frozenset({State.PLACED, State.DONE})


@dataclass(slots=True)
class Stills:
    """Shows what jobs look like.

    Attributes:
        watches: The watched folders by name.
        frozen: Says of a watch entry whether its disk does not answer.
        decoders: The daemon's; one is borrowed at a time.
        shelf: Where small pictures are kept.
    """

    watches: Mapping[str, Watch]
    frozen: Callable[[str], bool]
    decoders: Decoders
    shelf: Shelf
    _one: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _waiting: int = 0
    _failed: set[str] = field(default_factory=set)

    async def still(self, job: Job, kind: str) -> Path | None:
        """Give a small JPEG of a job's video ("poster") or picture ("thumb"), None for none.

        Raises:
            Busy: Too many are waited for.
        """
        name = _name(job, kind)
        if not name or name in self._failed:
            return None
        if found := await asyncio.to_thread(self.shelf.find, name):
            return found
        if self._waiting >= _WAITING_MOST or self.frozen(job.claim.watch):
            raise Busy
        self._waiting += 1
        try:
            async with self._one:
                return await asyncio.to_thread(self._made, job, kind, name)
        finally:
            self._waiting -= 1

    def _made(self, job: Job, kind: str, name: str) -> Path | None:
        """Make one, unless somebody just did."""
        if found := self.shelf.find(name):
            return found
        try:
            source = self._video(job) if kind == "poster" else self._original(job)
            if source is None:
                return None
            try:
                return self.shelf.make(name, partial(self._write, kind, source))
            finally:
                source.close()
        except Fault as fault:
            if fault.kind is not FaultKind.LOCAL and len(self._failed) < _FAILED_MOST:
                self._failed.add(name)  # it would be tried at every look
        except OSError:
            pass
        return None

    def _write(self, kind: str, source: Shown, target: Path) -> None:
        if kind == "poster":
            self.decoders.poster(source.named, target)
        else:
            self.decoders.thumbnail(source.named, target, longest_px=_THUMB_PX)

    # Files

    async def film(self, job: Job) -> Shown | None:
        """Open a job's video, None when there is none, or its disk does not answer."""
        return await self._patiently(job, self._video)

    async def beside(self, job: Job, kind: str) -> Shown | None:
        """Open what was made beside a video, None when that is not to be had."""
        return await self._patiently(job, partial(self._extra, kind))

    async def original(self, job: Job) -> Shown | None:
        """Open the picture that was dropped, None when it is not to be had."""
        return await self._patiently(job, self._original)

    async def _patiently(self, job: Job, opened: _Open) -> Shown | None:
        if self.frozen(job.claim.watch):
            return None
        opening = asyncio.ensure_future(asyncio.to_thread(_quietly, opened, job))
        done, _ = await asyncio.wait({opening}, timeout=_PATIENCE_S)
        if done:
            return opening.result()
        opening.add_done_callback(_too_late)
        return None

    def _video(self, job: Job) -> Shown | None:
        watch = self.watches.get(job.claim.watch)
        if watch is None or job.placing is None or not has_video(job):
            return None
        return shown(watch.outbox, job.placing.name)

    def _extra(self, kind: str, job: Job) -> Shown | None:
        watch, made = self.watches.get(job.claim.watch), job.added.extras if job.added else ()
        found = next((each for each in made if each.kind == kind and not each.lacking), None)
        return shown(watch.outbox, found.name) if watch and found else None

    def _original(self, job: Job) -> Shown | None:
        """Open the picture where it may lie: with the job, or put away."""
        watch, part = self.watches.get(job.claim.watch), _picture(job)
        if watch is None or part is None:
            return None
        for root, path in _where(job, part, watch):
            found = _quietly(shown, root, path)
            if found and found.size_bytes == part.size_bytes:
                return found
            if found:
                found.close()
        return None


def has_video(job: Job) -> bool:
    """Whether a video of the job's own is in the outbox."""
    return job.state in _PLACED and job.duplicate is None


def _too_late(opening: asyncio.Future[Shown | None]) -> None:
    """Close what a slow disk opened when nobody waits for it any more."""
    if not opening.cancelled() and opening.exception() is None and (found := opening.result()):
        found.close()


def _quietly(opened: Callable[P, Shown | None], *args: P.args, **kwargs: P.kwargs) -> Shown | None:
    try:
        return opened(*args, **kwargs)
    except OSError:
        return None


def _picture(job: Job) -> Part | None:
    parts = job.claiming.parts if job.claiming else ()
    return next((each for each in parts if each.role is Role.IMAGE), None)


def _where(job: Job, part: Part, watch: Watch) -> Iterator[tuple[Path, str]]:
    """Give where a picture may lie now."""
    yield watch.inbox / PRIVATE / "work", f"{job.claim.drop_id}/{part.name}"
    for root in (watch.failed, watch.done, watch.inbox):
        yield root, part.source


def _name(job: Job, kind: str) -> str:
    """Name a small picture by what it shows, "" for none."""
    if kind == "poster":
        return f"{job.fetched.clip.sha256}.poster.jpg" if job.fetched and has_video(job) else ""
    part = _picture(job)
    return f"{part.sha256}.thumb.jpg" if part else ""

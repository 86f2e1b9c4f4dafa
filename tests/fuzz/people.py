"""What people do in the folders, and what must still be there afterwards."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import studios
from PIL import Image

from seedance_watch.core import machine
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import Accepted, GivenUp, Intended, Placed
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Role, State
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.rows import row_of
from seedance_watch.media import videos
from seedance_watch.sandbox.ledger import Line


def picture(number: int) -> bytes:
    """Give an image that is unlike any other."""
    buffer = BytesIO()
    red, green, blue = number % 256, number // 256 % 256, 90
    Image.new("RGB", (320, 320), (red, green, blue)).save(buffer, "PNG")
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class People:
    """Those who use the folders; they remember what they put there.

    Attributes:
        copies: How often each content should still be somewhere, by digest.
        asked: How many videos each sidecar's text was dropped for, by digest.
        contents: What was dropped, by digest.
    """

    inbox: Path
    copies: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    contents: dict[str, bytes] = field(default_factory=dict)

    def write(self, name: str, content: bytes, *, takes: int = 0) -> None:
        """Write a file whole; what had that name is gone by their own doing."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._gone(path)
        path.write_bytes(content)
        found = digest(content)
        self.copies[found] += 1
        self.asked[found] += takes
        self.contents[found] = content

    def delete(self, name: str) -> None:
        """Delete a file."""
        path = self.inbox / name
        self._gone(path)
        if path.is_file():
            os.unlink(path)  # noqa: PTH108 - Path's own one is a point of the daemon's life

    def rename(self, name: str, other: str) -> None:
        """Rename a file; what had the other name is gone by their own doing."""
        path, target = self.inbox / name, self.inbox / other
        if path.is_file() and path != target:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._gone(target)
            path.replace(target)

    def _gone(self, path: Path) -> None:
        if path.is_file():
            self.copies[digest(path.read_bytes())] -= 1


@dataclass(frozen=True)
class Findings:
    """What lies in a studio after a life, taken together."""

    studio: studios.Studio
    outbox: Path
    people: People
    lines: list[Line]
    jobs: list[Job]

    def check(self) -> None:
        """What holds after every life, however it ended."""
        self._nothing_is_lost()
        self._money()
        self._outbox()

    def _nothing_is_lost(self) -> None:
        """Promise 5: a byte that was dropped can be found again."""
        here = {digest(path.read_bytes()) for path in self._files()}
        lost = [
            name for name, count in self.people.copies.items() if count > 0 and name not in here
        ]
        assert not lost, [self.people.contents[name][:80] for name in lost]

    def _files(self) -> Iterator[Path]:
        roots = {self.studio.folder, self.outbox}
        found = (path for root in roots for path in root.rglob("*"))
        return (path for path in found if path.is_file() and not path.is_symlink())

    def _money(self) -> None:
        """Promises 1 and 2: each charge has an intent, and a job is charged at most once."""
        owed: Counter[str] = Counter()
        tasks: dict[str, str] = {}
        for line in self.lines:
            if line.entry in {"charge", "refund"}:
                tasks[line.task_id] = tasks.get(line.task_id) or self._payer(line)
                owed[tasks[line.task_id]] += 1 if line.entry == "charge" else -1
        assert all(count <= 1 for count in owed.values()), ("paid twice", owed)
        paid: Counter[str] = Counter()
        for job in self.jobs:
            sidecar = next(part.sha256 for part in job.claim.parts if part.role is Role.SIDECAR)
            paid[sidecar] += owed[job.id]
        for sidecar, count in paid.items():
            assert count <= self.people.asked[sidecar], ("not asked for", sidecar)

    def _payer(self, line: Line) -> str:
        """Find whose charge it is: the job has an intent that says so."""
        for job in self.jobs:
            by_key = line.client_request_id == job.id and job.attempts > 0
            by_task = any(
                isinstance(each, Accepted) and each.task_id == line.task_id
                for each in self._events(job)
            )
            by_image = any(
                isinstance(each, Intended) and each.marker in line.images
                for each in self._events(job)
            )
            if by_key or by_task or by_image:
                return job.id
        raise AssertionError(("a charge without an intent", line))

    def _events(self, job: Job) -> list[object]:
        return _HISTORIES[job.id]

    def _outbox(self) -> None:
        """Promise 4: a video in the outbox is whole, has a receipt, and is there once."""
        placed = {
            job.placing.name: job
            for job in self.jobs
            if job.placing and job.state in {State.PLACING, State.PLACED, State.DONE}
        }
        found = {
            path.relative_to(self.outbox).as_posix(): path
            for path in self.outbox.rglob("*.mp4")
            if ".seedance" not in path.parts
        }
        assert set(found) <= set(placed), "a video that no job placed"
        for name, path in found.items():
            job = placed[name]
            assert job.fetched is not None
            assert job.placing is not None
            assert digest(path.read_bytes()) == job.fetched.clip.sha256, "not the verified video"
            assert path.with_suffix(".toml").read_text() == job.placing.receipt
        names = [job.placing.name for job in self.jobs if _was_placed(job) and job.placing]
        assert sorted(names) == sorted(set(names) & set(found)), "placed but not there, or twice"

    def check_rest(self, *, mended: bool) -> None:
        """What holds when a single run came to rest; while something is broken it may give up.

        That is what it does where a provider turns away whatever comes.
        """
        open_jobs = [job for job in self.jobs if not job.at_rest]
        assert all(job.hold.code in _HOLDS for job in open_jobs if job.hold), open_jobs
        waiting = [job for job in open_jobs if not job.hold]
        if mended or not any(map(_turned_away, waiting)):
            assert not waiting, waiting
        assert all(job.state in {State.PREPARED, State.STAGED} for job in waiting), waiting
        for job in self.jobs:
            if job.state is State.DONE and job.placing:
                videos.verify(self.outbox / job.placing.name, max_bytes=10**9)
        parts = {path.name for path in (self.outbox / ".seedance").rglob("*.mp4")}
        assert parts <= {f"{job.id}.mp4" for job in open_jobs}, "a part file of a job at rest"


_HOLDS = {"in_doubt", "garbled", "gone"}
_HISTORIES: dict[str, list[object]] = {}


def _turned_away(job: Job) -> bool:
    return job.deferred is not None and job.deferred.kind is FaultKind.DENIED


def _was_placed(job: Job) -> bool:
    return any(isinstance(each, Placed) for each in _HISTORIES[job.id])


def read_jobs(journal: Path) -> list[Job]:
    """Fold every history of a journal, and hold each against its row.

    Raises:
        AssertionError: A history is not legal, or a row is not what its history says.
    """
    if not journal.exists():
        return []
    _HISTORIES.clear()
    with SqliteReader(journal) as reader:
        rows = reader.rows(limit=10_000)
        jobs = []
        for row in rows:
            records = reader.history(row.job_id)
            job = machine.fold(row.job_id, records)
            assert row == row_of(job), "the row is not the fold"
            assert not any(isinstance(each.event, GivenUp) for each in records), "nobody gave up"
            assert job.hold is None or job.hold.code != "bug", job.hold
            _HISTORIES[job.id] = [each.event for each in records]
            jobs.append(job)
    return jobs

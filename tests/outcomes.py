"""What must hold after any fault: nothing lost, nothing paid twice, nothing half there.

Cases say what was dropped and what may come of it; `faults` compares folders, journal and the
sandbox's ledger with that. It gives sentences instead of raising, so that a run can go on.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import studios
from PIL import Image

from seedance_watch.core.errors import Fault
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.media import videos
from seedance_watch.sandbox.server import Sandbox

LOOKS_S = (0.05, 0.2, 0.5)


@dataclass(frozen=True)
class Case:
    """A drop, the weather, and what may come of it.

    Attributes:
        provider: Whom it goes to.
        takes: How many videos.
        end: Whether it has an end image.
        chained: Whether another shot is dropped that starts from it.
        share: How much smaller than usual the part of the points is that CI tries.
        api: Segmind's version.
        fault: A fault of the sandbox that every run meets once, "" for none: kind, endpoint.
        settings: The fault's settings.
        knobs: Knobs of the sandbox.
        looks_s: When a doubt is looked into, after the intent.
        paid: Whether the paid call is stored at all when the fault strikes.
        extras: Whether a still and an animation are wished for.
    """

    provider: str = "rivya"
    takes: int = 1
    end: bool = False
    chained: bool = False
    share: int = 1
    api: str = "v2"
    fault: tuple[str, str] = ("", "")
    settings: Mapping[str, float] = field(default_factory=dict)
    knobs: Mapping[str, object] = field(default_factory=dict)
    looks_s: tuple[float, ...] = LOOKS_S
    paid: bool = True
    extras: bool = False

    @property
    def sidecar(self) -> str:
        """The wish."""
        takes = [f"takes = {self.takes}\n"] * (self.takes > 1)
        end = ['end_image = "last.png"\n'] * self.end
        extras = ['poster = true\npreview = "webp"\n'] * self.extras
        return "".join(['prompt = "waves"\n', *takes, *end, *extras])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the originals."""
        return (
            *("shot.png", "shot.toml"),
            *(("last.png",) * self.end),
            *(("next.toml",) * self.chained),
        )

    @property
    def jobs(self) -> int:
        """How many jobs it makes, and videos."""
        return self.takes + self.chained

    @property
    def beside(self) -> tuple[str, ...]:
        """What lies in the outbox besides videos and their receipts once all is done."""
        return ("shot.poster.jpg", "shot.preview.webp") if self.extras else ()

    @property
    def joined(self) -> tuple[str, ...]:
        """The videos that are joined of the others once all is done."""
        return ()

    def drop(self, studio: studios.Studio) -> None:
        """Drop it."""
        if self.chained:
            studio.drop('prompt = "wind"\nstart_from = "shot"\n', name="next", images=())
        studio.drop(self.sidecar, images=("{}.png", "last.png") if self.end else ("{}.png",))


def digests(root: Path) -> dict[str, str]:
    """Give path and hash of every file below a folder."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): _digest(path) for path in found}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def rows_of(journal: Path) -> list[Row]:
    """Give the rows of a journal; none where there is no journal yet."""
    if not journal.exists():
        return []
    with SqliteReader(journal) as reader:
        return reader.rows()


def partial(outbox: Path) -> Iterator[str]:
    """Name the videos and pictures in an outbox that are not whole."""
    for path in (*outbox.glob("*.jpg"), *outbox.glob("*.webp")):
        try:
            with Image.open(path) as image:
                image.load()
        except OSError as error:
            yield f"{path.name} is in the outbox and not whole: {error}"
    for path in outbox.rglob("*.mp4"):
        if ".seedance" in path.parts:
            continue
        try:
            videos.verify(path, max_bytes=10**9)
        except Fault as fault:
            yield f"{path.name} is in the outbox and not whole: {fault.reason}"
        if not path.with_suffix(".toml").is_file():
            yield f"{path.name} is in the outbox without its receipt"


def faults(
    root: Path, rows: Iterable[Row], case: Case, *, charges: int, originals: Iterable[str]
) -> Iterator[str]:
    """Say what is wrong after the last start came to rest.

    Args:
        root: The folder of inbox, outbox, done, failed and held.
        rows: The journal's rows.
        case: What was dropped.
        charges: How many charges the ledger has for it.
        originals: The hashes of what was dropped.
    """
    rows = list(rows)
    yield from _money(rows, case, charges)
    yield from _videos(root, rows, case, charges)
    yield from _files(root, rows, case, set(originals))


def _money(rows: list[Row], case: Case, charges: int) -> Iterator[str]:
    if charges > case.jobs:
        yield f"paid {charges} times for {case.jobs} videos"
    if len(rows) != case.jobs:
        yield f"{len(rows)} jobs for {case.jobs} videos: {[row.job_id for row in rows]}"
    held = [row for row in rows if row.held]
    if any(row.held != "in_doubt" for row in held):
        yield f"held for another reason than a doubt: {[row.held for row in held]}"
    if held and case.provider == "rivya":
        yield "held in doubt although the provider knows keys"
    for row in rows:
        if not row.held and row.state is not State.DONE:
            yield f"{row.job_id} came to rest as {row.state}"


def _videos(root: Path, rows: list[Row], case: Case, charges: int) -> Iterator[str]:
    outbox = root / "outbox"
    yield from partial(outbox)
    placed = len([path for path in outbox.glob("*.mp4") if path.name not in case.joined])
    held = sum(row.held != "" for row in rows)
    if placed + held != case.jobs:
        yield f"{placed} videos and {held} held jobs for {case.jobs} videos"
    if charges < placed:
        yield f"{placed} videos, but only {charges} charges"
    beside = {path.name for path in outbox.iterdir() if path.suffix in {".jpg", ".webp", ".txt"}}
    joined = {name for name in case.joined if (outbox / name).exists()}
    if not held and beside | joined != {*case.beside, *case.joined}:
        yield f"beside the videos there are {sorted(beside | joined)}"


def _files(root: Path, rows: list[Row], case: Case, originals: set[str]) -> Iterator[str]:
    everything = digests(root)
    for digest in originals - set(everything.values()):
        yield f"an original is gone: {digest[:8]}; there are {sorted(everything)}"
    seen = {path: digest for path, digest in everything.items() if "/.seedance/" not in path}
    if loose := [path for path in seen if path.startswith("inbox/")]:
        yield f"still in the inbox: {loose}"
    if any(row.held for row in rows):
        return
    done = {path: digest for path, digest in seen.items() if path.startswith("done/")}
    if set(done) != {f"done/{name}" for name in case.names} or set(done.values()) != originals:
        yield f"in done/ there are {sorted(done)}"
    yield from leavings(everything)


def leavings(everything: Iterable[str]) -> Iterator[str]:
    """Name the private files that nobody needs any more once all is done."""
    for path in everything:
        if "/.seedance/work/" in path or "/.seedance/part/" in path:
            yield f"left behind: {path}"


def charges_of(sandbox: Sandbox) -> int:
    """Count the charges so far."""
    return len(sandbox.ledger("charge"))

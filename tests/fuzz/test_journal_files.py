"""Journals on bad disks: opened right, or refused with a reason; never a silent loss."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from histories import LIFE, Story, claiming, histories
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import JournalError, SpoolError
from seedance_watch.core.events import Event, Record
from seedance_watch.core.model import Money
from seedance_watch.core.snapshot import Row
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal

QUICK = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
EVER = Ceiling("rivya", "", 0.0, 1e12, Money(Decimal(0), "credits"))
ENDINGS = ("", "-wal")
NAMES = tuple(f"job{n}" for n in range(24))


@dataclass(frozen=True)
class Facts:
    """All that a journal says."""

    rows: list[Row]
    working: list[str]
    spent: Money
    histories: dict[str, list[Record]]


async def facts(journal: SqliteJournal) -> Facts:
    """Read everything; a job without history is missing from it."""
    rows = [row._replace(held="", reason="") for row in await journal.rows()]
    known = {name: await journal.history(name) for name in NAMES}
    working = [job.id for job in await journal.working()]
    return Facts(rows, working, await journal.spent(EVER), known)


@cache
def whole() -> tuple[bytes, Facts]:
    """Give a journal's bytes, and what it says: jobs in every state."""

    async def make(path: Path) -> Facts:
        journal = await SqliteJournal.open(path)
        for number, name in enumerate(NAMES):
            events = (claiming(name), *LIFE[: number % (len(LIFE) + 1)])
            await journal.append(*Story.of(name).next(*events))
        found = await facts(journal)
        await journal.close()
        return found

    return in_folder(lambda path: (asyncio.run(make(path)), path.read_bytes())[::-1])


def in_folder(act: Callable[[Path], Any]) -> Any:
    """Do something with the path of a journal in a folder of its own."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    folder = Path(tempfile.mkdtemp(prefix="journal-"))
    try:
        return act(folder / "state" / "journal.db")
    finally:
        structlog.reset_defaults()
        shutil.rmtree(folder)


def opened(files: dict[str, bytes]) -> Facts | str:
    """Give what a journal of these files says, or why it is refused."""

    async def look(path: Path) -> Facts | str:
        try:
            journal = await SqliteJournal.open(path)
        except (JournalError, SpoolError) as error:
            return str(error)
        try:
            return await facts(journal)
        except JournalError as error:
            return str(error)
        finally:
            await journal.close()

    def act(path: Path) -> Facts | str:
        path.parent.mkdir()
        for ending, content in files.items():
            name = path.stem if ending == ".born" else path.name  # the mark that there was one
            path.with_name(name + ending).write_bytes(content)
        with suppress(JournalError), SqliteReader(path) as reader:  # as the shell looks at it
            reader.rows()
            reader.load()
        return asyncio.run(look(path))

    return in_folder(act)  # type: ignore[no-any-return]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Flip bits, cut, blank a sector, or write one page over another."""
    found = bytearray(whole()[0])
    at = st.integers(0, len(found) - 1)
    match draw(st.sampled_from(("flip", "flip", "flip", "cut", "blank", "stale", "garbage"))):
        case "flip":
            for place in draw(st.lists(at, min_size=1, max_size=3)):
                found[place] ^= 1 << draw(st.integers(0, 7))
        case "cut":
            del found[draw(at) :]
        case "blank":
            start = draw(at) & ~511
            found[start : start + 512] = bytes(512)
        case "stale":
            to, of = draw(at) & ~4095, draw(at) & ~4095
            found[to : to + 4096] = found[of : of + 4096]
        case _:
            start = draw(at)
            found[start : start + 16] = draw(st.binary(min_size=16, max_size=16))
    return bytes(found)


@QUICK
@given(damaged())
def test_a_damaged_journal_is_right_or_refused(content: bytes) -> None:
    """What was paid for is never forgotten or changed without a word."""
    found = opened({"": content, ".born": b""})
    assert found if isinstance(found, str) else found == whole()[1]


# After a kill: the newest events are in the log


@cache
def killed() -> tuple[dict[str, bytes], Sequence[Facts]]:
    """Give the files of a journal whose process died, and what it said after each append."""

    async def make(path: Path) -> list[Facts]:
        journal = await SqliteJournal.open(path)
        said = [await facts(journal)]
        for number, name in enumerate(NAMES[:6]):
            events = (claiming(name), *LIFE[: number % (len(LIFE) + 1)])
            await journal.append(*Story.of(name).next(*events))
            said.append(await facts(journal))
        files.update({each: path.with_name(path.name + each).read_bytes() for each in ENDINGS})
        await journal.close()
        return said

    files: dict[str, bytes] = {}
    return files, in_folder(lambda path: asyncio.run(make(path)))


@st.composite
def damaged_log(draw: st.DrawFn) -> bytes:
    """Flip bits, blank a sector, or tear the end off."""
    found = bytearray(killed()[0]["-wal"])
    at = st.integers(0, len(found) - 1) | st.integers(0, 200)
    match draw(st.sampled_from(("flip", "flip", "blank", "torn"))):
        case "flip":
            found[draw(at)] ^= 1 << draw(st.integers(0, 7))
        case "blank":
            start = draw(at) & ~511
            found[start : start + 512] = bytes(512)
        case _:
            last = len(found) - 4096
            del found[draw(st.integers(last, len(found) - 1)) :]
    return bytes(found)


@QUICK
@given(damaged_log())
def test_a_damaged_log_is_right_or_refused(content: bytes) -> None:
    """But for the last append, which a power cut may have torn before anybody was told."""
    files, said = killed()
    found = opened({**files, "-wal": content})
    assert found if isinstance(found, str) else found in said[-2:]


def test_an_undamaged_log_is_read() -> None:
    """The files of a killed process alone say all that was appended."""
    files, said = killed()
    assert opened(files) == said[-1]


@settings(QUICK, max_examples=15)
@given(st.lists(histories(longest=12).filter(bool), min_size=1, max_size=4))
def test_every_history_comes_back_from_the_disk(lives: list[list[Event]]) -> None:
    """Whatever is recorded is read the same by the next start."""
    stories: dict[str, list[Record]] = {}

    async def write(path: Path) -> None:
        journal = await SqliteJournal.open(path)
        for name, life in zip(NAMES, lives, strict=False):
            records, jobs = Story.of(name).next(*life)
            await journal.append(records, jobs)
            stories[name] = records
        await journal.close()

    async def read(path: Path) -> None:
        journal = await SqliteJournal.open(path)
        for name, records in stories.items():
            assert records == await journal.history(name)
        await journal.close()

    in_folder(lambda path: (asyncio.run(write(path)), asyncio.run(read(path))))

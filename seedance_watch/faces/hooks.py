"""Commands that the operator wants run when a job ends or is held.

No shell reads them: what happened is in the environment, so that no name or reason can become
part of a command. They know no key: only a few harmless variables are handed on. They are begun
through `env`, whose program lies on a local disk: to begin one that lies on a hung share would
hold up the whole process until it answers.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from seedance_watch.core.model import ExtraKind
from seedance_watch.core.news import Kind, News, receipt_of
from seedance_watch.core.words import printable
from seedance_watch.faces.backlog import Backlog

AT_ONCE = 4
_ENV = "/usr/bin/env"
_HANDED_ON = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL")
_PATH = "/usr/local/bin:/usr/bin:/bin"
_SHOWN_BYTES = 4_000  # the end of what it says: that is where errors stand
_REASON_CHARACTERS = 4_000  # far below what the system takes for one variable
_POLITE_S = 2.0  # between being asked to end and being killed
_LINGER_S = 0.5  # for output that is still on its way when the command has ended


@dataclass(frozen=True, slots=True)
class Command:
    """What to run.

    Attributes:
        words: The program and its arguments.
        timeout_s: When it is killed.
        outbox: Where the videos of its folder are.
    """

    words: tuple[str, ...]
    timeout_s: float
    outbox: Path


@dataclass(slots=True)
class Hooks:
    """Runs commands, a few at a time; an outlet.

    Attributes:
        commands: What to run, by watch name and what happened.
        environ: The environment that harmless variables are taken from.
    """

    commands: Mapping[tuple[str, Kind], Command]
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    name: str = "hooks"
    _backlog: Backlog = field(default_factory=lambda: Backlog("hooks"))

    def take(self, news: News) -> None:
        """Note what a command is wanted for: a job that points to another's video has none."""
        pointed = news.kind is Kind.DONE and not news.video
        if (news.watch, news.kind) in self.commands and not pointed:
            self._backlog.add(news)

    async def run(self, stop: asyncio.Event) -> None:
        """Run what was noted, until stopped and nothing is left."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._backlog.woken(stop))
            for _ in range(AT_ONCE):
                tasks.create_task(self._working(stop))

    def untold(self) -> list[News]:
        """Take what no command was begun for."""
        return self._backlog.rest()

    def follows(self, before: object) -> bool:
        """Whether it runs the commands, as one before a reload did."""
        return isinstance(before, Hooks)

    async def _working(self, stop: asyncio.Event) -> None:
        while news := await self._backlog.next(stop):
            await self._one(news, self.commands[news.watch, news.kind])

    async def _one(self, news: News, command: Command) -> None:
        """Run one command and tell how it went."""
        log = structlog.get_logger().bind(
            job=news.job, on=str(news.kind), program=printable(command.words[0])
        )
        try:
            ended = await _ran(command, told(news, command.outbox, self.environ))
        except (OSError, ValueError) as error:
            log.warning("hook.failed", reason=str(error))
            return
        if ended.reason:
            log.warning("hook.failed", reason=ended.reason, output=ended.output)
        else:
            log.info("hook.ended", output=ended.output)


def told(news: News, outbox: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Give a command's whole environment."""
    kept = {name: environ[name] for name in environ if name in _HANDED_ON or name[:3] == "LC_"}
    video, receipt = news.video, receipt_of(news.video)
    cost, beside = news.cost, {kind: news.extras.get(kind, "") for kind in ExtraKind}
    return {
        "PATH": _PATH,
        **kept,
        "SEEDANCE_EVENT": str(news.kind),
        "SEEDANCE_JOB": news.job,
        "SEEDANCE_WATCH": news.watch,
        "SEEDANCE_LABEL": _line(news.label),
        "SEEDANCE_VIDEO": str(outbox / video) if video else "",
        "SEEDANCE_RECEIPT": str(outbox / receipt) if receipt else "",
        **{f"SEEDANCE_{k.upper()}": str(outbox / it) if it else "" for k, it in beside.items()},
        "SEEDANCE_REASON": _line(news.reason),
        "SEEDANCE_CODE": news.code,
        "SEEDANCE_PROVIDER": news.provider,
        "SEEDANCE_MODEL": news.model,
        "SEEDANCE_COST": cost.digits if cost else "",
        "SEEDANCE_UNIT": cost.unit if cost else "",
    }


def _line(text: str) -> str:
    """Keep a text from strangers to one bounded line without control characters."""
    return printable(text[:_REASON_CHARACTERS])


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a command ended: "" for well, and the end of what it said."""

    reason: str
    output: str


class _Said(asyncio.Protocol):
    """Keeps the end of what a command says, however much it is."""

    def __init__(self) -> None:
        self.end = bytearray()
        self.over = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Take in some more."""
        self.end += data
        del self.end[:-_SHOWN_BYTES]

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nobody holds the other end any more."""
        self.over.set()


async def _ran(command: Command, environment: Mapping[str, str]) -> _Ended:
    """Run a command to its end, or kill it with everything that it started.

    Raises:
        OSError: It could not be begun.
        ValueError: Likewise, as a text holds what none may.
    """
    ours, theirs = os.pipe()  # asyncio's own would make its end wait for all who hold it
    with os.fdopen(ours, "rb", buffering=0) as reading:
        try:
            process = await asyncio.create_subprocess_exec(
                _ENV, "--", *command.words, env=environment, cwd="/", start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=theirs, stderr=theirs,
            )  # fmt: skip
        finally:
            os.close(theirs)
        pipe, said = await asyncio.get_running_loop().connect_read_pipe(_Said, reading)
        try:
            reason = await _waited(process, command.timeout_s)
            await _within(_LINGER_S, said.over.wait())
        finally:
            if process.returncode is None or not said.over.is_set():
                _signal(process, signal.SIGKILL)  # what it left behind holds its output
            pipe.close()
            await _within(_LINGER_S, process.wait())  # or the loop is gone when it ends
    return _Ended(reason, said.end.decode("utf-8", "backslashreplace").strip())


async def _within(seconds: float, what: Awaitable[object]) -> None:
    """Wait for something, but no longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await what


async def _waited(process: asyncio.subprocess.Process, timeout_s: float) -> str:
    """Wait for the end; give what was wrong with it, "" for nothing."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            code = await process.wait()
            return f"it ended with {code}" if code else ""
    _signal(process, signal.SIGTERM)
    await _within(_POLITE_S, process.wait())
    _signal(process, signal.SIGKILL)
    await process.wait()
    return f"it took longer than {timeout_s:g} s and was killed"


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Signal a command and all that it started; that nothing is left is fine."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)

"""Decoders in processes of their own: a file that crashes or hangs one harms nothing else.

Pictures and videos come from strangers, and the libraries that decode them are written in C.
Besides, a process that ends gives all its memory back: the daemon stays small.
"""

import os
import pickle
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, ParamSpec, Protocol, TypeVar

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.media import answers, worker

P = ParamSpec("P")
T = TypeVar("T")

IDLE_S = 60.0
_PATIENCE_S = 5.0
_PIPE_BYTES = 1 << 16
LIMIT_S = 300.0  # the longest video there is takes some seconds, on a slow machine a minute
_COMMAND = (sys.executable, "-P", "-m", worker.__name__)
# No keys. Bytecode is written where the daemon writes its own, or not at all.
_KEPT = (
    *("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR"),
    *("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)


class Do(Protocol):
    """Does a call that decodes a file; see Workers.do."""

    def __call__(
        self, blame: FaultKind, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do it."""
        ...


class _Died(Exception):
    """The process ended during a call, and how."""


class _Worker:
    """One process; used by one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdout
        self._coming = select.poll()
        self._coming.register(self._process.stdout, select.POLLIN)
        self.idle_since_s = 0.0

    def ask(self, call: bytes, limit_s: float) -> Any:
        """Let a call be done; give its result, or what it raised.

        Raises:
            _Died: It was not.
        """
        assert self._process.stdin
        end_s = time.monotonic() + limit_s
        try:
            worker.send(self._process.stdin, call)
            return answers.read(self._message(end_s))
        except answers.Garbled:
            raise _Died("it did not answer sensibly") from None
        except TimeoutError:
            raise _Died(f"it took longer than {limit_s:.0f} s") from None
        except (EOFError, BrokenPipeError):
            raise _Died(self._end()) from None

    def _message(self, end_s: float) -> bytes:
        """Read the one message that answers a call, mostly at once.

        Raises:
            answers.Garbled: It is too long, or not the only one.
            TimeoutError: It did not come in time.
            EOFError: It will not come.
        """
        came, whole_bytes = b"", worker.HEAD_BYTES
        while len(came) < whole_bytes:
            came += self._more(end_s)
            told_bytes = int.from_bytes(came[: worker.HEAD_BYTES], "big")
            whole_bytes = worker.HEAD_BYTES + told_bytes
            if told_bytes > answers.MOST_BYTES:
                raise answers.Garbled
        if len(came) > whole_bytes:
            raise answers.Garbled
        return came[worker.HEAD_BYTES :]

    def _more(self, end_s: float) -> bytes:
        """Read what has come."""
        assert self._process.stdout
        left_s = max(0.0, end_s - time.monotonic())
        if not self._coming.poll(1000 * left_s):
            raise TimeoutError
        if not (more := os.read(self._process.stdout.fileno(), _PIPE_BYTES)):
            raise EOFError
        return more

    def _end(self) -> str:
        try:
            code = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            return "it stopped answering"
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with code {code}"

    def kill(self) -> None:
        """End the process; whoever waits for an answer is told so. From any thread."""
        self._process.kill()

    def close(self) -> None:
        """End the process at once."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if pipe:
                    pipe.close()
        self._process.wait()


@dataclass(slots=True)
class Workers:
    """As many processes as are asked for at once; those that have nothing to do end.

    Attributes:
        idle_s: How long one waits for the next call.
        limit_s: How long a call may take.
    """

    idle_s: float = IDLE_S
    limit_s: float = LIMIT_S
    _idle: list[_Worker] = field(default_factory=list)
    _busy: list[_Worker] = field(default_factory=list)
    _abandoned: bool = False
    _lock: Lock = field(default_factory=Lock)

    def do(
        self, blame: FaultKind, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do a call in another process; blocking.

        Args:
            blame: Kind of the fault when two processes died of the call.
            function: A function of a module, whose first argument is the path of a file.
            args: For the function; they can be pickled. It gives what answers.py can tell.
            kwargs: For the function.

        Raises:
            Fault: Two processes died, or none could be started any more (LOCAL).
            OSError: The function raises it.
            Bug: The function raises anything else.
        """
        call = pickle.dumps((function, args, kwargs))
        try:
            return self._asked(call)  # type: ignore[no-any-return]
        except _Died:  # by chance perhaps: short of memory, ended by a person
            try:
                return self._asked(call)  # type: ignore[no-any-return]
            except _Died as died:
                reason = f"decoding {args[0]}: the decoder did not survive it, {died}"
                raise Fault(blame, reason, code="crash") from None

    def _asked(self, call: bytes) -> Any:
        """Give what a call gives, or raise what it raises.

        Raises:
            _Died: It was not done, or who did it cannot be trusted any more.
        """
        each = self._take()
        try:
            found = each.ask(call, self.limit_s)
        except BaseException:
            with self._lock:
                self._busy.remove(each)
            each.close()
            raise
        self._give_back(each)
        if isinstance(found, Exception):
            raise found
        return found

    def _take(self) -> _Worker:
        with self._lock:
            if self._abandoned:
                raise Fault(FaultKind.LOCAL, "nothing is decoded any more", code="process")
            each = self._idle.pop() if self._idle else self._new()
            self._busy.append(each)
            return each

    def _new(self) -> _Worker:
        try:
            return _Worker()
        except OSError as error:
            reason = f"starting a process for a decoder: {error.strerror}"
            raise Fault(FaultKind.LOCAL, reason, code="process") from error

    def _give_back(self, each: _Worker) -> None:
        each.idle_since_s = time.monotonic()
        with self._lock:
            self._busy.remove(each)
            self._idle.append(each)

    def rest(self) -> None:
        """End those that have had nothing to do for a while."""
        self._end(time.monotonic() - self.idle_s)

    def close(self) -> None:
        """End those that have nothing to do now."""
        self._end(float("inf"))

    def abandon(self) -> None:
        """End all, also in the middle of a call: what it was for is done again elsewhere."""
        with self._lock:
            self._abandoned = True
            for each in self._busy:
                each.kill()
        self.close()

    def _end(self, since_s: float) -> None:
        with self._lock:
            old = [each for each in self._idle if each.idle_since_s <= since_s]
            self._idle = [each for each in self._idle if each not in old]
        for each in old:
            each.close()


def directly(
    _blame: FaultKind, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do a call in this process; in the place of Workers.do where nothing strange is decoded."""
    return function(*args, **kwargs)

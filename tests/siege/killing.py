"""A studio under siege: the real daemon dies by kill -9 again and again while drops arrive.

Some kills strike at any time, some when it has just become ready, some at the very moment of
a paid call.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import outcomes
import studios
from siege.people import Droppers, Onlooker, meanwhile
from siege.verdict import Figures, Witness

from seedance_watch.sandbox.server import Sandbox, threaded

# Videos take a tenth of a second or so, so that kills hit every state.
KNOBS = replace(studios.KNOBS, rivya_queue_s=(2.0, 5.0), rivya_processing_s=(5.0, 20.0))
TIME_FACTOR = 0.01
_TESTS = Path(__file__).parents[1]
_RUN = (sys.executable, "-m", "impatient", "run", "--config")


class Siege:
    """One studio and its killer."""

    def __init__(self, folder: Path, sandbox: Sandbox, provider: str, api: str, seed: int) -> None:
        self.studio = studios.lay_out(folder, sandbox.url, provider=provider, api=api)
        self.studio.outbox.mkdir()
        self._provider = provider
        self._sandbox = sandbox
        self._dice = random.Random(seed)
        self._log = folder / "daemon.log"
        self._droppers = Droppers(self.studio.inbox, random.Random(seed), pause_s=0.6)
        self._onlooker = Onlooker(self.studio.outbox)

    def endure(self, kills: int, *, until_s: float = float("inf")) -> Figures:
        """Kill, then let it come to rest.

        Args:
            kills: How often at most.
            until_s: When on the monotonic clock the killing ends.
        """
        done = 0
        with meanwhile(self._onlooker.work):
            with meanwhile(self._droppers.work):
                while done < kills and time.monotonic() < until_s:
                    self._kill()
                    done += 1
            end = self._rest()
        self._onlooker.look()
        return self._figures(done, end)

    def _kill(self) -> None:
        """Start it, and kill it at some moment."""
        strike = self._dice.choice((self._anywhen, self._ready, self._paying))
        start = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log, self._daemon(log) as child:
            try:
                strike(start)
                if child.poll() is not None:
                    raise AssertionError(f"it ended by itself: {self._log}")
            finally:
                child.kill()

    def _anywhen(self, start: int) -> None:
        time.sleep(self._dice.uniform(0, 1.5))

    def _ready(self, start: int) -> None:
        _until(lambda: b"daemon.ready" in self._log.read_bytes()[start:])
        time.sleep(self._dice.uniform(0, 0.5))

    def _paying(self, start: int) -> None:
        tasks = len(self._sandbox.tasks())
        _until(lambda: len(self._sandbox.tasks()) > tasks, every_s=0.0005)
        time.sleep(self._dice.choice((0.0, self._dice.uniform(0, 0.01))))

    def _rest(self) -> int:
        """Let it work off everything; give its exit code."""
        with self._log.open("ab") as log, self._daemon(log, "--once") as child:
            try:
                return child.wait(60 + 2 * len(self._droppers.wishes))
            finally:
                child.kill()

    def _daemon(self, log: BinaryIO, *more: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*_RUN, str(self.studio.config), *more],
            cwd=self.studio.folder,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(_TESTS), *sys.path[1:]])},
            stderr=log,
        )

    def _figures(self, kills: int, exit_code: int) -> Figures:
        witness = Witness(
            studio=self.studio,
            rows=outcomes.rows_of(self.studio.folder / "state" / "journal.db"),
            keyed=self._provider == "rivya",
            paid=Counter(task.body["prompt"] for task in self._sandbox.tasks()),
            charges=outcomes.charges_of(self._sandbox),
            droppers=self._droppers,
            onlooker=self._onlooker,
            exit_code=exit_code,
        )
        return witness.figures(kills)


def _until(fact: Callable[[], bool], *, every_s: float = 0.01, limit_s: float = 5.0) -> None:
    """Wait for a fact, or until patience ends: then any moment is as good."""
    end = time.monotonic() + limit_s
    while not fact() and time.monotonic() < end:
        time.sleep(every_s)


def besiege(
    folder: Path, *, provider: str, api: str, kills: int, seed: int, until_s: float = float("inf")
) -> Figures:
    """Let a studio with a sandbox of its own endure a siege; see Siege.endure."""
    with threaded(KNOBS, time_factor=TIME_FACTOR) as sandbox:
        return Siege(folder, sandbox, provider, api, seed).endure(kills, until_s=until_s)

"""Decoders in processes of their own."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip, ImageLimits
from seedance_watch.media import videos, worker
from seedance_watch.media.decoders import Decoders
from seedance_watch.media.workers import Workers

BLAME = FaultKind.REFUSED


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()


def test_a_call_is_done_elsewhere(workers: Workers) -> None:
    """Another process does the work, and the same one does the next."""
    first, second = workers.do(BLAME, os.getpid), workers.do(BLAME, os.getpid)

    assert first == second != os.getpid()


def test_a_picture_is_measured_elsewhere(workers: Workers, tmp_path: Path) -> None:
    """The size and the hash come back through an answer that is JSON."""
    Image.new("RGB", (640, 360)).save(tmp_path / "shot.png")
    sha256 = hashlib.sha256((tmp_path / "shot.png").read_bytes()).hexdigest()

    found = Decoders(workers.do).measure(tmp_path / "shot.png", ImageLimits())

    assert found == ((640, 360), sha256)


def test_a_call_that_hangs_does_not_outlive_who_asked_for_long() -> None:
    """Where nobody is left to end the process, it is ended by an alarm."""
    text = f"import {worker.__name__} as worker; worker.LONGEST_S = 1; worker.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdin
        worker.send(process.stdin, pickle.dumps((time.sleep, (600,), {})))

        assert process.wait(60) == -signal.SIGALRM


def test_what_a_call_raises_is_raised_here(workers: Workers, tmp_path: Path) -> None:
    """A fault comes back with all that it says; the process lives on."""
    path = tmp_path / "no.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(Fault) as here:
        videos.verify(path, max_bytes=1000)

    with pytest.raises(Fault) as there:
        workers.do(BLAME, videos.verify, path, max_bytes=1000)

    assert (there.value.kind, there.value.reason) == (here.value.kind, here.value.reason)
    assert there.value.code == here.value.code == "video"


@pytest.mark.parametrize(
    ("death", "told"),
    [
        (partial(os._exit, 3), "code 3"),
        (partial(signal.raise_signal, signal.SIGSEGV), "signal 11"),
    ],
)
def test_a_call_that_kills_its_process_is_a_fault(
    workers: Workers, death: partial[Clip], told: str
) -> None:
    """Whatever a file does to a decoder, here it is a reason; the next call is done."""
    with pytest.raises(Fault, match=told) as fault:
        workers.do(FaultKind.GARBLED, death.func, *death.args)

    assert (fault.value.kind, fault.value.code) == (FaultKind.GARBLED, "crash")
    assert workers.do(BLAME, abs, -3) == 3


def test_an_answer_may_come_in_pieces(workers: Workers) -> None:
    """One that is longer than what a pipe takes at once is whole."""
    assert len(workers.do(BLAME, str.ljust, "", 500_000)) == 500_000


def test_a_process_that_died_before_is_no_reason(workers: Workers) -> None:
    """One that somebody ended while it had nothing to do costs another start, no more."""
    os.kill(workers.do(BLAME, os.getpid), signal.SIGKILL)

    assert workers.do(BLAME, abs, -3) == 3


def test_a_call_that_hangs_is_ended(workers: Workers) -> None:
    """A decoder that never comes back is given up."""
    workers.limit_s = 0.2

    with pytest.raises(Fault, match="longer than"):
        workers.do(BLAME, time.sleep, 60)


def test_what_is_abandoned_ends_in_the_middle_of_a_call(workers: Workers) -> None:
    """Nobody waits for what may take minutes; and no other process is begun for it."""
    with ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(workers.do, BLAME, time.sleep, 600) for _ in range(2)]
        while len(workers._busy) < 2:
            time.sleep(0.01)
        workers.abandon()

        for each in calls:
            with pytest.raises(Fault, match="nothing is decoded any more"):
                each.result(60)
    with pytest.raises(Fault, match="nothing is decoded any more"):
        workers.do(BLAME, abs, -3)


def test_processes_without_work_end(workers: Workers) -> None:
    """One that has waited for long enough ends, one that was just used stays."""
    process = workers.do(BLAME, os.getpid)

    workers.rest()
    kept = workers.do(BLAME, os.getpid)
    workers.idle_s = 0.0
    workers.rest()

    assert kept == process
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_process_ends_with_who_started_it() -> None:
    """It never outlives a daemon that was killed: its input ends."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        os.write(writing, str(Workers().do(BLAME, os.getpid)).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        process = int(said.read())
    os.waitpid(child, 0)

    until_s = time.monotonic() + 60
    while Path(f"/proc/{process}/cmdline").exists() and _runs(process):
        assert time.monotonic() < until_s
        time.sleep(0.01)


def _runs(process: int) -> bool:
    """Whether a process is more than an entry that nobody has taken notice of."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_no_secret_reaches_a_decoder(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment stays there, and nothing is imported from the current folder."""
    monkeypatch.setenv("RIVYA_API_KEY", "secret")

    assert workers.do(BLAME, os.getenv, "RIVYA_API_KEY") is None
    assert workers.do(BLAME, os.getcwd) == "/"

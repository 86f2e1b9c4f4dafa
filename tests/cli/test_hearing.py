"""The socket between the daemon and whoever asks it."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
import studios
from structlog.testing import capture_logs

from seedance_watch.app import asking
from seedance_watch.app.asking import SOCKET, live
from seedance_watch.app.control import Answer, listening
from seedance_watch.cli import patience
from seedance_watch.cli.health import health
from seedance_watch.cli.hearing import heard
from seedance_watch.cli.patience import patiently
from seedance_watch.core.orders import Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.core.snapshot import Live


@contextmanager
def listener(folder: Path, act: Callable[[socket.socket], object]) -> Iterator[None]:
    """Listen as a daemon does, do something with one caller, then wait for the end."""
    over = threading.Event()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / SOCKET))
        server.listen()

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                act(caller)
                over.wait(60)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def test_a_daemon_that_hangs_is_not_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its process is named; whoever starts another one would be told that one runs."""
    monkeypatch.setattr(asking, "_PATIENCE_S", 0.2)
    with listener(tmp_path, lambda _: None):
        found = heard(tmp_path)
    assert found is not None
    assert found.process == os.getpid()
    assert f"process {os.getpid()} does not answer" in capsys.readouterr().err


def test_a_daemon_that_only_begins_is_said_to(tmp_path: Path) -> None:
    """It listens before it has read its journal."""
    with listener(tmp_path, lambda caller: caller.sendall(b"\n")):
        found = live(tmp_path)
    assert found is not None
    assert found.silent == asking.BEGINS


def test_nobody_there_is_nobody(tmp_path: Path) -> None:
    """No socket, or one that a crash left."""
    assert live(tmp_path) is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / SOCKET))
    assert live(tmp_path) is None


def test_health_of_a_daemon_that_hangs_is_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says which process to look at."""
    monkeypatch.setattr(asking, "_PATIENCE_S", 0.2)
    studio = studios.lay_out(tmp_path, "http://127.0.0.1:9")
    (tmp_path / "state").mkdir()
    with listener(tmp_path / "state", lambda _: None):
        assert health(config=studio.config) == 1
    assert f"process {os.getpid()} does not answer" in capsys.readouterr().err


class Front:
    """A daemon that obeys everything."""

    def look(self) -> Live | None:
        return None

    async def obey(self, order: Order | LaneOrder) -> Answer:
        return Answer(True, str(order))

    async def reload(self) -> Answer:
        return Answer(True, "")


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b'"' + b"x" * 300_000 + b'"', "a line of more than 65536 bytes"), (b"{}", "not an order")],
)
async def test_what_is_no_order_is_answered(tmp_path: Path, line: bytes, reason: str) -> None:
    """With the reason, also when it is much too long; and the log tells of that."""
    with capture_logs() as logs:
        async with (
            listening(Front(), tmp_path),
            await anyio.connect_unix(tmp_path / SOCKET) as daemon,
        ):
            await daemon.send(line + b"\n")
            with anyio.fail_after(30):
                answer = json.loads(await daemon.receive())
    assert answer["obeyed"] is False
    assert reason in answer["said"]
    assert bool(logs) == (len(line) > 100)


async def test_who_waits_for_a_daemon_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, and the answer still counts."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.05)

    async def slow(seconds: float) -> str:
        await anyio.sleep(seconds)
        return "done"

    assert await patiently(slow(0)) == "done"
    assert capsys.readouterr().err == ""
    assert await patiently(slow(0.3)) == "done"
    assert capsys.readouterr().err.count("has not answered yet") == 1

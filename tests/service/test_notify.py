"""What the service manager is told: a real daemon, a real socket."""

import itertools
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import drive
import hanging
import pytest
import studios
from serving import Manager as Listening
from serving import daemon, managed, wait

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import LaneView, Live, LoopView, Snapshot
from seedance_watch.faces.systemd import Manager, status_line


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_ready_status_stopping(studio: studios.Studio, tmp_path: Path, abstract: bool) -> None:
    """In this order; the status tells what is held, and is not repeated."""
    address = f"@seedance-{secrets.token_hex(8)}" if abstract else str(tmp_path / "notify.sock")
    studio.drop('prompt = "waves"\n')
    with managed(address) as manager:
        with daemon(studio, NOTIFY_SOCKET=address) as running:
            wait(lambda: manager.told("READY"))
            wait(lambda: "1 held (budget 1)" in manager.told("STATUS"))
        assert running.process.returncode == 0
        wait(lambda: manager.told("STATUS")[-1] == "stopping")  # the last it said was heard
        told = [name for message in manager.messages for name in message if name != "WATCHDOG"]

    assert told.index("READY") < told.index("STOPPING")
    lines = manager.told("STATUS")
    assert all(one != other for one, other in itertools.pairwise(lines))


def test_ready_means_that_the_inbox_is_watched(studio: studios.Studio, tmp_path: Path) -> None:
    """A disk that hangs is waited for, but not for ever."""
    (tmp_path / "now").touch()
    with managed(str(tmp_path / "notify.sock")) as manager:
        begun_s = time.monotonic()
        module = ("hanging", "watch", str(tmp_path / "now"))
        with daemon(studio, module=module, NOTIFY_SOCKET=manager.address) as running:
            wait(lambda: manager.told("READY"))
            assert time.monotonic() - begun_s > hanging.ARM_S
            running.process.kill()


def test_it_lives_while_its_loops_go_round(studio: studios.Studio, tmp_path: Path) -> None:
    """Several signs in the time that the manager waits."""
    watchdog = {"WATCHDOG_USEC": "1000000"}
    address = str(tmp_path / "notify.sock")
    with managed(address) as manager, daemon(studio, NOTIFY_SOCKET=address, **watchdog):
        before = len(manager.told("WATCHDOG"))
        wait(lambda: len(manager.told("WATCHDOG")) >= before + 4)


@pytest.mark.parametrize("loop", ["jobs", "inbox", "journal"])
def test_a_loop_that_hangs_stops_the_signs_of_life(
    studio: studios.Studio, tmp_path: Path, loop: str
) -> None:
    """Although the process lives; which one it is stands in the log."""
    module = ("hanging", loop, str(tmp_path / "now"))
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify.sock"), "WATCHDOG_USEC": "1000000"}
    listening, started = (
        managed(environ["NOTIFY_SOCKET"]),
        daemon(studio, module=module, **environ),
    )
    with listening as manager, started as running:
        wait(lambda: len(manager.told("WATCHDOG")) > 2)
        (tmp_path / "now").touch()
        studio.drop('prompt = "waves"\n')
        wait(lambda: running.said("daemon.stuck"))
        wait(lambda: _silent(manager))
        running.process.kill()
    assert any("daemon.stuck" in line and loop in line for line in running.lines)


def _silent(manager: Listening) -> bool:
    """Whether there is no sign for three times as long as between two."""
    before = len(manager.told("WATCHDOG"))
    time.sleep(1.5)
    return len(manager.told("WATCHDOG")) == before


@pytest.fixture
def server(studio: studios.Studio) -> Iterator[drive.Server]:
    """A network drive in the place of the inbox."""
    try:
        with drive.drive(studio.inbox, studio.folder / "served") as found:
            yield found
    except OSError as error:
        pytest.skip(f"no FUSE here: {error}")


def test_a_hung_disk_is_no_hung_daemon(
    studio: studios.Studio, server: drive.Server, tmp_path: Path
) -> None:
    """It lives on; only a reload has to wait, because what hangs would outlive the drain."""
    environ = {"NOTIFY_SOCKET": str(tmp_path / "notify.sock"), "WATCHDOG_USEC": "1000000"}
    studio.configure(watch="scan_network_s = 0.1")  # it is looking when the drive hangs
    started = daemon(studio, module=("hanging", "none", "-"), **environ)
    with managed(environ["NOTIFY_SOCKET"]) as manager, started as running:
        server.hang()
        wait(lambda: running.said("spool.frozen"))
        before = len(manager.told("WATCHDOG"))
        wait(lambda: len(manager.told("WATCHDOG")) >= before + 12)
        assert not running.said("daemon.stuck")

        text = studio.config.read_text()
        studio.config.write_text(text.replace("per_day = 0", "per_day = 1.0"))
        running.hang_up()
        wait(lambda: running.said("config.refused"))
        assert any("does not answer: reload when it does" in line for line in running.lines)
        server.go_on()
        wait(lambda: running.said("spool.answered"))
        running.hang_up()
        wait(lambda: running.said("config.loaded"))


def test_another_process_is_asked_for_signs_of_life() -> None:
    """WATCHDOG_PID names it; and without a manager nothing is sent."""
    environ = {"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}
    assert Manager.found(environ, process=os.getpid()) == Manager("", None)
    assert Manager.found(environ, process=1) == Manager("", 2.0)
    assert Manager.found({"WATCHDOG_USEC": "soon"}, process=1).watchdog_s is None
    Manager().tell(READY=1)


def test_a_manager_that_is_gone_harms_nobody(tmp_path: Path) -> None:
    """What is told then is lost, that is all."""
    Manager(str(tmp_path / "gone.sock")).tell(READY=1)


def test_the_status_is_one_line_for_people() -> None:
    """Counts, then what is wrong; nothing in it can begin a line of its own."""
    counts = {
        (State.RUNNING, ""): 2,
        (State.STAGED, ""): 14,
        (State.SUBMITTING, "in_doubt"): 1,
        (State.DONE, ""): 90,
    }
    lane = LaneView("rivya", 8, 2, None, "no credits\nREADY=1")
    late = LoopView("jobs", 200.0, 180.0)
    live = Live(process=1, version="1", since=0.0, lanes=(lane,), loops=(late,))

    assert (
        status_line(Snapshot(at=0.0, counts=counts))
        == "2 running, 14 waiting, 1 held (in_doubt 1)"
    )
    line = status_line(Snapshot(at=0.0, counts={}, live=live))
    assert line == (
        "nothing to do; jobs: no turn for 200 s, 180 s are usual at most; "
        "rivya: no credits\\nREADY=1"
    )

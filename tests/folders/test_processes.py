"""The real daemon as a process, where its folders or its limits are not as it needs them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import drive
import pytest
import studios

RUN = [sys.executable, "-m", "seedance_watch", "run"]


class Child:
    """A daemon in a process of its own."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self._log = process, log

    def said(self, text: str) -> int:
        """Count how often something stands in the log."""
        return self._log.read_text(errors="replace").count(text)

    def until(self, fact: Callable[[], object], limit_s: float = 100.0) -> None:
        """Wait until something is so."""
        end_s = time.monotonic() + limit_s
        while not fact():
            assert time.monotonic() < end_s, self._log.read_text(errors="replace")[-3000:]
            time.sleep(max(0.05, self._log.stat().st_size / 2e7))


@contextmanager
def daemon(
    studio: studios.Studio, *, before: Sequence[str] = (), name: str = "daemon.log"
) -> Iterator[Child]:
    """Run the daemon for the length of the block."""
    log = studio.folder / name
    with log.open("wb") as said:
        argv = [*before, *RUN, "--config", str(studio.config)]
        process = subprocess.Popen(argv, stderr=said)
        try:
            yield Child(process, log)
        finally:
            process.kill()
            process.wait()


@contextmanager
def hanging(studio: studios.Studio, role: str) -> Iterator[drive.Server]:
    """Put a drive in the place of a folder; at the end it answers again."""
    try:
        mounted = drive.drive(studio.folder / role, studio.folder / f"{role} served")
        server = mounted.__enter__()
    except OSError as error:
        pytest.skip(f"no FUSE here: {error}")
    try:
        yield server
    finally:
        server.go_on()
        mounted.__exit__(None, None, None)


@pytest.mark.parametrize("role", ["inbox", "outbox"])
def test_sigterm_ends_the_process_although_a_drive_hangs(
    role: str, real_studio: studios.Studio
) -> None:
    """Well before systemd would kill it."""
    with hanging(real_studio, role) as server, daemon(real_studio) as child:
        child.until(lambda: child.said("daemon.ready"))
        server.hang()
        time.sleep(6)  # until every part has asked the drive something
        child.process.send_signal(signal.SIGTERM)
        assert child.process.wait(85) == 0
        assert child.said("daemon.stopped")


def test_a_start_does_not_wait_for_a_hung_drive(real_studio: studios.Studio) -> None:
    """It is told; the other entry makes its videos."""
    more = '[[watch]]\nname = "other"\ninbox = "other/inbox"\nprovider = "rivya"\n'
    real_studio.configure(more=more)
    (real_studio.folder / "other" / "inbox").mkdir(parents=True)
    real_studio.drop('prompt = "waves"\n', name="../other/inbox/far")
    with hanging(real_studio, "inbox") as server:
        server.hang()
        with daemon(real_studio) as child:
            child.until((real_studio.folder / "other" / "outbox" / "far.mp4").exists)
            assert child.said("spool.frozen") == 1


_NO_OVERRIDE = "-dac_override,-dac_read_search"


@pytest.mark.parametrize("role", ["inbox", "outbox", "done"])
def test_lost_permissions_are_waited_for(role: str, real_studio: studios.Studio) -> None:
    """Said once, with what to do; when they are given again all goes on by itself."""
    if os.geteuid() != 0:
        pytest.skip("root gives its rights away here")
    argv = ["setpriv", f"--bounding-set={_NO_OVERRIDE}", f"--inh-caps={_NO_OVERRIDE}"]
    with daemon(real_studio, before=argv) as child:
        child.until(lambda: child.said("daemon.ready"))
        folder = getattr(real_studio, role)
        folder.chmod(0o500)
        real_studio.drop('prompt = "waves"\n')
        child.until(lambda: child.said("spool.closed"))
        time.sleep(6)  # longer than between two looks
        assert child.said("spool.closed") == 1
        assert child.said("read and write there") >= 1
        assert not real_studio.seen("done")

        folder.chmod(0o755)
        child.until(lambda: real_studio.seen("done") == ["shot.png", "shot.toml"])
        assert child.said("spool.opened") == 1
    assert real_studio.seen("outbox") == ["shot.mp4", "shot.toml"]


def test_without_any_watch_left_the_inbox_is_scanned(real_studio: studios.Studio) -> None:
    """The system's limit of watches is used up: said once, with what to raise."""
    real_studio.configure(watch="scan_network_s = 1")
    limit = 'echo 0 > /proc/sys/user/max_inotify_watches && exec "$@"'
    argv = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"]
    if subprocess.run([*argv, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    with daemon(real_studio, before=argv) as child:
        child.until(lambda: child.said("watcher.failed"))
        real_studio.drop('prompt = "waves"\n')
        child.until(lambda: real_studio.seen("done") == ["shot.png", "shot.toml"])
        assert child.said("watcher.failed") == 1
        assert child.said("max_user_watches") == 1


def second(studio: studios.Studio) -> "subprocess.CompletedProcess[bytes]":
    """Start a daemon that should refuse."""
    argv = [*RUN, "--config", str(studio.config)]
    return subprocess.run(argv, capture_output=True, timeout=60, check=False)


def with_own_state(studio: studios.Studio) -> studios.Studio:
    """Give a studio of the same folders with another state directory."""
    folder = studio.folder / "second"
    folder.mkdir()
    text = studio.config.read_text().replace('"inbox"', f'"{studio.inbox}"')
    text = text.replace('"rivya.key"', f'"{studio.folder}/rivya.key"')
    text = text.replace('"segmind.key"', f'"{studio.folder}/segmind.key"')
    (folder / "seedance-watch.toml").write_text(text)
    return studios.Studio(folder)


def test_a_second_daemon_in_the_same_inbox_names_the_first_and_exits(
    real_studio: studios.Studio,
) -> None:
    """Another journal would know nothing of what the first one pays for."""
    with daemon(real_studio) as child:
        child.until(lambda: child.said("daemon.ready"))
        refused = second(with_own_state(real_studio))

        assert refused.returncode == 75
        assert f"process {child.process.pid} on".encode() in refused.stderr
        assert b"in use by" in refused.stderr
        assert b"Traceback" not in refused.stderr


def test_an_inbox_is_free_after_its_daemon_ended_or_was_killed(
    real_studio: studios.Studio,
) -> None:
    """A note of somebody who is gone keeps nobody out."""
    other = with_own_state(real_studio)
    with daemon(real_studio) as child:
        child.until(lambda: child.said("daemon.ready"))
    assert (real_studio.inbox / ".seedance" / "owner").exists(), "killed: it could not tidy up"
    with daemon(other) as child:
        child.until(lambda: child.said("daemon.ready"))
        child.process.send_signal(signal.SIGTERM)
        assert child.process.wait(30) == 0
    assert not (real_studio.inbox / ".seedance" / "owner").exists()


def test_a_daemon_in_another_container_answers_and_keeps_the_inbox(
    real_studio: studios.Studio,
) -> None:
    """Where processes cannot be looked up the newcomer knocks, and is answered."""
    apart = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no namespaces here")
    with daemon(real_studio, before=apart) as child:
        child.until(lambda: child.said("daemon.ready"))
        refused = second(with_own_state(real_studio))

        assert refused.returncode == 75
        assert b"in use by process" in refused.stderr

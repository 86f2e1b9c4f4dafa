"""Orders from the shell, beside a running daemon and without one."""

import re
from pathlib import Path

import pytest
import studios
from shell import daemon, run, wait

from seedance_watch.sandbox.server import Sandbox


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio that may spend nothing yet."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.configure(more="[providers.rivya.budget]\nper_day = 0")
    made.drop('prompt = "waves"\n')
    return made


def held(studio: studios.Studio) -> str:
    """Give the name of the one job, which is held."""
    [row] = studio.rows()
    assert row.held
    return row.job_id


def test_without_a_daemon_an_order_is_obeyed_all_the_same(studio: studios.Studio) -> None:
    """Under the lock, and nothing else is done."""
    run(studio, "run", "--once")
    job = held(studio)

    told = run(studio, "cancel", job)

    assert told.returncode == 0
    assert told.stdout.startswith(f"job {job} is cancelling. No daemon runs: ")
    assert "by the next `run`" in told.stdout
    assert studio.seen("failed") == []
    run(studio, "run", "--once")
    assert studio.seen("failed") == ["shot.failed.txt", "shot.png", "shot.toml"]


def test_an_order_before_the_first_run_begins_no_journal(studio: studios.Studio) -> None:
    """Where a journal is, the first run takes missing folders for shares that are not mounted."""
    told = run(studio, "hold", "shot")

    assert (told.returncode, told.stdout) == (1, "")
    assert "no jobs yet" in told.stderr
    assert not (studio.folder / "state").exists()


def test_a_running_daemon_obeys_at_once(studio: studios.Studio) -> None:
    """The order goes through the daemon, which holds the journal."""
    run(studio, "run", "--once")
    job = held(studio)
    with daemon(studio):
        told = run(studio, "cancel", job)
        assert (told.returncode, told.stdout) == (0, f"job {job} is cancelling\n")
        wait(lambda: studio.seen("failed") == ["shot.failed.txt", "shot.png", "shot.toml"])

    assert not (studio.folder / "state" / "control.sock").exists()


def test_an_order_that_makes_no_sense_is_explained(studio: studios.Studio) -> None:
    """With exit code 1, on standard error, for each job."""
    run(studio, "run", "--once")
    job = held(studio)

    told = run(studio, "adopt", job, "task-1")
    assert (told.returncode, told.stdout) == (1, "")
    assert "only one in doubt" in told.stderr
    told = run(studio, "resubmit", "nobody", "nothing")
    assert told.returncode == 1
    assert "nobody" in told.stderr
    assert "nothing" in told.stderr
    assert run(studio, "hold").returncode == 64


def test_the_socket_of_a_dead_daemon_is_in_nobodys_way(studio: studios.Studio) -> None:
    """Left over by a crash: orders work without a daemon, and the next one listens again."""
    run(studio, "run", "--once")
    job = held(studio)
    with daemon(studio):
        (studio.folder / "state" / "control.sock").rename(studio.folder / "kept.sock")
        (studio.folder / "state" / "control.sock").hardlink_to(studio.folder / "kept.sock")
    (studio.folder / "kept.sock").rename(studio.folder / "state" / "control.sock")

    assert run(studio, "hold", job).returncode == 0
    with daemon(studio):
        assert run(studio, "release", job).returncode == 0


def test_a_long_path_is_no_obstacle(sandbox: Sandbox, tmp_path: Path) -> None:
    """A socket's address is short, a path need not be."""
    studio = studios.lay_out(tmp_path / ("deep" * 20) / ("er" * 50), sandbox.url)
    with daemon(studio):
        told = run(studio, "status")
    assert "daemon: process " in told.stdout


def test_only_its_owner_may_order(studio: studios.Studio) -> None:
    """The socket is private like the journal."""
    with daemon(studio):
        mode = (studio.folder / "state" / "control.sock").stat().st_mode
    assert mode & 0o077 == 0


def test_balance_tells_what_is_left(studio: studios.Studio) -> None:
    """For each provider that a folder uses."""
    told = run(studio, "balance")
    assert (told.returncode, told.stdout) == (0, "rivya\t10000 credits\n")
    assert '"left": "10000"' in run(studio, "balance", "--json").stdout


def test_balance_says_what_is_wrong_with_each_provider(studio: studios.Studio) -> None:
    """A missing key is a mistake in the configuration; a service that is away is not."""
    text = studio.config.read_text()
    studio.config.write_text(text.replace('provider = "rivya"', 'route = ["rivya", "segmind"]'))
    both = "rivya\t10000 credits\nsegmind\t100 usd\n"
    assert run(studio, "balance").stdout == both

    (studio.folder / "segmind.key").unlink()
    told = run(studio, "balance")
    assert (told.returncode, told.stdout) == (78, "rivya\t10000 credits\n")
    assert told.stderr.startswith("segmind: ")
    assert "segmind.key" in told.stderr

    broken = re.sub(r"http://127[.]0[.]0[.]1:[0-9]+", "http://127.0.0.1:9", text)
    studio.config.write_text(broken)
    told = run(studio, "balance")
    assert (told.returncode, told.stdout) == (75, "")
    assert told.stderr.startswith("rivya: ")

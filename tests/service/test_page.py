"""The page of a daemon that is reloaded: it moves, and nobody who looks at it holds that up."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import studios
from serving import Running, daemon, wait
from visiting import free_port

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row


def got(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_reload_moves_it(studio: studios.Studio) -> None:
    """To another port, away and back; whoever listens does not keep the daemon."""
    first, second = free_port(), free_port()
    studio.configure(more=f"[web]\nlisten = '{first}'")
    with daemon(studio) as running:
        wait(lambda: running.said("page.served"))
        open_one = urllib.request.urlopen(f"http://127.0.0.1:{first}/events", timeout=30)
        text = studio.config.read_text()
        studio.config.write_text(text.replace(f"'{first}'", f"'{second}'"))
        told = running.run("reload")
        assert told.returncode == 0, told.stderr
        wait(lambda: got(f"http://127.0.0.1:{second}/") == 200)
        assert got(f"http://127.0.0.1:{first}/") == 0
        open_one.close()
        assert doctor(running) == [["good", f"it is at http://127.0.0.1:{second}/"]]

        studio.config.write_text(text.replace(f"'{first}'", "'0.0.0.0:1'"))
        told = running.run("reload")
        assert told.returncode == 78
        assert "people have to log in with a token" in told.stderr
        assert got(f"http://127.0.0.1:{second}/") == 200
    assert running.process.returncode == 0


def doctor(running: Running) -> list[list[str]]:
    """Give what `doctor` says of the page."""
    checks = json.loads(running.run("doctor", "--json").stdout)["checks"]
    return [[each["grade"], each["said"]] for each in checks if each["about"] == "page"]


def done(studio: studios.Studio) -> list[Row]:
    if not (studio.folder / "state/journal.db").exists():
        return []
    return [row for row in studio.rows() if row.state is State.DONE]


def test_the_demo_shows_itself(tmp_path: Path) -> None:
    """On a page, until Ctrl-C."""
    words = [sys.executable, "-m", "seedance_watch", "demo", str(tmp_path / "demo"), "--page"]
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().split()[2]
            wait(lambda: got(address) == 200)
            demo = studios.Studio(tmp_path / "demo")
            wait(lambda: any(row.label == "shot01" for row in done(demo)))
            [job] = [row.job_id for row in done(demo) if row.label == "shot01"]
            for picture in ("poster", "thumb"):
                assert got(f"{address}jobs/{job}/{picture}") == 200
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0

"""Monitoring of the real daemon: what is counted, who may ask, and what it says when ill."""

import asyncio
import json
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

import pytest
import studios
from faces.test_metrics import families, value
from telling.conftest import Telling, telling

from seedance_watch.engine.beats import GRACE_S
from seedance_watch.faces.tally import Tally
from seedance_watch.sandbox.server import Sandbox


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def got(url: str, host: str = "") -> tuple[int, bytes, str]:
    """Ask; give the status, the body and its type."""
    request = urllib.request.Request(url, headers={"host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read(), reply.headers["content-type"]
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers["content-type"]


async def ask(url: str, host: str = "") -> tuple[int, bytes, str]:
    return await asyncio.to_thread(got, url, host)


async def test_what_is_counted_as_spent_is_what_was_charged(
    sandbox: Sandbox, studio: studios.Studio
) -> None:
    """A refused and an unsent attempt cost nothing; a refund that nobody tells is not assumed."""
    sandbox.fault("throttled", "rivya.create")
    sandbox.fault("answer", "rivya.create", status=400)
    sandbox.fault("task_failed", "rivya.create")
    for number in range(5):
        studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
    tally = Tally()

    await studios.once(studio, tally.heard)

    made = {outcome: n for (_, _, outcome), n in tally.submissions.items()}
    assert made == {"accepted": 4, "refused": 1, "unsent": 1}
    assert tally.faults["rivya", "busy"] == 1
    assert tally.faults["rivya", "refused"] == 2
    charged = Decimal(str(sum(line.amount or 0 for line in sandbox.ledger("charge"))))
    assert sum(tally.spent.values()) == charged == 64
    assert set(tally.spent) == {("rivya", "studio", "credits")}
    whole = tally.durations["whole"]
    assert sum(whole.counts) == 3
    assert sum(tally.durations["provider"].counts) == 3
    assert sum(tally.durations["download"].counts) == 3


async def test_prometheus_is_answered(studio: studios.Studio) -> None:
    """The page has every family; what ran shows in it."""
    port = free_port()
    studio.configure(more=f"[metrics]\nlisten = '{port}'")
    async with telling(studio) as daemon:
        studio.drop('prompt = "p"\n')
        await daemon.until(lambda: studio.seen("done"))
        await daemon.until(lambda: not daemon.built.daemon.queue.jobs())
        status, text, kind = await ask(f"http://127.0.0.1:{port}/metrics")

    assert status == 200
    assert kind.startswith("text/plain; version=0.0.4")
    assert len(families(text)) > 20
    assert value(text, "jobs", state="done") == 1
    assert value(text, "job_duration_seconds_count", phase="whole") == 1
    assert value(text, "inbox_open", watch="studio") == 1
    assert time.time() - value(text, "inbox_last_scan_timestamp_seconds", watch="studio") < 120
    assert value(text, "healthy") == 1
    assert [line["address"] for line in daemon.said("metrics.served")] == [
        f"http://127.0.0.1:{port}/metrics"
    ]


def loops(daemon: Telling) -> set[str]:
    return {loop.name for loop in daemon.built.lookout.look().loops}


async def test_health_tells_a_loop_that_hangs(studio: studios.Studio) -> None:
    """200 while every loop comes round; else 503, and which does not."""
    port = free_port()
    studio.configure(more=f"[metrics]\nlisten = '{port}'")
    async with telling(studio) as daemon:
        await daemon.until(lambda: {"jobs", "accounts", "inbox studio"} <= loops(daemon))
        status, text, _ = await ask(f"http://127.0.0.1:{port}/healthz")
        good = json.loads(text)
        daemon.built.daemon.beats.beat("inbox other", -GRACE_S - 1)
        bad_status, bad, _ = await ask(f"http://127.0.0.1:{port}/healthz")

    assert (status, good["status"], good["wrong"]) == (200, "ok", [])
    assert set(good["loops"]) >= {"jobs", "accounts", "inbox studio"}
    assert bad_status == 503
    assert json.loads(bad)["status"] == "ill"
    assert "inbox other: no turn for" in json.loads(bad)["wrong"][0]


async def test_no_web_page_reads_the_figures(studio: studios.Studio) -> None:
    """A name that a stranger lets point to this machine is not answered; nothing else is here."""
    port = free_port()
    studio.configure(more=f"[metrics]\nlisten = '{port}'")
    async with telling(studio) as daemon:
        await daemon.until(lambda: daemon.said("metrics.served"))
        base = f"http://127.0.0.1:{port}"
        assert (await ask(f"{base}/metrics", host="evil.example"))[0] == 400
        assert (await ask(f"{base}/metrics", host=f"localhost:{port}"))[0] == 200
        assert (await ask(f"{base}/"))[0] == 404


async def test_a_taken_port_stops_nothing(studio: studios.Studio) -> None:
    """Videos are made all the same, and the log says why there are no figures."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        studio.configure(more=f"[metrics]\nlisten = '{server.getsockname()[1]}'")
        async with telling(studio) as daemon:
            studio.drop('prompt = "p"\n')
            await daemon.until(lambda: studio.seen("done"))
            [line] = daemon.said("outlet.failed")

    assert (line["outlet"], line["log_level"]) == ("metrics", "error")
    assert "in use" in line["reason"]


async def test_figures_without_a_port(studio: studios.Studio) -> None:
    """The file is whole at any time, for all to read, and once more right at the end."""
    file = studio.folder / "figures" / "seedance.prom"
    studio.configure(more=f'[metrics]\ntextfile = "{file}"\ntextfile_every_s = 0.05')
    async with telling(studio) as daemon:
        await daemon.until(lambda: daemon.said("metrics.unwritten"))
        file.parent.mkdir()
        await daemon.until(lambda: daemon.said("metrics.written"))
        studio.drop('prompt = "p"\n')
        for _ in range(20):
            assert file.read_bytes().endswith(b"\n")
            await asyncio.sleep(0.01)
        await daemon.until(lambda: studio.seen("done"))

    assert value(file.read_bytes(), "jobs", state="done") == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in file.parent.iterdir()] == ["seedance.prom"]
    assert len(daemon.said("metrics.unwritten")) == 1


@pytest.mark.parametrize("more", ["", "[metrics]\nlisten = '9469'"])
def test_what_is_not_wanted_is_not_imported(more: str, tmp_path: Path) -> None:
    """A small daemon stays small: it knows no web server unless it is one."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    studio.configure(more=more)
    program = (
        "import sys\nfrom seedance_watch.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*(name for name in ('prometheus_client', 'starlette', 'uvicorn', 'apprise',"
        " 'requests') if name in sys.modules))"
    )
    command = [sys.executable, "-c", program, "run", "--once", "--config", str(studio.config)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    expected = ["prometheus_client", "starlette", "uvicorn"] if more else []
    assert found.stdout.split() == expected

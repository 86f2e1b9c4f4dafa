"""Starting and stopping: in the loop, in a thread, as a process; control; the ledger's file."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from seedance_watch.sandbox import server
from seedance_watch.sandbox.faults import FaultError
from seedance_watch.sandbox.keys import ACCOUNTS
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.ledger import read_ledger
from seedance_watch.sandbox.server import running, threaded

AUTH = {"authorization": "Bearer rvya_sk_sandbox"}
BODY = {"model": "seedance-1-0-lite", "prompt": "a boat"}
TINY = Knobs(tiny_videos="yes")
PROCESS = """
import sys
from pathlib import Path
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.faults import parse_fault
from seedance_watch.sandbox.server import serve
serve("127.0.0.1", 0, Knobs(time_factor=0.0), ready=lambda one: print(one.url, flush=True),
      ledger_path=Path(sys.argv[1]), faults=[parse_fault("error_after@rivya.create")])
"""


def create(url: str, key: str) -> httpx.Response:
    headers = AUTH | {"idempotency-key": key}
    return httpx.post(f"{url}/api/v1/generations", json=BODY, headers=headers, verify=False)


async def test_it_ends_while_clients_hang():
    """Open calls and open connections do not hold up the end; handlers end too."""
    before = asyncio.all_tasks()
    async with running(TINY, time_factor=1) as sandbox:
        sandbox.fault("hang_before", "rivya.credits")
        sandbox.fault("slow_create", "rivya.create", seconds=60)
        url = sandbox.url
        async with asyncio.TaskGroup() as group:
            group.create_task(expect_cut(url, "GET", "/api/v1/credits"))
            group.create_task(expect_cut(url, "POST", "/api/v1/generations"))
            while len(sandbox.calls()) < 2:
                await asyncio.sleep(0.01)
            await sandbox.refuse(0.0)
    assert asyncio.all_tasks() == before


async def expect_cut(url: str, verb: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=url, headers=AUTH, timeout=30, verify=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.request(verb, path, json=BODY)


async def test_its_port_can_be_chosen_and_used_again():
    """A stopped sandbox leaves its port free, also right after."""
    async with running(TINY) as first:
        port = int(first.url.rsplit(":", 1)[1])
    async with running(TINY, port=port) as second:
        assert second.url == first.url
        with pytest.raises(OSError, match="in use"):
            async with running(TINY, port=port):
                pass


def test_it_runs_in_a_thread(tmp_path):
    """Synchronous tests have it too; the file and the list agree."""
    path = tmp_path / "ledger.jsonl"
    with threaded(TINY, time_factor=0, ledger_path=path) as sandbox:
        create(sandbox.url, "k")
        create(sandbox.url, "k")
        lines = [line.as_json() for line in sandbox.ledger()]
    assert [line["entry"] for line in lines] == ["submission", "charge", "replay"]
    assert read_ledger(path) == lines
    assert "sandbox" not in {thread.name for thread in threading.enumerate()}


def test_a_thread_that_cannot_start_says_so():
    """A taken port is an error at once, not a hang."""
    with threaded(TINY) as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="in use"), threaded(TINY, port=port):
            pass


def test_it_runs_as_a_process(tmp_path):
    """serve blocks until SIGTERM and ends with 0; the ledger survives in its file."""
    path = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-c", PROCESS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        answers = [create(url, "k").status_code for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert answers == [500, 200]
    entries = [line["entry"] for line in read_ledger(path)]
    assert entries == ["submission", "charge", "replay"]


async def test_charges_reach_the_file_though_nobody_asks(tmp_path):
    """Segmind's charge comes with the end of the task, not with the next poll."""
    path = tmp_path / "ledger.jsonl"
    knobs = Knobs(tiny_videos="yes", segmind_queue_s=(0, 0), segmind_processing_s=(0.3, 0.3))
    assert read_ledger(path) == []
    async with (
        running(knobs, ledger_path=path) as sandbox,
        httpx.AsyncClient(base_url=sandbox.url, verify=False) as client,
    ):
        body = {"prompt": "x", "duration": 5, "resolution": "480p", "image_url": "https://a/b"}
        headers = {"x-api-key": "SG_0000000000000001"}
        slug = "seedance-v1-lite-image-to-video"
        assert (await client.post(f"/v2/{slug}", json=body, headers=headers)).status_code == 200
        assert [line["entry"] for line in read_ledger(path)] == ["submission"]
        deadline = time.monotonic() + 60
        while len(read_ledger(path)) < 2 and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
    assert [line["amount"] for line in read_ledger(path)] == ["0", "0.18"]


async def test_knobs_can_be_turned_over_http(sandbox, bare, rivya):
    """What is changed is told back and holds at once; nonsense changes nothing."""
    before = (await bare.get("/_sandbox/knobs")).json()
    assert before["rivya_create_status"] == "200"
    change = {"rivya_create_status": "201", "rivya_queue_s": "1-2", "tiny_videos": True}
    after = (await bare.patch("/_sandbox/knobs", json=change)).json()
    assert (after["rivya_create_status"], after["rivya_queue_s"]) == ("201", "1-2")
    assert (await rivya.create()).status_code == 201
    for bad in ({"nothing": 1}, {"rivya_create_status": "500"}, [1]):
        answer = await bare.patch("/_sandbox/knobs", json=bad)
        assert answer.status_code == 400
        assert answer.json()["error"]
    assert (await bare.get("/_sandbox/knobs")).json() == after


async def test_faults_can_be_queued_over_http(bare, rivya):
    """Queued, listed, used up, forgotten."""
    body = {"kind": "error_before", "endpoint": "rivya.create", "status": 502}
    assert (await bare.post("/_sandbox/faults", json=body)).status_code == 201
    assert len((await bare.get("/_sandbox/faults")).json()["faults"]) == 1
    assert (await rivya.create()).status_code == 502
    assert (await bare.get("/_sandbox/faults")).json()["faults"] == []
    await bare.post("/_sandbox/faults", json={**body, "times": 0})
    await bare.delete("/_sandbox/faults")
    assert (await rivya.create()).status_code == 200
    answer = await bare.post("/_sandbox/faults", json={"kind": "nothing"})
    assert (answer.status_code, "nothing" in answer.text) == (400, True)


async def test_what_happened_can_be_read_over_http(sandbox, bare, rivya):
    """Ledger, tasks, calls and keys, as JSON."""
    task = (await rivya.create(key="k")).json()
    lines = (await bare.get("/_sandbox/ledger")).json()["lines"]
    assert lines == [line.as_json() for line in sandbox.ledger()]
    [row] = (await bare.get("/_sandbox/tasks")).json()["tasks"]
    assert (row["id"], row["phase"], row["idempotency_key"]) == (task["id"], "succeeded", "k")
    [call] = (await bare.get("/_sandbox/calls")).json()["calls"]
    assert (call["endpoint"], call["status"], call["faults"]) == ("rivya.create", 200, [])
    about = (await bare.get("/_sandbox")).json()
    assert [key["key"] for key in about["keys"]] == [account.key for account in ACCOUNTS]
    assert json.loads(json.dumps(about["knobs"])) == (await bare.get("/_sandbox/knobs")).json()


async def test_time_can_be_moved_over_http(sandbox, bare, rivya):
    """A manual clock stands still until it is advanced; skew shows to the client only."""
    sandbox.turn(clock="manual", clock_skew_s=3600)
    now = (await bare.get("/_sandbox/clock")).json()
    assert (await bare.get("/_sandbox/clock")).json() == now
    later = (await bare.post("/_sandbox/clock", json={"advance_s": 5})).json()
    assert later["now_at"] == pytest.approx(now["now_at"] + 5)
    assert (await bare.post("/_sandbox/clock", json={"advance_s": -5})).status_code == 400
    answer = await rivya.create()
    assert answer.json()["created_at"] == later["shown"]
    skew_s = parsedate_to_datetime(answer.headers["date"]).timestamp() - later["now_at"]
    assert 3599 <= skew_s <= 3600
    assert sandbox.ledger()[0].at == later["now_at"]


async def test_the_listener_fault_has_its_own_call(sandbox):
    """fault() says where to go instead."""
    with pytest.raises(FaultError, match="refuse"):
        sandbox.fault("refused")


def test_it_shares_no_code_with_the_project():
    """The other side of the wire must not share our mistakes."""
    package = Path(server.__file__).parent
    text = "\n".join(path.read_text("utf-8") for path in package.glob("*.py"))
    named = set(re.findall(r"seedance_watch(?:\.(\w+))?", text)) - {""}
    assert named == {"sandbox"}

"""Each kind of fault, as a real client sees it on the wire."""

import asyncio
import time

import httpx
import pytest

from seedance_watch.sandbox.acts import ACTS
from seedance_watch.sandbox.faults import KINDS, FaultError, injection_from, parse_fault

# kind, arguments, what a client of the submit sees (exception or status), tasks stored
ON_SUBMIT = [
    ("reset_before", {}, httpx.ReadError, 0),
    ("close_before", {}, httpx.RemoteProtocolError, 0),
    ("hang_before", {}, httpx.ReadTimeout, 0),
    ("hang_before", {"seconds": 0.1}, httpx.RemoteProtocolError, 0),
    ("error_before", {"status": 503}, 503, 0),
    ("html_before", {"status": 502}, 502, 0),
    ("throttled", {}, 429, 0),
    ("not_found", {}, 404, 0),
    ("answer", {"status": 418, "body": {"error": "tea"}, "headers": {"x-a": "b"}}, 418, 0),
    ("garbage", {}, httpx.RemoteProtocolError, 0),
    ("reset_after", {}, httpx.ReadError, 1),
    ("close_after", {}, httpx.RemoteProtocolError, 1),
    ("delay_after", {"seconds": 5}, httpx.ReadTimeout, 1),
    ("delay_after", {"seconds": 0.1}, 200, 1),
    ("lost_in_body", {}, httpx.ReadError, 1),
    ("lost_in_body", {"part": 0.5}, httpx.ReadError, 1),
    ("error_after", {"status": 500}, 500, 1),
    ("html_after", {}, 502, 1),
    ("not_json", {}, 200, 1),
    ("json_shape", {"body": ["x"]}, 200, 1),
    ("truncated", {}, httpx.RemoteProtocolError, 1),
    ("empty_body", {}, 200, 1),
    ("wrong_length", {"by": 50}, httpx.RemoteProtocolError, 1),
    ("wrong_type", {"value": "text/plain"}, 200, 1),
    ("unknown_status", {}, 200, 1),
    ("extra_fields", {}, 200, 1),
    ("slow_create", {"seconds": 0.2}, 200, 1),
]
# kind, arguments, what a client of the download sees: exception, or a judge of the answer
ON_VIDEO = [
    ("truncated", {}, httpx.RemoteProtocolError),
    ("lost_in_body", {"part": 0.3}, httpx.ReadError),
    ("no_length", {}, lambda got, whole: len(got.content) == len(whole) // 2),
    ("wrong_length", {"by": -100}, lambda got, whole: got.content == whole[:-100]),
    ("wrong_type", {}, lambda got, whole: got.headers["content-type"] == "text/plain"),
    ("html_body", {}, lambda got, whole: got.content.startswith(b"<html>")),
    ("zip_body", {}, lambda got, whole: got.content.startswith(b"PK")),
    ("empty_body", {}, lambda got, whole: got.status_code == 200 and got.content == b""),
    ("corrupt", {}, lambda got, whole: len(got.content) == len(whole) and got.content != whole),
    ("expired", {}, lambda got, whole: got.status_code == 403),
    ("expired", {"status": 404}, lambda got, whole: got.status_code == 404),
    ("redirect", {}, lambda got, whole: got.headers["location"] == str(got.url)),
    ("redirect", {"to": "other"}, lambda got, whole: "//localhost" in got.headers["location"]),
    ("redirect", {"to": "http://169.254.169.254/"},
     lambda got, whole: got.headers["location"] == "http://169.254.169.254/"),
    ("drip_body", {"interval_s": 0.05}, httpx.ReadTimeout),
    ("drip_head", {"interval_s": 0.05}, httpx.ReadTimeout),
]  # fmt: skip
ELSEWHERE = {
    "endless", "error_at_completion", "range_ignored", "range_wrong", "etag_changed", "stuck",
    "slow_task", "task_failed", "failed_200", "late_history", "gateway_timeout", "refused",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "args", "seen", "stored"), ON_SUBMIT)
@pytest.mark.parametrize("provider", ["rivya", "segmind"])
async def test_a_submit_meets_a_fault(sandbox, rivya, segmind, provider, kind, args, seen, stored):
    """The client sees the fault, the task is stored or not, and the next call is healthy."""
    service = {"rivya": rivya, "segmind": segmind}[provider]
    service.http.timeout = 2 if seen is not httpx.ReadTimeout else 0.5
    endpoint = {"rivya": "rivya.create", "segmind": "segmind.submit"}[provider]
    send = service.create if provider == "rivya" else service.submit
    sandbox.fault(kind, endpoint, **args)
    if isinstance(seen, int):
        assert (await send()).status_code == seen
    else:
        with pytest.raises(seen):
            await send()
    assert len(sandbox.ledger("submission")) == stored
    assert len(sandbox.ledger("charge")) == stored
    assert sandbox.calls(endpoint)[0].faults == [kind]
    assert (await send()).status_code == 200


@pytest.mark.parametrize(("kind", "args", "seen"), ON_VIDEO)
async def test_a_download_meets_a_fault(sandbox, rivya, bare, kind, args, seen):
    """The video arrives broken in exactly the announced way, and whole the next time."""
    url = (await rivya.made())["result"]["primary_url"]
    whole = (await bare.get(url)).content
    sandbox.fault(kind, "media.video", **args)
    if isinstance(seen, type):
        with pytest.raises((seen, TimeoutError)):
            async with asyncio.timeout(0.6):
                await bare.get(url, timeout=0.3)
    else:
        assert seen(await bare.get(url), whole)
    assert (await bare.get(url)).content == whole


async def test_dripping_defeats_a_read_timeout(sandbox, rivya, bare):
    """Single bytes keep a per-read timeout from ever firing: only a deadline helps."""
    url = (await rivya.made())["result"]["primary_url"]
    sandbox.fault("drip_body", "media.video", interval_s=0.05)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.8):
            await bare.get(url, timeout=0.3)


@pytest.mark.parametrize("declared", [0, 1 << 33])
async def test_an_endless_video_does_not_end(sandbox, rivya, bare, declared):
    """Far more comes than any video has, until the client hangs up."""
    url = (await rivya.made())["result"]["primary_url"]
    sandbox.fault("endless", "media.video", declared=declared)
    total = 0
    async with bare.stream("GET", url) as answer:
        assert answer.headers.get("content-length") == (str(declared) if declared else None)
        async for piece in answer.aiter_raw():
            total += len(piece)
            if total > 20_000_000:
                break
    assert total > 20_000_000
    assert (await bare.get(url)).content[4:8] == b"ftyp"


async def test_ranges_can_be_ignored_or_wrong(sandbox, rivya, bare):
    """A Range request gets everything, or a part that it did not ask for."""
    url = (await rivya.made())["result"]["primary_url"]
    ask = {"range": "bytes=100-199"}
    sandbox.fault("range_ignored", "media.video")
    assert (await bare.get(url, headers=ask)).status_code == 200
    sandbox.fault("range_wrong", "media.video")
    assert (await bare.get(url, headers=ask)).headers["content-range"] == "bytes 0-99/100"
    assert (await bare.get(url, headers=ask)).headers["content-range"].startswith("bytes 100-199/")


async def test_an_etag_can_change_for_good(sandbox, rivya, bare):
    """Other bytes, another ETag, and If-Range gives the whole new file."""
    url = (await rivya.made())["result"]["primary_url"]
    before = await bare.get(url)
    sandbox.fault("etag_changed", "media.video")
    ask = {"range": "bytes=100-199", "if-range": before.headers["etag"]}
    after = await bare.get(url, headers=ask)
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert after.content != before.content
    assert (await bare.get(url)).headers["etag"] == after.headers["etag"]


async def test_status_fails_exactly_at_completion(sandbox, rivya):
    """Polls are fine until the task ends; then the first ones are 500."""
    sandbox.turn(clock="manual", time_factor=1)
    task_id = (await rivya.create()).json()["id"]
    sandbox.fault("error_at_completion", "rivya.status", times=2)
    path = f"/api/v1/generations/{task_id}"
    before = [(await rivya.http.get(path)).status_code for _ in range(3)]
    sandbox.advance(1000)
    after = [(await rivya.http.get(path)).status_code for _ in range(3)]
    assert (before, after) == ([200, 200, 200], [500, 500, 200])


async def test_a_task_can_be_stuck_or_slow(sandbox, rivya):
    """Stuck never ends, slow ends after its seconds whatever the time factor."""
    sandbox.turn(clock="manual")
    sandbox.fault("stuck", "rivya.create")
    stuck = (await rivya.create()).json()["id"]
    sandbox.fault("slow_task", "rivya.create", seconds=600)
    slow = (await rivya.create()).json()["id"]
    sandbox.advance(599)
    assert (await rivya.task(slow))["status"] == "processing"
    sandbox.advance(10**8)
    assert (await rivya.task(slow))["status"] == "succeeded"
    assert (await rivya.task(stuck))["status"] == "processing"


async def test_a_segmind_task_can_fail_under_200(sandbox, segmind):
    """The body says FAILED, the status line 200; nothing is charged."""
    sandbox.fault("failed_200", "segmind.submit", message="out of memory")
    answer = await segmind.http.get((await segmind.submit()).json()["status_url"])
    assert answer.status_code == 200
    assert answer.json().items() >= {"status": "FAILED", "error": "out of memory"}.items()
    assert sandbox.ledger("charge") == []


async def test_a_chosen_row_lands_late(sandbox, segmind):
    """Only that request's history row is late."""
    sandbox.turn(clock="manual")
    sandbox.fault("late_history", "segmind.submit", seconds=7200)
    late, early = [(await segmind.submit()).json()["request_id"] for _ in range(2)]
    assert [row["request_id"] for row in await segmind.history()] == [early]
    sandbox.advance(7200)
    assert {row["request_id"] for row in await segmind.history()} == {late, early}


async def test_v1_times_out_at_once_and_is_billed(sandbox, segmind):
    """504 HTML, a charge, and the video in the history."""
    sandbox.fault("gateway_timeout", "segmind.v1")
    answer = await segmind.submit(api="v1")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (504, "text/html")
    assert len(sandbox.ledger("charge")) == 1
    assert (await segmind.history())[0]["generation_url"]


async def test_v1_loses_its_answer_after_200(sandbox, segmind):
    """The status line says 200, the video never arrives whole; it is billed and recoverable."""
    sandbox.fault("lost_in_body", "segmind.v1", part=0.5)
    with pytest.raises(httpx.ReadError):
        await segmind.submit(api="v1")
    assert len(sandbox.ledger("charge")) == 1
    assert (await segmind.history())[0]["model_status"] == "COMPLETED"


async def test_a_client_that_gives_up_may_still_have_a_task(sandbox, rivya):
    """Timed out before anything was stored, stored after: the nastiest order."""
    sandbox.fault("slow_create", "rivya.create", seconds=0.5)
    rivya.http.timeout = 0.2
    with pytest.raises(httpx.ReadTimeout):
        await rivya.create(key="k")
    assert sandbox.ledger("submission") == []
    deadline = time.monotonic() + 60
    while not sandbox.ledger("submission") and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert len(sandbox.ledger("charge")) == 1


async def test_throttling_words_itself_per_provider(sandbox, rivya, segmind):
    """Rivya with or without Retry-After, Segmind with its stamp; bursts have a length."""
    sandbox.fault("throttled", "rivya.create", times=2, retry_after=3)
    burst = [await rivya.create() for _ in range(3)]
    assert [answer.status_code for answer in burst] == [429, 429, 200]
    assert burst[0].headers["retry-after"] == "3"
    assert burst[0].json()["error"]["code"] == "rate_limited"
    sandbox.fault("throttled", "segmind.submit")
    answer = await segmind.submit()
    assert "x-rate-limit-reset-at-utc" in answer.headers
    assert "retry-after" not in answer.headers


async def test_answers_are_enriched_or_renamed(sandbox, rivya):
    """Unknown members at every level, and a status word that nobody knows."""
    task_id = (await rivya.create()).json()["id"]
    sandbox.fault("extra_fields", "rivya.status")
    body = await rivya.task(task_id)
    assert "x_new" in body
    assert "x_new" in body["result"]
    sandbox.fault("unknown_status", "rivya.status", value="polishing")
    assert (await rivya.task(task_id))["status"] == "polishing"


async def test_nothing_listens_for_a_while(sandbox, bare):
    """Connects are refused, then the same port answers again; also by control endpoint."""
    async with asyncio.TaskGroup() as group:
        group.create_task(sandbox.refuse(0.3))
        await asyncio.sleep(0.05)
        with pytest.raises(httpx.ConnectError):
            await bare.get("/api/v1/models")
    assert (await bare.get("/api/v1/models")).status_code == 200
    body = {"kind": "refused", "seconds": 0.3}
    assert (await bare.post("/_sandbox/faults", json=body)).status_code == 201
    refused, deadline = False, time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            answer = await bare.get("/api/v1/models")
        except httpx.TransportError:
            refused = True
        else:
            if refused:
                break
        await asyncio.sleep(0.02)
    assert refused
    assert answer.status_code == 200


async def test_injections_choose_their_calls(sandbox, rivya):
    """nth, times, path and patterns; several queue up; fates go with any other fault."""
    sandbox.fault("error_before", "rivya.*", nth=2, times=2)
    codes = [(await rivya.create()).status_code for _ in range(4)]
    assert codes == [200, 500, 500, 200]
    task_id = (await rivya.create()).json()["id"]
    sandbox.fault("error_before", "*.status", path=task_id, times=0)
    assert (await rivya.http.get("/api/v1/generations/other")).status_code == 404
    for _ in range(3):
        assert (await rivya.http.get(f"/api/v1/generations/{task_id}")).status_code == 500
    sandbox.clear_faults()
    sandbox.fault("stuck", "rivya.create")
    sandbox.fault("reset_after", "rivya.create")
    with pytest.raises(httpx.ReadError):
        await rivya.create()
    assert (await rivya.task(sandbox.tasks()[-1].id))["status"] == "processing"


async def test_injections_can_be_a_matter_of_chance(sandbox, rivya):
    """About that part of the calls is hit."""
    sandbox.fault("error_before", "rivya.status", times=0, chance=0.5)
    codes = [(await rivya.http.get("/api/v1/generations/x")).status_code for _ in range(60)]
    assert 10 < codes.count(500) < 50


def test_faults_are_read_from_text():
    """The command line's form, with numbers as numbers."""
    injection = parse_fault("delay_after@rivya.create,nth=2,times=3,seconds=5")
    assert (injection.kind, injection.endpoint) == ("delay_after", "rivya.create")
    assert (injection.nth, injection.times, injection.args) == (2, 3, {"seconds": 5.0})


@pytest.mark.parametrize(
    "text", ["nonsense", "reset_before@x,nth=two", "reset_before,seconds=1", "expired,status=no"]
)
def test_a_fault_that_makes_no_sense_is_refused(text):
    """Unknown kinds, unknown arguments and broken numbers are told."""
    with pytest.raises(FaultError):
        parse_fault(text)


def test_the_listener_fault_cannot_be_queued():
    """It is about no call."""
    assert injection_from({"kind": "refused"}).row.stage == "server"


def test_the_table_and_its_actions_agree():
    """Every kind is acted on in one place, and every kind is tried here."""
    acted = {name for name, kind in KINDS.items() if kind.stage in {"before", "after"}}
    assert set(ACTS) == acted
    tried = {row[0] for row in ON_SUBMIT} | {row[0] for row in ON_VIDEO} | ELSEWHERE
    assert tried == set(KINDS)

"""Each row of the Segmind contract table, over real HTTP."""

import asyncio
from decimal import Decimal

import httpx
import pytest

from seedance_watch.sandbox.catalogue import SEGMIND

LITE = "seedance-v1-lite-image-to-video"
URL = "https://images.example/a.png"
BAD_BODIES = [
    ({"prompt": ...}, 400),
    ({"prompt": ""}, 400),
    ({"prompt": 5}, 400),
    ({"duration": ...}, 400),
    ({"resolution": ...}, 400),
    ({"image_url": ...}, 400),
    ({"first_frame_url": URL}, 400),
    ({"last_frame_url": URL}, 400),
    ({"image_url": ..., "last_frame_url": URL}, 400),
    ({"image_url": ..., "reference_images": [URL]}, 400),
    ({"duration": "5"}, 406),
    ({"duration": 7}, 406),
    ({"duration": True}, 406),
    ({"resolution": "1080p"}, 406),
]
LATE_FAILURES = [
    {"seed": 0},
    {"seed": 1_000_000},
    {"seed": "1"},
    {"camera_fixed": 1},
    {"image_url": "s3://bucket/a.png"},
]
MODELS = {
    LITE: {"image_url": ..., "first_frame_url": URL, "last_frame_url": URL, "seed": -1},
    "seedance-v1-lite-text-to-video": {"image_url": ..., "aspect_ratio": "16:9"},
    "seedance-pro": {"aspect_ratio": "9:16", "resolution": "1080p"},
    "seedance-1.0-pro-fast": {"aspect_ratio": "1:1", "skip_moderation": "false"},
    "seedance-1.5-pro": {"image_url": ..., "first_frame_url": URL, "aspect_ratio": "4:3"},
    "seedance-2.0": {"image_url": ..., "first_frame_url": URL, "duration": 15},
    "seedance-2.0-fast": {"image_url": ..., "reference_images": [URL], "aspect_ratio": "adaptive"},
    "seedance-2.0-mini": {"image_url": ..., "first_frame_url": URL, "last_frame_url": URL},
    "seedance-2.5": {"image_url": ..., "duration": 30},
}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "Missing"),
        ({"authorization": "Bearer SG_0000000000000001"}, "invalid"),
        ({"x-api-key": "SG_nobody"}, "invalid"),
        ({"x-api-key": "SG_000000000000dead"}, "invalid"),
        ({"x-api-key": "rvya_sk_sandbox"}, "invalid"),
    ],
)
@pytest.mark.parametrize(
    "path", [f"/v2/{LITE}", "/v1/get-user-credits", "/inference-request/request-history"]
)
async def test_a_key_is_needed_everywhere(bare, headers, words, path):
    """Missing and rejected keys are 401 with their own texts; a bearer token does not count."""
    verb = "POST" if path.startswith("/v2") else "GET"
    answer = await bare.request(verb, path, headers=headers)
    assert answer.status_code == 401
    assert words in answer.json()["error"]


async def test_keys_follow_their_knobs(sandbox, segmind):
    """Every key can be rejected, and others be made valid, while it runs."""
    sandbox.turn(segmind_key_state="rejected")
    assert (await segmind.submit()).status_code == 401
    sandbox.turn(segmind_key_state="valid", segmind_keys="SG_mine")
    segmind.http.headers["x-api-key"] = "SG_mine"
    assert (await segmind.submit()).status_code == 200


async def test_the_gateway_checks_in_order(sandbox, segmind):
    """Verb, content type, slug, rate, balance: the first that is wrong answers."""
    sandbox.turn(segmind_retired="seedance-pro", segmind_forbidden="seedance-2.0")
    wrong_verb = await segmind.http.get(f"/v2/{LITE}")
    assert (wrong_verb.status_code, wrong_verb.headers["content-type"][:9]) == (405, "text/html")
    plain = await segmind.http.post(f"/v2/{LITE}", content=b"{}")
    assert (plain.status_code, plain.json()["error"]) == (406, "Invalid content type")
    slugs = {"seedance-9": 404, "seedance-pro": 410, "seedance-2.0": 403}
    found = {slug: (await segmind.submit(slug=slug)).status_code for slug in slugs}
    assert found == slugs
    sandbox.turn(segmind_credits=0)
    poor = await segmind.submit({"nonsense": 1})
    assert poor.status_code == 406
    assert "Insufficient credits" in poor.json()["error"]
    assert "0.18" in poor.json()["error"]
    assert sandbox.ledger() == []


async def test_the_rate_is_limited_per_key(sandbox, segmind):
    """429 carries the reset stamp and no Retry-After; polls do not count."""
    sandbox.turn(time_factor=1, segmind_rate_rpm=1)
    first, second = await segmind.submit(), await segmind.submit()
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["x-rate-limit-reset-at-utc"].endswith("Z")
    assert "x-rate-limit-reset-at-utc" in first.headers
    assert "retry-after" not in second.headers
    assert (await segmind.http.get(first.json()["status_url"])).status_code == 200


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(("changes", "status"), BAD_BODIES)
async def test_a_bad_body_is_refused(sandbox, segmind, api, changes, status):
    """Missing fields are 400, values outside a set 406; nothing is stored."""
    answer = await segmind.submit(segmind.body(**changes), api=api)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert sandbox.ledger() == []


async def test_a_bad_choice_can_be_400(sandbox, segmind):
    """The status of a bad choice follows its knob."""
    sandbox.turn(segmind_bad_choice_status="400")
    assert (await segmind.submit(segmind.body(duration=7))).status_code == 400


@pytest.mark.parametrize("content", [b"{", b"[]"])
async def test_a_body_must_be_a_json_object(segmind, content):
    """Anything else is 400."""
    headers = {"content-type": "application/json"}
    answer = await segmind.http.post(f"/v2/{LITE}", content=content, headers=headers)
    assert answer.status_code == 400


async def test_a_form_is_taken_too(segmind):
    """Multipart bodies are read as fields."""
    fields = {name: (None, str(value)) for name, value in segmind.body().items()}
    assert (await segmind.http.post(f"/v2/{LITE}", files=fields)).status_code == 200


@pytest.mark.parametrize("changes", LATE_FAILURES)
async def test_a_bad_free_value_fails_later(sandbox, segmind, changes):
    """v2 accepts it and ends as FAILED with 422, v1 answers 500; neither is charged."""
    accepted = await segmind.submit(segmind.body(**changes))
    assert accepted.status_code == 200
    for link in ("status_url", "response_url"):
        answer = await segmind.http.get(accepted.json()[link])
        assert (answer.status_code, answer.json()["status"]) == (422, "FAILED")
        assert answer.json()["error"]
    assert (await segmind.submit(segmind.body(**changes), api="v1")).status_code == 500
    assert sandbox.ledger("charge") == []


async def test_seeds_follow_their_knob(sandbox, segmind):
    """-1 is random, unless the older page's range is turned on."""
    for knob, expected in [("signed", 200), ("positive", 422)]:
        sandbox.turn(segmind_seed=knob)
        accepted = await segmind.submit(segmind.body(seed=-1))
        assert (await segmind.http.get(accepted.json()["status_url"])).status_code == expected


async def test_v2_can_accept_anything(sandbox, segmind):
    """By knob even a bad choice is accepted and fails at run time."""
    sandbox.turn(segmind_accept_anything="yes")
    accepted = await segmind.submit(segmind.body(duration=7, prompt=...))
    assert accepted.status_code == 200
    assert (await segmind.http.get(accepted.json()["status_url"])).status_code == 422


@pytest.mark.parametrize("slug", SEGMIND)
async def test_each_model_takes_its_parameters(sandbox, segmind, slug):
    """Every slug of the table makes a video at its price."""
    accepted = await segmind.submit(segmind.body(**MODELS[slug]), slug=slug)
    assert accepted.status_code == 200
    status = await segmind.http.get(accepted.json()["status_url"])
    assert status.json()["status"] == "COMPLETED"
    assert [line.amount for line in sandbox.ledger("charge")] == [SEGMIND[slug].price]


async def test_nothing_is_ever_deduplicated(sandbox, segmind):
    """Each POST is a new request and a charge, whatever headers are sent."""
    segmind.http.headers["idempotency-key"] = "k"
    ids = {(await segmind.submit()).json()["request_id"] for _ in range(3)}
    assert len(ids) == 3
    assert [line.amount for line in sandbox.ledger("charge")] == [Decimal("0.18")] * 3


async def test_the_charge_comes_with_the_success(sandbox, segmind):
    """QUEUED and PROCESSING cost nothing yet; the five members are there from the start."""
    sandbox.turn(clock="manual", time_factor=1, segmind_queue_s="3", segmind_processing_s="30")
    accepted = (await segmind.submit()).json()
    members = {"request_id", "status", "poll_url", "status_url", "response_url"}
    assert (set(accepted), accepted["status"]) == (members, "QUEUED")
    seen = []
    for step_s in (0, 3, 30):
        sandbox.advance(step_s)
        status = (await segmind.http.get(accepted["status_url"])).json()["status"]
        seen.append((status, len(sandbox.ledger("charge"))))
    assert seen == [("QUEUED", 0), ("PROCESSING", 0), ("COMPLETED", 1)]


async def test_open_tasks_count_against_the_balance(sandbox, segmind):
    """Two requests cannot be started on the money for one."""
    sandbox.turn(clock="manual", time_factor=1, segmind_credits=0.2)
    assert (await segmind.submit()).status_code == 200
    assert (await segmind.submit()).status_code == 406


async def test_a_result_has_every_member(sandbox, segmind, bare):
    """Result, poll_url and the video's size agree with the file."""
    accepted = (await segmind.submit(segmind.body(seed=7))).json()
    body = (await segmind.http.get(accepted["response_url"])).json()
    assert (await segmind.http.get(accepted["poll_url"])).json() == body
    video = await bare.get(body["output"])
    assert body["video"]["file_size"] == len(video.content)
    assert body["video"]["content_type"] == video.headers["content-type"] == "video/mp4"
    assert (body["status"], body["error"], body["seed"]) == ("COMPLETED", None, 7)
    assert body["metrics"]["cost"] == 0.18
    assert body["metrics"]["remaining_credits"] == 99.82


@pytest.mark.parametrize(("knob", "kind"), [("string", str), ("list", list), ("object", dict)])
async def test_output_has_several_shapes(sandbox, segmind, knob, kind):
    """The shape of output follows its knob."""
    sandbox.turn(segmind_output=knob)
    accepted = (await segmind.submit()).json()
    assert isinstance((await segmind.http.get(accepted["response_url"])).json()["output"], kind)


@pytest.mark.parametrize(("knob", "status"), [("200", 200), ("404", 404)])
async def test_a_result_asked_too_early(sandbox, segmind, knob, status):
    """Before the end: 200 PROCESSING, or by knob 404."""
    sandbox.turn(clock="manual", time_factor=1, segmind_early_result=knob)
    answer = await segmind.http.get((await segmind.submit()).json()["response_url"])
    assert answer.status_code == status
    assert status == 404 or answer.json() == {"status": "PROCESSING"}


async def test_a_record_lives_one_hour(sandbox, segmind, bare):
    """After an hour the polls are 404, the history still has it, the file lives seven days."""
    sandbox.turn(clock="manual")
    accepted = (await segmind.submit()).json()
    sandbox.advance(3599)
    assert (await segmind.http.get(accepted["status_url"])).status_code == 200
    sandbox.advance(2)
    gone = await segmind.http.get(accepted["status_url"])
    assert gone.status_code == 404
    assert gone.json()["error"] == f"Request {accepted['request_id']} not found"
    row = f"/inference-request/request-history/{accepted['request_id']}"
    url = (await segmind.http.get(row)).json()["generation_url"]
    assert (await bare.get(url)).status_code == 200
    sandbox.advance(7 * 86400)
    assert (await bare.get(url)).status_code == 404
    sandbox.turn(segmind_expired_status="403")
    assert (await bare.get(url)).status_code == 403


async def test_a_fresh_record_may_be_missing(sandbox, segmind):
    """By knob the first second after the submit is 404."""
    sandbox.turn(clock="manual", segmind_early_404_s=1)
    url = (await segmind.submit()).json()["status_url"]
    assert (await segmind.http.get(url)).status_code == 404
    sandbox.advance(1)
    assert (await segmind.http.get(url)).status_code == 200


async def test_a_foreign_record_is_not_found(segmind):
    """Only the owner sees a request, also in the history."""
    accepted = (await segmind.submit()).json()
    segmind.http.headers["x-api-key"] = "SG_0000000000000002"
    row = f"/inference-request/request-history/{accepted['request_id']}"
    for url in (accepted["status_url"], accepted["response_url"], row):
        assert (await segmind.http.get(url)).status_code == 404
    assert await segmind.history() == []


async def test_failed_under_200(sandbox, segmind):
    """By knob a FAILED body comes with 200."""
    sandbox.turn(segmind_failed_status="200")
    url = (await segmind.submit(segmind.body(seed=0))).json()["status_url"]
    answer = await segmind.http.get(url)
    assert (answer.status_code, answer.json()["status"]) == (200, "FAILED")


async def test_v1_answers_with_the_video(sandbox, segmind):
    """The bytes come in the answer, the accounting in headers; by knob JSON with a link."""
    answer = await segmind.submit(segmind.body(seed=9), api="v1")
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content[4:8] == b"ftyp"
    expected = {"x-cost": "0.18", "x-remaining-credits": "99.82", "x-seed-value": "9"}
    assert answer.headers.items() >= expected.items()
    [row] = await segmind.history()
    assert answer.headers["x-request-id"] == row["request_id"]
    assert answer.headers["x-generation-time"]
    assert "x-rate-limit-reset-at-utc" in answer.headers
    sandbox.turn(segmind_v1_body="json")
    assert "output" in (await segmind.submit(api="v1")).json()


async def test_v1_blocks_until_the_video_is_there(sandbox, segmind):
    """The answer comes at the task's end; a client that left is charged all the same."""
    sandbox.turn(clock="manual", time_factor=1)
    with pytest.raises(httpx.ReadTimeout):
        await segmind.http.post(f"/v1/{LITE}", json=segmind.body(), timeout=0.2)
    assert (len(sandbox.ledger("submission")), len(sandbox.ledger("charge"))) == (1, 0)
    sandbox.advance(100)
    assert len(sandbox.ledger("charge")) == 1
    async with asyncio.TaskGroup() as group:
        call = group.create_task(segmind.submit(api="v1"))
        while len(sandbox.tasks()) < 2:
            await asyncio.sleep(0.01)
        sandbox.advance(100)
    assert call.result().content[4:8] == b"ftyp"


async def test_the_gateway_in_front_of_v1_gives_up(sandbox, segmind):
    """504 HTML after a while; the job completes and is billed."""
    sandbox.turn(
        time_factor=0.01, segmind_queue_s="1", segmind_processing_s="20", segmind_v1_gateway_s=5
    )
    answer = await segmind.submit(api="v1")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (504, "text/html")
    while not sandbox.ledger("charge"):
        await asyncio.sleep(0.01)


async def test_credits_are_told(sandbox, segmind):
    """The balance follows charges; an account without a record is 404."""
    await segmind.submit()
    answer = await segmind.http.get("/v1/get-user-credits")
    assert answer.json() == {"credits": 99.82, "free-credits": 0.0}
    sandbox.turn(segmind_credits=-1)
    answer = await segmind.http.get("/v1/get-user-credits")
    assert answer.status_code == 404
    assert answer.json() == {"error": "No credits found for the user"}


async def test_an_asset_is_stored(sandbox, segmind, bare, picture):
    """The link serves the bytes; the name of the list follows its knob."""
    answer = (await segmind.upload(picture)).json()
    [url] = answer["file_urls"]
    assert answer["message"]
    stored = await bare.get(url)
    assert (stored.content, stored.headers["content-type"]) == (picture, "image/png")
    sandbox.turn(segmind_upload_reply="urls")
    assert set((await segmind.upload(picture)).json()) == {"urls"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data_urls": []},
        {"data_urls": "data:image/png;base64,AAAA"},
        {"data_urls": [5]},
        {"data_urls": ["https://a/b.png"]},
        {"data_urls": ["data:image/png;base64,***"]},
        [],
    ],
)
async def test_a_bad_asset_is_refused(segmind, body):
    """Only a non-empty list of decodable data URLs is taken."""
    assert (await segmind.http.post("/upload-asset", json=body)).status_code == 400


async def test_a_large_asset_can_be_refused(sandbox, segmind):
    """By knob there is a limit."""
    sandbox.turn(segmind_upload_max_mb=0.001)
    assert (await segmind.upload(b"x" * 1000)).status_code == 200
    assert (await segmind.upload(b"x" * 1001)).status_code == 413


async def test_history_rows_echo_the_request(sandbox, segmind, picture):
    """Done, failed and running requests are there with the body as it was sent."""
    url = (await segmind.upload(picture)).json()["file_urls"][0]
    sent = segmind.body(image_url=url, seed=3)
    done = (await segmind.submit(sent)).json()["request_id"]
    failed = (await segmind.submit(segmind.body(seed=0))).json()["request_id"]
    sandbox.fault("stuck", "segmind.submit")
    stuck = (await segmind.submit()).json()["request_id"]
    rows = {row["request_id"]: row for row in await segmind.history()}
    assert {rows[done]["model_status"], rows[failed]["model_status"]} == {"COMPLETED", "FAILED"}
    assert rows[stuck]["model_status"] == "PENDING"
    assert rows[done]["request_body"] == sent
    assert rows[done]["credits_deduction"] == 0.18
    assert rows[failed]["generation_url"] is None
    assert rows[failed]["error"]
    [line] = [line for line in sandbox.ledger("submission") if line.task_id == done]
    assert line.images == (url,)
    for status, expected in [("COMPLETED", done), ("FAILED", failed), ("PENDING", stuck)]:
        assert [row["request_id"] for row in await segmind.history(status=status)] == [expected]


async def test_history_pages_and_filters(sandbox, segmind):
    """Newest first, in pages; by model and by date."""
    sandbox.turn(clock="manual")
    ids = []
    for slug in (LITE, "seedance-pro", LITE):
        ids.append((await segmind.submit(slug=slug)).json()["request_id"])
        sandbox.advance(86400)
    assert [row["request_id"] for row in await segmind.history()] == ids[::-1]
    assert [row["request_id"] for row in await segmind.history(sort_order="asc")] == ids
    second = await segmind.history(page=2, per_page=1)
    assert [row["request_id"] for row in second] == [ids[1]]
    assert len(await segmind.history(model_name="lite")) == 2
    sandbox.advance(10 * 86400)
    assert await segmind.history() == []


@pytest.mark.parametrize(
    "query",
    [
        {"per_page": 0},
        {"per_page": 101},
        {"per_page": "x"},
        {"page": 0},
        {"status": "DONE"},
        {"sort_by": "prompt"},
        {"sort_order": "up"},
        {"from_date": "yesterday"},
        {"from_date": "2026-01-01", "to_date": "2026-03-01"},
        {"from_date": "2026-03-02", "to_date": "2026-03-01"},
    ],
)
async def test_a_bad_history_query_is_refused(segmind, query):
    """Ranges and words are checked."""
    answer = await segmind.http.get("/inference-request/request-history", params=query)
    assert answer.status_code == 400


@pytest.mark.parametrize("envelope", ["requests", "data", "items"])
async def test_the_history_envelope_varies(sandbox, segmind, envelope):
    """The key that holds the rows follows its knob."""
    sandbox.turn(segmind_history_key=envelope)
    await segmind.submit()
    answer = await segmind.http.get("/inference-request/request-history")
    assert len(answer.json()[envelope]) == 1


async def test_history_rows_can_land_late(sandbox, segmind):
    """By knob a row appears only after a delay, in the list and by id."""
    sandbox.turn(clock="manual", segmind_history_delay_s=120)
    row = f"/inference-request/request-history/{(await segmind.submit()).json()['request_id']}"
    assert (await segmind.history(), (await segmind.http.get(row)).status_code) == ([], 404)
    sandbox.advance(120)
    assert len(await segmind.history()) == 1
    assert (await segmind.http.get(row)).status_code == 200


async def test_the_price_is_a_knob(sandbox, segmind):
    """One price for all models instead of the table."""
    sandbox.turn(segmind_price=0.45)
    await segmind.submit()
    assert [line.amount for line in sandbox.ledger("charge")] == [Decimal("0.45")]


async def test_foreign_links_on_loopback_are_fetched(sandbox, segmind, rivya, picture, bare):
    """A link of a local bucket is really read; a dead one fails the task."""
    good = (await segmind.upload(picture)).json()["file_urls"][0]
    elsewhere = good.replace("/assets/", "/elsewhere/")
    url = (await segmind.submit(segmind.body(image_url=elsewhere))).json()["status_url"]
    answer = await segmind.http.get(url)
    assert answer.status_code == 422
    assert "could not fetch" in answer.json()["error"]
    sandbox.turn(foreign_images="ignore")
    url = (await segmind.submit(segmind.body(image_url=elsewhere))).json()["status_url"]
    assert (await segmind.http.get(url)).status_code == 200


def test_the_tables_of_bodies_name_every_model():
    """A model that is added here must be tried here."""
    assert set(MODELS) == set(SEGMIND)

"""Each row of the Rivya contract table, over real HTTP."""

import asyncio
from decimal import Decimal

import pytest

from seedance_watch.sandbox.catalogue import RIVYA

ADMISSION = [
    ({"rivya_enabled": "no"}, None, 503, "public_api_disabled"),
    ({}, None, 401, "api_key_missing"),
    ({}, "Basic abc", 401, "api_key_missing"),
    ({}, "Bearer rvya_sk_nobody", 401, "api_key_invalid"),
    ({}, "Bearer SG_0000000000000001", 401, "api_key_invalid"),
    ({}, "Bearer rvya_sk_revoked", 401, "api_key_revoked"),
    ({}, "Bearer rvya_sk_expired", 401, "api_key_expired"),
    ({"rivya_key_state": "revoked"}, "Bearer rvya_sk_sandbox", 401, "api_key_revoked"),
    ({"rivya_key_state": "expired"}, "Bearer rvya_sk_sandbox", 401, "api_key_expired"),
    ({}, "Bearer rvya_sk_readonly", 403, "api_scope_denied"),
    ({"rivya_scopes": "credits:read"}, "Bearer rvya_sk_sandbox", 403, "api_scope_denied"),
    ({"rivya_keys": "rvya_sk_mine"}, "Bearer rvya_sk_mine", 200, None),
]

BODIES = [
    ({"model": "seedance-9"}, "validation_failed"),
    ({"model": None}, "validation_failed"),
    ({"files": []}, "validation_failed"),
    ({"surprise": 1}, "validation_failed"),
    ({"client_request_id": "x" * 129}, "validation_failed"),
    ({"prompt": ""}, "validation_failed"),
    ({"prompt": None}, "validation_failed"),
    ({"prompt": "x" * 10001}, "validation_failed"),
    ({"params": []}, "validation_failed"),
    ({"params": {"speed": "fast"}}, "validation_failed"),
    ({"params": {"duration": 5}}, "validation_failed"),
    ({"params": {"duration": "7"}}, "validation_failed"),
    ({"params": {"camera_fixed": False}}, "validation_failed"),
    ({"params": {"aspect_ratio": "21:9"}}, "validation_failed"),
    ({"params": {"seed": "1"}}, "validation_failed"),
    ({"params": {"seed": True}}, "validation_failed"),
    ({"params": {"seed": -2}}, "validation_failed"),
    ({"params": {"seed": 2147483648}}, "validation_failed"),
    ({"params": {"referenceMediaItems": "x"}}, "validation_failed"),
    ({"params": {"referenceMediaItems": ["x"]}}, "validation_failed"),
    ({"params": {"referenceMediaItems": [{"url": "https://a/b"}]}}, "validation_failed"),
    ({"params": {"referenceMediaItems": [{"kind": "image"}]}}, "validation_failed"),
    ({"params": {"referenceMediaItems": [{"kind": "video", "url": "https://a/b"}]}},
     "validation_failed"),
    ({"params": {"referenceMediaItems": [{"kind": "image", "url": "ftp://a/b"}]}},
     "validation_failed"),
    ({"params": {"referenceMediaItems": [{"kind": "image", "url": "https://a/b", "role": "x"}]}},
     "validation_failed"),
    ({"params": {"referenceMediaItems": [{"kind": "image", "url": "https://a/b"}] * 3}},
     "validation_failed"),
    ({"model": "seedance-1-0-pro",
      "params": {"referenceMediaItems": [{"kind": "image", "url": "https://a/b"}] * 2}},
     "validation_failed"),
    ({"model": "seedance-1-5-pro", "prompt": "x" * 2501}, "validation_failed"),
    ({"model": "seedance-1-5-pro", "params": {"aspect_ratio": "1:1"}}, "validation_failed"),
    ({"model": "seedance-1-5-pro", "params": {"seed": 1}}, "validation_failed"),
    ({"model": "seedance-2", "params": {"duration": "5"}}, "validation_failed"),
    ({"model": "seedance-2", "params": {"duration": 16}}, "validation_failed"),
    ({"model": "seedance-2", "params": {"resolution": "1080p"}}, "validation_failed"),
    ({"model": "seedance-2",
      "params": {"referenceMediaItems": [{"kind": "image", "url": "https://a/b"}]}},
     "validation_failed"),
    ({"model": "seedance-2", "params": {"seedance_scene": "frames"}}, "validation_failed"),
]  # fmt: skip

IMAGE = {"kind": "image", "url": "https://a.example/b.png", "name": "b"}
GOOD_BODIES = [
    ({"model": "seedance-1-0-lite", "params": {
        "resolution": "1080p", "duration": "10", "aspect_ratio": "9:21", "camera_fixed": "true",
        "seed": 2147483647, "enable_safety_checker": "false",
        "referenceMediaItems": [IMAGE, IMAGE]}}, 16),
    ({"model": "seedance-1-0-pro", "params": {"aspect_ratio": "21:9", "seed": -1,
                                              "referenceMediaItems": [IMAGE]}}, 25),
    ({"model": "seedance-1-5-pro", "params": {"duration": "12", "aspectRatio": "3:4",
                                              "fixed_lens": "true",
                                              "generate_audio": "true"}}, 28),
    ({"model": "seedance-2", "params": {"seedance_scene": "frames", "duration": 4,
                                        "aspect_ratio": "adaptive",
                                        "referenceMediaItems": [IMAGE]}}, 175),
    ({"model": "seedance-2-fast"}, 140),
]  # fmt: skip


@pytest.mark.parametrize(("knobs", "header", "status", "code"), ADMISSION)
async def test_admission_is_checked_in_order(sandbox, bare, knobs, header, status, code):
    """Switch, key present, known, revoked, expired, scope: each has its answer and envelope."""
    sandbox.turn(**knobs)
    headers = {"authorization": header} if header else {}
    answer = await bare.post(
        "/api/v1/generations", headers=headers, json={"model": "seedance-1-0-lite", "prompt": "x"}
    )
    assert answer.status_code == status
    if code:
        error = answer.json()["error"]
        assert error["code"] == code
        assert error["requestId"].startswith("req_")
        assert error["message"]
    assert len(sandbox.tasks()) == (0 if code else 1)


@pytest.mark.parametrize("retry_after", ["present", "absent"])
async def test_the_rate_is_limited_per_key(sandbox, rivya, retry_after):
    """The call over the bucket gets 429, with Retry-After when the knob says so."""
    sandbox.turn(time_factor=1, rivya_rate_per_min=2, rivya_retry_after=retry_after)
    answers = [await rivya.http.get("/api/v1/credits") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "rate_limited"
    assert ("retry-after" in answers[2].headers) == (retry_after == "present")
    other = {"authorization": "Bearer rvya_sk_sandbox_other"}
    assert (await rivya.http.get("/api/v1/credits", headers=other)).status_code == 200


async def test_the_rate_refills_with_virtual_time(sandbox, rivya):
    """A minute later the bucket is full again."""
    sandbox.turn(time_factor=1, clock="manual", rivya_rate_per_min=1)
    assert (await rivya.http.get("/api/v1/credits")).status_code == 200
    assert (await rivya.http.get("/api/v1/credits")).status_code == 429
    sandbox.advance(60)
    assert (await rivya.http.get("/api/v1/credits")).status_code == 200


async def test_models_are_listed(sandbox, bare):
    """The list is public, and the knobs take models away from it."""
    rows = (await bare.get("/api/v1/models")).json()["data"]
    assert {row["id"] for row in rows} == set(RIVYA)
    assert {"id", "api_status", "supported_api_inputs"} == set(rows[0])
    sandbox.turn(rivya_unlisted="seedance-1-0-lite", rivya_retired="seedance-2")
    names = {row["id"] for row in (await bare.get("/api/v1/models")).json()["data"]}
    assert names == set(RIVYA) - {"seedance-1-0-lite", "seedance-2"}
    sandbox.turn(rivya_models_auth="required")
    assert (await bare.get("/api/v1/models")).status_code == 401


async def test_credits_follow_the_ledger(sandbox, rivya):
    """A generation takes its credits at once."""
    assert (await rivya.http.get("/api/v1/credits")).json() == {"current_credits": 10000}
    await rivya.create()
    assert (await rivya.http.get("/api/v1/credits")).json() == {"current_credits": 9984}


async def test_a_file_is_stored_and_described(sandbox, rivya, bare, picture):
    """Upload and description agree, and the link serves the bytes without a key."""
    stored = (await rivya.upload(picture, client_request_id="t" * 128)).json()
    assert stored["mime_type"] == "image/png"
    assert stored["size"] == len(picture)
    assert stored["duration_token"] is None
    assert (await rivya.http.get(f"/api/v1/files/{stored['id']}")).json() == stored
    assert (await bare.get(stored["url"])).content == picture
    other = {"authorization": "Bearer rvya_sk_sandbox_other"}
    foreign = await rivya.http.get(f"/api/v1/files/{stored['id']}", headers=other)
    assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "not_found")
    sandbox.turn(rivya_file_status="201")
    assert (await rivya.upload(picture)).status_code == 201


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"%PDF-1.7", {}),
        (b"", {}),
        (None, {"kind": "picture"}),
        (None, {"kind": "video"}),
        (None, {"model": "seedance-9"}),
        (None, {"client_request_id": "x" * 129}),
    ],
)
async def test_a_bad_file_is_refused(rivya, picture, content, fields):
    """Signature, kind, model and trace id are checked."""
    answer = await rivya.upload(picture if content is None else content, **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "validation_failed"


async def test_a_file_must_be_multipart_with_its_fields(rivya):
    """JSON, or a form without the file, is refused."""
    as_json = await rivya.http.post("/api/v1/files", json={"kind": "image"})
    no_file = await rivya.http.post("/api/v1/files", files={"kind": (None, "image")})
    assert [as_json.status_code, no_file.status_code] == [400, 400]


@pytest.mark.parametrize(("knob", "status"), [("400", 400), ("413", 413)])
async def test_a_large_file_is_refused(sandbox, rivya, picture, knob, status):
    """Over the limit by one byte is too much; the limit itself is not."""
    sandbox.turn(rivya_too_large_status=knob, rivya_image_max_bytes=len(picture))
    assert (await rivya.upload(picture)).status_code == 200
    answer = await rivya.upload(picture + b"\0")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == "validation_failed"


@pytest.mark.parametrize(("changes", "code"), BODIES)
async def test_a_bad_generation_is_refused(sandbox, rivya, changes, code):
    """Whatever the tables do not allow is 400 and stores and costs nothing."""
    answer = await rivya.create({**rivya.body(), **changes})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert sandbox.ledger() == []


@pytest.mark.parametrize(("changes", "price"), GOOD_BODIES)
async def test_each_model_takes_its_parameters(sandbox, rivya, changes, price):
    """Every key of a model's table is accepted in its type; the price is the table's."""
    task = await rivya.made({**rivya.body(), **changes})
    assert task["status"] == "succeeded"
    assert (task["reserved_credits"], task["final_credits"]) == (price, price)
    assert [line.amount for line in sandbox.ledger("charge")] == [Decimal(price)]


async def test_a_generation_must_be_json(rivya):
    """Broken JSON and another content type are refused."""
    for content, kind in [(b"{", "application/json"), (b"a=1", "text/plain")]:
        answer = await rivya.http.post(
            "/api/v1/generations", content=content, headers={"content-type": kind}
        )
        assert answer.status_code == 400


async def test_knobs_widen_what_a_generation_takes(sandbox, rivya):
    """Lenient types, ignored keys and hosted links follow their knobs."""
    loose = rivya.body(duration=5, camera_fixed=False)
    assert (await rivya.create(loose)).status_code == 400
    sandbox.turn(rivya_select_types="lenient")
    assert (await rivya.create(loose)).status_code == 200
    unknown = rivya.body(speed=1)
    assert (await rivya.create(unknown)).status_code == 400
    sandbox.turn(rivya_unknown_params="ignore")
    assert (await rivya.create(unknown)).status_code == 200
    sandbox.turn(rivya_media_urls="hosted")
    assert (await rivya.create(rivya.body(referenceMediaItems=[IMAGE]))).status_code == 400


@pytest.mark.parametrize(
    ("knob", "status", "code"),
    [("validation_failed", 400, "validation_failed"), ("not_found", 404, "not_found")],
)
async def test_a_withdrawn_model_is_refused(sandbox, rivya, knob, status, code):
    """A model can be withdrawn while it runs."""
    sandbox.turn(rivya_retired="seedance-1-0-lite", rivya_retired_answer=knob)
    answer = await rivya.create()
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("status", ["200", "201", "202"])
async def test_a_generation_is_accepted(sandbox, rivya, status):
    """The answer has every documented member and shows the task as queued."""
    sandbox.turn(rivya_create_status=status)
    answer = await rivya.create({**rivya.body(), "client_request_id": "trace"}, "k")
    task = answer.json()
    assert answer.status_code == int(status)
    assert task["id"].startswith("task_")
    assert task["created_at"].endswith("Z")
    assert "client_request_id" not in task
    expected = {
        "status": "queued", "model": "seedance-1-0-lite", "reserved_credits": 16,
        "final_credits": 0, "result": None, "error": None,
    }  # fmt: skip
    assert task.items() >= expected.items()
    [submission] = sandbox.ledger("submission")
    assert (submission.idempotency_key, submission.client_request_id) == ("k", "trace")
    sandbox.turn(rivya_echo_request_id="yes")
    assert (await rivya.task(task["id"]))["client_request_id"] == "trace"


async def test_too_little_credit_is_an_answer_or_a_failed_task(sandbox, rivya):
    """By knob: 402, or a task that fails with the same code; neither costs."""
    sandbox.turn(rivya_credits=15)
    answer = await rivya.create()
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_credits")
    sandbox.turn(rivya_no_credits="task")
    task = await rivya.made()
    assert (task["status"], task["error"]["code"]) == ("failed", "insufficient_credits")
    assert sandbox.ledger("charge") == []
    assert sandbox.ledger("refund") == []


async def test_a_key_sent_again_is_the_same_task(sandbox, rivya):
    """Same key and body: same id, one charge; order and spaces of the JSON do not matter."""
    first = (await rivya.create(rivya.body(seed=1, duration="5"), "k")).json()
    again = await rivya.create(rivya.body(duration="5", seed=1), "k")
    assert again.status_code == 200
    assert (again.json()["id"], again.json()["status"]) == (first["id"], "succeeded")
    assert len(sandbox.ledger("charge")) == 1
    assert len(sandbox.ledger("replay")) == 1


async def test_keys_belong_to_their_account(sandbox, rivya):
    """Another account's same key is another task; no key at all is always a new one."""
    await rivya.create(key="k")
    rivya.http.headers["authorization"] = "Bearer rvya_sk_sandbox_other"
    await rivya.create(key="k")
    await rivya.create()
    await rivya.create()
    assert len(sandbox.ledger("charge")) == 4


async def test_a_replay_can_be_frozen_with_its_status(sandbox, rivya):
    """By knob the replay is the first answer again, byte for byte."""
    sandbox.turn(
        rivya_replay_body="frozen", rivya_replay_status="original", rivya_create_status="201"
    )
    first, again = await rivya.create(key="k"), await rivya.create(key="k")
    assert (again.status_code, again.content) == (201, first.content)


async def test_a_key_with_another_body_conflicts(sandbox, rivya):
    """Same key, other request: 409; by knob also when only the bytes differ."""
    await rivya.create(key="k")
    answer = await rivya.create({**rivya.body(), "prompt": "another"}, "k")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")
    sandbox.turn(rivya_body_match="bytes")
    await rivya.create(rivya.body(seed=1, duration="5"), "k2")
    assert (await rivya.create(rivya.body(duration="5", seed=1), "k2")).status_code == 409


async def test_a_key_in_flight_waits_or_conflicts(sandbox, rivya):
    """While the first call is at work the second waits for it, or by knob is refused."""
    for knob, expected in [("wait", [200, 200]), ("conflict", [200, 409])]:
        sandbox.turn(rivya_key_in_flight=knob)
        sandbox.fault("slow_create", "rivya.create", seconds=0.3)
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(rivya.create(key=knob)) for _ in range(2)]
        assert sorted(call.result().status_code for call in calls) == expected
    assert len(sandbox.ledger("charge")) == 2


async def test_a_key_is_forgotten_after_its_life(sandbox, rivya):
    """Older than its life, a key makes a new task and a second charge."""
    sandbox.turn(clock="manual", rivya_key_ttl_s=3600)
    first = (await rivya.create(key="k")).json()["id"]
    sandbox.advance(3599)
    assert (await rivya.create(key="k")).json()["id"] == first
    sandbox.advance(2)
    assert (await rivya.create(key="k")).json()["id"] != first
    assert len(sandbox.ledger("charge")) == 2


async def test_a_rejected_key_is_free_or_kept(sandbox, rivya):
    """After a 4xx the key can be used, or by knob replays the refusal."""
    sandbox.turn(rivya_credits=0)
    assert (await rivya.create(key="k")).status_code == 402
    sandbox.turn(rivya_credits=100)
    assert (await rivya.create(key="k")).status_code == 200
    sandbox.turn(rivya_credits=0, rivya_rejected_key="kept")
    assert (await rivya.create(key="k2")).status_code == 402
    sandbox.turn(rivya_credits=100)
    assert (await rivya.create(key="k2")).status_code == 402


async def test_a_foreign_or_unknown_task_is_not_found(rivya):
    """Only the owner sees a task."""
    mine = (await rivya.create()).json()["id"]
    rivya.http.headers["authorization"] = "Bearer rvya_sk_sandbox_other"
    for task_id in (mine, "task_nothing"):
        answer = await rivya.http.get(f"/api/v1/generations/{task_id}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_task_runs_through_its_timeline(sandbox, rivya):
    """Queued, processing, succeeded at the spans' times; updated_at moves with each change."""
    sandbox.turn(clock="manual", time_factor=1, rivya_queue_s="4-4", rivya_processing_s="60")
    task_id = (await rivya.create()).json()["id"]
    seen = []
    for step_s in (0, 3.9, 0.1, 59.9, 0.1):
        sandbox.advance(step_s)
        seen.append(await rivya.task(task_id))
    words = ["queued", "queued", "processing", "processing", "succeeded"]
    assert [task["status"] for task in seen] == words
    assert len({task["updated_at"] for task in seen}) == 3
    assert [task["result"] is None for task in seen] == [True] * 4 + [False]
    result = seen[-1]["result"]
    assert result["urls"] == [result["primary_url"]]


@pytest.mark.parametrize(("knob", "left"), [("yes", 10000), ("no", 9984)])
async def test_a_failed_task_gives_its_credits_back(sandbox, rivya, knob, left):
    """Failed shows an error and no result; the refund follows its knob."""
    sandbox.turn(rivya_refund=knob)
    sandbox.fault("task_failed", "rivya.create", code="generation_failed", message="no")
    task = await rivya.made()
    assert (task["status"], task["result"], task["final_credits"]) == ("failed", None, 0)
    assert task["error"] == {"code": "generation_failed", "message": "no"}
    assert (await rivya.http.get("/api/v1/credits")).json() == {"current_credits": left}


async def test_an_unreadable_image_fails_the_task(sandbox, rivya, picture):
    """What passed the signature check but does not decode fails later, as upstream would."""
    stored = (await rivya.upload(picture[: len(picture) // 2])).json()
    item = {"kind": "image", "url": stored["url"]}
    task = await rivya.made(rivya.body(referenceMediaItems=[item]))
    assert task["status"] == "failed"


async def test_webhook_events_list_what_ended(sandbox, rivya):
    """One event per finished task, with the task inside."""
    done = await rivya.made()
    [event] = (await rivya.http.get("/api/v1/webhook-events")).json()["data"]
    assert set(event) == {"id", "type", "api_version", "created_at", "data"}
    assert (event["type"], event["data"]["id"]) == ("generation.succeeded", done["id"])


async def test_an_unknown_path_is_json_or_html(sandbox, rivya):
    """By knob the 404 of the web framework shows."""
    assert (await rivya.http.get("/api/v1/nothing")).json()["error"]["code"] == "not_found"
    sandbox.turn(rivya_unknown_path="html")
    assert "html" in (await rivya.http.get("/api/v1/nothing")).headers["content-type"]

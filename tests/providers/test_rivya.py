"""Rivya's dialect, against the contract that its pages describe."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flows import INTENT, drive, job, reply
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Ready
from seedance_watch.core.model import Picture, Role
from seedance_watch.providers.dialect import Upload
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.rivya_answers import ERRORS

K = FaultKind
RIVYA = Rivya("https://rivya.ai")
ITEM = {"url": "https://files.example/0.png", "kind": "image", "mimeType": "image/png"}
END = {**ITEM, "url": "https://files.example/1.png"}
FIRST = {
    "duration": "5",
    "resolution": "720p",
    "camera_fixed": "false",
    "seed": 77,
    "enable_safety_checker": "true",
    "aspect_ratio": "16:9",
}
SECOND = {
    "duration": 5,
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "generate_audio": "true",
    "web_search": "false",
    "nsfw_checker": "true",
}


@pytest.mark.parametrize(
    ("model", "images", "params"),
    [
        ("seedance-1-0-lite", 1, {**FIRST, "referenceMediaItems": [ITEM]}),
        ("seedance-1-0-lite", 2, {**FIRST, "referenceMediaItems": [ITEM, END]}),
        ("seedance-1-0-pro", 1, {**FIRST, "referenceMediaItems": [ITEM]}),
        (
            "seedance-1-5-pro",
            0,
            {
                "duration": "8",
                "resolution": "720p",
                "aspectRatio": "1:1",
                "fixed_lens": "false",
                "generate_audio": "false",
            },
        ),
        (
            "seedance-2",
            1,
            {**SECOND, "seedance_scene": "frames", "referenceMediaItems": [ITEM]},
        ),
        ("seedance-2-fast", 0, {**SECOND, "seedance_scene": "text"}),
    ],
)
def test_the_request_has_the_exact_json_types(
    model: str, images: int, params: dict[str, Any]
) -> None:
    """Golden bytes per model: choices as strings, the seed as a number, images in order."""
    intent = RIVYA.intend(job("rivya", model, images=images), "key-1-1", 1)

    assert json.loads(intent.body) == {
        "model": model,
        "prompt": "waves",
        "params": params,
        "client_request_id": "shot-1",
    }
    assert intent.body == RIVYA.intend(job("rivya", model, images=images), "key-1-1", 1).body
    assert intent.url == "https://rivya.ai/api/v1/generations"


def test_submit_is_one_paid_call_with_its_key() -> None:
    """The paid call carries the intent's bytes and idempotency key."""
    events, (call,) = drive(RIVYA.submit(INTENT), [reply(202, {"id": "task_1"})])

    assert events == [Accepted("task_1")]
    assert call.paid
    assert (call.url, call.body) == (INTENT.url, INTENT.body)
    assert call.headers["idempotency-key"] == INTENT.key


def test_reconcile_replays_the_very_same_call() -> None:
    """Same bytes, same key: the first acceptance is answered again."""
    _, (first,) = drive(RIVYA.submit(INTENT), [reply(200, {"id": "task_1"})])
    found, (again,) = drive(RIVYA.reconcile(INTENT, 0.0), [reply(200, {"id": "task_1"})])

    assert found == Accepted("task_1", via="reconcile")
    assert again == first


@pytest.mark.parametrize(("code", "kind"), ERRORS.items())
def test_every_error_code_has_its_reaction(code: str, kind: FaultKind) -> None:
    """The code decides, whatever the status; the request's number is in the reason."""
    body = {"error": {"code": code, "message": "because", "requestId": "req_9"}}
    with pytest.raises(Fault) as raised:
        drive(RIVYA.poll("task_1", 0.0), [reply(418, body)])

    # That a question is refused says nothing about the task.
    assert raised.value.kind is (K.GARBLED if kind is K.REFUSED else kind)
    assert "because (request req_9)" in raised.value.reason


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "validation_failed", K.REFUSED),
        (400, "brand_new_code", K.REFUSED),
        (401, "api_key_invalid", K.DENIED),
        (402, "", K.DENIED),
        (402, "insufficient_credits", K.DENIED),
        (403, "api_scope_denied", K.DENIED),
        (404, "not_found", K.DENIED),
        (408, "", K.UNSURE),
        (409, "idempotency_conflict", K.UNSURE),
        (429, "rate_limited", K.BUSY),
        (500, "", K.UNSURE),
        (502, "", K.UNSURE),
        (503, "", K.UNSURE),
        (503, "public_api_disabled", K.DENIED),
        (200, "", K.GARBLED),
        (302, "", K.UNSURE),
    ],
)
def test_a_paid_call_that_may_have_been_taken_is_unsure(
    status: int, code: str, kind: FaultKind
) -> None:
    """Only an answer that certainly declines is a refusal; 5xx never is."""
    with pytest.raises(Fault) as raised:
        drive(RIVYA.submit(INTENT), [reply(status, {"error": {"code": code}}), reply(500)])

    unsure = {K.UNSURE, K.GARBLED}
    assert raised.value.kind is kind or {raised.value.kind, kind} <= unsure


@pytest.mark.parametrize(
    ("served", "kind"),
    [([], K.REFUSED), (["m", "other"], K.REFUSED), (["other"], K.DENIED), (None, K.REFUSED)],
)
def test_a_refusal_of_a_model_that_is_not_listed_is_about_the_model(
    served: list[str] | None, kind: FaultKind
) -> None:
    """It pauses the lane and fails nobody; what is listed, or no list, leaves the refusal."""
    body = {"data": served and [{"id": each} for each in served]}
    intent = replace(INTENT, body=b'{"model": "m"}')
    with pytest.raises(Fault) as raised:
        drive(RIVYA.submit(intent), [reply(400, {"error": {"code": "x"}}), reply(200, body)])

    assert raised.value.kind is kind
    assert ("choose another model" in raised.value.reason) == (kind is K.DENIED)


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Mon, 12 Jan 1970 13:47:10 GMT"}, 30.0),
        ({"x-rate-limit-reset-at-utc": "1970-01-12T13:46:50Z"}, 10.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_the_providers_wish_to_wait_is_honoured(
    headers: dict[str, str], after_s: float | None
) -> None:
    """Seconds, an HTTP date or a reset stamp; nonsense is no wish."""
    with pytest.raises(Fault) as raised:
        drive(RIVYA.poll("t", 0.0), [reply(429, headers=headers)])

    assert raised.value.after_s == after_s


@pytest.mark.parametrize("status", ["queued", "processing", "warming_up", "PROCESSING"])
def test_anything_but_an_end_is_not_finished(status: str) -> None:
    """A status that nobody knows is asked about again."""
    assert drive(RIVYA.poll("t", 0.0), [reply(200, {"status": status})])[0] is None


@pytest.mark.parametrize(
    "result", [{"primary_url": "https://v/1.mp4"}, {"urls": ["https://v/1.mp4"]}]
)
def test_a_finished_task_gives_its_link_and_cost(result: dict[str, Any]) -> None:
    """The first address, and the credits that were really taken."""
    body = {"status": "succeeded", "result": result, "final_credits": 16}
    ready, _ = drive(RIVYA.poll("t", 0.0), [reply(200, body)])

    assert isinstance(ready, Ready)
    assert ready.url == "https://v/1.mp4"
    assert str(ready.cost) == "16 credits"


def test_a_failed_task_is_a_refusal_with_its_code() -> None:
    """A generation that failed is told with the provider's words."""
    body = {"status": "failed", "error": {"code": "generation_failed", "message": "no faces"}}
    with pytest.raises(Fault) as raised:
        drive(RIVYA.poll("t", 0.0), [reply(200, body)])

    assert (raised.value.kind, raised.value.code) == (K.REFUSED, "generation_failed")
    assert "no faces" in raised.value.reason


@pytest.mark.parametrize(("final", "kind"), [(0, K.RETURNED), (None, K.RETURNED), (16, K.REFUSED)])
def test_a_task_without_credits_comes_back_unless_it_was_charged(
    final: int | None, kind: FaultKind
) -> None:
    """It was never run, so it may be wished for again; not so where money was taken for it."""
    error = {"code": "insufficient_credits", "message": "needs 16, has 3"}
    body = {"status": "failed", "error": error, "final_credits": final}
    with pytest.raises(Fault) as raised:
        drive(RIVYA.poll("t", 0.0), [reply(200, body)])

    assert (raised.value.kind, raised.value.code) == (kind, "insufficient_credits")
    assert "top up the account" in raised.value.reason


def test_an_upload_names_its_model_and_kind() -> None:
    """The Files API judges by the model; the file's bytes go as they are."""
    picture = Picture(Role.IMAGE, "a.png", "image/png", 1280, 720, 3, "ab")
    spec = job("rivya", "seedance-1-0-lite").prepared
    assert spec is not None
    flow = RIVYA.stage(Upload(picture, b"png"), spec.spec)
    url, (call,) = drive(flow, [reply(201, {"url": "https://f/1"})])

    assert url == "https://f/1"
    assert call.form["kind"] == "image"
    assert call.form["model"] == "seedance-1-0-lite"
    assert call.upload == ("file", "image.png", "image/png", b"png")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "status", "result", "error", "code", "urls", "data", "x"]), each
    ),
    max_leaves=9,
)  # fmt: skip


@given(JSON, st.sampled_from([200, 202, 302, 400, 404, 429, 500]))
def test_no_answer_surprises_it(body: Any, status: int) -> None:
    """Arbitrary JSON raises Fault or nothing, and never accepts without a task id."""
    for flow in (
        RIVYA.submit(INTENT),
        RIVYA.reconcile(INTENT, 0.0),
        RIVYA.poll("t", 0.0),
        RIVYA.refresh("t"),
        RIVYA.balance(),
        RIVYA.offered(),
    ):
        try:
            found, _ = drive(flow, [reply(status, body)])
        except Fault:
            continue
        for event in found if isinstance(found, list) else [found]:
            assert not isinstance(event, Accepted) or event.task_id

"""Segmind's dialect, against the contract that its pages and SDK describe."""

import json
from decimal import Decimal
from typing import Any

import pytest
from flows import INTENT, drive, job, reply
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Ready
from seedance_watch.core.model import Money, Picture, Role
from seedance_watch.providers.dialect import Upload
from seedance_watch.providers.segmind import Segmind

K = FaultKind
SEGMIND = Segmind()
SYNC = Segmind(api="v1")
URL = "https://files.example/0.png"
NOW = 1_000_000.0
LITE = "seedance-v1-lite-image-to-video"


@pytest.mark.parametrize(
    ("model", "images", "body"),
    [
        (LITE, 1, {"duration": 5, "resolution": "720p", "camera_fixed": False, "image_url": URL}),
        (
            LITE,
            2,
            {
                "duration": 5,
                "resolution": "720p",
                "camera_fixed": False,
                "first_frame_url": URL,
                "last_frame_url": "https://files.example/1.png",
            },
        ),
        (
            "seedance-1.5-pro",
            1,
            {
                "duration": 5,
                "resolution": "720p",
                "aspect_ratio": "16:9",
                "generate_audio": False,
                "skip_moderation": "false",
                "first_frame_url": URL,
            },
        ),
        (
            "seedance-2.0-mini",
            0,
            {
                "duration": 5,
                "resolution": "720p",
                "aspect_ratio": "16:9",
                "generate_audio": False,
                "skip_moderation": False,
            },
        ),
    ],
)
def test_the_request_has_natural_json_types(model: str, images: int, body: dict[str, Any]) -> None:
    """Golden bytes per model; image_url excludes the frame fields."""
    intent = SEGMIND.intend(job("segmind", model, images=images), "k", 1)

    assert json.loads(intent.body) == {"prompt": "waves", "seed": 77, **body}
    assert intent.url == f"https://api.segmind.com/v2/{model}"
    assert intent.marker == (URL if images else "")


def test_the_field_of_a_single_image_is_a_setting() -> None:
    """Where both fields are documented, the configuration may choose."""
    chosen = Segmind(image_fields="first_frame_url")
    body = json.loads(chosen.intend(job("segmind", LITE), "k", 1).body)

    assert body["first_frame_url"] == URL
    assert "image_url" not in body


@pytest.mark.parametrize(
    ("status", "text", "kind", "code"),
    [
        (400, "missing field", K.REFUSED, ""),
        (401, "Unauthorized", K.DENIED, "api_key_invalid"),
        (403, "not permitted", K.DENIED, "not_permitted"),
        (404, "no such model", K.DENIED, "model_withdrawn"),
        (406, "Invalid content type", K.REFUSED, "content_type"),
        (406, "Insufficient credits: balance 0.1, need 0.2", K.DENIED, "insufficient_credits"),
        (406, "Team spend limit reached", K.DENIED, "spend_limit"),
        (406, "resolution must be one of", K.REFUSED, ""),
        (410, "retired", K.DENIED, "model_withdrawn"),
        (422, "failed", K.REFUSED, ""),
        (429, "slow down", K.BUSY, ""),
        (500, "internal", K.UNSURE, ""),
        (502, "bad gateway", K.UNSURE, ""),
        (504, "timeout", K.UNSURE, ""),
    ],
)
def test_every_status_of_the_paid_call_has_its_reaction(
    status: int, text: str, kind: FaultKind, code: str
) -> None:
    """406 has several causes, told apart by its text; 5xx may have been taken."""
    with pytest.raises(Fault) as raised:
        drive(SEGMIND.submit(INTENT), [reply(status, {"error": text})])

    assert (raised.value.kind, raised.value.code) == (kind, code)
    assert text in raised.value.reason


def test_an_acceptance_carries_the_number_and_what_is_left() -> None:
    """The header with the remaining credits is taken along."""
    answer = reply(200, {"request_id": "r1"}, headers={"x-remaining-credits": "3.5"})
    events, (call,) = drive(SEGMIND.submit(INTENT), [answer])

    assert events == [Accepted("r1", remaining=Money(Decimal("3.5"), "usd"))]
    assert call.paid


def test_an_acceptance_without_a_number_is_a_doubt() -> None:
    """It was taken, so it is looked for; it is not sent again."""
    with pytest.raises(Fault) as raised:
        drive(SEGMIND.submit(INTENT), [reply(200, {"status": "QUEUED"})])

    assert raised.value.kind is K.UNSURE


def row(number: str, marker: str, **more: Any) -> dict[str, Any]:
    return {"request_id": number, "request_body": {"image_url": marker}, **more}


@pytest.mark.parametrize("name", ["requests", "data", "items", "results", "history", None])
@pytest.mark.parametrize("as_text", [True, False])
def test_exactly_one_row_with_the_image_is_adopted(name: str | None, as_text: bool) -> None:
    """Whatever the list is called, and whether the body is text or an object."""
    rows = [row("other", "https://files.example/9.png"), row("mine", URL)]
    if as_text:
        for each in rows:
            each["request_body"] = json.dumps(each["request_body"])
    body = rows if name is None else {name: rows}
    found, (call,) = drive(SEGMIND.reconcile(INTENT, NOW), [reply(200, body)])

    assert found == Accepted("mine", via="reconcile")
    assert not call.paid


def test_no_row_is_not_known_yet_and_two_are_nobodys() -> None:
    """Absence is never believed; two matches need a person."""
    none, _ = drive(SEGMIND.reconcile(INTENT, NOW), [reply(200, {"data": []})])
    two = [row("a", URL), row("b", URL)]
    with pytest.raises(Fault) as raised:
        drive(SEGMIND.reconcile(INTENT, NOW), [reply(200, {"data": two})])

    assert none is None
    assert raised.value.kind is K.UNSURE
    assert "a, b" in raised.value.reason


def test_history_is_read_page_by_page() -> None:
    """A full page is followed by the next."""
    full = [row(f"r{n}", "https://other") for n in range(100)]
    pages = [reply(200, {"data": full}), reply(200, {"data": [row("mine", URL)]})]
    found, calls = drive(SEGMIND.reconcile(INTENT, NOW), pages)

    assert found == Accepted("mine", via="reconcile")
    assert [call.query["page"] for call in calls] == ["1", "2"]


@pytest.mark.parametrize(
    "output",
    [
        {"output": "https://v/1.mp4"},
        {"output": ["https://v/1.mp4"]},
        {"output": {"url": "https://v/1.mp4"}},
        {"output": [{"url": "https://v/1.mp4"}]},
        {"video": {"url": "https://v/1.mp4"}, "output": None},
    ],
)
def test_the_video_is_found_in_every_shape_seen(output: dict[str, Any]) -> None:
    """A finished task's result, with cost, seed and the end of its link."""
    done = reply(200, {"status": "COMPLETED"})
    result = reply(200, {"status": "COMPLETED", "seed": 5, "metrics": {"cost": 0.18}, **output})
    ready, _ = drive(SEGMIND.poll("r1", NOW), [done, result])

    assert ready == Ready(
        "https://v/1.mp4",
        expires_at=NOW + 7 * 86_400,
        cost=Money(Decimal("0.18"), "usd"),
        seed=5,
    )


@pytest.mark.parametrize("status", [200, 422])
def test_failed_is_failed_whatever_the_status(status: int) -> None:
    """FAILED is decided by the body."""
    with pytest.raises(Fault) as raised:
        drive(SEGMIND.poll("r1", NOW), [reply(status, {"status": "FAILED", "error": "nsfw"})])

    assert raised.value.code == "generation_failed"
    assert "nsfw" in raised.value.reason


def test_a_young_task_may_be_unknown_and_an_old_one_is_in_the_history() -> None:
    """404 just after the submission is patience, later it is the end of the hour's record."""
    young, _ = drive(SEGMIND.poll("r1", NOW - 5), [reply(404, {"error": "not found"})])
    known = reply(200, {"request_id": "r1", "generation_url": "https://v/1.mp4"})
    old, calls = drive(SEGMIND.poll("r1", NOW - 4000), [reply(404), known])

    assert young is None
    assert isinstance(old, Ready)
    assert old.url == "https://v/1.mp4"
    assert calls[1].url.endswith("/inference-request/request-history/r1")


def test_a_request_may_be_listed_late() -> None:
    """Until three hours after the acceptance not being listed is patience, then it is gone."""
    unlisted = [reply(404), reply(404, {"error": "not found"})]
    late, _ = drive(SEGMIND.poll("r1", NOW - 4000), unlisted)
    with pytest.raises(Fault) as raised:
        drive(SEGMIND.poll("r1", NOW - 12_000), unlisted)

    assert late is None
    assert raised.value.kind is K.GONE


def test_a_fresh_link_comes_from_the_result_before_the_history() -> None:
    """The history may have it late; losing a paid video to that would be a shame."""
    result = reply(200, {"status": "COMPLETED", "output": "https://v/2.mp4"})
    ready, (call,) = drive(SEGMIND.refresh("r1"), [result])

    assert ready.url == "https://v/2.mp4"
    assert call.url == "https://api.segmind.com/v2/requests/r1"


def test_version_1_answers_with_the_video() -> None:
    """Bytes, cost and seed come with the answer; JSON with an address is taken as well."""
    headers = {"x-request-id": "r1", "x-cost": "0.2", "x-seed-value": "9"}
    intent = SYNC.intend(job("segmind", LITE), "k", 1)
    saved = reply(200, headers=headers, saved_bytes=1000)
    events, (call,) = drive(SYNC.submit(intent), [saved])
    linked, _ = drive(SYNC.submit(intent), [reply(200, {"output": "https://v"}, headers=headers)])

    assert call.media
    assert events == [Accepted("r1"), Ready("", cost=Money(Decimal("0.2"), "usd"), seed=9)]
    assert linked[1].url == "https://v"


@pytest.mark.parametrize("name", ["file_urls", "urls"])
def test_an_upload_is_a_data_address(name: str) -> None:
    """Both documented shapes of the answer are read."""
    picture = Picture(Role.IMAGE, "a.png", "image/png", 1280, 720, 3, "ab")
    prepared = job("segmind", LITE).prepared
    assert prepared is not None
    flow = SEGMIND.stage(Upload(picture, b"png"), prepared.spec)
    url, (call,) = drive(flow, [reply(200, {name: [URL]})])

    assert url == URL
    assert json.loads(call.body or b"") == {"data_urls": ["data:image/png;base64,cG5n"]}


def test_the_balance_counts_free_credits() -> None:
    """Bought and free credits together."""
    left, _ = drive(SEGMIND.balance(), [reply(200, {"credits": 1.5, "free-credits": 0.25})])

    assert left == Money(Decimal("1.75"), "usd")


NAMES = ["request_id", "status", "output", "video", "url", "data", "request_body", "metrics"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(NAMES), each),
    max_leaves=9,
)


@given(JSON, st.sampled_from([200, 302, 400, 404, 406, 422, 429, 500]))
def test_no_answer_surprises_it(body: Any, status: int) -> None:
    """Arbitrary JSON raises Fault or nothing, and never accepts without a number."""
    flows = [
        dialect_flow
        for dialect in (SEGMIND, SYNC)
        for dialect_flow in (
            dialect.submit(INTENT),
            dialect.reconcile(INTENT, NOW),
            dialect.poll("t", NOW - 4000),
            dialect.refresh("t"),
            dialect.balance(),
        )
    ]
    for flow in flows:
        try:
            found, _ = drive(flow, [reply(status, body)] * 20)
        except Fault:
            continue
        for event in found if isinstance(found, list) else [found]:
            assert not isinstance(event, Accepted) or event.task_id

"""What an answer is believed where money hangs on it."""

from typing import Any

import pytest
from flows import INTENT, drive, job, reply

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Ready
from seedance_watch.core.model import Picture, Role
from seedance_watch.providers.dialect import Dialect, Upload
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind

K = FaultKind
DIALECTS: dict[str, Dialect] = {
    "rivya": Rivya(),
    "v2": Segmind(),
    "v1": Segmind(api="v1"),
}
LITE = "seedance-v1-lite-image-to-video"
MODELS = {"rivya": "seedance-1-0-lite", "v2": LITE, "v1": LITE}
ASKING = [(name, status) for name in DIALECTS for status in (400, 404, 405, 409, 415, 422, 451)]


def fault_of(flow: Any, *replies: Any) -> Fault:
    with pytest.raises(Fault) as raised:
        drive(flow, replies)
    return raised.value


@pytest.mark.parametrize(("name", "status"), ASKING)
@pytest.mark.parametrize("body", [None, {"error": {"code": "validation_failed"}}, {"error": "x"}])
def test_a_refused_question_never_fails_a_paid_task(name: str, status: int, body: Any) -> None:
    """A page of some proxy, or an envelope: the job waits, then a person looks."""
    found = fault_of(DIALECTS[name].poll("t", 0.0), *[reply(status, body)] * 3)
    assert found.kind in {K.GARBLED, K.GONE, K.UNSURE}


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
@pytest.mark.parametrize("name", ["v2", "v1"])
def test_the_word_failed_in_an_envelope_is_not_the_tasks(name: str, status: int) -> None:
    """Only under 2xx or 422 is it the task's own status."""
    body = {"status": "FAILED", "model_status": "FAILED", "error": "try again"}
    assert fault_of(DIALECTS[name].poll("t", 0.0), reply(status, body)).kind is not K.REFUSED


@pytest.mark.parametrize(("name", "status"), [("v2", 200), ("v2", 422), ("v1", 200)])
def test_a_failed_task_says_so_itself(name: str, status: int) -> None:
    """The documented answers of a failed task still end the job."""
    body = {"status": "FAILED", "model_status": "FAILED", "error": "no faces"}
    assert fault_of(DIALECTS[name].poll("t", 0.0), reply(status, body)).kind is K.REFUSED


@pytest.mark.parametrize("code", ["rate_limited", "validation_failed", "not_found"])
@pytest.mark.parametrize("status", [200, 202, 302, 409, 500])
def test_words_of_refusal_under_another_status_prove_nothing(code: str, status: int) -> None:
    """The paid call is in doubt: it may have been taken."""
    found = fault_of(Rivya().submit(INTENT), reply(status, {"error": {"code": code}}))
    assert found.kind is K.UNSURE


def test_a_denial_is_believed_under_any_status() -> None:
    """The status of lacking credits is not documented."""
    body = {"error": {"code": "insufficient_credits"}}
    assert fault_of(Rivya().submit(INTENT), reply(200, body)).kind is K.DENIED


@pytest.mark.parametrize("name", DIALECTS)
def test_a_conflict_is_a_doubt(name: str) -> None:
    """A key that was never used conflicts only when the call came twice."""
    assert fault_of(DIALECTS[name].submit(INTENT), reply(409)).kind is K.UNSURE


def test_a_page_with_a_number_of_the_proxy_is_no_acceptance() -> None:
    """Servers on the way write x-request-id; then the history is asked, by the job's own mark."""
    headers = {"x-request-id": "envoy-1"}
    assert fault_of(Segmind().submit(INTENT), reply(200, headers=headers)).kind is K.UNSURE
    found, _ = drive(Segmind().submit(INTENT), [reply(200, {"ok": 1}, headers=headers)])
    assert found == [Accepted("envoy-1")]


def test_another_requests_row_is_not_ours() -> None:
    """A history that lists everything does not give a job somebody else's video."""
    rows = [
        {"request_id": "other", "model_status": "FAILED"},
        {"request_id": "t", "generation_url": "https://v.example/t.mp4"},
    ]
    found, _ = drive(Segmind(api="v1").poll("t", 0.0), [reply(200, {"data": rows})])
    assert found == Ready("https://v.example/t.mp4")
    found, _ = drive(Segmind(api="v1").poll("x", 0.0), [reply(200, {"data": rows})])
    assert found is None


@pytest.mark.parametrize("name", list(DIALECTS))
@pytest.mark.parametrize("url", ["", " ", None, 7])
def test_a_picture_without_an_address_is_not_staged(name: str, url: Any) -> None:
    """Nothing is paid for with a picture that nobody can fetch."""
    body = {"file_urls": [url], "url": url}
    picture = Picture(Role.IMAGE, "0.png", "image/png", 640, 360, 1, "ab" * 32)
    prepared = job(DIALECTS[name].name, MODELS[name]).prepared
    assert prepared is not None
    begun = DIALECTS[name].stage(Upload(picture, b"x"), prepared.spec)
    assert fault_of(begun, reply(200, body)).kind is K.GARBLED


@pytest.mark.parametrize("shape", [{"output": " "}, {"video": {"url": ""}}, {"url": "\n"}])
def test_a_video_without_an_address_is_not_ready(shape: Any) -> None:
    """A result that names no video is asked for again."""
    found, _ = drive(
        Segmind().poll("t", 0.0), [reply(200, {"status": "COMPLETED"}), reply(200, shape)]
    )
    assert found is None

"""A provider's whole conversation over a real socket."""

import asyncio
import contextlib
import resource
import signal
import threading
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import structlog

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Ready, Staged
from seedance_watch.providers.dialect import Call


async def test_happy_path(http: Any, serve: Any, gateway: Any, tmp_path: Any) -> None:
    """A picture is staged, the call is paid, the task is asked for and its video fetched."""
    video = bytes(range(256)) * 1000

    async def say(heard: Any, writer: Any) -> None:
        base = peer.url
        answers = {
            "/files": b'{"url": "%s/files/1?sig=x"}' % base.encode(),
            "/generations": b'{"id": "task-9"}',
            "/tasks/task-9": b'{"url": "%s/videos/9.mp4?sig=x"}' % base.encode(),
            "/credits": b'{"credits": 84}',
        }
        path = heard.target.partition("?")[0]
        kind = "video/mp4" if path.endswith(".mp4") else "application/json"
        writer.write(http.answer(200, answers.get(path, video), content_type=kind))

    peer = await serve(say)
    provider = gateway(peer.url)
    (tmp_path / "shot.png").write_bytes(b"pixels")
    staged = await provider.stage([http.picture(b"pixels")], tmp_path, http.spec)
    assert staged == Staged((f"{peer.url}/files/1?sig=x",))
    part = tmp_path / "part" / "a.mp4"
    assert await provider.submit(http.intent(peer.url), part) == [Accepted("task-9")]
    ready = await provider.poll("task-9", 0.0)
    assert ready == Ready(f"{peer.url}/videos/9.mp4?sig=x")
    got = await provider.download(ready.url, part)
    assert (got.size_bytes, got.content_type) == (len(video), "video/mp4")
    assert part.read_bytes() == video
    assert str(await provider.balance()) == "84 credits"


async def test_a_cancelled_submit_ends_and_gives_its_answer(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """What was paid for is not lost because somebody could not wait."""
    asked, go = asyncio.Event(), asyncio.Event()

    async def say(_: Any, writer: Any) -> None:
        asked.set()
        await go.wait()
        writer.write(http.answer(200, b'{"id": "task-9"}'))

    peer = await serve(say)
    provider = gateway(peer.url, timeout_s=5.0, deadline_s=5.0)
    intent = http.intent(peer.url, deadline_s=5.0)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(provider.submit(intent, tmp_path / "a.mp4"))
        await asked.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        go.set()

    assert task.result() == [Accepted("task-9")]
    assert len(peer.heard) == 1


async def test_the_paid_request_is_the_intent_byte_for_byte(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """One request, one connection, the very bytes that were made durable, and their key."""
    peer = await serve(http.json({"id": "task-9", "credits": 1}))
    provider, intent = gateway(peer.url), http.intent(peer.url)
    await provider.submit(intent, tmp_path / "a.mp4")
    await provider.reconcile(intent, http.NOW)
    sent, _, again = peer.heard  # in between something free shows the other side's clock

    assert sent.body == again.body == intent.body
    assert (sent.method, sent.target) == ("POST", "/generations")
    assert sent.headers["content-length"] == str(len(intent.body))
    assert sent.headers["idempotency-key"] == intent.key
    assert sent.headers["authorization"] == f"Bearer {http.KEY}"
    assert sent.connection != again.connection


async def test_a_replay_is_never_made_too_late_by_the_providers_clock(
    http: Any, serve: Any, gateway: Any
) -> None:
    """This machine's clock may have been set back, or have stood still while it was off."""
    late = formatdate(http.NOW + 3601, usegmt=True)
    peer = await serve(http.whole(200, b'{"id": "task-9", "credits": 1}', date=late))
    provider, intent = gateway(peer.url), http.intent(peer.url)

    with pytest.raises(Fault, match="60 minutes ago") as raised:
        await provider.reconcile(intent, http.NOW)

    assert raised.value.kind is FaultKind.UNSURE
    assert {heard.target for heard in peer.heard} == {"/credits"}


@pytest.mark.parametrize("change", ["twice", "other body", "other address", "no intent"])
async def test_a_dialect_cannot_pay_for_anything_but_the_intent_once(
    change: str, http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """A mistake in a dialect stops before the wire."""
    peer = await serve(http.json({"id": "task-9", "credits": 1}))

    class Careless(http.Plain):  # type: ignore[misc, name-defined]
        def submit(self, intent: Any) -> Any:
            call = Call("POST", intent.url, body=intent.body, paid=True)
            if change == "other body":
                call = replace(call, body=b"{}")
            if change == "other address":
                call = replace(call, url=f"{intent.url}/more")
            yield call
            yield call

        def balance(self) -> Any:
            yield Call("POST", f"{peer.url}/generations", body=b"{}", paid=True)

    provider = gateway(peer.url, dialect=Careless(peer.url))
    work = (
        provider.balance()
        if change == "no intent"
        else provider.submit(http.intent(peer.url), tmp_path / "a.mp4")
    )
    with pytest.raises(RuntimeError, match="paid call"):
        await work

    assert len(peer.heard) == (1 if change == "twice" else 0)


async def test_a_video_in_the_answer_goes_to_the_part_file(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """The folder is made; the bytes are all there when the answer is handed on."""
    video = bytes(range(256)) * 10_000
    peer = await serve(http.whole(200, video, content_type="video/mp4"))
    part = tmp_path / ".seedance" / "part" / "a.mp4"
    got = await gateway(peer.url, media=True).submit(http.intent(peer.url), part)

    assert got == [Accepted("task-1"), Ready("")]
    assert part.read_bytes() == video


async def test_a_message_instead_of_the_video_is_read_as_one(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """And no empty part file is left that could be taken for a video."""
    peer = await serve(http.json({"id": "task-9"}))
    part = tmp_path / "part" / "a.mp4"

    assert await gateway(peer.url, media=True).submit(http.intent(peer.url), part) == [
        Accepted("task-9")
    ]
    assert not part.exists()


async def test_no_room_for_the_video_is_known_before_paying(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """LOCAL means unsent: the outbox is not there, so nothing is sent."""
    peer = await serve(http.json({"id": "task-9"}))
    part = tmp_path / "not mounted" / ".seedance" / "part" / "a.mp4"
    with pytest.raises(Fault) as raised:
        await gateway(peer.url, media=True).submit(http.intent(peer.url), part)

    assert raised.value.kind is FaultKind.LOCAL
    assert peer.connections == 0
    assert not (tmp_path / "not mounted").exists()


async def test_a_disk_that_fails_after_paying_is_a_doubt(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Never LOCAL, which would mean unsent, and pay again."""
    part = tmp_path / "part" / "a.mp4"

    async def say(_: Any, writer: Any) -> None:
        await asyncio.to_thread(_swap_for_full_disk, part)
        writer.write(http.answer(200, b"x" * 3_000_000, content_type="video/mp4"))

    peer = await serve(say)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with pytest.raises(Fault) as raised:
            await gateway(peer.url, media=True).submit(http.intent(peer.url), part)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert raised.value.kind is FaultKind.UNSURE
    assert "answered with a video" in raised.value.reason
    assert len(peer.heard) == 1


def _swap_for_full_disk(part: Path) -> None:
    """Put a folder where the part file is, so that tidying up fails as well."""
    part.unlink()
    part.mkdir()


async def test_a_foreign_host_gets_no_credentials(
    http: Any, serve: Any, gateway: Any, stack: Any
) -> None:
    """Headers that prove who we are go to the provider's own hosts only."""
    peer = await serve(http.json({"credits": 5}))

    class Elsewhere(http.Plain):  # type: ignore[misc, name-defined]
        hosts = frozenset({"https://api.example"})

    await gateway(peer.url, dialect=Elsewhere(peer.url)).balance()

    assert "authorization" not in peer.heard[0].headers


@pytest.mark.parametrize("link", ["http://10.0.0.1/x", "https://169.254.169.254/", "file:///x"])
async def test_an_address_of_a_staged_picture_is_judged_too(
    link: str, http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """What the provider would be told to fetch is no way into the house either."""
    peer = await serve(http.json({"url": link}))
    (tmp_path / "shot.png").write_bytes(b"pixels")
    with pytest.raises(Fault) as raised:
        await gateway(peer.url).stage([http.picture(b"pixels")], tmp_path, http.spec)

    assert raised.value.code == "link"


@pytest.mark.parametrize("found", [b"other pixels", None])
async def test_a_picture_that_is_not_what_was_prepared_is_not_sent(
    found: bytes | None, http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Swapped, or gone: nothing leaves this machine."""
    peer = await serve(http.json({"url": "https://cdn.example/x"}))
    if found:
        (tmp_path / "shot.png").write_bytes(found)
    with pytest.raises(Fault) as raised:
        await gateway(peer.url).stage([http.picture(b"pixels")], tmp_path, http.spec)

    assert raised.value.kind is FaultKind.LOCAL
    assert peer.connections == 0


async def test_an_image_host_takes_the_place_of_the_provider(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """The user's own bucket may be anywhere; the provider's storage is left alone."""

    class Bucket:
        async def lend(self, content: bytes, media_type: str) -> str:
            return f"http://bucket.lan/{content.decode()}?{media_type}"

    peer = await serve(http.json({}))
    (tmp_path / "shot.png").write_bytes(b"pixels")
    provider = gateway(peer.url, image_host=Bucket())
    staged = await provider.stage([http.picture(b"pixels")], tmp_path, http.spec)

    assert staged == Staged(("http://bucket.lan/pixels?image/png",))
    assert peer.connections == 0


async def test_an_upload_is_a_form_with_the_file(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Fields and file arrive as the dialect composed them."""
    peer = await serve(http.json({"url": "http://127.0.0.1:1/"}))
    (tmp_path / "shot.png").write_bytes(b"pixels")
    with contextlib.suppress(Fault):
        await gateway(peer.url).stage([http.picture(b"pixels")], tmp_path, http.spec)
    sent = peer.heard[0]

    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="kind"\r\n\r\nimage\r\n' in sent.body
    assert b'name="file"; filename="shot.png"\r\nContent-Type: image/png\r\n' in sent.body
    assert b"\r\n\r\npixels\r\n" in sent.body


async def test_the_key_is_read_for_each_call(http: Any, serve: Any, gateway: Any) -> None:
    """A rotated key needs no restart."""
    keys = iter(["first-key-1", "second-key-2"])
    peer = await serve(http.json({"credits": 5}))
    provider = gateway(peer.url, key=lambda: next(keys))
    await provider.balance()
    await provider.balance()

    assert [each.headers["authorization"] for each in peer.heard] == [
        "Bearer first-key-1",
        "Bearer second-key-2",
    ]


@pytest.mark.parametrize("waits", [True, False])
async def test_a_key_that_may_wait_for_a_disk_holds_up_nobody(
    waits: bool, http: Any, serve: Any, gateway: Any
) -> None:
    """It is read in a thread; one in a variable needs none."""
    readers = []

    def read() -> str:
        readers.append(threading.get_ident())
        return str(http.KEY)

    peer = await serve(http.json({"credits": 5}))
    await gateway(peer.url, key=read, key_waits=waits).balance()

    assert (readers != [threading.get_ident()]) is waits


async def test_calls_keep_to_the_rate(http: Any, serve: Any, gateway: Any) -> None:
    """Two go at once after a rest, the next two wait for their half seconds."""
    peer = await serve(http.json({"credits": 5}))
    provider = gateway(peer.url, requests_per_s=2.0)
    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(provider.balance())

    assert time.monotonic() - began >= 0.9


async def test_the_log_names_calls_and_no_secrets(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """One debug line per call: where, how it went, how long; no query, no header."""
    peer = await serve(http.whole(200, b"video", content_type="video/mp4"))
    with structlog.testing.capture_logs() as lines:
        await gateway(peer.url).download(f"{peer.url}/1.mp4?sig=secret", tmp_path / "a.mp4")
        await gateway(peer.url).offered()
    took = [line.pop("took_s") for line in lines]

    assert [line.pop("path") for line in lines] == ["/1.mp4", "/models"]
    assert lines == 2 * [
        {
            "event": "provider.called",
            "log_level": "debug",
            "method": "GET",
            "host": "127.0.0.1",
            "status": 200,
        }
    ]
    assert all(each >= 0 for each in took)


async def test_closing_twice_is_fine(http: Any, serve: Any, gateway: Any) -> None:
    """Whoever stops need not know who stopped before."""
    peer = await serve(http.json({"credits": 5}))
    provider = gateway(peer.url)
    await provider.balance()
    await provider.close()
    await provider.close()

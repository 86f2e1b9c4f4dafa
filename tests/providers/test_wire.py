"""What can go wrong on the wire, and what may be concluded: certainly not sent, or perhaps."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from seedance_watch.core.errors import Fault, FaultKind, SeedanceWatchError
from seedance_watch.core.events import Accepted

K = FaultKind


def dead_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def spoilers(http: Any) -> dict[str, Any]:
    """Every way in which an answer to a paid call can be spoiled after it was sent."""
    ok = http.answer(200, b'{"id": "task-1"}')
    return {
        "closed": http.cut(),
        "reset": http.reset(),
        "garbage": http.cut(b"what is this\r\n\r\n"),
        "half a head": http.cut(ok[:20]),
        "half a body": http.cut(ok[:-4]),
        "reset in the body": http.reset(ok[:-4]),
        "silence": http.silent(),
        "silence in the body": http.silent(ok[:-4]),
        "one byte at a time": http.drip(ok * 9, 0.05),
        "500": http.whole(500),
        "502 page": http.whole(502, b"<html>bad gateway</html>", content_type="text/html"),
        "redirect": http.whole(302, b"", location="/elsewhere"),
        "no JSON": http.whole(200, b"ok then", content_type="text/plain"),
    }


NAMES = (
    "closed", "reset", "garbage", "half a head", "half a body", "reset in the body", "silence",
    "silence in the body", "one byte at a time", "500", "502 page", "redirect", "no JSON",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_a_paid_call_that_was_sent_is_never_called_unsent(
    name: str, http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Whatever spoils the answer, it is sent once, and its outcome is a doubt (or accepted)."""
    peer = await serve(spoilers(http)[name])
    provider = gateway(peer.url)
    outcome: object = None
    try:
        async with asyncio.timeout(60):
            outcome = await provider.submit(http.intent(peer.url), tmp_path / "a.mp4")
    except Fault as fault:
        assert fault.kind in {K.UNSURE, K.GARBLED}, fault  # noqa: PT017

    assert outcome in (None, [Accepted("?")])
    assert len(peer.heard) == 1
    assert peer.heard[0].body == http.intent(peer.url).body


async def test_what_could_not_connect_was_certainly_not_sent(
    http: Any, gateway: Any, tmp_path: Any
) -> None:
    """Refused, or no such name: to be sent again freely."""
    for base in (f"http://127.0.0.1:{dead_port()}", "http://localhost.invalid:1"):
        with pytest.raises(Fault) as raised:
            await gateway(base).submit(http.intent(base), tmp_path / "a.mp4")
        assert raised.value.kind is K.UNREACHED
        assert http.KEY not in str(raised.value)


async def test_a_paid_call_has_a_connection_of_its_own(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Never one that somebody else used before: it might be dead already."""
    peer = await serve(http.json({"id": "task-1", "credits": 5}))
    provider = gateway(peer.url)
    await provider.balance()
    await provider.submit(http.intent(peer.url), tmp_path / "a.mp4")
    await provider.balance()
    await provider.submit(http.intent(peer.url), tmp_path / "a.mp4")
    paid = [each.connection for each in peer.heard if each.method == "POST"]
    free = {each.connection for each in peer.heard if each.method == "GET"}

    assert len(set(paid)) == 2
    assert not free & set(paid)


async def test_the_key_goes_to_the_provider_and_nowhere_else(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Calls carry it; downloads never do, not even from the same host."""
    peer = await serve(http.whole(body=b"video bytes", content_type="video/mp4"))
    provider = gateway(peer.url)
    await provider.download(f"{peer.url}/1.mp4", tmp_path / "a.mp4")
    with contextlib.suppress(Fault):
        await provider.poll("task-1", 0.0)
    download, poll = peer.heard

    assert "authorization" not in download.headers
    assert http.KEY in poll.headers["authorization"]


async def test_where_a_key_belongs_is_said_once(serve: Any, http: Any, gateway: Any) -> None:
    """What the configuration says of a missing key is passed on as it is."""

    def nothing() -> str:
        raise SeedanceWatchError("put the key into RIVYA_API_KEY")

    peer = await serve(http.json({"credits": 5}))
    with pytest.raises(Fault) as raised:
        await gateway(peer.url, key=nothing).balance()
    assert (raised.value.code, raised.value.reason) == ("no_key", "put the key into RIVYA_API_KEY")


async def test_a_missing_key_sends_nothing(http: Any, serve: Any, gateway: Any) -> None:
    """DENIED, so that the lane pauses; the reason says where to put it."""
    peer = await serve(http.json({"credits": 5}))

    def nothing() -> str:
        raise LookupError("set PLAIN_KEY")

    with pytest.raises(Fault) as raised:
        await gateway(peer.url, key=nothing).balance()

    assert (raised.value.kind, raised.value.code) == (K.DENIED, "no_key")
    assert "PLAIN_KEY" in raised.value.reason
    assert peer.heard == []


async def test_a_key_that_is_echoed_is_cut_out(http: Any, serve: Any, gateway: Any) -> None:
    """Secrets never reach a reason, even when the other side repeats them."""
    body = f"<p>bad key {http.KEY}</p>".encode()
    peer = await serve(http.whole(403, body, content_type="text/html"))
    with pytest.raises(Fault) as raised:
        await gateway(peer.url).balance()

    assert http.KEY not in str(raised.value)
    assert http.KEY not in raised.value.reason


async def test_a_thousand_cancelled_calls_spoil_nothing(
    http: Any, serve: Any, gateway: Any
) -> None:
    """The shared connections survive callers that leave."""
    peer = await serve(http.json({"credits": 5}))
    provider = gateway(peer.url, requests_per_s=100_000.0)

    async def fickle(patience_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await provider.balance()

    for round_ in range(20):
        async with asyncio.TaskGroup() as tasks:
            for number in range(50):
                tasks.create_task(fickle(0.0002 * ((number + round_) % 13)))
    for _ in range(5):
        async with asyncio.timeout(60):
            assert str(await provider.balance()) == "5 credits"


async def test_a_drip_ends_at_the_deadline_and_the_next_call_works(
    http: Any, serve: Any, gateway: Any
) -> None:
    """One byte now and then never trips a read timeout; the overall deadline does."""
    slow = http.drip(http.answer(200, b'{"credits": 5}' + b" " * 400), 0.05)
    peer = await serve(http.in_turn(slow, http.json({"credits": 5})))
    provider = gateway(peer.url, deadline_s=0.4)
    with pytest.raises(Fault) as raised:
        async with asyncio.timeout(60):
            await provider.balance()

    assert raised.value.kind in {K.UNSURE, K.BUSY, K.UNREACHED}
    assert str(await provider.balance()) == "5 credits"


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe{", b'"\\ud800"'])
async def test_hostile_json_is_no_surprise(
    body: bytes, http: Any, serve: Any, gateway: Any
) -> None:
    """Deep nesting and broken text are an answer nobody can read, not a crash."""
    peer = await serve(http.whole(200, body))
    with contextlib.suppress(Fault):
        await gateway(peer.url).offered()

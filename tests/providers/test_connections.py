"""Connections: used again while they last, one call at a time, and never by accident."""

import asyncio
from typing import Any

import pytest

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers import connections

K = FaultKind
OK = b'{"credits": 5}'


async def test_short_calls_use_one_connection_after_another(
    http: Any, serve: Any, gateway: Any
) -> None:
    """A new one is opened only when all others are in use."""
    peer = await serve(http.whole(200, OK))
    provider = gateway(peer.url)
    for _ in range(5):
        await provider.balance()

    assert peer.connections == 1


async def test_videos_use_one_connection_after_another_but_none_of_the_calls(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """The provider's own hosts are trusted for calls, not for links."""
    peer = await serve(http.whole(200, b"video", content_type="video/mp4"))
    provider = gateway(peer.url)
    await provider.offered()
    for name in ("a.mp4", "b.mp4"):
        await provider.download(f"{peer.url}/1.mp4", tmp_path / name)
    await provider.offered()

    assert [each.connection for each in peer.heard] == [1, 2, 2, 1]


async def test_a_connection_that_its_server_ended_is_not_used(
    http: Any, serve: Any, gateway: Any
) -> None:
    """It is looked at before each call: what is sent on a dead one would be in doubt."""
    peer = await serve(http.cut(http.answer(200, OK)))
    provider = gateway(peer.url)
    for _ in range(3):
        await provider.balance()
        await asyncio.sleep(0.02)

    assert peer.connections == 3


async def test_a_connection_that_was_idle_for_long_is_not_used(
    http: Any, serve: Any, gateway: Any, monkeypatch: Any
) -> None:
    """Its server may be about to end it."""
    monkeypatch.setattr(connections, "_KEPT_S", 0.0)
    peer = await serve(http.whole(200, OK))
    provider = gateway(peer.url)
    await provider.balance()
    await asyncio.sleep(0.01)
    await provider.balance()

    assert peer.connections == 2


async def test_a_cancelled_call_takes_its_connection_with_it(
    http: Any, serve: Any, gateway: Any
) -> None:
    """Nobody gets the rest of another one's answer, and no place is lost."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def hang(_: Any, writer: Any) -> None:
        asked.set()
        while not writer.transport.is_closing():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.01)
        ended.set()

    peer = await serve(http.in_turn(hang, http.whole(200, OK)))
    provider = gateway(peer.url, timeout_s=60.0, deadline_s=60.0, max_connections=1)
    call = asyncio.ensure_future(provider.balance())
    async with asyncio.timeout(30):
        await asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await provider.balance()
        await ended.wait()

    assert peer.connections == 2


async def test_who_finds_all_connections_in_use_has_sent_nothing(
    http: Any, serve: Any, gateway: Any
) -> None:
    """There is a limit; to wait for a place is not to be in doubt."""
    go = asyncio.Event()

    async def late(_: Any, writer: Any) -> None:
        await go.wait()
        writer.write(http.answer(200, OK))

    peer = await serve(late)
    provider = gateway(peer.url, timeout_s=60.0, deadline_s=60.0, max_connections=1, pool_s=0.05)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(provider.balance())
        while not peer.heard:
            await asyncio.sleep(0.01)
        with pytest.raises(Fault, match="no free connection") as raised:
            await provider.balance()
        go.set()

    assert raised.value.kind is K.UNREACHED
    assert str(first.result()) == "5 credits"
    assert len(peer.heard) == 1


async def test_after_the_end_no_connection_is_kept(http: Any, serve: Any, gateway: Any) -> None:
    """A call that comes to its end late closes its own."""
    peer = await serve(http.whole(200, OK))
    provider = gateway(peer.url)
    await provider.close()
    await provider.balance()
    await provider.balance()

    assert peer.connections == 2


async def test_a_proxy_is_used_where_the_environment_names_one(
    http: Any, serve: Any, gateway: Any, monkeypatch: Any
) -> None:
    """It gets the whole address; what came of it is told as ever."""
    proxy = await serve(http.whole(200, OK))
    monkeypatch.setenv("http_proxy", f"http://me:pass@127.0.0.1:{proxy.port}")
    provider = gateway("http://api.example")

    assert str(await provider.balance()) == "5 credits"
    assert proxy.heard[0].target == "http://api.example/credits"
    assert proxy.heard[0].headers["proxy-authorization"] == "Basic bWU6cGFzcw=="


async def test_a_proxy_that_refuses_has_sent_nothing_on(
    http: Any, serve: Any, gateway: Any, monkeypatch: Any, tmp_path: Any
) -> None:
    """The paid call itself never left this machine."""
    proxy = await serve(http.whole(403, b""))
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    base = "https://api.example"
    with pytest.raises(Fault, match="the proxy refused") as raised:
        await gateway(base).submit(http.intent(base), tmp_path / "a.mp4")

    assert raised.value.kind is K.UNREACHED
    assert [(each.method, each.target) for each in proxy.heard] == [("CONNECT", "api.example:443")]

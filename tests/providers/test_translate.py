"""Every way a call can fail, paid and unpaid: what may be concluded from it.

The rows are those of the fault table that the design was made from: what was certainly not sent
may be sent again; of everything else nobody knows.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any

import httpcore
import httpx
import pytest
import trustme

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.translate import TABLE, translated

K = FaultKind
CA = trustme.CA()
OK = b'{"id": "task-1", "credits": 5}'


async def fault_of(provider: Any, http: Any, base: str, part: Any, *, paid: bool) -> Fault:
    """Make one call that must fail within the deadline, and give its fault."""
    work: Awaitable[object] = (
        provider.submit(http.intent(base), part) if paid else provider.balance()
    )
    with pytest.raises(Fault) as raised:
        async with asyncio.timeout(60):
            await work
    return raised.value


@contextmanager
def deaf() -> Iterator[str]:
    """Listen so that the kernel leaves every further connection unanswered."""
    with ExitStack() as stack:
        server = stack.enter_context(socket(AF_INET, SOCK_STREAM))
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket(AF_INET, SOCK_STREAM))
            filler.setblocking(False)
            filler.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"


@asynccontextmanager
async def hanging_up() -> AsyncIterator[str]:
    """Accept and close at once, before a TLS handshake can be answered."""

    async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(leave, "127.0.0.1", 0)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def certified(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CA.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(params=[True, False], ids=["paid", "unpaid"])
def fails(request: Any, http: Any, gateway: Any, tmp_path: Any) -> Callable[..., Awaitable[Fault]]:
    """Make one call, paid or unpaid, and give its fault."""

    async def run(base: str, **settings: Any) -> Fault:
        provider = gateway(base, **settings)
        return await fault_of(provider, http, base, tmp_path / "a.mp4", paid=request.param)

    run.paid = request.param  # type: ignore[attr-defined]
    return run


async def test_a_name_that_does_not_exist_is_unreached(fails: Any) -> None:
    """DNS failure: nothing was sent."""
    assert (await fails("http://no-such-host.invalid", connect_s=5.0)).kind is K.UNREACHED


async def test_a_refused_connection_is_unreached(fails: Any) -> None:
    """Nobody listens: nothing was sent; the reason says what and where."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{probe.getsockname()[1]}"
        fault = await fails(base)

    assert fault.kind is K.UNREACHED
    assert base in fault.reason
    assert "Connection refused" in fault.reason


async def test_an_unanswered_connection_is_unreached(fails: Any) -> None:
    """Only the first packet was sent, and it held nothing of the request."""
    with deaf() as base:
        assert (await fails(base, connect_s=0.3)).kind is K.UNREACHED


async def test_tls_to_a_server_that_hangs_up_is_unreached(fails: Any) -> None:
    """No handshake, no request."""
    async with hanging_up() as base:
        assert (await fails(base)).kind is K.UNREACHED


async def test_tls_to_a_plain_server_is_unreached(http: Any, serve: Any, fails: Any) -> None:
    """It reads the handshake as a request and complains; ours was never sent."""
    peer = await serve(http.whole(400))
    fault = await fails(f"https://127.0.0.1:{peer.port}")

    assert fault.kind is K.UNREACHED
    assert peer.heard == []


async def test_an_untrusted_certificate_is_unreached(http: Any, serve: Any, fails: Any) -> None:
    """Who cannot prove who they are gets nothing; the reason names the proof's flaw."""
    peer = await serve(http.whole(200, OK), tls=certified("127.0.0.1"))
    fault = await fails(peer.url)

    assert fault.kind is K.UNREACHED
    assert "certificate" in fault.reason
    assert peer.heard == []


async def test_a_certificate_for_another_name_is_unreached(
    http: Any, serve: Any, fails: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """Trusted, but not for this host."""
    CA.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    peer = await serve(http.whole(200, OK), tls=certified("other.example"))

    assert (await fails(peer.url)).kind is K.UNREACHED
    assert peer.heard == []


async def test_without_certificates_to_trust_nothing_is_sent(
    http: Any, serve: Any, fails: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    """The file that the environment names is gone: that is certain before the first byte."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.pem"))
    peer = await serve(http.whole(200, OK))
    fault = await fails(peer.url)

    assert fault.kind is K.UNREACHED
    assert "nothing was sent" in fault.reason
    assert peer.heard == []


def spoilers(http: Any) -> dict[str, Any]:
    """Give every answer that leaves a doubt, by name."""
    whole = http.answer(200, OK)
    chunked = b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\n'
    big = http.answer(200, OK, x_long="y" * 200_000)
    return {
        "closed before an answer": http.cut(),
        "reset before an answer": http.reset(),
        "garbage": http.cut(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        "half a head": http.cut(whole[:30]),
        "reset in the head": http.reset(whole[:30]),
        "half a body": http.cut(whole[:-3]),
        "reset in the body": http.reset(whole[:-3]),
        "half a chunked body": http.cut(chunked),
        "silence": http.silent(),
        "silence in the head": http.silent(whole[:30]),
        "silence in the body": http.silent(whole[:-3]),
        "a dripping head": http.drip(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 400),
        "a dripping body": http.drip(http.answer(200, b" " * 400)),
        "an endless head": http.cut(big),
    }


SPOILERS = (
    "closed before an answer", "reset before an answer", "garbage", "half a head",
    "reset in the head", "half a body", "reset in the body", "half a chunked body", "silence",
    "silence in the head", "silence in the body", "a dripping head", "a dripping body",
    "an endless head",
)  # fmt: skip


@pytest.mark.parametrize("name", SPOILERS)
async def test_what_was_sent_and_not_answered_is_unsure(
    name: str, http: Any, serve: Any, fails: Any
) -> None:
    """It may have arrived: a paid call leaves a doubt, and each call is sent exactly once."""
    assert set(SPOILERS) == set(spoilers(http))
    peer = await serve(spoilers(http)[name])
    fault = await fails(peer.url)

    assert fault.kind is K.UNSURE
    assert len(peer.heard) == 1
    assert http.KEY not in f"{fault} {fault.reason}"


async def test_a_reset_while_the_request_is_being_sent_is_unsure(
    http: Any, gateway: Any, serve: Any, tmp_path: Any
) -> None:
    """Part of it arrived, and nobody knows how much."""
    peer = await serve(http.whole())
    seen = asyncio.Event()

    async def read(reader: asyncio.StreamReader, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        seen.set()
        raise ConnectionResetError

    peer.read = read
    provider = gateway(peer.url)
    intent = http.intent(peer.url)
    object.__setattr__(intent, "body", b"x" * 20_000_000)
    fault = await fault_of(provider, http, peer.url, tmp_path / "a.mp4", paid=True)

    assert seen.is_set()
    assert fault.kind is K.UNSURE


async def test_a_short_answer_without_a_length_is_handed_on_as_it_is(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """It looks whole to HTTP; the dialect gets no JSON and the beginning of the text."""
    peer = await serve(http.cut(b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"id"'))
    reply = await gateway(peer.url).offered()

    assert (reply.status, reply.json, reply.text) == (200, None, '{"id"')


@pytest.mark.parametrize(
    ("status", "paid_kind", "unpaid_kind"),
    [
        (301, K.UNREACHED, K.UNREACHED),
        (307, K.UNREACHED, K.UNREACHED),
        (308, K.UNREACHED, K.UNREACHED),
        (302, K.UNSURE, K.UNREACHED),
        (303, K.UNSURE, K.UNREACHED),
        (304, K.UNSURE, K.UNREACHED),
    ],
)
async def test_redirects_of_calls_are_not_followed(
    status: int, paid_kind: FaultKind, unpaid_kind: FaultKind, http: Any, serve: Any, fails: Any
) -> None:
    """Sent once, to where the configuration says; the reason shows the host, not the query."""
    there = await serve(http.whole(200, OK))
    here = await serve(http.whole(status, b"", location=f"{there.url}/x?sig=secret"))
    fault = await fails(here.url)

    assert fault.kind is (paid_kind if fails.paid else unpaid_kind)
    assert (len(here.heard), len(there.heard)) == (1, 0)
    assert "127.0.0.1" in fault.reason
    assert "secret" not in fault.reason


async def test_an_answer_that_cannot_be_unpacked_is_garbled(
    http: Any, serve: Any, fails: Any
) -> None:
    """Answered, but nobody can read it: for a paid call that is a doubt as well."""
    peer = await serve(http.whole(200, b"not gzip at all", content_encoding="gzip"))

    assert (await fails(peer.url)).kind is K.GARBLED


async def test_an_endless_answer_is_garbled(http: Any, serve: Any, fails: Any) -> None:
    """No more than the bound is ever kept in memory."""
    peer = await serve(http.whole(200, b" " * 5_000_000))

    assert (await fails(peer.url)).kind is K.GARBLED


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpcore.PoolTimeout(""), K.UNREACHED),
        (httpcore.ProxyError(""), K.UNREACHED),
        (httpcore.UnsupportedProtocol(""), K.UNREACHED),
        (httpx.InvalidURL(""), K.UNREACHED),
        (httpcore.WriteTimeout(""), K.UNSURE),
        (httpcore.WriteError(""), K.UNSURE),
        (httpcore.ReadTimeout(""), K.UNSURE),
        (httpcore.LocalProtocolError(""), K.UNSURE),
        (httpx.TooManyRedirects(""), K.UNSURE),
        (ssl.SSLError(1, "bad record"), K.UNSURE),
        (ConnectionResetError(104, "reset"), K.UNSURE),
        (TimeoutError(), K.UNSURE),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_nearest_class_decides(raised: Exception, kind: FaultKind) -> None:
    """Rows that a socket cannot easily be brought to; the reason always says what was done."""
    with pytest.raises(Fault, match=r"^\w+: GET https://a/b: .+; .+") as fault:  # noqa: SIM117
        with translated("GET https://a/b", float("inf")):
            raise raised

    assert fault.value.kind is kind


def test_only_what_certainly_was_not_sent_is_unreached() -> None:
    """Every network failure after connecting, known or new, leaves a doubt."""
    unsent = {each for each, row in TABLE.items() if row.kind is K.UNREACHED}
    assert unsent == {
        httpcore.ConnectTimeout,
        httpcore.ConnectError,
        httpcore.ProxyError,
        httpcore.PoolTimeout,
        httpcore.UnsupportedProtocol,
        httpx.InvalidURL,
    }


def test_every_failure_of_a_connection_has_a_row() -> None:
    """None gets past the table as an error of ours."""
    known = [each for each in vars(httpcore).values() if isinstance(each, type)]
    failures = {each for each in known if issubclass(each, Exception)}
    assert {each for each in failures if not {*each.__mro__} & {*TABLE}} == set()
    assert httpcore.ReadError in failures

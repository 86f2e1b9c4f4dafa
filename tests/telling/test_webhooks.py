"""Signed news to programs, against a real receiver and somebody else's verification."""

import ast
import asyncio
import base64
import io
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
import studios
from standardwebhooks import Webhook as Verifier
from structlog.testing import capture_logs
from telling.conftest import DEADLINE_S, telling
from telling.receiving import Receiver, receiver

from seedance_watch.core.model import Money
from seedance_watch.core.news import Kind, News
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces import webhooks
from seedance_watch.faces.notices import Unsent
from seedance_watch.faces.webhooks import Webhook, body_of, key_of, post, signed

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
SOURCES = Path(__file__).parents[2] / "seedance_watch"


@pytest.fixture
def nas() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def news(number: int = 1, **more: object) -> News:
    facts: dict[str, object] = {
        "kind": Kind.FAILED, "at": RealClock().now(), "id": f"j{number}.9", "watch": "studio",
        "job": f"j{number}", "label": "Größe \udcff", "reason": "no such model",
    }  # fmt: skip
    return News(**{**facts, **more})  # type: ignore[arg-type]


@asynccontextmanager
async def told(
    url: str, *, secret: str = SECRET, timeout_s: float = 5.0, later_s: float = 0.0
) -> AsyncIterator[Webhook]:
    """An address that is told until the block has ended."""
    stop, clock = asyncio.Event(), studios.Shifted(later_s)
    found = Webhook(
        "webhook[1]", url, lambda: secret, frozenset({Kind.FAILED}), frozenset({"studio"}),
        timeout_s, clock.now, waits_s=(0.05, 0.05),
    )  # fmt: skip
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(found.run(stop))
        try:
            yield found
        finally:
            stop.set()


async def until(fact: object) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not fact():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_others_can_verify_what_they_are_told(nas: Receiver) -> None:
    """By the specification's own library; a changed byte is noticed."""
    async with told(f"{nas.url}/hook?token=1") as outlet:
        outlet.take(news(cost=Money(Decimal("0.45"), "usd")))
        outlet.take(news(2, watch="other"))
        outlet.take(news(3, kind=Kind.DONE))

    [(path, headers, body)] = nas.got
    found = Verifier(SECRET).verify(body, headers)
    assert path == "/hook?token=1"
    assert found["type"] == "job.failed"
    assert found["data"]["label"] == "Größe \udcff"
    assert found["data"]["cost"] == {"amount": "0.45", "unit": "usd"}
    assert headers["content-type"] == "application/json"
    with pytest.raises(Exception, match="signature"):
        Verifier(SECRET).verify(body.replace(b"no such", b"a fine "), headers)


def test_a_message_has_one_name_and_each_try_its_time() -> None:
    """So a receiver can drop what it has already, and refuse what is old."""
    first, second = signed(news(), b"k" * 24, at=1.9), signed(news(), b"k" * 24, at=2.0)

    assert first["webhook-id"] == second["webhook-id"]
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1", "2")
    assert first["webhook-signature"] != second["webhook-signature"]
    assert signed(news(2), b"k" * 24, at=2.0)["webhook-id"] != first["webhook-id"]


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "no base64 at all!!", "ü"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    """With what to type, and without showing it."""
    with pytest.raises(Unsent, match="openssl rand") as caught:
        key_of(secret)
    assert not secret[6:] or secret[6:] not in str(caught.value)


async def test_a_wrong_secret_is_told_at_the_start(nas: Receiver) -> None:
    """Nothing is sent unsigned."""
    with capture_logs() as logs:
        async with told(nas.url, secret="whsec_short") as outlet:
            outlet.take(news())

    assert [line["event"] for line in logs] == ["webhook.failed"]
    assert nas.got == []


async def test_what_fails_is_tried_again_in_order(nas: Receiver) -> None:
    """It is said once; nothing is lost, nothing overtakes."""
    nas.statuses = [500, 429, 302, 200]
    nas.headers = {"location": f"{nas.url}/elsewhere"}
    with capture_logs() as logs:
        async with told(nas.url) as outlet:
            outlet.take(news(1))
            outlet.take(news(2))
            await until(lambda: len(nas.got) == 5)

    assert [body["data"]["job"] for body in nas.bodies()] == ["j1"] * 4 + ["j2"]
    assert len({headers["webhook-id"] for _, headers, _ in nas.got}) == 2
    assert [line["event"] for line in logs] == [
        "webhook.failed", "webhook.recovered", "webhook.delivered", "webhook.delivered",
    ]  # fmt: skip


async def test_a_redirect_is_not_followed(nas: Receiver) -> None:
    """Nobody but the operator chooses where news go."""
    with receiver() as other:
        nas.statuses, nas.headers = [307], {"location": other.url}
        async with told(nas.url) as outlet:
            outlet.take(news())
            await until(lambda: len(nas.got) > 1)

        assert other.got == []


async def test_what_is_refused_for_good_is_dropped(nas: Receiver) -> None:
    """The next is told; a receiver that wants nothing more is told nothing more."""
    nas.statuses = [422, 410]
    with capture_logs() as logs:
        async with told(nas.url) as outlet:
            outlet.take(news(1))
            outlet.take(news(2))
            await until(lambda: len(nas.got) == 2)
            outlet.take(news(3))

    assert [body["data"]["job"] for body in nas.bodies()] == ["j1", "j2"]
    assert [line["event"] for line in logs] == ["webhook.dropped", "webhook.gone"]


async def test_what_is_a_day_old_is_dropped(nas: Receiver) -> None:
    """Else one that is never taken would stand before all others."""
    nas.statuses = [500]
    with capture_logs() as logs:
        async with told(nas.url, later_s=webhooks.OLDEST_S + 60) as outlet:
            outlet.take(news(1))
            outlet.take(news(2))
            await until(lambda: len(nas.got) == 2)

    assert [line["event"] for line in logs].count("webhook.dropped") == 2


async def test_an_answer_that_never_ends_has_one_call(nas: Receiver) -> None:
    """A byte now and then keeps one thread, never two; a stop does not wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        calls, over = [], threading.Event()

        def drip() -> None:
            with server.accept()[0] as connection:
                calls.append(1)
                while not over.wait(0.05):
                    connection.send(b"H")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with capture_logs() as logs:
                url = f"http://127.0.0.1:{server.getsockname()[1]}/s3cr3t"
                async with told(url, timeout_s=0.1) as outlet:
                    outlet.take(news())
                    await until(lambda: outlet._failures > 3)
        finally:
            over.set()
            thread.join()

    assert calls == [1]
    assert [line["event"] for line in logs] == ["webhook.failed"]
    assert "no whole answer" in logs[0]["reason"]


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 2000 x\r\n\r\n"])
def test_nonsense_is_no_answer(answer: bytes) -> None:
    """Whatever comes back, it is a failure in words; the address is not in them."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak() -> None:
            with server.accept()[0] as connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=speak)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/s3cr3t"
        with pytest.raises(Unsent, match="cannot be reached") as caught:
            post(url, b"{}", {}, timeout_s=5)
        thread.join()

    assert "s3cr3t" not in str(caught.value)


async def test_a_real_run_is_told(studio: studios.Studio, nas: Receiver) -> None:
    """While the receiver hangs videos are made; then it is told, and can verify."""
    secret = studio.folder / "webhook.secret"
    secret.write_text(SECRET)
    studio.configure(
        more=f'[[webhook]]\nurl = "{nas.url}"\nsecret_file = "{secret}"\nevents = ["done"]'
    )
    nas.answering.clear()
    async with telling(studio) as daemon:
        for number in range(3):
            studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
        await daemon.until(lambda: len(studio.seen("done")) == 6)
        nas.answering.set()

    found = [Verifier(SECRET).verify(body, headers) for _, headers, body in nas.got]
    assert [each["type"] for each in found] == ["job.done"] * 3
    assert {each["data"]["video"] for each in found} == {f"shot{n}.mp4" for n in range(3)}


def test_only_here_is_anything_else_called() -> None:
    """Providers are called by the gateway; a POST to the operator's address by this module."""
    callers = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if path.is_relative_to(SOURCES) and imported(path) & CLIENTS
    }

    assert callers == {"faces/notices.py", "faces/webhooks.py"}


CLIENTS = {
    "apprise", "requests", "http.client", "urllib.request.Request", "urllib.request.urlopen",
    "urllib.request.OpenerDirector", "aiohttp", "urllib3",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Give what a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def test_the_body_is_small_and_plain() -> None:
    """What stands in it is what docs/NOTIFY.md shows."""
    document = (SOURCES.parent / "docs" / "NOTIFY.md").read_text()
    body = body_of(news())

    assert len(body) < 2_000
    for key in ("event", "id", "at", "label", "video", "receipt", "cost", "took_s"):
        assert f'"{key}"'.encode() in body
        assert f'"{key}"' in document
    assert io.BytesIO(body).read().isascii()

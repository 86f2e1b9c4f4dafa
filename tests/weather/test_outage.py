"""When nothing can be reached: nothing is lost or paid twice, and all goes on by itself."""

import asyncio
import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import fronts
import pytest
import trustme
from skies import PAID, Skies, until

from seedance_watch.core.events import Accepted, Fetched, Intended, Unsent
from seedance_watch.core.model import State

NAMES = tuple("abcdef")
Outage = Callable[[Skies, pytest.MonkeyPatch], Any]


@asynccontextmanager
async def _no_name(skies: Skies, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let names have no address."""

    def lost(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lost)
        yield


@asynccontextmanager
async def _nobody(skies: Skies, _: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let nothing listen, and cut what is connected."""
    async with asyncio.TaskGroup() as tasks:
        refusing = tasks.create_task(skies.sandbox.refuse(60))
        yield
        listener = skies.sandbox._listener
        refusing.cancel()
        await asyncio.wait([refusing])
        await listener._listen()


OUTAGES = {"no such name": (_no_name, "name resolution"), "refused": (_nobody, "refused")}


@pytest.mark.parametrize("outage", OUTAGES)
async def test_an_outage_before_the_paid_call_is_no_doubt(
    anywhere: Skies, outage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be sent is sent when it can: said once, one tries, all go on by itself."""
    begin, word = OUTAGES[outage]
    anywhere.change("127.0.0.1", "localhost")
    anywhere.drop(*NAMES)

    async with anywhere.running(), begin(anywhere, monkeypatch):
        await until(lambda: len(anywhere.waits()) > len(NAMES))
        tries = len(anywhere.waits())
        (narrowed,) = (line for line in anywhere.said if line["event"].startswith("lane."))
        assert narrowed["event"] == "lane.narrowed"
        assert word in narrowed["reason"]

    anywhere.whole(*NAMES)
    assert anywhere.words() == ["lane.narrowed", "lane.resumed"]
    assert tries < 4 * len(NAMES), "they press on"


# The sandbox is cut off while it accepts: a socket of its own may be left to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_outage_in_the_middle_of_everything_is_survived(
    anywhere: Skies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some wait, some are asked about, some are fetched: each is paid once.

    Only what was cut in the middle of the paid call, and is nowhere to be found, is held.
    """
    names = (*NAMES, *"ghijkl")
    anywhere.sandbox.fault("slow_task", anywhere.paid, seconds=0.3, times=0)
    anywhere.drop(*names)

    async with anywhere.running():
        await until(lambda: len(anywhere.sandbox.tasks()) >= 4)
        async with _nobody(anywhere, monkeypatch):
            await asyncio.sleep(0.3)

    lost = {row.label for row in anywhere.studio.rows() if row.held == "in_doubt"}
    assert not lost or anywhere.way != "rivya"
    anywhere.whole(*names, held=lost)


@pytest.mark.parametrize("trouble", ["untrusted", "other name", "hangs up"])
async def test_nothing_is_sent_to_who_cannot_prove_to_be_the_provider(
    anywhere: Skies, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong certificate is an outage: not one byte of a request, least of all the key."""
    good, other = trustme.CA(), trustme.CA()
    _trust(good, anywhere.folder.parent / "ca.pem", monkeypatch)
    bad = {"untrusted": (other, "localhost"), "other name": (good, "example.org")}
    wrong = _shown(*bad[trouble]) if trouble in bad else ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    async with fronts.front(anywhere.sandbox.url, wrong) as front:
        anywhere.change(anywhere.sandbox.url, f"https://localhost:{front.port}")
        anywhere.drop(*NAMES[:3])
        async with anywhere.running():
            await until(lambda: len(anywhere.waits()) > 3)
            assert anywhere.sandbox.calls() == []
            assert anywhere.words() == ["lane.narrowed"]
            front.tls = _shown(good, "localhost")

    anywhere.whole(*NAMES[:3])


def _trust(authority: trustme.CA, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(str(pem))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))


def _shown(authority: trustme.CA, name: str) -> ssl.SSLContext:
    """Make a server's side that shows a certificate for a name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


LATER = ("*.upload", "*.status", "*.result", "*.history", "*.history_row", "media.video")


async def test_the_key_never_goes_to_another_host(anywhere: Skies) -> None:
    """No redirect of a call is followed, whatever its status; a video's never into the house."""
    if anywhere.way == "segmind-v1":  # the answer is lost, so that the history is asked
        anywhere.sandbox.fault("no_length", anywhere.paid, part=0.5, nth=3)
    async with fronts.ear() as ear:
        for status in (301, 302, 307):
            for endpoint in LATER:
                anywhere.sandbox.fault("redirect", endpoint, to=ear.url, status=status)
        for status in (307, 308):
            anywhere.sandbox.fault("redirect", anywhere.paid, to=ear.url, status=status)
        anywhere.drop()

        await anywhere.once()

        assert ear.heard == []
    anywhere.whole()
    struck = [call.endpoint for call in anywhere.sandbox.calls() if "redirect" in call.faults]
    assert len(struck) >= 11


@pytest.mark.parametrize("way", PAID)
async def test_a_redirect_loop_ends(skies: Skies, way: str) -> None:
    """Calls follow none at all, downloads a few; then it is tried again later."""
    skies.way = way
    for endpoint in (skies.paid, "*.status", "*.history_row"):
        skies.sandbox.fault("redirect", endpoint, to="loop", status=308, times=2)
    skies.sandbox.fault("redirect", "media.video", to="loop", times=13)
    skies.drop()

    await skies.once()

    skies.whole()
    loops = skies.statuses("media.video")
    assert loops.count(302) == (0 if way == "segmind-v1" else 13)


async def test_in_a_storm_every_wish_is_paid_once_or_held(anywhere: Skies) -> None:
    """Every second call is spoiled in every way there is: the ledger has one charge at most."""
    dice = random.Random(1)
    kinds = ["reset_before", "html_before", "throttled", "garbage", "reset_after", "error_after"]
    kinds += ["not_json", "json_shape", "truncated", "lost_in_body", "no_length", "close_before"]
    for kind in kinds:
        extra = {"reset_s": 0.0} if kind == "throttled" else {}
        anywhere.sandbox.fault(kind, "*", chance=0.1 + 0.2 * dice.random(), times=4, **extra)
    anywhere.drop(*NAMES)

    await anywhere.once()

    rows = anywhere.studio.rows()
    assert {row.state for row in rows if not row.held} <= {State.DONE}
    assert {row.held for row in rows if row.held} <= {"in_doubt", "garbled", "gone"}
    paid_for = [line.images or line.client_request_id for line in anywhere.charges()]
    assert len(set(paid_for)) == len(paid_for) <= len(NAMES)
    done = [row.label for row in rows if row.state is State.DONE]
    assert anywhere.studio.seen("outbox") == sorted(
        f"{name}.{end}" for name in done for end in ("mp4", "toml")
    )
    assert len(anywhere.events(Intended)) <= len(anywhere.events(Unsent)) + len(NAMES)
    assert len(anywhere.events(Fetched)) >= len(done) <= len(anywhere.events(Accepted))

"""Which addresses may be fetched: nobody's answer leads us into a private network."""

from typing import Any

import httpcore
import pytest

from seedance_watch.core.errors import Fault
from seedance_watch.providers.links import LinkRule, all_public, place, shown, without_queries
from seedance_watch.providers.network import Network

OPEN = LinkRule.of("https://api.example")
LOCAL = LinkRule.of("http://127.0.0.1:8790")

REFUSED = [
    "http://cdn.example/1.mp4",
    "ftp://cdn.example/1.mp4",
    "file:///etc/passwd",
    "https://user@cdn.example/1.mp4",
    "https://cdn.example\\@10.0.0.1/1.mp4",
    "https://localhost/1.mp4",
    "https://127.0.0.1/1.mp4",
    "https://127.1.2.3:8790/1.mp4",
    "https://10.0.0.1/1.mp4",
    "https://192.168.1.4/1.mp4",
    "https://172.16.0.1/1.mp4",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0/1.mp4",
    "https://[::1]/1.mp4",
    "https://[fe80::1]/1.mp4",
    "https://[fd00::1]/1.mp4",
    "https://[::ffff:10.0.0.1]/1.mp4",
    "https://[64:ff9b::a00:1]/1.mp4",
    "https://224.0.0.1/1.mp4",
    "https://240.0.0.1/1.mp4",
    "https://255.255.255.255/1.mp4",
    "https://100.64.0.1/1.mp4",
    "https://100.100.100.200/latest/meta-data",
    "https://168.63.129.16/machine",
    "https://192.0.0.192/latest/meta-data",
    "https://[fd00:ec2::254]/latest/meta-data",
    "https://[::127.0.0.1]/1.mp4",
    "https://[::ffff:169.254.169.254]/latest/meta-data",
    "https://[::ffff:a9fe:a9fe]/latest/meta-data",
    "https://[::ffff:0:127.0.0.1]/1.mp4",
    "https://[2002:7f00:1::]/1.mp4",
    "https://[2001:0:7f00:1::1]/1.mp4",
    "https://[64:ff9b:1::7f00:1]/1.mp4",
    "https://[fe80::1%25eth0]/1.mp4",
    "https://[fec0::1]/1.mp4",
    "https://[ff02::1]/1.mp4",
    "https://[::]/1.mp4",
    "https://2130706433/1.mp4",
    "https://0x7f000001/1.mp4",
    "https://0x7f.1/1.mp4",
    "https://0177.0.0.1/1.mp4",
    "https://127.1/1.mp4",
    "https://127.0.0.1./1.mp4",
    "https://2852039166/latest/meta-data",
    "https://localhost./1.mp4",
    "https://LOCALHOST/1.mp4",
    "https://a.localhost/1.mp4",
    "https://%6cocalhost/1.mp4",
    "https://\uff11\uff12\uff17.0.0.1/1.mp4",
    "https://127\u30020\u30020\u30021/1.mp4",
    "https://cdn.example@127.0.0.1/1.mp4",
    "https://cdn.example#@127.0.0.1/1.mp4x\n",
    "https:/127.0.0.1/1.mp4",
    "https://cdn.example\t.evil/1.mp4",
    "//127.0.0.1/1.mp4",
    "data:video/mp4;base64,AAAA",
    "gopher://127.0.0.1/x",
    "/etc/passwd",
    "https://cdn.example:99999/1.mp4",
    "https://",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("link", REFUSED)
@pytest.mark.parametrize("rule", [OPEN, LOCAL], ids=["open", "loopback"])
def test_private_and_odd_links_are_refused(rule: LinkRule, link: str) -> None:
    """Promise 12, whether the provider itself is on loopback or not."""
    with pytest.raises(Fault) as raised:
        rule.check(link, "downloading")

    assert raised.value.code == "link"


def test_https_to_a_name_is_followed_and_loopback_only_to_its_own_port() -> None:
    """A sandbox may hand out links to itself, and to nothing else on this machine."""
    assert OPEN.check("https://cdn.example/1.mp4?sig=x", "d").origin == "https://cdn.example"
    assert LOCAL.check("http://127.0.0.1:8790/1.mp4", "d").port == 8790
    for link in ("http://127.0.0.1:8791/1.mp4", "http://localhost:8790/1.mp4"):
        with pytest.raises(Fault):
            LOCAL.check(link, "d")
    with pytest.raises(Fault):
        OPEN.check("http://127.0.0.1:8790/1.mp4", "d")


@pytest.mark.parametrize(
    ("addresses", "good"),
    [
        (["93.184.215.14"], True),
        (["93.184.215.14", "10.0.0.1"], False),
        (["::1"], False),
        (["fe80::1%eth0"], False),
        (["::ffff:10.0.0.1"], False),
        (["::ffff:93.184.215.14"], True),
        ([], False),
    ],
)
def test_every_address_of_a_name_must_be_public(addresses: list[str], good: bool) -> None:
    """One private address among public ones is enough to refuse."""
    assert all_public(addresses) is good


def test_queries_are_never_shown() -> None:
    """They may hold signatures."""
    assert shown("https://a/b?sig=secret#x") == "https://a/b"
    assert "secret" not in without_queries("see https://a/b?sig=secret, or so")
    assert place("https://a:443/b") is not None


async def test_a_name_that_resolves_into_the_house_is_not_followed(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """The name's addresses are judged when connecting, not its spelling."""
    peer = await serve(http.whole(body=b"video", content_type="video/mp4"))

    async def inside(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    provider = gateway(peer.url, resolve=inside)
    with pytest.raises(Fault) as raised:
        await provider.download(f"https://cdn.example:{peer.port}/1.mp4", tmp_path / "a.mp4")

    assert raised.value.code == "link"
    assert peer.connections == 0


async def test_a_name_that_changes_its_mind_is_not_followed(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """DNS rebinding: what was public when it was looked at is looked at again to connect."""
    peer = await serve(http.whole(body=b"video", content_type="video/mp4"))
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])

    async def changing(_host: str, _port: int) -> list[str]:
        return next(answers)

    provider = gateway("https://api.example", resolve=changing)
    await provider._line.foreign.vet(f"https://cdn.example:{peer.port}/1.mp4", "staging")
    with pytest.raises(Fault) as raised:
        await provider.download(f"https://cdn.example:{peer.port}/1.mp4", tmp_path / "a.mp4")

    assert raised.value.code == "link"
    assert peer.connections == 0


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    """Nobody asks for the name once more in between."""
    asked: list[str] = []

    async def public(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["93.184.215.14", "2606:4700::1111"]

    class Recorder(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, host: str, *_: Any, **__: Any) -> Any:
            asked.append(host)
            raise httpcore.ConnectError("nobody")

    network = Network(OPEN, frozenset(), public)
    network._plain = Recorder()  # type: ignore[assignment]
    with pytest.raises(httpcore.ConnectError):
        await network.connect_tcp("cdn.example", 443, 1.0)

    assert asked == ["cdn.example", "93.184.215.14", "2606:4700::1111"]


REDIRECTS = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/1.mp4",
    "//127.0.0.1:9/1.mp4",
    "http://localhost/1.mp4",
    "https://10.0.0.1/1.mp4",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:127.0.0.1]/1.mp4",
    "https://2130706433/1.mp4",
    "https://user:word@cdn.example/1.mp4",
    "https://cdn.example:0/1.mp4",
]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", REDIRECTS)
async def test_no_redirect_leads_into_the_house(
    location: str, status: int, http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Every hop is judged like the first link."""
    peer = await serve(http.whole(status, b"", location=location))
    with pytest.raises(Fault) as raised:
        await gateway(peer.url).download(f"{peer.url}/1.mp4", tmp_path / "a.mp4")

    assert raised.value.code == "link"
    assert len(peer.heard) == 1


async def test_a_redirect_to_no_address_is_not_followed(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """httpx itself gives up on it: the link is asked for again later."""
    peer = await serve(http.whole(302, b"", location="http://[::1"))
    with pytest.raises(Fault):
        await gateway(peer.url).download(f"{peer.url}/1.mp4", tmp_path / "a.mp4")

    assert len(peer.heard) == 1

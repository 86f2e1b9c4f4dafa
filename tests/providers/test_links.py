"""Which addresses may be fetched: nobody's answer leads us into a private network."""

from typing import Any

import pytest

from seedance_watch.core.errors import Fault
from seedance_watch.providers.links import LinkRule, all_public, place, shown, without_queries

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

"""Nothing is paid, replayed or looked for with another key than that of the intent."""

from typing import Any

import pytest

from seedance_watch.core.doubts import KEY_CHANGED
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Intended, Ready
from seedance_watch.providers.account import account_of, is_other
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.secrets import Secret
from seedance_watch.providers.segmind import Segmind

OTHER = "sk_test_of_somebody_else"


class Keys:
    """A key that can be changed."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self) -> str:
        return self.key


async def intent(provider: Any) -> Intended:
    return await provider.intend(None, "k" * 32, 1)


def test_a_fingerprint_tells_keys_apart_and_gives_none_away() -> None:
    """It goes into journals; one account at two providers looks like two."""
    mine, other = account_of(Secret("sk_mine"), "rivya"), account_of(Secret("sk_other"), "rivya")
    assert len({mine, other, account_of(Secret("sk_mine"), "segmind")}) == 3
    assert "sk_mine" not in mine
    assert len(mine) == 16
    assert is_other(other, Secret("sk_mine"), "rivya")
    assert not is_other(mine, Secret("sk_mine"), "rivya")
    assert not is_other("", Secret("sk_mine"), "rivya")


async def test_an_intent_knows_whose_it_is(http: Any, gateway: Any) -> None:
    """Its fingerprint is recorded with it; without a key there is no intent at all."""
    made = await intent(gateway("https://api.example"))
    assert made.account == account_of(Secret(http.KEY), "plain")
    with pytest.raises(Fault) as raised:
        await intent(gateway("https://api.example", key=lambda: ""))
    assert (raised.value.kind, raised.value.code) == (FaultKind.DENIED, "no_key")


async def test_nothing_is_paid_with_another_key_than_intended(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Of a key that is put in between intent and call nothing is sent: another intent follows."""
    peer, keys = await serve(http.json({"id": "task-9"})), Keys(http.KEY)
    provider = gateway(peer.url, key=keys)
    made = await intent(provider)
    keys.key = OTHER

    with pytest.raises(Fault) as raised:
        await provider.submit(made, tmp_path / "a.mp4")

    assert (raised.value.kind, raised.value.code) == (FaultKind.LOCAL, KEY_CHANGED)
    assert peer.heard == []
    again = await intent(provider)
    assert await provider.submit(again, tmp_path / "a.mp4") == [Accepted("task-9")]


async def test_nothing_is_replayed_under_another_account(
    http: Any, serve: Any, gateway: Any
) -> None:
    """There the key of the paid call is not known: it would be paid again."""
    peer, keys = await serve(http.json({"id": "task-9", "credits": 1})), Keys(http.KEY)
    provider = gateway(peer.url, key=keys)
    made = await intent(provider)
    keys.key = OTHER

    with pytest.raises(Fault, match="was changed since") as raised:
        await provider.reconcile(made, http.NOW)

    assert (raised.value.kind, raised.value.code) == (FaultKind.UNSURE, KEY_CHANGED)
    assert "/generations" not in {heard.target for heard in peer.heard}
    keys.key = http.KEY
    assert await provider.reconcile(made, http.NOW) == Accepted("task-9")


async def test_an_intent_of_an_older_version_is_replayed_as_ever(
    http: Any, serve: Any, gateway: Any
) -> None:
    """It does not say whose it is."""
    peer = await serve(http.json({"id": "task-9", "credits": 1}))
    provider = gateway(peer.url, key=lambda: OTHER)
    assert await provider.reconcile(http.intent(peer.url), http.NOW) == Accepted("task-9")


@pytest.mark.parametrize("call", ["poll", "refresh"])
async def test_a_task_that_another_account_does_not_know_says_so(
    call: str, http: Any, serve: Any, gateway: Any
) -> None:
    """It is paid, and to be had with the old key."""
    peer, keys = await serve(http.whole(404)), Keys(OTHER)
    provider = gateway(peer.url, key=keys, dialect=Rivya(base_url=peer.url))
    mine = account_of(Secret(http.KEY), "rivya")

    with pytest.raises(Fault, match="put the old key back") as raised:
        await ask(provider, call, mine)
    assert (raised.value.kind, raised.value.code) == (FaultKind.GONE, KEY_CHANGED)

    keys.key = http.KEY
    with pytest.raises(Fault) as raised:
        await ask(provider, call, mine)
    assert (raised.value.kind, "old key" in raised.value.reason) == (FaultKind.GONE, False)


async def test_a_young_task_that_another_account_does_not_know_is_not_waited_for(
    http: Any, serve: Any, gateway: Any
) -> None:
    """A service may list a task late: under another key that is no reason to be patient."""
    peer = await serve(http.whole(404))
    hosts = dict.fromkeys(("base_url", "storage_url", "history_url"), peer.url)
    keys = Keys(OTHER)
    provider = gateway(peer.url, key=keys, dialect=Segmind(**hosts))
    mine = account_of(Secret(http.KEY), "segmind")

    with pytest.raises(Fault, match="put the old key back"):
        await provider.poll("task-9", http.NOW - 60, account=mine)

    keys.key = http.KEY
    assert await provider.poll("task-9", http.NOW - 60, account=mine) is None


async def test_a_new_key_of_the_same_account_gets_what_the_old_one_bought(
    http: Any, serve: Any, gateway: Any
) -> None:
    """Whoever knows the task is believed."""
    peer = await serve(http.json({"url": "https://cdn.example/1.mp4"}))
    provider = gateway(peer.url, key=lambda: OTHER)
    for call in ("poll", "refresh"):
        found = await ask(provider, call, account_of(Secret(http.KEY), "plain"))
        assert found == Ready("https://cdn.example/1.mp4")


async def ask(provider: Any, call: str, account: str) -> Any:
    if call == "poll":
        return await provider.poll("task-9", 0.0, account=account)
    return await provider.refresh("task-9", account=account)

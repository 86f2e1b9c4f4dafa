"""Somebody puts another account's key in while money is on its way: nothing is paid again."""

import pytest
from skies import Skies, until

from seedance_watch.app.obeying import give
from seedance_watch.config.load import load
from seedance_watch.core.events import Accepted, Intended
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY

MINE = {"rivya": RIVYA_KEY, "segmind": SEGMIND_KEY}
OTHERS = {"rivya": "rvya_sk_sandbox_other", "segmind": "SG_0000000000000002"}


def put(skies: Skies, keys: dict[str, str]) -> None:
    """Change both providers' keys."""
    for provider, key in keys.items():
        (skies.studio.folder / f"{provider}.key").write_text(key)


async def doubted(skies: Skies) -> None:
    """Lose the answer to a paid call, and end right then."""
    skies.sandbox.fault("reset_after", skies.paid)
    skies.drop()
    await skies.cut(skies.charges)


async def test_a_doubt_is_not_looked_into_with_another_key(anywhere: Skies) -> None:
    """Neither replayed nor found absent: held, with words, until the old key is back."""
    await doubted(anywhere)
    put(anywhere, OTHERS)
    seen = len(anywhere.statuses(anywhere.paid))

    await anywhere.once()

    row = anywhere.row()
    assert (row.state, row.held) == (State.SUBMITTING, "key_changed")
    assert "key of" in row.reason
    assert len(anywhere.charges()) == 1
    assert len(anywhere.statuses(anywhere.paid)) == seen
    assert anywhere.statuses("segmind.history") == []
    (name,) = anywhere.studio.seen("held")
    note = (anywhere.studio.held / name).read_text()
    assert "Put the old key back" in note
    assert f"release {row.job_id}" in note

    put(anywhere, MINE)
    answer = await give(load(anywhere.studio.config), Order(Act.RELEASE, row.job_id))
    assert answer.obeyed, answer.said
    await anywhere.once()

    anywhere.whole()
    assert len(anywhere.events(Intended)) == 1
    assert anywhere.events(Accepted)[-1].via == "reconcile"


async def test_who_wants_another_attempt_pays_with_the_new_key(skies: Skies) -> None:
    """A person's order, after looking at the old account's page."""
    await doubted(skies)
    put(skies, OTHERS)
    await skies.once()

    settings = load(skies.studio.config)
    assert (await give(settings, Order(Act.RESUBMIT, skies.row().job_id))).obeyed
    await skies.once()

    skies.whole(charges=2)
    first, second = skies.events(Intended)
    assert first.account != second.account
    assert not {RIVYA_KEY, OTHERS["rivya"]} & {first.account, second.account}


@pytest.mark.parametrize("way", ["rivya", "segmind"])
async def test_a_task_of_the_old_key_is_asked_for_until_that_is_back(
    skies: Skies, way: str
) -> None:
    """The other account does not know it; the reason says why."""
    skies.way = way
    skies.sandbox.fault("slow_task", skies.paid, seconds=1.0)
    skies.drop()
    await skies.cut(lambda: skies.events(Accepted))
    put(skies, OTHERS)

    async with skies.running():
        await until(lambda: "put the old key back" in skies.row().reason)
        put(skies, MINE)

    skies.whole()
    assert len(skies.events(Intended)) == 1

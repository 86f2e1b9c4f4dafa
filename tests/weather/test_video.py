"""A paid video that does not come whole: fetched again, asked for again, never paid again."""

from collections.abc import Mapping
from typing import Any

import pytest
import studios
from skies import Skies, until

from seedance_watch.core.events import Deferred, Intended, Ready
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order
from seedance_watch.engine import queue
from seedance_watch.sandbox.tasks import Task

# What version 1 may answer instead of the video, with the paid call itself.
SPOILED: list[tuple[str, Mapping[str, Any]]] = [
    ("zip_body", {}),
    ("html_body", {"content_type": "video/mp4"}),
    ("corrupt", {}),
    ("truncated", {"part": 0.6}),
    ("wrong_length", {"by": -100}),
    ("wrong_type", {"value": "application/octet-stream"}),
]


@pytest.mark.parametrize(("fault", "settings"), SPOILED)
async def test_a_spoiled_video_in_the_paid_answer_is_fetched_by_its_number(
    skies: Skies, fault: str, settings: Mapping[str, Any]
) -> None:
    """Version 1: the history knows where it is; the paid call is made once."""
    skies.way = "segmind-v1"
    skies.sandbox.fault(fault, skies.paid, **settings)
    skies.drop()

    await skies.once()

    skies.whole()
    assert skies.statuses(skies.paid) in ([200], [None])


async def test_version_1_may_answer_with_a_link(skies: Skies) -> None:
    """JSON instead of the bytes: the link is followed like any other."""
    skies.way = "segmind-v1"
    skies.sandbox.turn(segmind_v1_body="json")
    skies.drop()

    await skies.once()

    skies.whole()
    assert skies.statuses("media.video") == [200]


@pytest.mark.parametrize("declared", [0, 10**9])
async def test_an_endless_video_is_cut_off_and_fetched_again(
    anywhere: Skies, declared: int
) -> None:
    """With a huge length or with none: nothing beyond the limit is written."""
    anywhere.change("[limits]", "[limits]\nmax_video_bytes = 2000000")
    endpoint = anywhere.paid if anywhere.way == "segmind-v1" else "media.video"
    anywhere.sandbox.fault("endless", endpoint, declared=declared, limit=64 << 20)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()


@pytest.mark.usefixtures("impatient")
async def test_a_video_that_drips_is_gone_on_with(skies: Skies) -> None:
    """Too slow for the deadline: the next try goes on where the first one ended."""
    skies.sandbox.fault("drip_body", "media.video", interval_s=0.01)
    skies.drop()

    await skies.once()

    skies.whole()
    assert skies.statuses("media.video") == [None, 206]


async def test_a_video_that_stays_beyond_the_limit_is_held_not_thrown_away(skies: Skies) -> None:
    """It is paid: nobody throws it away or pays for another."""
    skies.change("[limits]", "[limits]\nmax_video_bytes = 1000000")
    skies.sandbox.fault("endless", "media.video", times=0, limit=2_000_000)
    skies.drop()
    await skies.once()

    assert (skies.row().state, skies.row().held) == (State.READY, "garbled")
    assert "1000000 bytes" in skies.row().reason
    assert "release" in (skies.studio.held / "shot.held.txt").read_text()
    skies.sandbox.clear_faults()
    await _released(skies)

    skies.whole()


async def _released(skies: Skies) -> None:
    """Let a person release the only job, then run on."""
    settings = studios.load(skies.studio.config)
    built = await studios.build(settings, stop=studios.asyncio.Event(), listeners=(), apart=False)
    try:
        await built.daemon.load()
        await built.daemon.obey(Order(Act.RELEASE, skies.row().job_id, by="a test"))
    finally:
        await built.close()
    await skies.once()


def _perish(skies: Skies) -> None:
    """Let all links that were given so far be dead, and new ones be others."""
    for task in skies.sandbox.tasks():
        skies.sandbox._state.by_video.pop(task.video)
        task.video = f"again-{task.video}"
        skies.sandbox._state.by_video[task.video] = task


@pytest.mark.parametrize("way", ["rivya", "segmind"])
async def test_an_expired_link_is_asked_for_again_not_regenerated(skies: Skies, way: str) -> None:
    """While the downloads failed the link died: a fresh one is asked for, and used."""
    skies.way = way
    skies.sandbox.fault("reset_before", "media.video", times=2)
    skies.drop()

    async with skies.running():
        await until(lambda: skies.events(Ready))
        _perish(skies)

    skies.whole()
    assert 404 in skies.statuses("media.video")
    assert len(skies.events(Intended)) == 1


async def test_a_link_known_to_be_dead_is_not_even_tried(skies: Skies) -> None:
    """After eight days off: a fresh link from the history, as the result is long forgotten."""
    skies.way = "segmind"
    skies.sandbox.fault("reset_before", "media.video", times=0)
    skies.drop()
    await skies.cut(skies.waits)
    _perish(skies)
    skies.sandbox.clear_faults()
    skies.sandbox.turn(segmind_retention_s=0.0)
    skies.clock = studios.Shifted(8 * 86_400.0)
    before = len(skies.statuses("media.video"))

    await skies.once()

    skies.whole()
    assert skies.statuses("media.video")[before:] == [200]
    assert skies.statuses("segmind.history_row") == [200]


@pytest.mark.parametrize("way", ["rivya", "segmind"])
async def test_a_video_that_is_gone_for_good_is_held_for_a_person(skies: Skies, way: str) -> None:
    """Asked for a fresh link several times; then told, not paid again; a person may try later."""
    skies.way = way
    provider = way
    skies.sandbox.turn(**{f"{provider}_{_LIFE[provider]}": 0.0})
    skies.drop()
    await skies.once()

    assert (skies.row().state, skies.row().held) == (State.READY, "gone")
    assert len(skies.charges()) == len(skies.events(Intended)) == 1
    skies.sandbox.turn(**{f"{provider}_{_LIFE[provider]}": 86_400.0})
    await _released(skies)

    skies.whole()


_LIFE = {"rivya": "result_ttl_s", "segmind": "output_ttl_s"}


async def test_a_result_of_more_than_an_hour_ago_is_found_in_the_history(skies: Skies) -> None:
    """Segmind forgets results after an hour; the machine was off for longer."""
    skies.way = "segmind"
    skies.sandbox.fault("slow_task", skies.paid, seconds=0.5)
    skies.drop()
    await skies.cut(skies.sandbox.tasks)
    skies.sandbox.advance(3700)
    skies.clock = studios.Shifted(3700)

    await skies.once()

    skies.whole()
    assert skies.statuses("segmind.status")[-1] == 404
    assert skies.statuses("segmind.history_row") == [200]


@pytest.mark.parametrize("way", ["rivya", "segmind"])
async def test_after_an_outage_the_links_that_perish_first_are_fetched_first(
    skies: Skies, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the order of names or priority: what was finished first is lost first."""
    skies.way = way
    names = "fdbeca"
    monkeypatch.setitem(queue.SEATS, queue.FETCH, 1)  # type: ignore[attr-defined]
    skies.sandbox.fault("reset_before", "media.video", times=0)
    for priority, name in enumerate(names):
        skies.drop(name, more=f"priority = {priority}\n")
        finished = len(skies.events(Ready))
        await skies.cut(lambda count=finished: len(skies.events(Ready)) > count)  # type: ignore[misc]
    skies.sandbox.clear_faults()
    before = len(skies.sandbox.calls("media.video"))
    skies.clock = studios.Shifted(3600)

    await skies.once()

    skies.whole(*names)
    fetched = [call.path for call in skies.sandbox.calls("media.video")[before:]]
    assert fetched == [_path(task) for task in skies.sandbox.tasks()]


def _path(task: Task) -> str:
    folder = "media/videos" if task.provider == "rivya" else "generations"
    return f"/{folder}/{task.video}"


async def test_waits_of_a_download_are_told_not_hidden(skies: Skies) -> None:
    """Each deferral has a kind, a reason with the host, and a time."""
    skies.sandbox.fault("error_before", "media.video", times=2, status=503)
    skies.drop()

    await skies.once()

    skies.whole()
    waits = skies.events(Deferred)
    assert [wait.kind for wait in waits] == ["busy", "busy"]
    assert all("127.0.0.1" in wait.reason and "503" in wait.reason for wait in waits)

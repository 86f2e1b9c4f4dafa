"""When a service takes nobody's jobs: the lane pauses, is probed, and goes on by itself."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from skies import Skies, until

from seedance_watch.core import reactions
from seedance_watch.core.events import Effect, Failing, Held, Intended, Unsent
from seedance_watch.core.model import State

NAMES = tuple("abcd")
SEGMIND = ("segmind", "segmind-v1")
SLUG = "seedance-v1-lite-image-to-video"

# What is wrong, for whom, how it is made and mended in the sandbox, a word of the reason.
TROUBLES: list[tuple[str, tuple[str, ...], Mapping[str, Any], Mapping[str, Any], str]] = [
    ("no credits", ("rivya",), {"rivya_credits": 0}, {"rivya_credits": 10_000}, "top up"),
    ("no credits", SEGMIND, {"segmind_credits": 0.0}, {"segmind_credits": 99.0}, "top up"),
    (
        "bad key",
        ("rivya",),
        {"rivya_key_state": "revoked"},
        {"rivya_key_state": "valid"},
        "make a new API key",
    ),
    (
        "bad key",
        SEGMIND,
        {"segmind_key_state": "rejected"},
        {"segmind_key_state": "valid"},
        "check the API key",
    ),
    (
        "withdrawn",
        ("rivya",),
        {"rivya_retired": "seedance-1-0-lite", "rivya_retired_answer": "not_found"},
        {"rivya_retired": ""},
        "choose another model",
    ),
    (
        "withdrawn, called invalid",
        ("rivya",),
        {"rivya_retired": "seedance-1-0-lite"},
        {"rivya_retired": ""},
        "choose another model",
    ),
    ("withdrawn", SEGMIND, {"segmind_retired": SLUG}, {"segmind_retired": ""}, "withdrawn"),
    ("forbidden", SEGMIND, {"segmind_forbidden": SLUG}, {"segmind_forbidden": ""}, "may not use"),
    (
        "maintenance",
        ("rivya",),
        {"rivya_enabled": "no"},
        {"rivya_enabled": "yes"},
        "switched its API off",
    ),
]
CASES = [(way, *each) for each in TROUBLES for way in each[1]]


@pytest.mark.parametrize(
    ("way", "name", "ways", "broken", "mended", "word"),
    CASES,
    ids=[f"{case[1]}-{case[0]}".replace(" ", "_") for case in CASES],
)
async def test_a_paused_lane_is_probed_and_its_jobs_wait_unharmed(
    skies: Skies,
    way: str,
    name: str,
    ways: tuple[str, ...],
    broken: Mapping[str, Any],
    mended: Mapping[str, Any],
    word: str,
) -> None:
    """Said once, probed one at a time, nobody fails or is held; mended, all are made by itself."""
    skies.way = way
    skies.sandbox.turn(**broken)
    skies.drop(*NAMES)

    async with skies.running():
        await until(lambda: len(skies.waits()) > len(NAMES) + 2)  # a few probes more
        assert skies.charges() == []
        assert skies.words() == ["lane.paused"]
        skies.sandbox.turn(**mended)

    skies.whole(*NAMES)
    assert skies.words() == ["lane.paused", "lane.resumed"]
    assert not [*skies.events(Failing), *skies.events(Held)]
    (paused,) = (line for line in skies.said if line["event"] == "lane.paused")
    assert word in paused["reason"]


async def test_paused_the_lane_is_tried_by_one_job_at_a_time(skies: Skies) -> None:
    """After the first refusals each pause ends with one probe, whoever waits."""
    skies.way = "segmind"
    skies.sandbox.fault("answer", skies.paid, status=402, times=0)
    skies.drop(*NAMES)

    async with skies.running():
        await until(lambda: len(skies.events(Unsent)) >= len(NAMES) + 6)
        probes = [call.at for call in skies.sandbox.calls(skies.paid)][-4:]  # no late starter
        skies.sandbox.clear_faults()

    skies.whole(*NAMES)
    gaps = [after - before for before, after in pairwise(probes)]
    assert min(gaps) > reactions.BACKOFF[Effect.SUBMIT].first_s / 2, "two probes at once"


async def test_tasks_under_way_are_finished_while_the_lane_is_paused(skies: Skies) -> None:
    """No credits for new ones says nothing about those that are paid."""
    skies.way = "segmind"
    skies.sandbox.fault("slow_task", skies.paid, seconds=0.3, times=0)
    skies.sandbox.fault("answer", skies.paid, nth=2, status=402, times=0)
    skies.drop("a", "b")

    async with skies.running():
        await until(lambda: skies.studio.seen("outbox"))
        assert len(skies.charges()) == 1
        assert skies.words()[-1] == "lane.paused"
        skies.sandbox.clear_faults()

    skies.whole("a", "b")


async def test_a_key_that_is_mended_in_its_file_is_used_at_the_next_probe(skies: Skies) -> None:
    """No restart is needed, and nothing was sent with the wrong one but the probes."""
    key = skies.studio.folder / "rivya.key"
    good = key.read_text()
    key.write_text("rvya_sk_wrong_wrong_wrong")
    skies.drop(*NAMES)

    async with skies.running():
        await until(lambda: len(skies.waits()) > 3)
        key.write_text(good)

    skies.whole(*NAMES)
    assert "wrong_wrong" not in str(skies.said) + str(skies.studio.rows())


async def test_a_task_given_back_unpaid_is_wished_for_again(skies: Skies) -> None:
    """Rivya may take a job without credits and fail the task: that is a pause, not a failure."""
    skies.sandbox.turn(rivya_credits=0, rivya_no_credits="task")
    skies.drop("a", "b")

    async with skies.running():
        await until(lambda: len(skies.events(Unsent)) > 2)
        assert skies.words() == ["lane.paused"]
        skies.sandbox.turn(rivya_credits=10_000)

    skies.whole("a", "b")
    keys = [intent.key for intent in skies.events(Intended)]
    assert len(set(keys)) == len(keys)


async def test_a_pause_survives_a_restart_unharmed(skies: Skies) -> None:
    """The jobs are where they were, unsent; the cut may have hit the one probe."""
    skies.sandbox.fault("answer", skies.paid, status=402, times=0)
    skies.drop(*NAMES)
    await skies.cut(lambda: len(skies.events(Unsent)) >= len(NAMES))

    states = Counter(row.state for row in skies.studio.rows())
    assert states.keys() <= {State.PREPARED, State.STAGED, State.SUBMITTING}
    assert states[State.SUBMITTING] <= 1
    skies.sandbox.clear_faults()
    await skies.once()

    skies.whole(*NAMES)

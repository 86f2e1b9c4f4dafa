"""A second provider in bad weather: only where the first one certainly did not take the job."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from skies import WAYS, Skies, until

from seedance_watch.core.events import Rerouted

OTHER = {"rivya": "segmind", "segmind": "rivya", "segmind-v1": "rivya"}


@pytest.fixture
def routed(anywhere: Skies) -> Skies:
    """Route to the other provider after this one."""
    first = WAYS[anywhere.way][0]
    route = f'route = ["{first}", "{OTHER[anywhere.way]}"]'
    anywhere.change(f'provider = "{first}"', route)
    return anywhere


def paid(skies: Skies) -> Counter[str]:
    """Count the charges of each provider."""
    return Counter(line.provider for line in skies.charges())


@pytest.mark.parametrize(
    ("fault", "settings"),
    [
        ("reset_before", {}),
        ("reset_after", {}),
        ("answer", {"status": 409}),
    ],
    ids=["reset_before", "reset_after", "409"],
)
async def test_an_unknown_outcome_never_goes_elsewhere(
    routed: Skies, fault: str, settings: Mapping[str, Any]
) -> None:
    """It is settled where it happened, or held; the other provider never hears of it."""
    routed.sandbox.fault(fault, routed.paid, **settings)
    routed.drop()

    await routed.once()

    assert OTHER[routed.way] not in paid(routed)
    assert not routed.events(Rerouted)
    if routed.row().held != "in_doubt":
        routed.whole()
    assert len(routed.charges()) <= 1


async def test_a_definite_refusal_goes_elsewhere_once(routed: Skies) -> None:
    """400 to the paid call: nothing was paid here, so the next one makes it."""
    routed.sandbox.fault("answer", routed.paid, status=400)
    routed.drop()

    await routed.once()

    routed.whole()
    assert paid(routed) == {OTHER[routed.way]: 1}


async def test_in_doubt_while_the_lane_pauses_a_job_stays(routed: Skies) -> None:
    """Those without an intent go elsewhere; the one with an intent is settled where it is."""
    routed.sandbox.fault("reset_after", routed.paid)
    routed.sandbox.fault("answer", routed.paid, status=402, times=0)
    routed.drop("a", "b", "c")

    async with routed.running():
        await until(lambda: len(routed.events(Rerouted)) == 2)
        routed.sandbox.clear_faults()

    routed.whole("a", "b", "c")
    assert paid(routed) == {WAYS[routed.way][0]: 1, OTHER[routed.way]: 2}

"""When a service asks for patience, or answers with its proxy's pages."""

from email.utils import formatdate

import pytest
from skies import PAID, WAYS, Skies

from seedance_watch.core.events import Intended, Unsent

# Each way to ask a provider something that is not paid for, after the paid call.
ASKED = [
    ("rivya", "rivya.status"),
    ("segmind", "segmind.status"),
    ("segmind", "segmind.result"),
    ("segmind-v1", "segmind.history_row"),
]
CALLS = [*((way, PAID[way]) for way in sorted(WAYS)), *ASKED[:2], ("rivya", "media.video")]


@pytest.mark.parametrize(
    ("way", "endpoint", "form"),
    [(*call, ("seconds", "date")[number % 2]) for number, call in enumerate(CALLS)],
)
async def test_retry_after_is_granted(skies: Skies, way: str, endpoint: str, form: str) -> None:
    """Seconds or a date: nothing more is asked before, and the wait is in the journal."""
    skies.way = way
    asked = {"seconds": "3000", "date": formatdate(skies.now() + 3000, usegmt=True)}[form]
    skies.sandbox.fault("answer", endpoint, status=429, headers={"retry-after": asked}, times=0)
    skies.drop()

    await skies.cut(skies.waits)

    (wait,) = skies.waits()
    assert 2990 < wait.until - skies.now() <= 3001
    assert skies.row().wake_at == wait.until
    assert len(skies.statuses(endpoint)) == 1


async def test_without_a_wish_the_waits_grow_by_themselves(anywhere: Skies) -> None:
    """429 without any header: each of four tries waits, the fifth is taken."""
    anywhere.sandbox.fault("answer", anywhere.paid, status=429, times=4)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()
    assert anywhere.statuses(anywhere.paid) == [429] * 4 + [200]
    assert [wait.kind for wait in anywhere.events(Unsent)] == ["busy"] * 4
    assert anywhere.words() == ["lane.narrowed", "lane.resumed"]


async def test_the_wait_is_measured_by_the_services_own_clock(skies: Skies) -> None:
    """A date a day from now by a clock that is a day ahead is now."""
    skies.way = "segmind"
    skies.sandbox.turn(clock_skew_s=86_400.0)
    skies.sandbox.fault("throttled", "segmind.submit", reset_s=0.1)
    skies.drop()

    await skies.once()

    skies.whole()


async def test_throttled_once_the_others_do_not_press_on(anywhere: Skies) -> None:
    """Half open: one job at a time tries; when it is taken all go on; each is paid once."""
    names = tuple("abcdef")
    anywhere.sandbox.fault("throttled", anywhere.paid, times=5, reset_s=0.0)
    anywhere.drop(*names)

    await anywhere.once()

    anywhere.whole(*names)
    told = anywhere.words()
    assert told.count("lane.narrowed") == told.count("lane.resumed") <= 3


@pytest.mark.parametrize("fault", ["error_before", "html_after"])
@pytest.mark.parametrize(("way", "endpoint"), ASKED)
async def test_a_burst_of_server_errors_after_paying_passes(
    skies: Skies, way: str, endpoint: str, fault: str
) -> None:
    """Five in a row, as JSON or as a proxy's page: asked again, nothing is paid again."""
    skies.way = way
    if way == "segmind-v1":
        skies.sandbox.fault("no_length", "segmind.v1", part=0.5)
    skies.sandbox.fault(fault, endpoint, times=5, status=503)
    skies.drop()

    await skies.once()

    skies.whole()
    assert skies.statuses(endpoint)[:5] == [503] * 5
    assert len(skies.events(Intended)) == 1


@pytest.mark.parametrize("fault", ["html_before", "not_json"])
@pytest.mark.parametrize("provider", ["rivya", "segmind"])
async def test_an_upload_that_fails_costs_nothing_and_is_made_again(
    skies: Skies, provider: str, fault: str
) -> None:
    """Before the intent there is nothing to be in doubt about."""
    skies.way = provider
    skies.sandbox.fault(fault, f"{provider}.upload", times=3)
    skies.drop()

    await skies.once()

    skies.whole()
    assert len(skies.events(Intended)) == 1

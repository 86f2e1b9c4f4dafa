"""A history told for people."""

from decimal import Decimal

import pytest
from histories import COST, LIFE, Story, claiming, events
from hypothesis import given

from seedance_watch.core import story
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    EVENT_TYPES,
    Deferred,
    Effect,
    Event,
    Failing,
    Intended,
    Ready,
    Rerouted,
)
from seedance_watch.core.model import Money


def test_a_life_is_told_in_order_with_times_and_costs() -> None:
    """Each event with the seconds since the one before."""
    of = Story.of("shot-1")
    first, _ = of.next(claiming(take=2, takes=3), at=100.0)
    second, _ = of.next(*LIFE, at=102.5)
    lines = list(story.told([*first, *second]))

    assert [line.seq for line in lines] == list(range(1, 12))
    assert [line.after_s for line in lines[:3]] == [0.0, 2.5, 0.0]
    assert lines[0].said == (
        "seen in the inbox of studio, take 2 of 3: harbour/shot.png, harbour/shot.toml"
    )
    assert [line.cost for line in lines if line.cost] == [COST]
    assert lines[4].event == "Intended"


@given(events)
def test_every_event_has_words_without_secrets(event: Event) -> None:
    """Neither the request nor a link nor a key is told."""
    said = story.said(event)
    assert said
    if isinstance(event, Ready | Intended):
        assert said == story.said(type(event)(**{**_fields(event), **_SECRET[type(event)]}))


_SECRET = {Ready: {"url": "https://secret"}, Intended: {"url": "x", "body": b"x", "key": "x"}}


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def test_no_type_is_forgotten() -> None:
    """A new event needs words."""
    assert set(story._SAID) == set(EVENT_TYPES.values())


@pytest.mark.parametrize(
    ("event", "cost"),
    [
        (Ready("", cost=COST), COST),
        (Ready(""), None),
        (Failing(Effect.POLL, FaultKind.REFUSED, "no", charged=COST), COST),
        (Rerouted("segmind", "no", Money(Decimal(0), "credits")), Money(Decimal(0), "credits")),
        (Deferred(Effect.POLL, FaultKind.BUSY, "no", 5.0), None),
    ],
)
def test_what_was_charged_is_told_where_it_was(event: Event, cost: Money | None) -> None:
    """Also nothing, where the provider says so."""
    assert story.cost_of(event) == cost


def test_waits_have_an_end() -> None:
    """The time to wait until is a fact of its own, for each face to show."""
    of = Story.of("shot-1")
    of.next(claiming())
    records, _ = of.next(Deferred(Effect.CLAIM, FaultKind.LOCAL, "the disk is full", 99.0))
    [line] = story.told(records)
    assert line.until == 99.0
    assert line.said == (
        "taking its files out of the inbox failed and is tried again: the disk is full"
    )

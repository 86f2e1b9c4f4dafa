"""Events as text."""

import json
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from histories import COST, LIFE, SPEC, Story, claiming, events, histories
from hypothesis import given, settings

from seedance_watch.core import machine
from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import (
    EVENT_TYPES,
    Archived,
    Claimed,
    Event,
    Intended,
    Placing,
    Prepared,
)
from seedance_watch.core.model import Money
from seedance_watch.journal import codec


@given(events)
def test_every_event_comes_back(event: Event) -> None:
    """Decoding gives what was encoded, and the text is fit for any database."""
    name, text = codec.encode(event)
    assert event == codec.decode(name, text)
    assert "\0" not in text
    text.encode()  # no lone surrogate


@settings(max_examples=50)
@given(histories())
def test_every_prefix_is_a_legal_job_after_the_text(events: list[Event]) -> None:
    """Promise 9: each prefix of a stored history folds to the job as it was then."""
    story, seen = Story.of("x"), [machine.Job("x")]
    records = []
    for event in events:
        added, (job,) = story.next(event, at=1.0)
        records += added
        seen.append(job)
    again = [each._replace(event=codec.decode(*codec.encode(each.event))) for each in records]
    for length, job in enumerate(seen):
        assert job == machine.fold("x", again[:length])


def test_the_format_is_plain() -> None:
    """The stored form is a promise to later versions: this text must stay readable for ever."""
    intent = Intended(1, "k", "https://a", b"\x00\xff{}", "m", COST, 30.0, "0f")
    text = (
        '{"attempt":1,"key":"k","url":"https://a","body":"AP97fQ==","marker":"m",'
        '"cost":{"amount":"1.50","unit":"credits"},"deadline_s":30.0,"account":"0f"}'
    )
    assert ("Intended", text) == codec.encode(intent)
    assert intent == codec.decode("Intended", text)


def test_an_intent_from_before_accounts_were_recorded_is_nobodys() -> None:
    """Written by the first version; it is looked into with whatever key there is, as it was."""
    text = (
        '{"attempt":1,"key":"k","url":"https://a","body":"AP97fQ==","marker":"m",'
        '"cost":{"amount":"1.50","unit":"credits"},"deadline_s":30.0}'
    )
    intent = Intended(1, "k", "https://a", b"\x00\xff{}", "m", COST, 30.0)
    assert intent == codec.decode("Intended", text)
    assert intent.account == ""


def test_types_are_kept() -> None:
    """5, "5", 5.0 and True are four things, and an amount keeps its digits."""
    params = {"int": 5, "text": "5", "float": 5.0, "bool": True}
    spec = replace(SPEC, params=params, cost=Money(Decimal("0.10"), "usd"))
    read = codec.decode(*codec.encode(Prepared(spec)))
    assert isinstance(read, Prepared)
    assert [int, str, float, bool] == [type(each) for each in read.spec.params.values()]
    assert str(read.spec.cost.amount) == "0.10"


def test_unknown_fields_are_ignored_and_missing_ones_filled() -> None:
    """A journal written by a later or an earlier version is read."""
    text = codec.encode(claiming())[1]
    fields = json.loads(text)
    del fields["priority"], fields["seen_at"]
    fields["mood"] = {"later": [1, 2]}
    fields["parts"][0]["colour"] = "red"
    assert claiming() == codec.decode("Claiming", json.dumps(fields))
    assert Archived() == codec.decode("Archived", "{}")


def test_an_unknown_event_names_the_newer_version() -> None:
    """Leaving an event out would be a lie about what was paid."""
    with pytest.raises(JournalError, match=r"'Refunded'.*newer version"):
        codec.decode("Refunded", "{}")


@pytest.mark.parametrize("text", ["{}", "null", "[]", "{", "", '{"attempt": "x"}'])
def test_a_damaged_event_is_said(text: str) -> None:
    """What cannot be read is an error with the event's type, never half an event."""
    with pytest.raises(JournalError, match="Intended"):
        codec.decode("Intended", text)


def test_a_complaint_repeats_no_value() -> None:
    """Bodies and presigned links stay out of messages and traces."""
    with pytest.raises(JournalError) as caught:
        codec.decode("Accepted", '{"task_id": {"a": "s3cret"}, "via": ["s3cret"]}')
    assert "task_id" in str(caught.value)
    assert "s3cret" not in str(caught.value) + str(caught.value.__cause__)


def test_what_could_not_be_read_back_is_not_written() -> None:
    """A wrong type is found before it is recorded, not at the next start."""
    with pytest.raises(JournalError):
        codec.encode(Archived(None))  # type: ignore[arg-type]
    with pytest.raises(JournalError):
        codec.encode(replace(LIFE[4], task_id=object()))  # type: ignore[arg-type]


def test_every_type_of_event_is_drawn() -> None:
    """A new event is tested as soon as it exists: the drawing table has a row for it."""
    from histories import DRAWN

    assert set(EVENT_TYPES.values()) == set(DRAWN)
    assert Claimed in DRAWN


def test_decoding_is_fast() -> None:
    """80,000 events are read in about half a second; generous for a busy machine."""
    texts = [codec.encode(event) for event in (claiming(), *LIFE[:7])]
    began = time.process_time()
    for _ in range(2_000):
        for each in texts:
            codec.decode(*each)
    assert (time.process_time() - began) * 5 < 2.5


def test_a_name_from_before_extras_has_none() -> None:
    """Nothing is made beside the videos of an older version."""
    assert codec.decode("Placing", '{"name":"shot.mp4","receipt":""}') == Placing("shot.mp4", "")

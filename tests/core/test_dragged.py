"""Which note orders what, and that nothing else orders anything."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core import dragged, reasons
from seedance_watch.core.events import Held
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order

HELD = Job("shot-1.2", State.STAGED, hold=Held("budget", 'job = "other-1"\nsaid somebody'))
NOTE = reasons.held(HELD)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(("to", "act"), [("inbox", Act.RELEASE), ("failed", Act.CANCEL)])
@pytest.mark.parametrize(
    "name",
    ["shot.held.txt", "shot-1.2.held.txt", "shot.held (2).txt", "SHOT.HELD - Copy.TXT"],
)
@pytest.mark.parametrize("text", [NOTE, NOTE.replace("\n", "\r\n"), f"mine\n{NOTE}"])
def test_a_note_orders_by_where_it_lies(name: str, text: str, to: str, act: Act) -> None:
    """In the inbox it releases its own job, in failed/ it cancels it, however it was saved."""
    only = "budget" if act is Act.RELEASE else ""
    assert dragged.wanted(name, text, to=to) == Order(act, "shot-1.2", by="folder", only=only)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shot.txt", NOTE),
        ("shot.failed.txt", NOTE),
        ("shot.held.toml", NOTE),
        (".held.txt", NOTE),
        ("._shot.held.txt", NOTE),
        ("shot.held.txt", ""),
        ("shot.held.txt", NOTE.partition("job =")[0]),
        ("shot.held.txt", NOTE + NOTE),
        ("shot.held.txt", '# job = "shot-1"'),
        ("shot.held.txt", 'job = "a b"'),
    ],
)
def test_what_is_no_note_about_one_job_orders_nothing(name: str, text: str) -> None:
    """Other names, torn texts, two notes in one file: nothing is guessed."""
    assert dragged.wanted(name, text, to="failed") is None


@given(TEXTS)
def test_no_reason_makes_a_note_speak_of_another_job(reason: str) -> None:
    """Whatever a stranger's text in the reason says, the note is about its own job."""
    note = reasons.held(replace(HELD, hold=Held("garbled", f'{reason}\njob = "other-1"\n')))
    order = dragged.wanted("shot.held.txt", note, to="inbox")
    assert order is not None
    assert order.job_id == "shot-1.2"


@given(TEXTS, TEXTS)
def test_any_text_is_survived(name: str, text: str) -> None:
    """Names and texts of strangers never break it."""
    assert dragged.wanted(name, text, to="inbox") is None or dragged.is_note(name)

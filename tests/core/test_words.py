"""Texts of strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.words import printable, show, show_path

STEERING = ["\x1b[31m", "\n", "\r", "\t", "\x07", "\x7f", "\x9b", "\u202e", "\u2028", "\udcff"]


@pytest.mark.parametrize("character", STEERING, ids=ascii)
def test_nothing_steers_a_terminal_or_begins_a_line(character: str) -> None:
    """Control characters, separators, direction marks and stray bytes are written out."""
    shown = printable(f"shot{character}.png")

    assert shown == "shot" + character.encode("unicode_escape", "surrogatepass").decode() + ".png"
    assert show(f"shot{character}").isprintable()
    assert show_path(f"/in/shot{character}").isprintable()


@given(st.text(st.characters()))
def test_what_is_shown_is_printable_and_can_be_encoded(text: str) -> None:
    """Whatever a name is made of, it can be written to any stream."""
    assert printable(text).isprintable()
    printable(text).encode()
    assert text != printable(text) or text.isprintable()

"""Texts of strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.words import meant, path_text, printable, show, show_path

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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (2.5, "2.5"),
        ("né", '"né"'),
        ({"a": 1}, "a table"),
        ([1], "a list"),
        ("x" * 60, f'"{"x" * 60}"'),
        ("x" * 61, f'"{"x" * 57}..."'),
    ],
)
def test_a_value_is_shown_as_it_is_written(value: object, shown: str) -> None:
    """As TOML, and cut where it would be too long."""
    assert show(value) == shown


def test_a_path_is_shown_whole() -> None:
    """People copy it."""
    assert show_path("/in/" + "x" * 4_000) == f'"/in/{"x" * 4_000}"'


def test_half_of_a_pair_is_written_out() -> None:
    """Names of other systems hold such; the rest stays readable."""
    assert printable("né\ud800\n") == r"né\ud800\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("duratoin", "did you mean duration?"),
        ("Aspect-Ratio", "did you mean aspect_ratio?"),
        ("zzz", "known are duration, aspect_ratio and seed"),
        ("dxrxxxon", "known are duration, aspect_ratio and seed"),
    ],
)
def test_a_near_miss_is_told_from_a_far_one(word: str, said: str) -> None:
    """The nearest word, or all there are."""
    assert meant(word, ["duration", "aspect_ratio", "seed"]) == said


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("watch", 1, "inbox"), "watch[2].inbox"),
        (("a-b_c",), "a-b_c"),
        (("a b",), '"a b"'),
        (("né",), '"né"'),
        (("",), '""'),
        (("x" * 61,), "x" * 57 + "..."),
    ],
)
def test_a_key_path_is_written_as_people_write_it(path: tuple[str | int, ...], text: str) -> None:
    """Counting from one, in quotes where TOML needs them."""
    assert path_text(path) == text

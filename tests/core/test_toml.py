"""TOML is read within bounds, and every key knows its line."""

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.errors import ConfigError, SidecarError
from seedance_watch.core.toml import MAX_CHARACTERS, MAX_DEPTH, Table, decode, parse
from seedance_watch.core.toml_lines import key_lines

TEXT = '''\
# a comment with [brackets] and "quotes
top = 1
"quoted key".'and this' = """a text with
[brackets]
and = signs
"""   # and a comment
list = [ 1, # ]
 "]", { inline = { deep = 1 } },
]
one.two.three = 4
after = \'\'\'x\'\'\'

  [table]
below = "#"
[[many]]
first = "a # b"
[many.inner]
x = """"quoted""""" # five
[[many]]
  first = 2
[many.inner]
y = 1979-05-27 07:32:00
[[many.deep]]
[[many.deep]]
z = { a = [
  1 ] }
'''


def test_every_key_knows_its_line() -> None:
    """Tables, lists of tables, dotted and quoted keys and text of several lines are counted."""
    lines = key_lines(TEXT)

    assert lines == {
        ("top",): 2,
        ("quoted key",): 3,
        ("quoted key", "and this"): 3,
        ("list",): 7,
        ("one",): 10,
        ("one", "two"): 10,
        ("one", "two", "three"): 10,
        ("after",): 11,
        ("table",): 13,
        ("table", "below"): 14,
        ("many",): 15,
        ("many", 0): 15,
        ("many", 0, "first"): 16,
        ("many", 0, "inner"): 17,
        ("many", 0, "inner", "x"): 18,
        ("many", 1): 19,
        ("many", 1, "first"): 20,
        ("many", 1, "inner"): 21,
        ("many", 1, "inner", "y"): 22,
        ("many", 1, "deep"): 23,
        ("many", 1, "deep", 0): 23,
        ("many", 1, "deep", 1): 24,
        ("many", 1, "deep", 1, "z"): 25,
    }
    table = Table("f", {}, lines)
    assert table.line(("list", 2, "inline", "deep")) == 7
    assert table.line(("none",)) is None


_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
_TREES = st.recursive(
    _TEXTS | st.integers(0, 9),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_TEXTS, below),
    max_leaves=15,
)


@given(values=st.dictionaries(_TEXTS, _TREES),
       multiline=st.booleans())  # fmt: skip
def test_no_key_is_lost(values: dict[str, object], multiline: bool) -> None:
    """Whatever is written, each top key has a line, and that line begins with it."""
    text = tomli_w.dumps(values, multiline_strings=multiline)
    table = parse(text, file="f")
    lines = text.replace("\r\n", "\n").split("\n")

    for key in table.values:
        line = lines[table.lines[(key,)] - 1]
        assert line.lstrip("[").startswith(tomli_w.dumps({key: 0})[:-5])


@given(text=st.text("a.\"'=[]{}#\n\\ 1,"))
def test_any_text_has_lines_or_none(text: str) -> None:
    """Looking for lines ends on any text, and never fails."""
    assert all(line <= text.count("\n") + 1 for line in key_lines(text).values())


TOO_LONG = "f: has 1048577 characters, at most 1048576 are read; is it really a TOML file?"


def test_the_bounds_are_exact() -> None:
    """The longest and the deepest text that is allowed is read; one more is refused."""
    assert parse("#" * MAX_CHARACTERS, file="f").values == {}
    assert parse(".".join("a" * MAX_DEPTH) + "=1", file="f").values
    for text, problem in (
        ("#" * (MAX_CHARACTERS + 1), TOO_LONG),
        (".".join("a" * (MAX_DEPTH + 1)) + "=1", "f: tables are nested deeper than 32 levels"),
        ("a = 9223372036854775808", "f:1: a: the number is too large"),
        ('a = { "\\u0000" = {} }', "f:1: a: the text contains the character U+0000"),
        ("\n[a]\nb = [0, 0x8000000000000000]", "f:3: a.b[2]: the number is too large"),
    ):  # fmt: skip
        with pytest.raises(SidecarError) as caught:
            parse(text, file="f")
        assert str(caught.value) == problem


def test_the_error_is_the_callers() -> None:
    """A configuration's mistakes are configuration errors."""
    with pytest.raises(ConfigError):
        parse("a", file="f", blame=ConfigError)


_TOO_LONG = "f: has 1048577 characters, at most 1048576 are read; is it really a TOML file?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a = "\ud800"', "f: is not UTF-8 text; save the file as UTF-8"),
        ("a = " + "9" * 5000, "f: contains a number that is too large"),
        ("a." * 33 + "a = 1", "f: tables are nested deeper than 32 levels"),
        ("#" * 1_048_577, _TOO_LONG),
        ('a = 1\nb = "x\\u0000"', "f:2: b: the text contains the character U+0000"),
        ("a = 1\nb = 9223372036854775808", "f:2: b: the number is too large"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said(text: str, said: str) -> None:
    """Each bound has its own words."""
    with pytest.raises(SidecarError) as caught:
        parse(text, file="f")
    assert str(caught.value) == said


def test_wrong_bytes_are_said_with_their_line() -> None:
    """So that a person finds them."""
    with pytest.raises(SidecarError) as caught:
        decode(b"a = 1\nb = '\xff'", file="f")
    assert str(caught.value) == "f:2: is not UTF-8 text; save the file as UTF-8"


def test_a_mark_at_the_start_is_no_part_of_the_text() -> None:
    """Editors write it."""
    assert parse("\ufeffa = 1", file="f").values == {"a": 1}


def test_complaints_come_in_the_order_of_the_text() -> None:
    """Within a table and a list, every wrong value is found."""
    with pytest.raises(SidecarError) as caught:
        parse('a = ["\\u0000", ["\\u0000"]]\nb = "\\u0000"\n[c]\nd = "\\u0000"', file="f")
    assert [(each.line, each.key) for each in caught.value.complaints] == [
        (1, "a[1]"), (1, "a[2][1]"), (2, "b"), (4, "c.d")
    ]  # fmt: skip

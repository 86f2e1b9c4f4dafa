"""Names fit every file system, are unique, and never lead out of their folder."""

import os
import re
import string
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seedance_watch.core.events import Claiming
from seedance_watch.core.naming import (
    NAME_MAX_BYTES,
    archived_name,
    attempt_key,
    drop_id,
    fit,
    job_id,
    known_anywhere,
    natural,
    output_stem,
    slug,
)

# What a directory listing can give: any bytes but "/" and NUL, at most 255, "." and ".." apart.
LISTED = (
    st.binary(min_size=1, max_size=255)
    .map(lambda raw: raw.replace(b"\0", b"_").replace(b"/", b"_"))
    .filter(lambda raw: raw not in {b".", b".."})
    .map(os.fsdecode)
)
PRINTED = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255
).filter(lambda name: name not in {".", ".."} and len(name.encode()) <= 255)
STEMS = LISTED | PRINTED
KEYS = st.text("0123456789abcdef", min_size=32, max_size=32)
FOLDERS = st.lists(STEMS.filter(lambda s: s not in {".", ".."}), max_size=3).map("/".join)


def claim(stem: str, folder: str = "", take: int = 1) -> Claiming:
    """Give a claim with a name."""
    return Claiming("d", take, max(take, 1), "main", folder, stem, (), "0" * 32)


def raw(name: str) -> bytes:
    """Give the bytes that the system is handed."""
    return os.fsencode(name)


@pytest.mark.parametrize(
    ("stem", "short"),
    [
        ("shot01", "shot01"),
        ("Scene 3 (final)", "scene-3-final"),
        ("Ünïcödé", "unicode"),
        ("-…", "drop"),
        ("写真", "drop"),
        ("..", "drop"),
        ("", "drop"),
        ("a/../b", "a-b"),
        ("x" * 80, "x" * 32),
        ("a" * 31 + " b", "a" * 31),
        ("\udcff\udcfe", "drop"),
    ],
)
def test_a_slug_is_short_and_plain(stem: str, short: str) -> None:
    """Readable where it can be, "drop" where nothing is left."""
    assert slug(stem) == short


@given(st.text(), KEYS, st.integers(1, 50), st.integers(1, 50))
def test_ids_are_safe_everywhere(stem: str, key: str, take: int, takes: int) -> None:
    """Ids are file names, URL parts and shell words without any quoting."""
    name = job_id(drop_id(stem, key), min(take, takes), takes)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*(\.[0-9]+)?", name)
    assert len(name) <= 60


@given(st.text(), st.text(), KEYS, KEYS)
def test_a_drop_id_is_unique_by_its_key(one: str, other: str, key: str, other_key: str) -> None:
    """Whatever the stems, different keys give different ids."""
    if key[:10] != other_key[:10]:
        assert drop_id(one, key) != drop_id(other, other_key)


def test_takes_have_names_of_their_own() -> None:
    """One job per take; a single one has the drop's name."""
    assert job_id("shot-1", 1, 1) == "shot-1"
    assert [job_id("shot-1", take, 3) for take in (1, 2, 3)] == [
        "shot-1.1",
        "shot-1.2",
        "shot-1.3",
    ]


@given(KEYS, st.integers(1, 10_000), st.integers(1, 10_000))
def test_an_attempt_key_is_fit_for_every_provider(key: str, take: int, attempt: int) -> None:
    """At most 64 characters of the set that all providers take."""
    made = attempt_key(key, take, attempt)
    assert len(made) <= 64
    assert set(made) <= {*string.ascii_letters, *string.digits, "-", "_"}


def test_an_attempt_key_is_never_used_for_another_body() -> None:
    """Takes and attempts of one drop all differ."""
    keys = {attempt_key("0" * 32, take, attempt) for take in range(1, 30) for attempt in range(30)}
    assert len(keys) == 29 * 30


@given(STEMS)
def test_a_stem_that_fits_is_left_alone(stem: str) -> None:
    """Nobody's names are changed without need."""
    if len(raw(stem)) <= NAME_MAX_BYTES - 40:
        assert fit(stem) == stem


@given(STEMS | st.text(st.characters(exclude_categories=["Cs"]), min_size=200, max_size=400))
@example("é" * 107 + "x")
@example("\U0001f600" * 64)
@example("\udc80" * 255)
@example("x" * 215)
@example("x" * 216)
def test_a_cut_stem_fits_and_says_so(stem: str) -> None:
    """It is cut between characters, and ends in a mark of the whole so that cuts stay apart."""
    short = fit(stem)
    assert len(raw(short)) <= NAME_MAX_BYTES - 40
    if short != stem:
        assert re.search(r"~[0-9a-f]{8}$", short)
        assert stem.startswith(short[:-9])
        widest = stem[len(short) - 9]  # the first character that did not fit any more
        assert len(raw(short)) + len(raw(widest)) > NAME_MAX_BYTES - 40


def test_long_names_that_differ_at_the_end_stay_apart() -> None:
    """Two cuts of the same beginning have different marks."""
    assert fit("x" * 250 + "1") != fit("x" * 250 + "2")


@given(STEMS, st.integers(1, 50), st.integers(1, 9999))
def test_an_output_fits_with_all_its_endings(stem: str, take: int, choice: int) -> None:
    """Take, choice and the longest ending still give at most 255 bytes."""
    name = output_stem(claim(stem, take=take), choice=choice)
    assert len(raw(name + ".failed.txt")) <= NAME_MAX_BYTES


@given(STEMS, FOLDERS, st.integers(1, 50), st.integers(1, 9999))
def test_promise_12_an_output_stays_in_its_folder(
    stem: str, folder: str, take: int, choice: int
) -> None:
    """Its directory is exactly the drop's, and it is one name in it."""
    path = PurePosixPath(output_stem(claim(stem, folder, take), choice=choice) + ".mp4")
    assert path.parent == PurePosixPath(folder)
    assert not path.is_absolute()
    assert path.name not in {".", "..", ""}


def test_outputs_are_named_like_the_drop() -> None:
    """Takes and choices are marked, the first of each is not."""
    assert output_stem(claim("shot"), choice=1) == "shot"
    assert output_stem(claim("shot"), choice=3) == "shot-3"
    assert output_stem(claim("shot", "a/b", 2), choice=1) == "a/b/shot_take2"
    assert output_stem(claim("shot", "a/b", 2), choice=2) == "a/b/shot_take2-2"
    assert output_stem(claim("v1.2"), choice=1) == "v1.2"


@pytest.mark.parametrize(
    ("stem", "name", "second"),
    [
        ("shot", "shot.png", "shot-2.png"),
        ("shot", "shot.toml", "shot-2.toml"),
        ("shot", "shot.png.toml", "shot-2.png.toml"),
        ("v1.2", "v1.2.PNG", "v1.2-2.PNG"),
        ("shot1", "shot10.png", "shot10-2.png"),
        ("shot", "shot_end.png", "shot_end-2.png"),
        ("shot", "sunset.jpg", "sunset-2.jpg"),
        ("shot", "noending", "noending-2"),
        ("shot", "shot", "shot-2"),
        ("a", f"a.{'b' * 200}.png", f"a.{'b' * 200}-2.png"),
        ("a", f"a.{'b' * 253}", f"{fit('a.' + 'b' * 253)}-2"),
    ],
)
def test_an_archived_original_keeps_its_name_or_gets_a_number(
    stem: str, name: str, second: str
) -> None:
    """The number stands behind the stem, so that a pair is still a pair."""
    assert archived_name(stem, name, choice=1) == name
    assert archived_name(stem, name, choice=2) == second


@given(STEMS, STEMS, st.integers(2, 9999), st.booleans())
def test_an_archived_name_always_fits(stem: str, name: str, choice: int, paired: bool) -> None:
    """However stem and name relate, the number never makes it too long or a path."""
    name = f"{stem}.{name}"[:120] if paired else name
    made = archived_name(stem, name, choice=choice)
    assert len(raw(made)) <= max(NAME_MAX_BYTES, len(raw(name)) if choice == 1 else 0)
    assert "/" not in made
    assert f"-{choice}" in made


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("shot01.mp4", True),
        ("S_01-b.v2.mp4", True),
        ("x" * 80, True),
        ("x" * 81, False),
        ("caf\u00e9.mp4", False),
        ("two words.mp4", False),
        ("a:b.mp4", False),
        ("-rf.mp4", False),
        (".hidden", False),
        ("ends.", False),
        ("line\n", False),
        ("", False),
        ("AUX.mp4", False),
        ("com1.v2.mp4", False),
        ("company.mp4", True),
    ],
)
def test_only_what_every_file_system_takes_is_known_to_be_taken(name: str, known: bool) -> None:
    """Every other name is tried out before a video gets it."""
    assert known_anywhere(name) is known


def test_a_plain_name_is_fit_for_any_file_system() -> None:
    """Letters, digits and hyphens only, and still of one drop and take alone."""
    odd = claim('take 5: "the sea"?', "a:b/c*d", 2)
    path = output_stem(odd, choice=3, plain=True)
    assert path == f"a-b/c-d/{odd.drop_id}_take2-3"


@given(st.text(min_size=1, max_size=300).filter(lambda stem: "/" not in stem and "\0" not in stem))
def test_a_name_fits_a_file_system_of_short_ones(stem: str) -> None:
    """With all that is added to it."""
    try:
        raw(stem)
    except UnicodeEncodeError:
        return
    made = output_stem(claim(stem, take=50), choice=9999, longest=143)
    assert len(raw(made + ".failed.txt")) <= 143
    short = archived_name(stem, f"{stem}.jpeg", choice=9999, longest=143)
    assert len(raw(short)) <= 143


def test_names_are_sorted_as_people_count() -> None:
    """Numbers by their size however they are written, case is nothing, a folder is a unit."""
    names = ["Z1", "b/a", "a10", "10", "a/b10", "a 1/b", "02", "A1", "a2b", "a/b2", "a", "1"]

    assert sorted(names, key=natural) == [
        *("1", "02", "10", "a", "a/b2", "a/b10"),
        *("a 1/b", "A1", "a2b", "a10", "b/a", "Z1"),
    ]


@given(st.text("0", max_size=2), st.integers(0, 10**18), st.integers(0, 10**18))
def test_a_greater_number_comes_later(zeros: str, one: int, other: int) -> None:
    """Whatever it begins with."""
    assert (natural(f"shot{zeros}{one}") < natural(f"shot{other}")) is (one < other)

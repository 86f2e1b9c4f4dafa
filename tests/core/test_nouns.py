"""Our `dataclass` is the standard library's, only quicker to make."""

import copy
import dataclasses
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any

import pytest

from seedance_watch.core import nouns
from seedance_watch.core.events import Record, Released

MAKERS: tuple[Any, ...] = (nouns.dataclass, dataclasses.dataclass)


def shots(maker: Any) -> Any:
    """Make a class of fields of every sort."""

    @maker(frozen=True, slots=True)
    class Shot:
        name: str
        takes: tuple[int, ...] = ()
        seen: Mapping[str, float] = field(default_factory=dict)
        key: str = field(default="k", repr=False)

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("no name")

    return Shot


def nothings(maker: Any, **how: bool) -> Any:
    """Make a class without fields."""

    @maker(**how)
    class Nothing:
        pass

    return Nothing


OURS, THEIRS = map(shots, MAKERS)
NONE_OURS, NONE_THEIRS = (nothings(each, frozen=True, slots=True) for each in MAKERS)
GIVEN: tuple[dict[str, Any], ...] = (
    {"name": "a"},
    {"name": "a", "takes": (1, 2), "key": "x"},
    {"name": "b", "seen": {"new": 1.0}},
)


@pytest.mark.parametrize("given", GIVEN)
def test_it_shows_and_holds_the_same(given: dict[str, Any]) -> None:
    """What is given, what is not, and what is not to be shown."""
    ours, theirs = OURS(**given), THEIRS(**given)
    assert repr(ours) == repr(theirs)
    assert asdict(ours) == asdict(theirs)
    assert asdict(replace(ours, name="c")) == asdict(replace(theirs, name="c"))
    assert [each.name for each in fields(OURS)] == [each.name for each in fields(THEIRS)]
    assert OURS.__match_args__ == THEIRS.__match_args__
    assert OURS.__slots__ == THEIRS.__slots__
    assert OURS(*given.values()).name == given["name"]


def test_it_is_equal_to_its_like_alone() -> None:
    """Field by field, never to another class; no two share what a factory makes."""
    for one in GIVEN:
        for other in GIVEN:
            assert (OURS(**one) == OURS(**other)) is (THEIRS(**one) == THEIRS(**other))
    assert OURS("a") != THEIRS("a")
    assert OURS("a").seen is not OURS("a").seen
    assert repr(NONE_OURS()) == repr(NONE_THEIRS())
    assert NONE_OURS() == NONE_OURS()
    assert len({Released("a"), Released("a"), Released("b")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(OURS("a"))


def test_it_cannot_be_changed() -> None:
    """It is a value."""
    shot = OURS("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        shot.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del shot.name
    with pytest.raises(ValueError, match="no name"):
        OURS("")
    for wrong in ({}, {"name": "a", "colour": 1}):
        with pytest.raises(TypeError):
            OURS(**wrong)


def test_it_can_be_copied_and_pickled() -> None:
    """As it is sent to processes of our own."""
    record = Record("job", 1, 2.0, Released("person"))
    assert (
        copy.copy(record) == copy.deepcopy(record) == pickle.loads(pickle.dumps(record)) == record
    )


def test_all_others_are_made_by_the_standard_library() -> None:
    """Those that change, and those without slots."""
    assert not hasattr(nothings(nouns.dataclass, frozen=True), "__slots__")
    nothings(nouns.dataclass)().name = "a"

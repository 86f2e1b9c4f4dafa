"""Sidecars, configurations, receipts, answers and records: any bytes, and right ones spoiled."""

import os
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import tomli
import tomli_w
from fuzz.steered import seeds, words
from fuzz.targets import TARGETS
from histories import DRAWN, SPEC, Story, text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedance_watch.config.schema import ConfigKeys
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.events import (
    Accepted,
    Claimed,
    Claiming,
    Event,
    Fetched,
    Intended,
    Prepared,
    Ready,
    Staged,
)
from seedance_watch.core.receipt import receipt
from seedance_watch.core.sidecar import parse
from seedance_watch.core.sidecar_keys import vocabulary

QUICK = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@cache
def known() -> tuple[bytes, ...]:
    """Give words that a blind search would not find."""
    return tuple(sorted({word.encode() for word in words()}))


@st.composite
def spoiled(draw: st.DrawFn, whole: bytes) -> bytes:
    """Cut, flip, double, or put a known word in, a few times."""
    found = bytearray(whole)
    for _ in range(draw(st.integers(0, 4))):
        at, to = sorted(draw(st.tuples(*[st.integers(0, len(found))] * 2)))
        match draw(st.sampled_from(("cut", "flip", "double", "word", "end", "byte"))):
            case "cut":
                del found[at:to]
            case "flip" if found:
                found[min(at, len(found) - 1)] ^= 1 << draw(st.integers(0, 7))
            case "double":
                found[to:to] = found[at:to]
            case "word":
                found[at:to] = draw(st.sampled_from(known()))
            case "end":
                del found[to:]
            case _:
                found[at:at] = draw(st.binary(max_size=3))
    return bytes(found)


@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_do_harm(target: str) -> None:
    """Whatever lies there: understood, or refused with a reason."""

    @QUICK
    @given(st.binary(max_size=200) | st.sampled_from(seeds()[target]).flatmap(spoiled))
    def harmless(data: bytes) -> None:
        TARGETS[target](data)

    harmless()


# By grammar: right TOML with the right keys and nearly right values

_PLAIN = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | st.sampled_from([word.decode() for word in known()])
    | st.integers(-(2**63), 2**63 - 1)
    | st.sampled_from([0, 1, -1, 5, 10, 12])
    | st.booleans()
    | st.floats()
    | st.datetimes()
)
_VALUES = st.recursive(
    _PLAIN,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below),
    max_leaves=5,
)
_WISHES = st.dictionaries(st.sampled_from(sorted(vocabulary(CATALOGUE))), _VALUES, max_size=6)


@QUICK
@given(_WISHES, st.sampled_from(sorted(CATALOGUE)))
def test_any_toml_is_a_wish_or_complaints(keys: dict[str, object], model: tuple[str, str]) -> None:
    """Known keys, any values, for each model; also as a folder's defaults."""
    data = tomli_w.dumps({"prompt": "p", "provider": model[0], "model": model[1], **keys}).encode()
    TARGETS["sidecar"](data)
    TARGETS["defaults"](data)


def _schema(table: Any, shapes: Any) -> st.SearchStrategy[Any]:
    """Draw by a JSON schema: tables and keys as they are, values nearly."""
    table = shapes.get(str(table.get("$ref", "")).rpartition("/")[2], table)
    if isinstance(table.get("properties"), dict):
        inner = {name: _schema(each, shapes) for name, each in table["properties"].items()}
        return st.fixed_dictionaries({}, optional=inner) | _VALUES
    if table.get("type") == "array" and isinstance(table.get("items"), dict):
        return st.lists(_schema(table["items"], shapes), max_size=2) | _VALUES
    right = [each for each in (table.get("default"), *table.get("enum", [])) if each is not None]
    return (st.sampled_from(right) | _VALUES) if right else _VALUES


_JSON = ConfigKeys.model_json_schema()
_CONFIGS = _schema(_JSON, _JSON["$defs"]).filter(lambda found: isinstance(found, dict))


@QUICK
@given(_CONFIGS)
def test_any_toml_is_a_configuration_or_complaints(keys: dict[str, object]) -> None:
    """Every table and key that there is, with right and wrong values, in any number."""
    TARGETS["config"](tomli_w.dumps(keys).encode())


# Receipts


_LIFE = (Claiming, Claimed, Prepared, Staged, Intended, Accepted, Ready, Fetched)


@QUICK
@given(st.tuples(*(DRAWN[kind] for kind in _LIFE)), text)
def test_every_receipt_can_be_read(life: tuple[Event, ...], name: str) -> None:
    """Whatever names, prompts, answers and tables of people's own a job has: it is a sidecar."""
    story = Story.of("job")
    story.next(*map(_real, life), at=1_800_000_000.0)
    written = receipt(story.job, name, placed_at=1_800_000_000.0, version="1.0")
    written.encode()
    assert tomli.loads(written)["receipt"]["job"] == "job"
    if r"\u0000" not in written:  # no file name holds it, and no prompt that was accepted
        parse(written, file="receipt")
    TARGETS["sidecar"](written.encode())


def _real(event: Event) -> Event:
    """Draw what can be: parameters from the catalogue, a seed as a provider may tell it."""
    match event:
        case Prepared():
            return replace(event, spec=replace(event.spec, params=SPEC.params))
        case Ready(seed=int() as seed):
            return replace(event, seed=seed % 10**15)
        case _:
            return event

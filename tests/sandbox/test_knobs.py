"""Knobs from text, and the document that describes them."""

import dataclasses
import re
from pathlib import Path

import pytest

from seedance_watch.sandbox.calls import ENDPOINTS, endpoint_of
from seedance_watch.sandbox.faults import KINDS
from seedance_watch.sandbox.keys import ACCOUNTS
from seedance_watch.sandbox.knob_text import KnobError, parse_knobs, value_names
from seedance_watch.sandbox.knobs import Knobs, shown

DOC = Path(__file__).parents[2] / "docs" / "SANDBOX.md"


def rows(heading: str) -> list[tuple[str, ...]]:
    section = DOC.read_text("utf-8").split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [
        tuple(cell.strip(" `") for cell in re.split(r" \| ", line.strip("| "))) for line in lines
    ]


def test_lines_become_knobs():
    """Words, numbers, spans and infinity are read by the kind of the default."""
    knobs = parse_knobs([
        "rivya_retry_after=absent", "rivya-rate-per-min=5", "rivya_queue_s=1-2.5",
        "segmind_processing_s=7", "rivya_key_ttl_s=inf", "segmind_price=0.5",
        "rivya_retired=a, b",
    ])  # fmt: skip
    assert knobs.rivya_retry_after == "absent"
    assert knobs.rivya_rate_per_min == 5
    assert knobs.rivya_queue_s == (1.0, 2.5)
    assert knobs.segmind_processing_s == (7.0, 7.0)
    assert knobs.rivya_key_ttl_s == float("inf")
    assert knobs.segmind_price == 0.5
    assert parse_knobs(["fps=12"], base=knobs).rivya_rate_per_min == 5


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rivya_retry", "name=value"),
        ("rivya_retry_aftr=absent", "did you mean 'rivya_retry_after'"),
        ("rivya_retry_after=maybe", "present, absent"),
        ("fps=many", "cannot read"),
        ("video_scale=nan", "cannot read"),
        ("rivya_queue_s=a-b", "cannot read"),
        ("rivya_queue_s=5-1", "cannot read"),
        ("fps=-1", "cannot read"),
        ("time_factor=-1", "cannot read"),
    ],
)
def test_a_wrong_line_is_explained(line, words):
    """Name, value and what is allowed."""
    with pytest.raises(KnobError, match=re.escape(words)):
        parse_knobs([line])


def test_the_first_value_of_a_choice_is_the_default():
    """What is shown can be read back."""
    for field in dataclasses.fields(Knobs):
        choices = field.metadata["choices"]
        assert not choices or field.default == choices[0]
    lines = [f"{name}={value}" for name, value in shown(Knobs()).items()]
    assert parse_knobs(lines) == Knobs()


def test_the_document_lists_every_knob():
    """Names, values and meanings are those of the code."""
    expected = [
        (field.name, value_names(field), field.metadata["doc"])
        for field in dataclasses.fields(Knobs)
    ]
    assert rows("Knobs") == expected


def test_the_document_lists_every_fault():
    """Kinds, stages, arguments and meanings are those of the code."""
    expected = [
        (name, kind.stage, ", ".join(f"{arg}={value}" for arg, value in kind.args.items()) or "-",
         kind.doc)
        for name, kind in KINDS.items()
    ]  # fmt: skip
    assert rows("Faults") == expected


def test_the_document_lists_every_key_and_endpoint():
    """Keys with their notes, endpoint names in order."""
    assert rows("Keys") == [(one.key, one.provider, one.note) for one in ACCOUNTS]
    assert [row[0] for row in rows("Endpoint names")] == [
        name for name, _, _ in ENDPOINTS if name != "control"
    ]


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("POST", "/api/v1/generations", "rivya.create"),
        ("GET", "/api/v1/generations/task_1", "rivya.status"),
        ("POST", "/v2/seedance-pro", "segmind.submit"),
        ("GET", "/v2/requests/a/status", "segmind.status"),
        ("GET", "/v2/requests/a", "segmind.result"),
        ("HEAD", "/generations/a.mp4", "media.video"),
        ("GET", "/_sandbox/ledger", "control"),
        ("GET", "/", "segmind.other"),
        ("GET", "nonsense", "unknown"),
    ],
)
def test_calls_have_names(verb, path, name):
    """Every request has exactly one name."""
    assert endpoint_of(verb, path) == name

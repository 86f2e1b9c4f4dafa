"""What the page says, and the files that it brings from others."""

import hashlib
import re
from pathlib import Path

import pytest

from seedance_watch.faces.page import words

STATIC = Path(words.__file__).parent / "static"

# idiomorph 0.8.0 as npm has it (dist/idiomorph.min.js); 0BSD
IDIOMORPH = "4cbd535caf7663a51eda9bce6595371c384fc430d54b8d414e29a61167f19f96"
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}  # of languages


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it waits", "It waits"),
        ("no", "No"),
        ("city.toml:2: duration", "city.toml:2: duration"),
        ("`adopt` it", "`adopt` it"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital_letter(text: str, said: str) -> None:
    """But the name of a file stays what it is."""
    assert words.sentence(text) == said


def test_a_reason_does_not_tell_how_the_provider_was_asked() -> None:
    """What it said is what somebody wants to read."""
    reason = "Rivya answered 200 to GET http://127.0.0.1/task_1: upstream refused the image"

    assert words.plain(reason) == "Rivya says: upstream refused the image"


def test_code_is_set_as_code_and_the_rest_is_text() -> None:
    """Nothing that a reason quotes becomes part of the page."""
    said = words.coded("say `a <b>` or <script>")

    assert said == "say <code>a &lt;b&gt;</code> or &lt;script&gt;"


def test_the_script_of_others_is_the_one_that_was_looked_at() -> None:
    """With its licence beside it, and nothing in it that would need eval."""
    script = (STATIC / "idiomorph.min.js").read_bytes()

    assert hashlib.sha256(script).hexdigest() == IDIOMORPH
    assert "Zero-Clause BSD" in (STATIC / "idiomorph.LICENSE").read_text(encoding="utf-8")
    assert b"eval(" not in script


def test_nothing_of_the_page_lies_elsewhere() -> None:
    """No script, style or template names another host, but for the names of languages."""
    files = [*STATIC.iterdir(), *(STATIC.parent / "templates").rglob("*.html")]

    for path in files:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\"' ]+", text)) <= NAMES, path.name

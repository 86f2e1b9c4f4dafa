"""Keys are never shown."""

import json

import pytest

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.secrets import Secret, secret


def test_a_secret_shows_itself_only_when_asked() -> None:
    """Not in a log, a trace or a format string."""
    key = Secret("sk_0123456789")
    for shown in (repr(key), str(key), f"{key}", f"{[key]}", "%s" % key):  # noqa: UP031
        assert "sk_0123456789" not in shown

    assert key.reveal() == "sk_0123456789"


def test_a_repeated_key_is_cut_out_of_answers() -> None:
    """A word of a few letters is no key, and is left in innocent answers."""
    assert Secret("sk_0123456789").cut_from(b"bad sk_0123456789!") == b"bad ***!"
    assert Secret("test").cut_from(b"a test") == b"a test"


@pytest.mark.parametrize("text", ["", "  \n", "two words", "line\nbreak", "schlüssel", "nul\0"])
def test_what_cannot_be_a_key_is_denied_unseen(text: str) -> None:
    """Before anything is sent; the reason says which setting, never the text."""
    with pytest.raises(Fault) as raised:
        secret(text, "plain")

    assert (raised.value.kind, raised.value.code) == (FaultKind.DENIED, "no_key")
    assert "providers.plain.api_key_env" in raised.value.reason
    assert not text.strip() or text not in raised.value.reason


def test_a_line_end_after_a_key_is_no_part_of_it() -> None:
    """Files end with one."""
    assert secret("sk_1\n", "plain").reveal() == "sk_1"


def test_a_key_is_found_in_headers_and_however_json_writes_it() -> None:
    """What came back is starred before anybody reads it; the rest stays as it was."""
    key, innocent = Secret('sk/0123"456'), {"a": ["b", 1.5, None, {"c": "\u00e9"}]}
    said = json.loads('{"m": "no sk\\/0123\\u0022456!", "sk/0123\\"456": 1}')

    assert key.cut_from_json(said) == {"m": "no ***!", "***": 1}
    assert key.cut_from_json(innocent) is innocent
    assert key.cut_from_headers({"x-request-id": 'a sk/0123"456', "b": "\u00e9"}) == {
        "x-request-id": "a ***",
        "b": "\u00e9",
    }
    assert Secret("test").cut_from_json(["a test"]) == ["a test"]

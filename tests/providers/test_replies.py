"""Reading an answer's body without surprises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.replies import excerpt, is_no_video, is_video, parsed

JSON = "application/json"


@pytest.mark.parametrize(
    ("body", "content_type", "value"),
    [
        (b'{"a": "\xc3\xa9"}', JSON, {"a": "é"}),
        (b'\xef\xbb\xbf{"a": 1}', JSON, {"a": 1}),
        ('{"a": 1}'.encode("utf-16"), JSON, {"a": 1}),
        (b'{"a": "\xe9"}', "application/json; charset=iso-8859-1", {"a": "é"}),
        (b'{"a": "\xe9"}', "application/json; charset=nonsense", {"a": "é"}),
        (b'{"a": "\xe9"}', JSON, {"a": "\ufffd"}),
        (b'{"a": 1}', "text/html", {"a": 1}),
        (b'{"a": "\\ud800"}', JSON, {"a": "?"}),
        (b"", JSON, None),
        (b"<html>busy</html>", "text/html", None),
        (b'{"a": NaN}', JSON, None),
        (b'{"a": -Infinity}', JSON, None),
        (b'{"a": ' + b"9" * 5000 + b"}", JSON, None),
        (b'{"a": 1', JSON, None),
    ],
)
def test_bodies_become_json_or_none(body: bytes, content_type: str, value: object) -> None:
    """Whatever the charset says, and nothing that no file could be written with."""
    assert parsed(body, content_type, "GET x") == value


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000])
def test_deep_nesting_is_garbled(body: bytes) -> None:
    """Not a crash of the reader."""
    with pytest.raises(Fault, match="nested too deeply") as raised:
        parsed(body, JSON, "GET x")

    assert raised.value.kind is FaultKind.GARBLED


@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_body_can_be_read_and_shown(body: bytes, charset: str) -> None:
    """Nothing but GARBLED is ever raised, and what is shown is one short printable line."""
    content_type = f"text/plain; charset={charset}"
    json.dumps(parsed(body, content_type, "GET x"), ensure_ascii=False).encode()
    shown = excerpt(body, content_type)
    shown.encode()

    assert shown.isprintable()
    assert len(shown) <= 1000


def test_an_excerpt_is_for_people() -> None:
    """No tags, no scripts, no control characters, no link's signature."""
    page = (
        b"<html><script>x()</script><h1>Bad\x1b[31m\r\n gateway</h1>https://a/b?sig=secret</html>"
    )

    assert excerpt(page, "text/html") == "Bad [31m gateway https://a/b?..."


@pytest.mark.parametrize("kind", ["video/mp4", "VIDEO/MP4; x=y", "application/octet-stream"])
def test_videos_are_known_by_their_type(kind: str) -> None:
    """Bytes without a better name may be a video as well."""
    assert is_video(kind)
    assert not is_no_video(kind)


@pytest.mark.parametrize(
    "kind",
    ["text/html", "application/json", "application/problem+json", "text/xml", "application/xml",
     "application/zip", "application/xhtml+xml; charset=utf-8"],
)  # fmt: skip
def test_pages_and_messages_are_no_videos(kind: str) -> None:
    """They are refused before a byte is kept."""
    assert is_no_video(kind)
    assert not is_video(kind)


@pytest.mark.parametrize("kind", ["", "image/jpeg", "binary/octet-stream"])
def test_an_odd_type_is_left_to_the_decoder(kind: str) -> None:
    """Some servers call a video an image, or nothing."""
    assert not is_no_video(kind)

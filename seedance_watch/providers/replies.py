"""Reading an answer's body: pure, bounded, and never surprised."""

import json
import re
import unicodedata
from typing import Any

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.links import without_queries

# The largest answers are a page of a hundred rows of history, some hundred kilobytes.
MAX_BODY_BYTES = 4 * 1024 * 1024
_EXCERPT_CHARS = 1000
_TAGS = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<[^>]*>")
_CHARSET = re.compile(r"(?i)charset\s*=\s*\"?([a-z0-9._-]+)")


def media_type(content_type: str) -> str:
    """Give the bare type of a Content-Type header, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_video(content_type: str) -> bool:
    """Whether a body of this type is taken for a video's bytes."""
    kind = media_type(content_type)
    return kind.startswith("video/") or kind in {
        "application/octet-stream",
        "binary/octet-stream",
        "application/mp4",
    }


def is_no_video(content_type: str) -> bool:
    """Whether a body of this type is certainly not a video: a page, a message, an archive."""
    kind = media_type(content_type)
    return kind.startswith("text/") or bool(
        re.search(r"[/+](json|xml|xhtml\+xml|zip|gzip|pdf)$", kind)
    )


def parsed(body: bytes, content_type: str, doing: str) -> Any:
    """Parse a body as JSON; None when it is not.

    Raises:
        Fault: GARBLED: nested so deeply that it cannot be anything's answer.
    """
    try:
        value = json.loads(_text(body, content_type), parse_constant=_no_constant)
    except RecursionError as error:
        reason = f"{doing}: the answer is nested too deeply to read; ask the provider about it"
        raise Fault(FaultKind.GARBLED, reason) from error
    except ValueError:
        return None
    return _encodable(value)


def excerpt(body: bytes, content_type: str) -> str:
    """Give the first part of a body as one line for people: no tags, no link's query."""
    text = _TAGS.sub(" ", _text(body[: 16 * _EXCERPT_CHARS], content_type))
    clean = text if text.isprintable() else "".join(map(_printable, text))
    return without_queries(" ".join(clean.split()))[:_EXCERPT_CHARS]


def _printable(character: str) -> str:
    return " " if unicodedata.category(character)[0] in "CZ" else character


def _text(body: bytes, content_type: str) -> str:
    """Decode as UTF-8, or UTF-16/32 where it looks like that, or as declared."""
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        declared = _CHARSET.search(content_type)
    try:
        return body.decode(declared[1] if declared else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return body.decode("latin-1")


def _no_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which are no JSON and poison sums."""
    raise ValueError(f"{name} is not JSON")


def _encodable(value: Any) -> Any:
    """Replace halves of surrogate pairs, which no file could be written with."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value

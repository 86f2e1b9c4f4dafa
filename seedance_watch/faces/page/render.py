"""Templates with what the page knows put in; every text is escaped."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from seedance_watch.core.model import State
from seedance_watch.core.offers import PAY_AGAIN
from seedance_watch.faces import times
from seedance_watch.faces.page import words

_HERE = Path(__file__).parent
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class Static:
    """A file that belongs to the page itself.

    Attributes:
        content: Its bytes.
        media_type: What it is.
        mark: What changes with it.
    """

    content: bytes
    media_type: str
    mark: str


def statics() -> Mapping[str, Static]:
    """Read the page's own files, by name; no other can be asked for."""
    found = {}
    for path in sorted((_HERE / "static").iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            mark = hashlib.sha256(content).hexdigest()[:16]
            found[path.name] = Static(content, _TYPES[path.suffix], mark)
    return found


@dataclass(slots=True)
class Renderer:
    """Writes HTML.

    Attributes:
        zone: Whose times are shown.
        files: The page's own files.
    """

    zone: tzinfo
    files: Mapping[str, Static]
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        """Read no template yet."""
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.filters.update(
            span=times.span,
            iso=_iso,
            size=_size,
            flat=lambda text: " ".join(str(text).split()),
            **words.FILTERS,
        )
        self._templates.globals.update(static=self._static, PAY_AGAIN=PAY_AGAIN, State=State)

    def write(self, name: str, *, now: float, **values: Any) -> str:
        """Write a template.

        Args:
            name: Its name.
            now: The time, UTC seconds.
            values: What it shows.
        """
        text = self._templates.get_template(name).render(
            now=now,
            moment=lambda at: times.moment(at, self.zone, now=now),
            until=lambda at: times.until(at, self.zone, now=now),
            **values,
        )
        return tellable(text)

    def _static(self, name: str) -> str:
        return f"/static/{name}?v={self.files[name].mark}"


def tellable(text: str) -> str:
    """Write the undecodable bytes of file names as escapes, or one name would break a page."""
    return text.encode("utf-8", "backslashreplace").decode()


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _size(count: int) -> str:
    """Write a size as people read it."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"

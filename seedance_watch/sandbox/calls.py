"""Names of the endpoints, and the record of who called what."""

import re
from dataclasses import dataclass, field

ENDPOINTS = (
    ("control", "*", r"/_sandbox(/.*)?"),
    ("rivya.models", "GET", r"/api/v1/models"),
    ("rivya.credits", "GET", r"/api/v1/credits"),
    ("rivya.upload", "POST", r"/api/v1/files"),
    ("rivya.file", "GET", r"/api/v1/files/[^/]+"),
    ("rivya.create", "POST", r"/api/v1/generations"),
    ("rivya.status", "GET", r"/api/v1/generations/[^/]+"),
    ("rivya.webhook_events", "GET", r"/api/v1/webhook-events"),
    ("rivya.other", "*", r"/api/.*"),
    ("segmind.credits", "GET", r"/v1/get-user-credits"),
    ("segmind.poll_url", "GET", r"/v1/requests/[^/]+"),
    ("segmind.v1", "POST", r"/v1/[^/]+"),
    ("segmind.status", "GET", r"/v2/requests/[^/]+/status"),
    ("segmind.result", "GET", r"/v2/requests/[^/]+"),
    ("segmind.submit", "POST", r"/v2/[^/]+"),
    ("segmind.upload", "POST", r"/upload-asset"),
    ("segmind.history", "GET", r"/inference-request/request-history"),
    ("segmind.history_row", "GET", r"/inference-request/request-history/[^/]+"),
    ("media.image", "*", r"/(media/files|assets)/.*"),
    ("media.video", "*", r"/(media/videos|generations)/.*"),
    ("segmind.other", "*", r"/.*"),
)
_COMPILED = tuple((name, verb, re.compile(path)) for name, verb, path in ENDPOINTS)


@dataclass(slots=True)
class Call:
    """One request as it came; ``status`` is None when no status line was sent in order."""

    at: float
    endpoint: str
    method: str
    path: str
    status: int | None = None
    faults: list[str] = field(default_factory=list)


def endpoint_of(method: str, path: str) -> str:
    """Return the name of the endpoint that a request is for."""
    for name, verb, pattern in _COMPILED:
        if verb in {"*", method} and pattern.fullmatch(path):
            return name
    return "unknown"

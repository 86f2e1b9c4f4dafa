"""Who is answered at all, by a table of rules, and the headers that every answer has.

Nothing is served to a request that another web page caused: not by a name that a stranger lets
point to this machine, not by a form or a picture elsewhere. See docs/PAGE.md.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_SEND_S = 60.0  # a browser that takes nothing for so long is let go; it asks again
_READING = frozenset({"GET", "HEAD"})

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with none a form of ours would say "Origin: null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """A request, as far as the rules look at it."""

    method: str
    path: str
    headers: Headers

    @property
    def host(self) -> str:
        """The host that it is for, with its port if that was said."""
        return self.headers.get("host", "").lower()

    @property
    def caused_by(self) -> str:
        """Who caused it, in the browser's words; "" where it does not say."""
        return self.headers.get("sec-fetch-site", "")


Rule = Callable[["Guard", Asking], tuple[int, str] | None]


def _no_name(_guard: "Guard", asking: Asking) -> tuple[int, str] | None:
    """What is no host's name might be read as one thing here and as another one there."""
    return None if _HOST.fullmatch(asking.host) else (400, "that is no name of a host")


def _other_name(guard: "Guard", asking: Asking) -> tuple[int, str] | None:
    """A stranger's name that points here would make this page a page of the stranger's."""
    if guard.hosts is None or _bare(asking.host) in guard.hosts:
        return None
    return 421, "this page is not known by that name; see `hosts` in docs/PAGE.md"


def _other_page(_guard: "Guard", asking: Asking) -> tuple[int, str] | None:
    """What another page embeds or fetches; following a link there is fine."""
    if asking.caused_by in {"", "same-origin", "none"}:
        return None
    followed = asking.headers.get("sec-fetch-mode") == "navigate"
    shown = asking.headers.get("sec-fetch-dest", "document") == "document"
    if asking.method in _READING and followed and shown:
        return None
    return 403, "another page may not ask for this"


def _foreign_order(_guard: "Guard", asking: Asking) -> tuple[int, str] | None:
    """Orders come from this page alone, and the browser has to say so."""
    if asking.method in _READING:
        return None
    origin = asking.headers.get("origin", "")
    if origin and urlsplit(origin).netloc.lower() != asking.host:
        return 403, "orders are taken from this page only"
    if asking.caused_by == "same-origin" or (not asking.caused_by and origin):
        return None
    return 403, "orders are taken from this page only"


RULES: tuple[Rule, ...] = (_no_name, _other_name, _other_page, _foreign_order)


def _bare(host: str) -> str:
    """Leave out the port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


@dataclass(slots=True)
class Guard:
    """Stands before the page.

    Attributes:
        app: The page.
        local: Whether only this machine can reach it.
        names: Other names that it has.
    """

    app: ASGIApp
    local: bool
    names: frozenset[str] = frozenset()
    hosts: frozenset[str] | None = field(init=False)

    def __post_init__(self) -> None:
        """Elsewhere than on this machine the token keeps strangers out, whatever the name."""
        self.hosts = _LOCAL | self.names if self.local or self.names else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            return
        out = _Out(send)
        asking = Asking(scope["method"], scope["path"], Headers(scope=scope))
        try:
            refusal = next(self._refusals(asking), None)
            app = self.app if refusal is None else PlainTextResponse(refusal[1], refusal[0])
            await app(scope, receive, out)
        except (_Gone, ClientDisconnect):
            return
        except Exception as error:  # noqa: BLE001 - the page must not end by one request
            await self._failed(error, scope, receive, out)

    def _refusals(self, asking: Asking) -> Iterator[tuple[int, str]]:
        return (found for rule in RULES if (found := rule(self, asking)))

    async def _failed(self, error: Exception, scope: Scope, receive: Receive, out: "_Out") -> None:
        """Say that something went wrong, in the log and to who asked."""
        structlog.get_logger().error("page.failed", path=scope["path"], exc_info=error)
        if not out.begun:
            said = "something went wrong here; the log says what"
            await PlainTextResponse(said, 500)(scope, receive, out)


class _Gone(OSError):
    """The browser is gone, or takes nothing."""


@dataclass(slots=True)
class _Out:
    """Sends an answer with the headers that every answer has, and not for ever."""

    send: Send
    begun: bool = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", "no-store")
        try:
            async with asyncio.timeout(_SEND_S):
                await self.send(message)
        except OSError as error:  # a TimeoutError is one too
            raise _Gone from error

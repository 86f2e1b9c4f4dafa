"""Who may come in, and whose orders are the page's own: cookies and tokens."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

_FORM = re.compile(r"[0-9a-f]{32}")
_MONTH_S = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Entry:
    """One browser.

    Attributes:
        mark: What it is known by.
        token: What its orders have to carry.
        cookie: The cookie's name, "" when it has it already.
        secure: Whether it came over TLS.
    """

    mark: str
    token: str
    cookie: str
    secure: bool

    def remember(self, response: Response) -> None:
        """Let the browser keep its mark."""
        if self.cookie:
            response.set_cookie(
                self.cookie, self.mark, httponly=True, samesite="strict", secure=self.secure
            )


@dataclass(slots=True)
class Doors:
    """Lets browsers in.

    Attributes:
        key: Signs what browsers keep.
        port: Cookies belong to a host with all its ports, so their names tell ours apart.
        guarded: Whether people have to log in.
    """

    key: bytes
    port: int
    guarded: bool = False

    def entry(self, request: Request) -> Entry:
        """Know a browser again, or for the first time."""
        name = f"seedance_{self.port}_form"
        mark, cookie = request.cookies.get(name, ""), ""
        if not _FORM.fullmatch(mark):
            mark, cookie = secrets.token_hex(16), name
        return Entry(mark, self._token(mark), cookie, request.url.scheme == "https")

    def ours(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether an order comes from a page that this browser got from here."""
        mark = request.cookies.get(f"seedance_{self.port}_form", "")
        given = form.get("token") or request.headers.get("x-page-token", "")
        return bool(_FORM.fullmatch(mark)) and hmac.compare_digest(
            given.encode(), self._token(mark).encode()
        )

    def who(self, request: Request) -> str:
        """Say where an order comes from."""
        return request.client.host if request.client else "somebody"

    def _token(self, mark: str) -> str:
        return hmac.new(self.key, f"form|{mark}".encode(), hashlib.sha256).hexdigest()

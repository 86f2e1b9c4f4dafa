"""Who may come in, and whose orders are the page's own: cookies, tokens, tries.

A browser keeps two marks, both signed and out of every script's reach: one says that somebody
logged in with the token, the other ties forms to the browser that they were given to.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

_FORM = re.compile(r"[0-9a-f]{32}")
_MONTH_S = 30 * 86_400
_MINUTE_S = 60.0
_TRIES, _TRIES_OF_ALL = 5, 30  # wrong tokens in a minute: from one address, from everywhere
_ADDRESSES_MOST = 1_000


class TooOften(Exception):
    """Too many wrong tokens were tried; none is looked at for a minute."""


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
        now: Gives the time, UTC seconds.
        token: What people log in with, "" where nobody has to.
    """

    key: bytes
    port: int
    now: Callable[[], float]
    token: str = ""
    _wrong: dict[str, deque[float]] = field(default_factory=dict)

    @property
    def guarded(self) -> bool:
        """Whether people have to log in."""
        return bool(self.token)

    # Logging in

    def known(self, request: Request) -> bool:
        """Whether whoever asks has logged in, or nobody has to."""
        if not self.guarded:
            return True
        until, _, signature = request.cookies.get(self._name("login"), "").partition(".")
        good = hmac.compare_digest(signature.encode(), self._signed(f"login|{until}").encode())
        return good and until.isdecimal() and int(until) > self.now()

    def open(self, request: Request, given: str) -> bool:
        """Whether a token is the right one.

        Raises:
            TooOften: It was not even looked at.
        """
        who, now_s = self.who(request), time.monotonic()
        self._count(who, now_s)
        one, other = (hashlib.sha256(each.encode()).digest() for each in (given, self.token))
        if self.guarded and hmac.compare_digest(one, other):
            self._wrong.pop(who, None)
            return True
        self._wrong.setdefault(who, deque(maxlen=_TRIES)).append(now_s)
        return False

    def _count(self, who: str, now_s: float) -> None:
        """Forget what is long ago, refuse what is too much.

        Raises:
            TooOften: It is.
        """
        recent = {
            name: times for name, times in self._wrong.items() if times[-1] > now_s - _MINUTE_S
        }
        self._wrong = dict(list(recent.items())[-_ADDRESSES_MOST:])
        tries = [at for times in recent.values() for at in times if at > now_s - _MINUTE_S]
        own = [at for at in recent.get(who, ()) if at > now_s - _MINUTE_S]
        if len(own) >= _TRIES or len(tries) >= _TRIES_OF_ALL:
            raise TooOften

    def let_in(self, request: Request, response: Response) -> None:
        """Let a browser remember that somebody logged in."""
        until = str(int(self.now()) + _MONTH_S)
        response.set_cookie(
            self._name("login"),
            f"{until}.{self._signed(f'login|{until}')}",
            max_age=_MONTH_S,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )

    def let_out(self, response: Response) -> None:
        """Let a browser forget it."""
        response.delete_cookie(self._name("login"), httponly=True, samesite="strict")

    # Forms

    def entry(self, request: Request) -> Entry:
        """Know a browser again, or for the first time."""
        name = self._name("form")
        mark, cookie = request.cookies.get(name, ""), ""
        if not _FORM.fullmatch(mark):
            mark, cookie = secrets.token_hex(16), name
        return Entry(mark, self._signed(f"form|{mark}"), cookie, request.url.scheme == "https")

    def ours(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether an order comes from a page that this browser got from here."""
        mark = request.cookies.get(self._name("form"), "")
        given = form.get("token") or request.headers.get("x-page-token", "")
        signed = self._signed(f"form|{mark}")
        return bool(_FORM.fullmatch(mark)) and hmac.compare_digest(given.encode(), signed.encode())

    def who(self, request: Request) -> str:
        """Say where an order comes from."""
        return request.client.host if request.client else "somebody"

    def _name(self, kind: str) -> str:
        return f"seedance_{self.port}_{kind}"

    def _signed(self, text: str) -> str:
        """Sign a text; another token makes every signature void."""
        secret = self.key + hashlib.sha256(self.token.encode()).digest()
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

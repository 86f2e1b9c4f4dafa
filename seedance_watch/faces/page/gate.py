"""Asks for the token before anything but the way in is answered."""

from dataclasses import dataclass
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from seedance_watch.faces.page.doors import Doors, TooOften

_FREE = ("/login", "/static/")
LATER = "too many wrong tokens: try again in a minute"


@dataclass(frozen=True, slots=True)
class Gate:
    """Stands between the guard and the page.

    Attributes:
        app: The page.
        doors: Who may come in.
    """

    app: ASGIApp
    doors: Doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or ask to log in."""
        request = Request(scope)
        answer: ASGIApp = self.app
        if self.doors.guarded and "token" in request.query_params and request.method == "GET":
            answer = self._brought(request)
        elif not self.doors.known(request) and not str(scope["path"]).startswith(_FREE):
            answer = _asked(request)
        await answer(scope, receive, send)

    def _brought(self, request: Request) -> Response:
        """Take a token out of the address, so that no history keeps it."""
        rest = [pair for pair in request.query_params.multi_items() if pair[0] != "token"]
        path = "/" + str(request.scope["path"]).lstrip("/")
        response = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, 303)
        try:
            opened = entered(self.doors, request, request.query_params["token"])
        except TooOften:
            return PlainTextResponse(LATER, 429)
        if not opened:
            return RedirectResponse("/login", 303)
        self.doors.let_in(request, response)
        return response


def entered(doors: Doors, request: Request, given: str) -> bool:
    """Try a token; both outcomes are in the log.

    Raises:
        TooOften: It was not even looked at.
    """
    opened = doors.open(request, given)
    log, who = structlog.get_logger(), doors.who(request)
    if opened:
        log.info("page.entered", who=who)
    else:
        log.warning("page.refused", who=who)
    return opened


def _asked(request: Request) -> Response:
    """Show the way in to people; programs get the word for it."""
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("/login", 303)
    return PlainTextResponse("log in first", 401)

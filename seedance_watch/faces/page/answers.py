"""Answers in the form that a browser wants: a page for people, JSON for the page's own script."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from seedance_watch.faces.page.doors import Doors
from seedance_watch.faces.page.render import Renderer, tellable
from seedance_watch.faces.page.views import Source

OLD = "this page is too old to take orders: load it again"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes answers.

    Attributes:
        renderer: Writes the templates.
        source: Whom the page asks.
        doors: Who is answered.
        max_upload_bytes: Largest drop.
    """

    renderer: Renderer
    source: Source
    doors: Doors
    max_upload_bytes: int

    def html(
        self, request: Request, name: str, *, status: int = 200, said: str = "", **values: Any
    ) -> Response:
        """Write a page.

        Args:
            request: Who asked.
            name: Its template.
            status: Of the answer.
            said: What came of what was asked for, "" for nothing.
            values: What it shows.
        """
        entry = self.doors.entry(request)
        text = self.renderer.write(
            name,
            now=self.source.now(),
            said=said,
            token=entry.token,
            guarded=self.doors.guarded,
            version=self.source.version,
            max_upload_bytes=self.max_upload_bytes,
            **values,
        )
        response = HTMLResponse(text, status)
        entry.remember(response)
        return response

    def answer(
        self,
        request: Request,
        said: str,
        *,
        status: int = 200,
        to: str = "/",
        fields: Mapping[str, str] | None = None,
    ) -> Response:
        """Say what came of an order.

        Args:
            request: Who ordered.
            said: What came of it.
            status: 200 when it was obeyed.
            to: The page that shows it.
            fields: What is wrong with the fields of a form.
        """
        if by_script(request):
            wrong = {name: tellable(each) for name, each in (fields or {}).items()}
            more = {"fields": wrong} if wrong else {}
            return JSONResponse({"ok": status == 200, "said": tellable(said), **more}, status)
        if status == 200:
            return RedirectResponse(to, 303)
        return self.html(request, "said.html", status=status, said=said, to=to)


def by_script(request: Request) -> bool:
    """Whether the page's own script asks."""
    return "application/json" in request.headers.get("accept", "")


def missing() -> Response:
    """Say that there is no such thing."""
    return PlainTextResponse("there is no such thing", 404)


async def refused(request: Request, error: Exception) -> Response:
    """Say that a request cannot be taken."""
    assert isinstance(error, HTTPException)
    if by_script(request):
        return JSONResponse({"ok": False, "said": error.detail}, error.status_code)
    return PlainTextResponse(error.detail, error.status_code, headers=error.headers)


async def troubled(_request: Request, error: Exception) -> Response:
    """Say what is in the way, as the shell would."""
    return PlainTextResponse(str(error), 503)


async def busy(_request: Request, _error: Exception) -> Response:
    """Say that too much is being done."""
    said = "too much is asked for at once: try again in a moment"
    return PlainTextResponse(said, 503, headers={"retry-after": "5"})

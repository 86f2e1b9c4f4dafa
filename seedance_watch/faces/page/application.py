"""The page's addresses and what is answered there.

No path ever comes from a request: jobs are named by their names, the page's own files by theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from seedance_watch.core.errors import SeedanceWatchError
from seedance_watch.faces.page import answers, lending
from seedance_watch.faces.page.answers import Writer
from seedance_watch.faces.page.doors import Doors, TooOften
from seedance_watch.faces.page.drops import Taker
from seedance_watch.faces.page.events import Audience, Events
from seedance_watch.faces.page.forms import small_form
from seedance_watch.faces.page.gate import LATER, entered
from seedance_watch.faces.page.orders import Orders
from seedance_watch.faces.page.render import Renderer, statics
from seedance_watch.faces.page.views import Busy, Slot, Source

_KEPT = {"cache-control": "private, max-age=31536000, immutable"}
_NAME_MOST = 300
_BYTES = "application/octet-stream"
_MADE = {".gif": "image/gif", ".jpg": "image/jpeg", ".mp4": "video/mp4", ".webp": "image/webp"}


@dataclass(slots=True)
class Page:
    """Answers browsers.

    Attributes:
        source: Whom it asks.
        doors: Who may come in, and who may order.
        audience: Browsers that are kept up to date.
        max_upload_bytes: Largest drop.
    """

    source: Source
    doors: Doors
    audience: Audience
    max_upload_bytes: int
    _write: Writer = field(init=False)
    _renderer: Renderer = field(init=False)

    def __post_init__(self) -> None:
        """Read the page's own files."""
        self._renderer = Renderer(self.source.zone, statics())
        self._write = Writer(self._renderer, self.source, self.doors, self.max_upload_bytes)

    def application(self) -> Starlette:
        """Give what answers."""
        orders, taker = Orders(self._write), Taker(self._write, self._board)
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/", self._index),
                Route("/events", _Plain(self._events), methods=["GET"]),
                Route("/jobs/{job}", self._job),
                Route("/jobs/{job}/video", self._video),
                Route("/jobs/{job}/extras/{kind}", self._extra),
                Route("/jobs/{job}/picture", self._picture),
                Route("/jobs/{job}/poster", self._poster),
                Route("/jobs/{job}/thumb", self._thumb),
                Route("/jobs/{job}/receipt", self._receipt),
                Route("/jobs/{job}/orders", orders.job, methods=post),
                Route("/lanes/{provider}", orders.lane, methods=post),
                Route("/drop", taker.drop, methods=post),
                Route("/login", self._login, methods=["GET", "POST"]),
                Route("/logout", self._logout, methods=post),
                Route("/static/{name}", self._static),
            ],
            exception_handlers={
                HTTPException: answers.refused,
                Busy: answers.busy,
                SeedanceWatchError: answers.troubled,
            },
        )

    # Looking

    async def _index(self, request: Request) -> Response:
        return await self._board(request)

    async def _board(
        self,
        request: Request,
        *,
        wished: Mapping[str, str] | None = None,
        complaints: Mapping[str, str] | None = None,
    ) -> Response:
        """Give the first page; with what was wrong with a drop where it was refused."""
        before = request.query_params.get("before", "")[:_NAME_MOST]
        board, sheet = await self.source.board(), await self.source.sheet(before)
        slots = await self.source.slots()
        watch = (wished or request.query_params).get("watch", "")
        return self._write.html(
            request,
            "board.html",
            status=422 if complaints else 200,
            board=board,
            sheet=sheet,
            before=before,
            slots=slots,
            slot=_chosen(slots, watch),
            wished=wished or {},
            complaints=complaints or {},
        )

    async def _job(self, request: Request) -> Response:
        job = await self.source.job(_job_id(request))
        if job is None:
            return self._write.html(request, "missing.html", status=404)
        return self._write.html(request, "job.html", card=job)

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        told: ASGIApp = Events(self.audience, self.source.change)
        if self.audience.full:
            said = "too many browsers are listening"
            told = PlainTextResponse(said, 503, headers={"retry-after": "30"})
        await told(scope, receive, send)

    # Files

    async def _static(self, request: Request) -> Response:
        found = self._renderer.files.get(request.path_params["name"])
        if found is None:
            return answers.missing()
        current = request.query_params.get("v") == found.mark
        headers = {"etag": f'"{found.mark}"', **(_KEPT if current else lending.ASKED)}
        return Response(found.content, headers=headers, media_type=found.media_type)

    async def _video(self, request: Request) -> Response:
        saved = "download" in request.query_params
        return lending.lent(await self.source.film(_job_id(request)), "video/mp4", saved=saved)

    async def _extra(self, request: Request) -> Response:
        kind = str(request.path_params["kind"])
        found = await self.source.beside(_job_id(request), kind)
        media_type = _MADE.get(PurePath(found.name).suffix, _BYTES) if found else _BYTES
        return lending.lent(found, media_type, saved="download" in request.query_params)

    async def _picture(self, request: Request) -> Response:
        """Give what somebody dropped; as bytes to save, whatever it is."""
        found = await self.source.picture(_job_id(request))
        return lending.lent(found, _BYTES, saved=True)

    async def _poster(self, request: Request) -> Response:
        return lending.still(await self.source.still(_job_id(request), "poster"))

    async def _thumb(self, request: Request) -> Response:
        return lending.still(await self.source.still(_job_id(request), "thumb"))

    async def _receipt(self, request: Request) -> Response:
        job = await self.source.job(_job_id(request))
        return PlainTextResponse(job.receipt) if job and job.receipt else answers.missing()

    # Coming in

    async def _login(self, request: Request) -> Response:
        if request.method != "POST" or not self.doors.guarded:
            if self.doors.known(request):
                return RedirectResponse("/", 303)
            return self._write.html(request, "login.html")
        form = await small_form(request)
        if not self.doors.ours(request, form):
            return self._write.html(request, "login.html", status=403, said=answers.OLD)
        try:
            opened = entered(self.doors, request, form.get("password", ""))
        except TooOften:
            return self._write.html(request, "login.html", status=429, said=LATER)
        if not opened:
            said = "that is not the token"
            return self._write.html(request, "login.html", status=403, said=said)
        response = RedirectResponse("/", 303)
        self.doors.let_in(request, response)
        return response

    async def _logout(self, request: Request) -> Response:
        if not self.doors.ours(request, await small_form(request)):
            return self._write.answer(request, answers.OLD, status=403)
        response = RedirectResponse("/login", 303)
        self.doors.let_out(response)
        return response


@dataclass(frozen=True, slots=True)
class _Plain:
    """Makes a method an application; starlette takes methods for something else."""

    answer: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self.answer(scope, receive, send)


def _job_id(request: Request) -> str:
    return str(request.path_params["job"])[:_NAME_MOST]


def _chosen(slots: tuple[Slot, ...], watch: str) -> Slot | None:
    """Give the slot that is asked for, else the first."""
    return next((each for each in slots if each.watch == watch), slots[0] if slots else None)

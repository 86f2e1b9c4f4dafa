"""The page's addresses and what is answered there.

No path ever comes from a request: jobs are named by their names, the page's own files by theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    Response,
)
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from seedance_watch.core.closeup import Closeup
from seedance_watch.core.offers import PAY_AGAIN, Offer, Sure
from seedance_watch.core.orders import Act, Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.faces.page.doors import Doors
from seedance_watch.faces.page.events import Audience, Events
from seedance_watch.faces.page.forms import small_form
from seedance_watch.faces.page.render import Renderer, statics
from seedance_watch.faces.page.views import Busy, Source

_KEPT = {"cache-control": "private, max-age=31536000, immutable"}
_ASKED = {"cache-control": "private, no-cache"}
_MISSING = PlainTextResponse("there is no such thing", 404)
_LONG_S = 3600


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
    _write: Renderer = field(init=False)

    def __post_init__(self) -> None:
        """Read the page's own files."""
        self._write = Renderer(self.source.zone, statics())

    def application(self) -> Starlette:
        """Give what answers."""
        get, post = ["GET"], ["POST"]
        return Starlette(
            routes=[
                Route("/", self._index, methods=get),
                Route("/part/board", self._part, methods=get),
                Route("/part/queue", self._part, methods=get),
                Route("/part/trouble", self._part, methods=get),
                Route("/part/sheet", self._sheet, methods=get),
                Route("/job/{job}", self._job, methods=get),
                Route("/part/job/{job}", self._job, methods=get),
                Route("/job/{job}/order", self._order, methods=post),
                Route("/lane/{provider}/order", self._lane, methods=post),
                Route("/video/{job}", self._video, methods=get),
                Route("/poster/{job}", self._still, methods=get),
                Route("/thumb/{job}", self._still, methods=get),
                Route("/receipt/{job}", self._receipt, methods=get),
                Route("/events", _Plain(self._events), methods=get),
                Route("/static/{name}", self._static, methods=get),
            ]
        )

    # Looking

    async def _index(self, request: Request) -> Response:
        board, sheet = await self.source.board(), await self.source.sheet("")
        slots = await self.source.slots()
        return self._html(request, "index.html", board=board, sheet=sheet, slots=slots)

    async def _part(self, request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return self._html(request, f"parts/{name}.html", board=await self.source.board())

    async def _sheet(self, request: Request) -> Response:
        before = request.query_params.get("before", "")[:200]
        sheet = await self.source.sheet(before)
        return self._html(request, "parts/sheet.html", sheet=sheet)

    async def _job(self, request: Request) -> Response:
        job = await self.source.job(request.path_params["job"])
        if job is None:
            return self._html(request, "missing.html", status=404)
        folder = "parts/" if request.url.path.startswith("/part/") else ""
        return self._html(request, f"{folder}job.html", job=job)

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        told: ASGIApp = Events(self.audience, self.source.change)
        if self.audience.full:
            said = "too many browsers are listening"
            told = PlainTextResponse(said, 503, headers={"retry-after": "30"})
        await told(scope, receive, send)

    # Files

    async def _static(self, request: Request) -> Response:
        found = self._write.files.get(request.path_params["name"])
        if found is None:
            return _MISSING
        current = request.query_params.get("v") == found.mark
        headers = {"etag": f'"{found.mark}"', **(_KEPT if current else _ASKED)}
        return Response(found.content, headers=headers, media_type=found.media_type)

    async def _video(self, request: Request) -> Response:
        film = await self.source.video(request.path_params["job"])
        if film is None:
            return _MISSING
        saved = "download" in request.query_params
        return FileResponse(
            film.path,
            headers=_ASKED,
            media_type="video/mp4",
            filename=film.name if saved else None,
            background=BackgroundTask(film.close),
        )

    async def _still(self, request: Request) -> Response:
        kind = request.url.path.split("/")[1]
        try:
            path = await self.source.still(request.path_params["job"], kind)
        except Busy:
            return PlainTextResponse("busy", 503, headers={"retry-after": "5"})
        if path is None:
            return _MISSING
        headers = {"cache-control": f"private, max-age={_LONG_S}"}
        return FileResponse(path, headers=headers, media_type="image/jpeg")

    async def _receipt(self, request: Request) -> Response:
        job = await self.source.job(request.path_params["job"])
        if job is None or not job.receipt:
            return _MISSING
        return PlainTextResponse(job.receipt)

    # Acting

    async def _order(self, request: Request) -> Response:
        form = await small_form(request)
        if not self.doors.ours(request, form):
            return self._foreign(request)
        job = await self.source.job(request.path_params["job"])
        if job is None:
            return self._html(request, "missing.html", status=404)
        found = _wanted(job, form)
        if found is None:
            said = "that cannot be done with this job any more"
            return self._answer(request, said, obeyed=False, job=job)
        if not _confirmed(found, form):
            return self._html(request, "confirm.html", job=job, offer=found, part=_part(request))
        order = Order(
            found.act,
            job.row.job_id,
            task_id=form.get("task_id", "").strip()[:200] if found.act is Act.ADOPT else "",
            anyway=found.anyway,
            by=f"page, {self.doors.who(request)}",
            seq=found.seq,
        )
        self._log(request, str(found.act), job=job.row.job_id)
        answer = await self.source.obey(order)
        return self._answer(request, answer.said, obeyed=answer.obeyed, job=job)

    async def _lane(self, request: Request) -> Response:
        form = await small_form(request)
        if not self.doors.ours(request, form):
            return self._foreign(request)
        board = await self.source.board()
        live = board.snapshot.live
        provider, act = request.path_params["provider"], form.get("act", "")
        known = {lane.provider for lane in live.lanes} if live else set()
        if provider not in known or act not in {"pause", "resume"}:
            return _MISSING
        self._log(request, act, provider=provider)
        who = f"page, {self.doors.who(request)}"
        said = await self.source.obey(LaneOrder(provider, act == "pause", by=who))
        return self._answer(request, said.said, obeyed=said.obeyed)

    def _log(self, request: Request, act: str, **about: str) -> None:
        structlog.get_logger().info("page.ordered", act=act, who=self.doors.who(request), **about)

    def _foreign(self, request: Request) -> Response:
        said = "this page is too old to take orders: load it again"
        return self._answer(request, said, obeyed=False, status=403)

    # Writing

    def _answer(
        self,
        request: Request,
        said: str,
        *,
        obeyed: bool,
        job: Closeup | None = None,
        status: int = 0,
    ) -> Response:
        """Say what came of an order; 409 where it was refused."""
        values = {"said": said, "obeyed": obeyed, "job": job, "part": _part(request)}
        return self._html(
            request, "answer.html", status=status or (200 if obeyed else 409), **values
        )

    def _html(self, request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
        entry = self.doors.entry(request)
        text = self._write.write(
            name,
            now=self.source.now(),
            token=entry.token,
            guarded=self.doors.guarded,
            max_upload_bytes=self.max_upload_bytes,
            **values,
        )
        response = HTMLResponse(text, status)
        entry.remember(response)
        return response


@dataclass(frozen=True, slots=True)
class _Plain:
    """Makes a method an application; starlette takes methods for something else."""

    answer: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self.answer(scope, receive, send)


def _part(request: Request) -> bool:
    """Whether a piece of the page is asked for, not a whole one."""
    return "hx-request" in request.headers or "x-part" in request.headers


def _wanted(job: Closeup, form: Mapping[str, str]) -> Offer | None:
    """Give what is ordered, None when it would be refused."""
    return next((each for each in job.offers if each.act == form.get("act")), None)


def _confirmed(found: Offer, form: Mapping[str, str]) -> bool:
    """Whether a person said that it is meant, of the job as it is now."""
    if found.sure is Sure.AT_ONCE:
        return True
    if form.get("seq") != str(found.seq):
        return False
    sure = form.get("sure", "").strip().lower()
    return sure == (PAY_AGAIN if found.sure is Sure.TYPED else "yes")

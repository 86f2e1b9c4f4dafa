"""Orders from the page: buttons that do what the shell's commands do."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response

from seedance_watch.core.closeup import Closeup
from seedance_watch.core.offers import PAY_AGAIN, Offer, Sure
from seedance_watch.core.orders import Act, Order
from seedance_watch.core.pauses import LaneOrder
from seedance_watch.faces.page.answers import OLD, Writer, missing
from seedance_watch.faces.page.forms import small_form

_ID_MOST = 300
_PAUSED = {"yes": True, "no": False}
_HOW = {Sure.TYPED: f"type: {PAY_AGAIN}", Sure.ASKED: "say yes"}


@dataclass(frozen=True, slots=True)
class Orders:
    """Takes orders.

    Attributes:
        write: Writes what came of them.
    """

    write: Writer

    async def job(self, request: Request) -> Response:
        """Take an order for a job."""
        form = await small_form(request)
        to = f"/jobs/{request.path_params['job']}"
        if not self.write.doors.ours(request, form):
            return self.write.answer(request, OLD, status=403, to=to)
        job = await self.write.source.job(str(request.path_params["job"])[:_ID_MOST])
        if job is None:
            return missing()
        offer = _wanted(job, form)
        if offer is None:
            said = "that cannot be done with this job any more"
            return self.write.answer(request, said, status=409, to=to)
        if not _confirmed(offer, form):
            return self._doubted(request, job, offer, form)
        order = self._order(request, job, offer, form)
        self._log(request, str(order.act), job=order.job_id)
        answer = await self.write.source.obey(order)
        status = 200 if answer.obeyed else 409
        return self.write.answer(request, answer.said, status=status, to=to)

    def _order(
        self, request: Request, job: Closeup, offer: Offer, form: Mapping[str, str]
    ) -> Order:
        task_id = form.get("task_id", "").strip() if offer.act is Act.ADOPT else ""
        who = f"page, {self.write.doors.who(request)}"
        return Order(
            offer.act,
            job.row.job_id,
            task_id=task_id,
            anyway=offer.anyway,
            by=who,
            seq=offer.seq,
        )

    def _doubted(
        self, request: Request, job: Closeup, offer: Offer, form: Mapping[str, str]
    ) -> Response:
        """Say what an order means, and ask for it again."""
        how = f"to do it all the same {_HOW[offer.sure]}"
        if form.get("seq", str(offer.seq)) != str(offer.seq):
            how = "the job went on since you were asked: close the question and open it again"
        said = f"{offer.warning}; {how}"
        to = f"/jobs/{job.row.job_id}"
        return self.write.answer(request, said, status=409, to=to)

    async def lane(self, request: Request) -> Response:
        """Take an order for a provider."""
        form = await small_form(request)
        if not self.write.doors.ours(request, form):
            return self.write.answer(request, OLD, status=403)
        live = (await self.write.source.board()).snapshot.live
        provider, paused = request.path_params["provider"], _PAUSED.get(form.get("paused", ""))
        known = {lane.provider for lane in live.lanes} if live else set[str]()
        if provider not in known or paused is None:
            return missing()
        self._log(request, "pause" if paused else "resume", provider=provider)
        who = f"page, {self.write.doors.who(request)}"
        answer = await self.write.source.obey(LaneOrder(provider, paused, by=who))
        return self.write.answer(request, answer.said, status=200 if answer.obeyed else 409)

    def _log(self, request: Request, act: str, **about: str) -> None:
        who = self.write.doors.who(request)
        structlog.get_logger().info("page.ordered", act=act, who=who, **about)


def _wanted(job: Closeup, form: Mapping[str, str]) -> Offer | None:
    """Give what is ordered, None when it would be refused."""
    return next((each for each in job.offers if each.act == form.get("act")), None)


def _confirmed(offer: Offer, form: Mapping[str, str]) -> bool:
    """Whether a person said that it is meant, of the job as it is now."""
    if offer.sure is Sure.AT_ONCE:
        return True
    if form.get("seq") != str(offer.seq):
        return False
    if offer.sure is Sure.TYPED:
        return form.get("words", "").strip().lower() == PAY_AGAIN
    return form.get("anyway") == "yes"

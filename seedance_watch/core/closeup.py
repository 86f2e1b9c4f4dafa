"""One job looked at closely: what the page shows of it besides its row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, Role, State, Value
from seedance_watch.core.offers import Offer, offers
from seedance_watch.core.snapshot import Row
from seedance_watch.core.story import Line
from seedance_watch.core.why import Answer


@dataclass(frozen=True, slots=True)
class Closeup:
    """A job as a person looks at it.

    Attributes:
        row: Its row.
        answer: How it stands and why.
        prompt: What is wished, "" before that is understood.
        params: The effective parameters.
        clip: The finished video, None before it is here.
        receipt: The receipt's text, "" before there is one.
        spent: What its attempts count as spent, as people read it; "" for nothing.
        offers: What may be ordered.
        expected_at: When its task will probably have ended, UTC seconds; None: not known.
        picture: Whether a picture was dropped for it.
        extras: What was wished for beside the video, made or not; none before that is known.
        meta: The table of the person's own.
        lines: Its history, empty where nobody asked for it.
    """

    row: Row
    answer: Answer
    prompt: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    clip: Clip | None = None
    receipt: str = ""
    spent: str = ""
    offers: tuple[Offer, ...] = ()
    expected_at: float | None = None
    picture: bool = False
    extras: tuple[Extra, ...] = ()
    meta: Mapping[str, object] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()

    @property
    def take(self) -> str:
        """Which take it is, "" where there is one only."""
        return self.row.job_id.removeprefix(self.row.drop_id).lstrip(".")


def closeup(
    row: Row,
    job: Job,
    answer: Answer,
    *,
    usual_s: float | None = None,
    lines: tuple[Line, ...] = (),
) -> Closeup:
    """Look at a job.

    Args:
        row: Its row.
        job: The job.
        answer: How it stands.
        usual_s: How long such a task takes, seconds; None: not known.
        lines: Its history.
    """
    spec = job.prepared.spec if job.prepared else None
    parts = job.claiming.parts if job.claiming else ()
    begun = job.since.get(State.RUNNING) if job.state is State.RUNNING else None
    return Closeup(
        row=row,
        answer=answer,
        prompt=spec.prompt if spec else "",
        params=spec.params if spec else {},
        clip=job.fetched.clip if job.fetched else None,
        receipt=job.placing.receipt if job.placing else "",
        spent=", ".join(f"{each.amount} at {each.provider}" for each in job.spendings),
        offers=offers(job),
        expected_at=begun + usual_s if begun is not None and usual_s is not None else None,
        picture=any(each.role is Role.IMAGE for each in parts),
        extras=job.added.extras if job.added else (),
        meta=spec.meta if spec else {},
        lines=lines,
    )

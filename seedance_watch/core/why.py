"""Why something does not happen, or what is happening: one answer to one question.

Facts come in, a sentence goes out, with a code for machines, when it ends by itself, and what a
person can do. The rules are asked in the order of the table; the first that knows an answer
gives it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seedance_watch.core import chain, policy, reasons
from seedance_watch.core.endings import LIKE_SIDECARS, sidecar_name
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import Deferred, Effect, Returned, Unsent
from seedance_watch.core.machine import AT_REST, Job
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import LaneView, Row, Waiting

E, S = Effect, State

# What each step does, for people: "it is ...", "... failed".
STEPS: Mapping[Effect, str] = {
    E.CLAIM: "taking its files out of the inbox",
    E.PREPARE: "reading the wish and making the picture fit",
    E.STAGE: "uploading the picture",
    E.INTEND: "writing down what is about to be paid",
    E.SUBMIT: "making the paid call",
    E.RECONCILE: "looking whether the paid call was taken",
    E.POLL: "asking how the task stands",
    E.DOWNLOAD: "fetching the video",
    E.NAME: "choosing a name for the video",
    E.PLACE: "placing the video in the outbox",
    E.ADD: "making what was wished for beside the video",
    E.ARCHIVE: "putting the originals away",
}
_BEFORE_PAYING = frozenset({S.PREPARED, S.STAGED})
TOO_LITTLE_ROOM = (
    "less than limits.min_free_bytes is free in the outbox; make room there, or lower that"
)
_START = "start the daemon: `seedance-watch run`"
_AGAIN = "correct what is wrong and move the files back to the inbox"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said about a job or a file.

    Attributes:
        code: The kind of answer, for machines; docs/COMMANDS.md lists them.
        said: What is so; a sentence, without the time in `until`.
        until: When that ends by itself, UTC seconds; None: when somebody acts, or not known.
        cure: What a person can do, "" for nothing.
    """

    code: str
    said: str
    until: float | None = None
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides a job's history.

    Attributes:
        now: The time, UTC seconds.
        runs: Whether a daemon runs.
        doing: The effect that the daemon is in with the job, "" for none.
        lane: How its provider's lane stands, None when not known.
        ahead: Jobs at its provider's lane that go first.
        twin: The job that is making the same video, "" for none.
        closed: Why its folders cannot be worked in, "" when they can.
        video: Where its video was placed, as people write the path, "" for nowhere yet.
        there: Whether the video is still there.
        paused: Since when a person pauses its provider, and how that ends; "" for not.
        start: The job whose video a chained one waits for, None: not known.
    """

    now: float
    runs: bool = False
    doing: str = ""
    lane: LaneView | None = None
    ahead: int = 0
    twin: str = ""
    closed: str = ""
    video: str = ""
    there: bool = True
    paused: str = ""
    start: Row | None = None


def why(job: Job, facts: Facts) -> Answer:
    """Say how a job stands and why; the job must have been claimed."""
    answers = (rule(job, facts) for rule in _RULES)
    return next(answer for answer in answers if answer)


def _duplicate(job: Job, facts: Facts) -> Answer | None:
    if not job.duplicate or job.state not in {S.PLACED, S.DONE}:
        return None
    said = (
        f"the same video exists already, so nothing was made and nothing paid: {facts.video} "
        f"(job {job.duplicate.of})"
    )
    again = "for another one write `again = true` into the sidecar and drop both files again"
    return Answer("duplicate", said, cure=again)


def _done(job: Job, facts: Facts) -> Answer | None:
    if job.state is not S.DONE:
        return None
    reused = f"; taken once more from job {job.reused.of}, nothing was paid" if job.reused else ""
    if not facts.there:
        return Answer("done", f"it is done; its video was {facts.video} and was taken away since")
    return Answer("done", f"it is done: the video is {facts.video}{reused}")


def _failed(job: Job, _facts: Facts) -> Answer | None:
    if job.state not in {S.FAILING, S.FAILED} or job.failing is None:
        return None
    return Answer("failed", f"no video was made: {job.failing.reason}", cure=_AGAIN)


def _cancelled(job: Job, _facts: Facts) -> Answer | None:
    if job.state not in {S.CANCELLING, S.CANCELLED} or job.cancelling is None:
        return None
    if job.cancelling.to is Returned.INBOX:
        return Answer("returned", f"its files went back to the inbox: {job.cancelling.reason}")
    cure = "to have it after all move the files back to the inbox"
    return Answer("cancelled", f"it was given up: {job.cancelling.reason}", cure=cure)


def _held(job: Job, facts: Facts) -> Answer | None:
    """A hold that ran out is none; the daemon goes on with it."""
    hold = job.hold
    if hold is None or (hold.until is not None and hold.until <= facts.now):
        return None
    return Answer(hold.code, f"it is held: {hold.reason}", hold.until, reasons.advice(job))


def _paused(job: Job, facts: Facts) -> Answer | None:
    if not facts.paused or job.state not in _BEFORE_PAYING:
        return None
    cure = f"`seedance-watch resume {_provider(job)}`"
    runs = "" if facts.runs else f", and {_START}"
    return Answer("paused", f"{_provider(job)} is {facts.paused}", cure=cure + runs)


def _chained(job: Job, facts: Facts) -> Answer | None:
    if job.state not in {S.CLAIMING, S.CLAIMED} or not job.claim.start_from or job.hold:
        return None
    name, start = job.claim.start_from, facts.start
    if start and start.state not in AT_REST:
        stands = f"held: {start.held}" if start.held else start.state
        said = f"it waits for the video of {name} (job {start.job_id}, {stands})"
        cure = f"nothing, it goes on by itself; `seedance-watch why {start.job_id}` tells of that"
        return Answer("chain", said, cure=cure if facts.runs else _START)
    at = job.since[S.CLAIMING] + (chain.SETTLING_S if start else chain.PATIENCE_S)
    if at <= facts.now:
        return None
    end = f"it takes what job {start.job_id} made" if start else "it is held"
    said = f"it starts from {name}; if no such shot is dropped meanwhile, {end}"
    return Answer("chain", said, at)


def _stopped(job: Job, facts: Facts) -> Answer | None:
    if facts.runs:
        return None
    last = _complaint(job)
    before = f"; the last try failed: {last.reason}" if last else ""
    paid = _PAID.get(job.state, "")
    said = f"no daemon runs{before}; next is {_next(job, facts)}{paid}"
    return Answer("stopped", said, cure=_START)


_PAID: Mapping[State, str] = {
    S.RUNNING: ". It is paid, and results perish at the provider",
    S.READY: ". It is paid, and results perish at the provider",
}


def _doing(_job: Job, facts: Facts) -> Answer | None:
    if not facts.doing:
        return None
    return Answer("doing", f"right now: {STEPS[Effect(facts.doing)]}")


def _twin(job: Job, facts: Facts) -> Answer | None:
    if not facts.twin or job.state not in _BEFORE_PAYING:
        return None
    said = f"job {facts.twin} is making the same video; this one waits for it"
    cure = "nothing; `again = true` in the sidecar would ask for another one"
    return Answer("twin", f"{said}, so that it is not paid twice", job.wake_at, cure)


def _retry(job: Job, facts: Facts) -> Answer | None:
    last = _complaint(job)
    if job.wake_at is None or facts.now >= job.wake_at or last is None:
        return None
    times = "" if job.tries < 2 else f" {job.tries} times"
    said = f"{_next(job, facts)} failed{times}: {last.reason}"
    if isinstance(last, Unsent):
        said = f"the paid call was turned away{times} and nothing is paid: {last.reason}"
    cure = f"nothing, it is tried again by itself; `seedance-watch release {job.id}` tries at once"
    if last.kind is FaultKind.DENIED:
        cure = _mend(_provider(job))
    return Answer("retry", said, job.wake_at, cure)


def _closed(job: Job, facts: Facts) -> Answer | None:
    """What the provider has in work is asked about all the same."""
    if not facts.closed or job.state in {S.SUBMITTING, S.RUNNING}:
        return None
    said = f"its folders cannot be worked in: {facts.closed}"
    return Answer("folder", said, cure="mend that; it goes on by itself")


def _lane(job: Job, facts: Facts) -> Answer | None:
    lane = facts.lane
    if lane is None or not lane.why or job.state not in _BEFORE_PAYING:
        return None
    said = f"{lane.provider} takes nothing for now: {lane.why}"
    return Answer("lane", said, lane.until, _mend(lane.provider))


def _mend(provider: str) -> str:
    """Say what to do about a provider that turns everything away."""
    return f"mend that; it is tried again by itself, at once by `seedance-watch resume {provider}`"


def _making(job: Job, _facts: Facts) -> Answer | None:
    if job.state is not S.RUNNING or job.accepted is None:
        return None
    return Answer("making", f"{_provider(job)} is making it (task {job.accepted.task_id})")


def _doubt(job: Job, _facts: Facts) -> Answer | None:
    if job.state is not S.SUBMITTING:
        return None
    said = f"the answer of {_provider(job)} to the paid call is not known"
    return Answer("doubt", f"{said}; it is looked for, and nothing is paid again meanwhile")


def _turn(job: Job, facts: Facts) -> Answer | None:
    lane = facts.lane
    if lane is None or job.state not in _BEFORE_PAYING:
        return None
    if lane.in_work < lane.seats and not facts.ahead:
        return None
    first = f", and {facts.ahead} go first" if facts.ahead else ""
    said = f"it waits for its turn: {lane.provider} has {lane.in_work} of {lane.seats} in work"
    return Answer("turn", said + first)


def _soon(job: Job, facts: Facts) -> Answer:
    return Answer("soon", f"it goes on in a moment; next is {_next(job, facts)}")


_RULES: tuple[Callable[[Job, Facts], Answer | None], ...] = (
    _duplicate,
    _done,
    _failed,
    _cancelled,
    _held,
    _paused,
    _chained,
    _stopped,
    _doing,
    _twin,
    _retry,
    _closed,
    _lane,
    _making,
    _doubt,
    _turn,
    _soon,
)


def _complaint(job: Job) -> Deferred | Unsent | None:
    """Give what the job's last try complained about, None when there was progress since."""
    tries = (job.deferred, job.unsent)
    return next((each for each in tries if each and each.until == job.wake_at), None)


def _next(job: Job, facts: Facts) -> str:
    """Name the next step; a wait is over for that."""
    step = policy.decide(job, max(facts.now, job.wake_at or 0.0))
    effect = step if isinstance(step, Effect) else policy.NEXT[job.state]
    return STEPS[effect] if effect else "nothing"


def _provider(job: Job) -> str:
    return job.prepared.spec.provider if job.prepared else "the provider"


# Files that are no jobs


_CURES: Mapping[str, str] = {
    "partner": "put the missing file beside it",
    "ignored": "rename it or move it, if it was meant to become a video",
    "unreadable": "let the daemon's user read it, and write in its folder",
}


def of_file(waiting: Waiting, *, runs: bool) -> Answer:
    """Say how a file in an inbox stands.

    Args:
        waiting: What is known of it.
        runs: Whether a daemon runs.
    """
    cure = _CURES.get(waiting.code, "")
    if waiting.code == "partner" and waiting.until is not None:
        cure = f"{cure} before that; then it is taken as it is"
    if waiting.code == "ignored" and waiting.path.lower().endswith(LIKE_SIDECARS):
        cure = f"rename it to {sidecar_name(waiting.path)}, if it is a sidecar"
    if waiting.code == "complete":
        said = "it has all it needs and is taken in a moment"
        if not runs:
            said, cure = "it has all it needs, and no daemon runs that could take it", _START
        return Answer("complete", said, waiting.until, cure)
    return Answer(waiting.code, waiting.why, waiting.until, cure)


def unknown(what: str) -> Answer:
    """Say that nothing is known by a name."""
    cure = "`seedance-watch status` lists the jobs; a file must lie in a watched folder"
    return Answer("unknown", f"there is no job and no file {what}", cure=cure)

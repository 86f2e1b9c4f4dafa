"""What a person at the folder reads when something failed or is held.

Sentences for somebody who is no programmer, then the same facts as TOML for scripts.
"""

from datetime import UTC, datetime

import tomli_w

from seedance_watch.core import chain, doubts
from seedance_watch.core.events import Cancelling, Returned
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order, Refused, adopted, obey

_ANOTHER = (
    "To get another one all the same: write `again = true` into the sidecar, or ask for more "
    "`takes`, and move both files back to the inbox."
)
_IN_DOUBT = (
    "It may have been paid already, so it is not sent again by itself. Look at the provider's own "
    "page. If the video is there: `seedance-watch adopt {job} TASK_ID` gets it without paying. If "
    "it certainly is not: `seedance-watch resubmit {job}` pays for another attempt."
)
_KEY_CHANGED = (
    "It may have been paid already, so it is not sent again by itself. Put the old key back and "
    "type `seedance-watch release {job}`: then the video is looked for where it was paid; at "
    "Rivya that is possible within half an hour. Or look at the page of that account. If the "
    "video is there: `seedance-watch adopt {job} TASK_ID` gets it without paying, while the old "
    "key is there. If it certainly is not: `seedance-watch resubmit {job}` pays for another "
    "attempt, with the new key."
)
_PAID = (
    "It is paid. `seedance-watch release {job}` looks for its video again; if that is not to be "
    "had any more, `seedance-watch resubmit {job}` pays for another one."
)
_MISTYPED = (
    " If the task id that it was told is wrong: `seedance-watch adopt {job} TASK_ID` corrects it."
)
_BACK = "To have it made after all: move the files back to the inbox."
_COUNTS = (
    "It may have been paid already; what it cost stays counted in the budgets, and its video "
    "perishes at the provider. "
)
_GIVES_UP = (
    "To make it without the other one: `seedance-watch cancel {job}`, then drop it with an image "
    "of its own and without start_from."
)
_CHAIN = {
    chain.MISSING: "When that shot is dropped, this one goes on by itself. " + _GIVES_UP,
    chain.BROKEN: "When that shot has its video, this one goes on by itself. " + _GIVES_UP,
    chain.LOOP: "`seedance-watch cancel {job}` gives this one up.",
    chain.NO_VIDEO: "`seedance-watch release {job}` looks again. " + _GIVES_UP,
}
_DRAG = {
    Act.RELEASE: "to let it go on, move this text to the inbox",
    Act.CANCEL: "to give it up, move this text to the folder `failed`",
}
_LIMITED = "to let it try now, within the limit as it is, move this text to the inbox"
_SOONER = {
    "budget": " To have it sooner: raise the limit, then `seedance-watch reload`.",
    "hours": " To have it sooner: change the hours, then `seedance-watch reload`.",
}
_REFUSED = {Act.RELEASE: "Not released", Act.CANCEL: "Not given up"}
_RETRY = "To try again: correct what is wrong and move the files back to the inbox."


def ended(job: Job) -> str:
    """Give the note for a job that ends without a video of its own; "" when none is needed."""
    if job.duplicate:
        reason = f"The same video exists already: {job.duplicate.video} (job {job.duplicate.of})."
        facts = {"of": job.duplicate.of, "video": job.duplicate.video}
        return _note(job, "Not made and not paid again.", reason, _ANOTHER, facts)
    if job.state is State.FAILING and job.failing:
        facts = {
            "code": job.failing.code or str(job.failing.kind),
            "step": str(job.failing.effect),
        }
        return _note(job, "No video was made.", job.failing.reason, _RETRY, facts)
    if job.state is State.CANCELLING and job.cancelling and job.cancelling.to is Returned.FAILED:
        return _cancelled(job, job.cancelling)
    return ""


def _cancelled(job: Job, cancelling: Cancelling) -> str:
    """Give the note for a job that a person took back: by whom, when, and how to have it again."""
    at = datetime.fromtimestamp(job.since[State.CANCELLING], tz=UTC)
    reason = f"{cancelling.reason} at {at:%Y-%m-%d %H:%M:%S} UTC"
    paid = any(each.amount.amount for each in job.spendings)
    act = f"{_COUNTS if paid else ''}{_BACK}"
    return _note(job, "No video was made.", reason, act, {"code": "cancelled"})


def held(job: Job, *, refused: str = "") -> str:
    """Give the note for a job that waits for a person; the job must be held.

    Args:
        job: The job.
        refused: What was ordered by moving its note and not done, and why; "" for nothing.
    """
    assert job.hold is not None, job.id
    facts = {"code": job.hold.code}
    if job.accepted:
        facts["task_id"] = job.accepted.task_id
    title = "This one waits." if job.hold.until else "This one waits for you."
    act = "\n".join(filter(None, (advice(job), _drags(job))))
    return _note(job, f"{refused}\n\n{title}" if refused else title, job.hold.reason, act, facts)


def refused(job: Job, order: Order, why: str) -> str:
    """Say that what a note was moved for was not done, and why."""
    said = _REFUSED[order.act]
    shell = f" On the shell that is `seedance-watch {order.act} {job.id} --anyway`."
    return f"{said}: {why}.{shell if '--anyway' in why else ''}"


def goes_on(job: Job, *, refused: str) -> str:
    """Give the note for a job that went on before it could be given up."""
    return _note(job, refused, "It is not held any more.", "It goes on.", {"code": "goes_on"})


def _drags(job: Job) -> str:
    """Say what moving the note would do, "" for nothing."""
    limited = job.hold is not None and job.hold.code in {"budget", "hours", "not_before"}
    drags = {**_DRAG, Act.RELEASE: _LIMITED} if limited else _DRAG
    words = [drags[act] for act in drags if _may(job, act)]
    return f"Without a shell: {'; '.join(words)}." if words else ""


def _may(job: Job, act: Act) -> bool:
    """Whether an order would be obeyed as the job stands."""
    try:
        return bool(obey(job, Order(act, job.id)))
    except Refused:
        return False


def advice(job: Job) -> str:
    """Say what a person can do about a job; it must be held."""
    assert job.hold is not None, job.id
    hold = job.hold
    if hold.until:
        return f"Nothing needs to be done: it goes on by itself.{_SOONER.get(hold.code, '')}"
    if hold.code in chain.CODES:
        return _CHAIN[hold.code].format(job=job.id)
    if hold.code == doubts.KEY_CHANGED:
        return _KEY_CHANGED.format(job=job.id)
    if job.state is State.SUBMITTING:
        return _IN_DOUBT.format(job=job.id)
    if job.state in {State.RUNNING, State.READY}:
        return (_PAID + (_MISTYPED if adopted(job) else "")).format(job=job.id)
    when = "To let it go on" if hold.code == "by_person" else "When that is mended"
    return f"{when}: `seedance-watch release {job.id}`. Nothing is paid twice."


def _note(job: Job, title: str, reason: str, act: str, facts: dict[str, str]) -> str:
    """Lay out a note: sentences as comments, facts as TOML."""
    lines = [*title.splitlines(), "", *reason.splitlines(), "", *act.splitlines()]
    text = "\n".join(f"# {_printable(line)}".rstrip() for line in lines)
    return f"{text}\n\n{tomli_w.dumps({'job': job.id, **facts, 'reason': reason})}"


def mark(job: Job) -> str:
    """Give the line by which a job's notes are known as its own."""
    return tomli_w.dumps({"job": job.id}).strip()


def _printable(line: str) -> str:
    """Show control characters, which no comment may hold."""
    return "".join(each if each.isprintable() else "?" for each in line)

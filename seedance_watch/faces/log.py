"""The log: one line per recorded event, key-value on a terminal, JSON otherwise.

Names are `noun.past_verb` from the table below; docs/LOG.md lists them all.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict

from seedance_watch.core.events import (
    Absent,
    Accepted,
    Added,
    Archived,
    Cancelling,
    Claimed,
    Claiming,
    Deferred,
    Duplicate,
    Event,
    Failing,
    Fetched,
    GivenUp,
    Held,
    Intended,
    Placed,
    Placing,
    Prepared,
    Ready,
    Record,
    Released,
    Rerouted,
    Reused,
    Staged,
    Unsent,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Money, State
from seedance_watch.core.words import printable

Facts = Callable[[Any, Job, float], dict[str, Any]]


def _said(event: Any, _job: Job, _at: float) -> dict[str, Any]:
    """Tell why, where the event says so."""
    told = ((name, getattr(event, name, "")) for name in ("reason", "code", "by"))
    return {name: value for name, value in told if value}


def _admitted(event: Claiming, _job: Job, _at: float) -> dict[str, Any]:
    drop = f"{event.folder}/{event.stem}".lstrip("/")
    return {"watch": event.watch, "drop": drop, "files": len(event.parts)}


def _prepared(event: Prepared, _job: Job, _at: float) -> dict[str, Any]:
    steps = [step for picture in event.pictures for step in picture.steps]
    spec = event.spec
    named = {"provider": spec.provider, "model": spec.model, "cost": str(spec.cost)}
    more = {"changes": steps, "start": event.start}
    return named | {name: value for name, value in more.items() if value}


def _intended(event: Intended, _job: Job, _at: float) -> dict[str, Any]:
    return {"attempt": event.attempt, "cost": str(event.cost)}


def _accepted(event: Accepted, _job: Job, _at: float) -> dict[str, Any]:
    return {"task_id": event.task_id, "via": event.via} | _maybe("remaining", event.remaining)


def _fetched(event: Fetched, _job: Job, _at: float) -> dict[str, Any]:
    clip = event.clip
    size = f"{clip.width_px}x{clip.height_px}"
    return {"clip_bytes": clip.size_bytes, "clip_s": round(clip.duration_s, 3), "size_px": size}


def _waits(event: Deferred | Unsent, job: Job, at: float) -> dict[str, Any]:
    return {"reason": event.reason, "wait_s": round(event.until - at, 1), "tries": job.tries}


def _named(event: Placing, _job: Job, _at: float) -> dict[str, Any]:
    return {"video": event.name}


def _added(event: Added, _job: Job, _at: float) -> dict[str, Any]:
    return {"files": [each.name for each in event.extras if not each.lacking]}


def _duplicate(event: Duplicate | Reused, _job: Job, _at: float) -> dict[str, Any]:
    return {"of": event.of, "video": event.video}


def _rerouted(event: Rerouted, _job: Job, _at: float) -> dict[str, Any]:
    return {"to": event.to, "reason": event.reason} | _maybe("charged", event.charged)


def _ended(event: Archived, job: Job, _at: float) -> dict[str, Any]:
    return _canonical(job) | ({"lost": event.lost} if event.lost else {})


# Name, level and facts of each recorded event; never a body, a link or a key.
LINES: Mapping[type[Event], tuple[str, str, Facts]] = {
    Claiming: ("job.admitted", "info", _admitted),
    Claimed: ("job.claimed", "debug", _said),
    Prepared: ("job.prepared", "info", _prepared),
    Staged: ("job.staged", "debug", _said),
    Intended: ("job.intended", "info", _intended),
    Unsent: ("job.unsent", "warning", _waits),
    Absent: ("job.absent", "warning", _said),
    GivenUp: ("job.given_up", "warning", _said),
    Duplicate: ("job.duplicate", "info", _duplicate),
    Reused: ("job.reused", "info", _duplicate),
    Rerouted: ("job.rerouted", "warning", _rerouted),
    Accepted: ("job.accepted", "info", _accepted),
    Ready: ("job.ready", "debug", _said),
    Fetched: ("job.downloaded", "info", _fetched),
    Placing: ("job.named", "debug", _named),
    Placed: ("job.placed", "info", _said),
    Added: ("job.added", "info", _added),
    Failing: ("job.failed", "error", _said),
    Cancelling: ("job.cancelled", "warning", _said),
    Archived: ("job.ended", "info", _ended),
    Deferred: ("job.deferred", "warning", _waits),
    Held: ("job.held", "error", _said),
    Released: ("job.released", "info", _said),
}

# What is held and goes on by itself needs nobody; a limit is worth a look.
_BY_ITSELF = {"hours": "info", "not_before": "info", "budget": "warning"}


def heard(_before: Job, after: Job, record: Record) -> None:
    """Log a recorded event; a listener of the runner."""
    name, level, facts = LINES[type(record.event)]
    if isinstance(record.event, Held):
        level = _BY_ITSELF.get(record.event.code, level)
    if isinstance(record.event, Archived) and after.state is State.DONE:
        name = "job.done"
    log = structlog.get_logger()
    getattr(log, level)(name, job=after.id, **facts(record.event, after, record.at))


def _maybe(name: str, money: Money | None) -> dict[str, str]:
    """Name an amount where it is known."""
    return {name: str(money)} if money else {}


def _canonical(job: Job) -> dict[str, Any]:
    """Give the one line that tells a whole life."""
    facts: dict[str, Any] = {"outcome": str(job.state), "took_s": _between(job, State.CLAIMING)}
    if job.prepared:
        facts["provider"] = job.prepared.spec.provider
    if job.accepted:
        charged = (job.ready.cost if job.ready else None) or _reserved(job)
        facts |= {"provider_s": _between(job, State.RUNNING, State.READY), "cost": str(charged)}
        facts["attempts"] = job.attempts
    if job.placing and job.state is State.DONE:
        facts["video"] = job.placing.name
    return facts


def _reserved(job: Job) -> Money | None:
    """Give what was reserved for the last attempt."""
    return job.intended.cost if job.intended else None


def _between(job: Job, first: State, last: State | None = None) -> float | None:
    """Give the seconds from entering one state to entering another, or to the end."""
    if first not in job.since:
        return None
    end = job.since.get(last, job.at) if last else job.at
    return round(end - job.since[first], 3)


def _for_people(*, colours: bool) -> structlog.dev.ConsoleRenderer:
    """Give the renderer for terminals."""
    return structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=_traced)


def _traced(out: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write a trace below its line, marked, so that no message in it can pass for a line.

    It must not show the values of variables, which may be secrets.
    """
    told = "".join(traceback.format_exception(*exc_info)).rstrip("\n")
    out.write("\n" + "\n".join(f"  | {printable(line)}" for line in told.split("\n")))


def _unsteered(_log: Any, _method: str, line: EventDict) -> EventDict:
    """Let no name begin a line of its own or steer the terminal; JSON does so by itself."""
    return {key: printable(it) if isinstance(it, str) else it for key, it in line.items()}


def configure(*, level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Set up structlog for the process.

    Args:
        level: Least level shown: debug, info, warning, error.
        form: "text" for people, "json" for machines, "auto": text on a terminal.
        stream: Where lines go; None: standard error.
    """
    out = stream or sys.stderr
    pretty = form == "text" or (form == "auto" and out.isatty())
    shared: list[Callable[..., Any]] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Callable[..., Any]] = (
        [_unsteered, _for_people(colours=out.isatty())]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    _listen()


class _Libraries(logging.Handler):
    """Takes what libraries log, so that it looks like everything else."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record as a line of ours."""
        log = structlog.get_logger()
        log.warning(
            "library.said", library=record.name, text=record.getMessage(), exc_info=record.exc_info
        )


def _listen() -> None:
    """Take warnings and worse of all libraries; may be called twice."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    if not any(isinstance(each, _Libraries) for each in root.handlers):
        root.addHandler(_Libraries(logging.WARNING))

"""What the page says and how, as filters of its templates; pure."""

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from seedance_watch.core.budget import Period
from seedance_watch.core.closeup import Closeup
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act
from seedance_watch.core.snapshot import BudgetView
from seedance_watch.core.words import printable
from seedance_watch.faces.status_text import AT, MAKING

_ASKED = re.compile(r"^([A-Z]\w+) answered \d+ to [A-Z]+ \S+: ")
_TICKS = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"[a-z]+(?=[\s,;:)']|$)")
_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_KINDS: Mapping[State, str] = {
    State.DONE: "done",
    State.FAILED: "failed",
    State.FAILING: "failed",
    State.CANCELLED: "cancelled",
    State.CANCELLING: "cancelled",
}
_PERIODS: Mapping[Period, str] = {
    Period.JOB: "each job",
    Period.DAY: "today",
    Period.MONTH: "this month",
}

_ACTS: Mapping[Act, str] = {
    Act.HOLD: "Hold",
    Act.RELEASE: "Let it go on",
    Act.CANCEL: "Cancel",
    Act.ADOPT: "Adopt a task",
    Act.RESUBMIT: "Pay for another",
    Act.RETRY: "Try again",
}


def act(of: Act) -> str:
    """Name an order."""
    return _ACTS[of]


def kind(card: Closeup) -> str:
    """Sort a job: held, done, failed, cancelled, making, waiting."""
    if card.row.held:
        return "held"
    other = "making" if card.row.state in MAKING else "waiting"
    return _KINDS.get(card.row.state, other)


def stands(card: Closeup) -> str:
    """Say in a few words what a job that goes on is at."""
    said = AT.get(card.row.state, "{}").format(card.row.provider or "the provider")
    return sentence(said)


def plain(reason: str) -> str:
    """Leave out how a provider was asked; the job's history tells that."""
    return _ASKED.sub(r"\1 says: ", reason, count=1)


def coded(text: str) -> Markup:
    """Set what stands between backticks as code; all of it is escaped first."""
    return Markup(_TICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704


def title(card: Closeup) -> str:
    """Name a job as people do: its path in the inbox, and which take."""
    return f"{printable(card.row.label)}{f', take {card.take}' if card.take else ''}"


def sentence(text: str) -> str:
    """Begin with a capital letter, unless it begins with the name of a file."""
    text = text.strip()
    return text[:1].upper() + text[1:] if _WORD.match(text) else text


def brief(seconds: float) -> str:
    """Write a duration in its largest unit, as times.js does."""
    whole = max(0, round(seconds))
    size, unit = next((step for step in _STEPS if whole >= step[0]), _STEPS[-1])
    return f"{whole // size} {unit}"


def ago(at: float, now: float) -> str:
    """Say how long ago something was."""
    return "just now" if now - at < 5 else f"{brief(now - at)} ago"


def part(view: BudgetView) -> float:
    """Give how much of a limit is used, 0..1."""
    most = view.cap.most.amount
    return min(float(view.spent.amount / most), 1.0) if most else 1.0


def period(view: BudgetView) -> str:
    """Say what a limit counts over."""
    return _PERIODS[view.cap.period]


FILTERS = {
    each.__name__: each
    for each in (kind, stands, title, sentence, brief, ago, part, period, act, plain, coded)
}

"""The Snapshot as a text in the outbox, for people who have nothing but the drive; pure.

The text says no duration and no time of its own, so that it changes only when something does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row, Snapshot
from seedance_watch.core.words import printable
from seedance_watch.faces import times

NAME = "_status.txt"
SIGN = "seedance-watch, how things stand"
_MOST, _ENDED_MOST, _WORDS_MOST = 50, 10, 400
S = State

# What a job that is not held is at, for people; {} is its provider.
AT: Mapping[State, str] = {
    S.CLAIMING: "is being taken in",
    S.CLAIMED: "is being looked at",
    S.PREPARED: "waits for its turn at {}",
    S.STAGED: "waits for its turn at {}",
    S.SUBMITTING: "is being ordered at {}",
    S.RUNNING: "{} is making it",
    S.READY: "is being fetched",
    S.FETCHED: "is being placed",
    S.PLACING: "is being placed",
    S.PLACED: "is in the outbox",
    S.FAILING: "cannot be made",
    S.CANCELLING: "is being given up",
}
_BEFORE = frozenset({S.CLAIMING, S.CLAIMED})
MAKING = frozenset({S.SUBMITTING, S.RUNNING, S.READY, S.FETCHED, S.PLACING, S.PLACED})


@dataclass(frozen=True, slots=True)
class _View:
    """What is shown, to whom.

    Attributes:
        all: Everything.
        watch: Name of the watch entry.
        zone: The operator's time zone.
    """

    all: Snapshot
    watch: str
    zone: tzinfo

    def moment(self, at: float) -> str:
        """Write a time with its date, which does not change at midnight."""
        return times.moment(at, self.zone, now=0.0)[:-3]


def status(snapshot: Snapshot, watch: str, zone: tzinfo) -> str:
    """Say how things stand in a watched folder, by its name."""
    view = _View(snapshot, watch, zone)
    listed = ((title, _listed(give(view))) for title, give in _PARTS)
    parts = [f"{title}\n{lines}" for title, lines in listed if lines]
    return "\n".join(parts) or "Nothing waits and nothing is being made.\n"


def headed(text: str, *, at: float, zone: tzinfo, runs: bool) -> str:
    """Put above a status since when it holds, and whether anything is being done.

    Args:
        text: The status.
        at: When that was seen, UTC seconds.
        zone: The operator's time zone.
        runs: Whether the daemon runs.
    """
    when = times.moment(at, zone, now=0.0)
    still = (
        "" if runs else f"NOT RUNNING since {when}: nothing is made until it is started again.\n"
    )
    return f"{SIGN} ({when})\n{still}\n{text}"


def _listed(lines: Iterable[str]) -> str:
    return "".join(f"  {line}\n" for line in lines)


def _rows(view: _View, keep: Callable[[Row], bool], say: Callable[[Row], str]) -> Iterator[str]:
    """Say each of the open jobs of a kind on a line, and how many more there are."""
    rows = [row for row in view.all.open if row.watch == view.watch and keep(row)]
    rows.sort(key=lambda row: row.created_at)
    for row in rows[:_MOST]:
        yield f"{printable(row.label)}{_take(row)}: {say(row)}"
    if len(rows) > _MOST:
        yield f"and {len(rows) - _MOST} more"


def _take(row: Row) -> str:
    number = row.job_id.removeprefix(row.drop_id)
    return f" (take {number[1:]})" if number else ""


def _stands(view: _View) -> Callable[[Row], str]:
    def say(row: Row) -> str:
        said = AT[row.state].format(row.provider or "the provider")
        if row.reason and row.wake_at is not None and row.wake_at > view.all.at:
            return f"{said}; tried again at {view.moment(row.wake_at)}: {_flat(row.reason)}"
        if row.reason and row.state in _BEFORE:
            return f"waits: {_flat(row.reason)}"
        return said

    return say


def _troubles(view: _View) -> Iterator[str]:
    for inbox in view.all.live.inboxes if view.all.live else ():
        if inbox.watch == view.watch and inbox.closed:
            yield f"{_flat(inbox.closed)}; it goes on by itself when that is mended"
        if inbox.watch == view.watch and inbox.low:
            yield "there is too little room for new videos; what is paid comes all the same"
    for lane in view.all.live.lanes if view.all.live else ():
        if lane.paused:
            yield f"{lane.provider} takes nothing for now: {_flat(lane.why)}"


def _making(view: _View) -> Iterator[str]:
    return _rows(view, lambda row: not row.held and row.state in MAKING, _stands(view))


def _waiting(view: _View) -> Iterator[str]:
    yield from _rows(view, lambda row: not row.held and row.state not in MAKING, _stands(view))
    for inbox in view.all.live.inboxes if view.all.live else ():
        if inbox.watch == view.watch:
            files = [each for each in inbox.waiting if each.code != "ignored"]
            for each in files[:_MOST]:
                yield f"{printable(each.path)}: {_flat(each.why)}"
            if more := len(files[_MOST:]) + inbox.more:
                yield f"and {more} more files"


def _held(view: _View) -> Iterator[str]:
    def say(row: Row) -> str:
        ends = f", until {view.moment(row.wake_at)}" if row.wake_at is not None else ""
        return f"{_flat(row.reason)}{ends}"

    return _rows(view, lambda row: bool(row.held), say)


def _failed(view: _View) -> Iterator[str]:
    rows = [r for r in view.all.ended if r.watch == view.watch and r.state is S.FAILED]
    for row in rows[:_ENDED_MOST]:
        said = f"{view.moment(row.changed_at)} {_flat(row.reason)}".strip()
        yield f"{printable(row.label)}{_take(row)}: {said}"


def _made(view: _View) -> Iterator[str]:
    ended = [r for r in view.all.ended if r.watch == view.watch and r.state is S.DONE]
    rows = [r for r in ended if r.video and not r.reason]  # not what points to another's video
    for row in rows[:_ENDED_MOST]:
        yield f"{printable(row.video)}: {view.moment(row.changed_at)}"


def _spent(view: _View) -> Iterator[str]:
    for day in view.all.today:
        if day.watch == view.watch:
            yield f"{day.provider}, this folder: {day.spent} today"
    for each in view.all.budgets:
        if each.cap.watch in {"", view.watch}:
            whose = "this folder" if each.cap.watch else "all folders"
            ends = f" until {view.moment(each.until)}" if each.until is not None else ""
            said = f"{each.spent.digits} of {each.cap.most} this {each.cap.period}{ends}"
            yield f"{each.cap.provider}, {whose}: {said}"


def _flat(text: str) -> str:
    said = printable(" ".join(text.split()))
    return said if len(said) <= _WORDS_MOST else f"{said[: _WORDS_MOST - 3]}..."


_PARTS: tuple[tuple[str, Callable[[_View], Iterator[str]]], ...] = (
    ("Trouble", _troubles),
    ("Being made", _making),
    ("Waiting", _waiting),
    ("Held (the notes in the folder `held` say what can be done)", _held),
    ("Failed last (the files are in the folder `failed`, with the reason beside them)", _failed),
    ("Made last", _made),
    ("Spent", _spent),
)

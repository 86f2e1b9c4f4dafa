"""The Snapshot for people: counts, lanes, limits, folders as lines, then the jobs as a table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import IO, TYPE_CHECKING

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import BudgetView, InboxView, LaneView, Live, Row, Snapshot
from seedance_watch.core.words import printable
from seedance_watch.faces import table, times

if TYPE_CHECKING:  # rich takes long to load, and in a pipe nobody needs it
    from rich.console import Console, Group


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is so.

    Attributes:
        about: What it is about.
        said: What is so.
        style: How a terminal shows it.
    """

    about: str
    said: str
    style: str = ""


def lines(snapshot: Snapshot, zone: tzinfo) -> Iterator[Line]:
    """Say how things stand, the counts first."""
    yield Line("jobs", _counted(snapshot))
    yield _daemon(snapshot.live, zone, now=snapshot.at)
    live = snapshot.live if snapshot.live and not snapshot.live.silent else None
    if live:
        for lane in live.lanes:
            yield _lane(lane, snapshot, zone)
    else:
        yield from (Line(each.provider, str(each), "yellow") for each in snapshot.pauses)
    for budget in snapshot.budgets:
        yield _budget(budget, zone, now=snapshot.at)
    if live:
        yield from map(_inbox, live.inboxes)


def _counted(snapshot: Snapshot) -> str:
    states, held = snapshot.states(), snapshot.held()
    said = [f"{count} held ({code})" for code, count in sorted(held.items())]
    said += [f"{states[state]} {state}" for state in State if states.get(state)]
    return ", ".join(said) or "none yet"


def _daemon(live: Live | None, zone: tzinfo, *, now: float) -> Line:
    if live is None:
        return Line("daemon", "none runs: `seedance-watch run` starts it", "yellow")
    if live.silent:
        return Line("daemon", f"process {live.process} {live.silent}", "red")
    since = times.moment(live.since, zone, now=now)
    return Line("daemon", f"process {live.process}, version {live.version}, since {since}")


def _lane(lane: LaneView, snapshot: Snapshot, zone: tzinfo) -> Line:
    left = snapshot.live.left.get(lane.provider) if snapshot.live else None
    said = f"{lane.in_work} of {lane.seats} in work"
    if not lane.why:  # else the reason may know better than the last look at the account
        return Line(lane.provider, said + (f", {left} left" if left else ""))
    ends = f" {times.until(lane.until, zone, now=snapshot.at)}" if lane.until else ""
    return Line(lane.provider, f"{said}; takes nothing{ends}: {_flat(lane.why)}", "red")


def _budget(view: BudgetView, zone: tzinfo, *, now: float) -> Line:
    ends = f" {times.until(view.until, zone, now=now)}" if view.until else ""
    full = view.spent.amount >= view.cap.most.amount
    said = f"{view.spent.digits} of {view.cap.most}{ends}"
    return Line(view.cap.key, said, "yellow" if full else "")


def _inbox(view: InboxView) -> Line:
    about = f"inbox {printable(view.watch)}"
    if view.closed:
        return Line(about, f"cannot be worked in: {_flat(view.closed)}", "red")
    wait = [each for each in view.waiting if each.code != "ignored"]
    passed = len(view.waiting) - len(wait)
    files = "1 file waits" if len(wait) == 1 else f"{len(wait)} files wait"
    said = (files if wait else "nothing waits") + (f", {passed} ignored" if passed else "")
    more = f", {view.more} more" if view.more else ""
    low = "; too little room for new videos" if view.low else ""
    return Line(about, said + more + low, "yellow" if low else "")


def _flat(text: str) -> str:
    return printable(" ".join(text.split()))


def print_board(snapshot: Snapshot, rows: Iterable[Row], zone: tzinfo, console: "Console") -> None:
    """Print everything: for a terminal, or as plain lines."""
    if console.is_terminal:
        console.print(board(snapshot, rows, zone, width=console.width))
        return
    write_board(snapshot, rows, zone, console.file)


def write_board(snapshot: Snapshot, rows: Iterable[Row], zone: tzinfo, file: IO[str]) -> None:
    """Write everything as plain lines."""
    file.writelines(f"{line.about}: {line.said}\n" for line in lines(snapshot, zone))
    file.write("\n")
    table.write_rows(rows, file, zone=zone)


def board(snapshot: Snapshot, rows: Iterable[Row], zone: tzinfo, *, width: int) -> "Group":
    """Lay everything out for a terminal of a width."""
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    head = Table.grid(padding=(0, 2))
    for line in lines(snapshot, zone):
        head.add_row(Text(line.about, "bold"), Text(line.said, line.style))
    return Group(head, Text(), table.table(rows, zone=zone, width=width))

"""Live progress of jobs: a bar each on a terminal, one plain line per change otherwise."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from seedance_watch.core.events import Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.words import printable

S = State

# How far a job is, in hundredths, and what people call it.
STEPS: Mapping[State, tuple[int, str]] = {
    S.NEW: (0, "seen"),
    S.CLAIMING: (5, "claiming"),
    S.CLAIMED: (10, "claimed"),
    S.PREPARED: (20, "prepared"),
    S.STAGED: (30, "uploaded"),
    S.SUBMITTING: (35, "submitting"),
    S.RUNNING: (45, "being made"),
    S.READY: (75, "downloading"),
    S.FETCHED: (85, "checked"),
    S.PLACING: (90, "placing"),
    S.PLACED: (95, "placed"),
    S.FAILING: (90, "failing"),
    S.CANCELLING: (90, "cancelling"),
    S.DONE: (100, "done"),
    S.FAILED: (100, "failed"),
    S.CANCELLED: (100, "cancelled"),
}
_COLOURS = {S.DONE: "green", S.FAILED: "red", S.CANCELLED: "yellow"}


class Bars:
    """A listener of the runner that shows every job's way."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[step]}"),
            TimeElapsedColumn(),
            console=console,
        )

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars for the length of the block."""
        if not self._console.is_terminal:
            yield
            return
        with self._progress:
            yield

    def heard(self, before: Job, after: Job, _record: Record) -> None:
        """Take in a recorded event."""
        if after.state is before.state and after.hold is None:
            return
        percent, step = STEPS[after.state]
        step = f"held: {after.hold.code}" if after.hold else step
        if not self._console.is_terminal:
            self._console.print(
                f"{_label(after)}: {step}", highlight=False, soft_wrap=True, markup=False
            )
            return
        if after.id not in self._tasks:
            self._tasks[after.id] = self._progress.add_task(_label(after), total=100, step=step)
        colour = _COLOURS.get(after.state, "white")
        self._progress.update(
            self._tasks[after.id], completed=percent, step=f"[{colour}]{step}[/{colour}]"
        )


def _label(job: Job) -> str:
    """Name a job as the person at the folder knows it."""
    claim = job.claim
    take = f" take {claim.take}" if claim.takes > 1 else ""
    return printable(f"{claim.folder}/{claim.stem}".lstrip("/")) + take

"""The Snapshot on a terminal, in a pipe, as JSON."""

import io
import json
from dataclasses import replace
from datetime import UTC
from decimal import Decimal

from rich.console import Console

from seedance_watch.core.budget import Cap, Period
from seedance_watch.core.model import Money, State
from seedance_watch.core.pauses import Pause
from seedance_watch.core.snapshot import (
    BudgetView,
    InboxView,
    LaneView,
    Live,
    Row,
    Snapshot,
    Waiting,
)
from seedance_watch.faces.board import lines, print_board
from seedance_watch.faces.plain import of_snapshot, plain

NOON = 1_700_049_600.0


def _credits(amount: str) -> Money:
    return Money(Decimal(amount), "credits")


ROW = Row(
    "shot-1", "shot-1", "studio", "[red]shot", State.RUNNING, "", "rivya", "lite",
    _credits("16"), None, "", NOON - 60, NOON - 5, 6,
)  # fmt: skip
CAP = Cap("providers.rivya.budget.per_day", "rivya", "", Period.DAY, _credits("100"))
LIVE = Live(
    7,
    "1.2",
    NOON - 3600,
    lanes=(LaneView("rivya", 3, 1), LaneView("segmind", 3, 0, NOON + 42, "segmind:\nbad key")),
    inboxes=(
        InboxView(
            "studio", "/in", waiting=(Waiting("a", "", "partner"), Waiting("b", "", "ignored"))
        ),
        InboxView("other", "/on", closed="the outbox is away"),
        InboxView("third", "/th", more=7, low=True),
    ),
    left={"rivya": _credits("9000")},
)  # fmt: skip
SNAPSHOT = Snapshot(
    NOON,
    {(State.RUNNING, ""): 1, (State.PREPARED, "budget"): 2, (State.DONE, ""): 12},
    open=(ROW,),
    budgets=(BudgetView(CAP, _credits("100.0"), NOON + 60),),
    live=LIVE,
)


def said(snapshot: Snapshot) -> dict[str, str]:
    return {line.about: line.said for line in lines(snapshot, UTC)}


def printed(snapshot: Snapshot, *, terminal: bool, width: int = 200) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=width)
    print_board(snapshot, snapshot.open, UTC, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_daemon_that_hangs_is_named_and_pauses_are_still_told() -> None:
    """Nothing of what only it knows is made up."""
    live = Live(7, "", 0.0, silent="does not answer")
    found = said(replace(SNAPSHOT, live=live, pauses=(Pause("rivya", NOON),)))
    assert found["daemon"] == "process 7 does not answer"
    assert "paused by a person" in found["rivya"]
    assert "inbox studio" not in found


def test_everything_is_said_counts_first() -> None:
    """Held jobs before all others: they are what somebody may have to act upon."""
    assert said(SNAPSHOT) == {
        "jobs": "2 held (budget), 1 running, 12 done",
        "daemon": "process 7, version 1.2, since 11:00:00",
        "rivya": "1 of 3 in work, 9000 credits left",
        "segmind": "0 of 3 in work; takes nothing until 12:00:42 (42 s): segmind: bad key",
        "providers.rivya.budget.per_day": "100 of 100 credits until 12:01:00 (1 min)",
        "inbox studio": "1 file waits, 1 ignored",
        "inbox other": "cannot be worked in: the outbox is away",
        "inbox third": "nothing waits, 7 more; too little room for new videos",
    }
    assert next(iter(said(SNAPSHOT))) == "jobs"


def test_without_a_daemon_the_journal_speaks_alone() -> None:
    """And how to start one is said."""
    found = said(replace(SNAPSHOT, live=None, counts={}))
    assert found["jobs"] == "none yet"
    assert "seedance-watch run" in found["daemon"]
    assert len(found) == 3


def test_a_pipe_gets_plain_lines_and_a_terminal_a_table() -> None:
    """No colours in a pipe, no markup of names anywhere."""
    plain_text, table = printed(SNAPSHOT, terminal=False), printed(SNAPSHOT, terminal=True)

    assert "\x1b" not in plain_text
    assert "\nshot-1\t[red]shot\trunning\trivya\t16 credits\t11-15 11:59:55\t\n" in plain_text
    assert "\x1b[" in table
    assert "[red]shot" in table


def test_a_narrow_terminal_has_room_for_the_reason() -> None:
    """What a job is made by and costs makes way; a pipe has it all."""
    wide, narrow = (printed(SNAPSHOT, terminal=True, width=width) for width in (160, 100))

    assert "16 credits" in wide
    assert "16 credits" not in narrow.split("why")[-1]
    assert "shot-1" in narrow


def test_json_has_it_all() -> None:
    """Amounts as text, counts by state, holds by code."""
    found = json.loads(json.dumps(of_snapshot(SNAPSHOT)))

    assert (found["counts"], found["held"]) == ({"running": 1, "done": 12}, {"budget": 2})
    assert found["open"][0]["cost"] == {"amount": "16", "unit": "credits"}
    assert found["budgets"][0]["cap"]["period"] == "day"
    assert found["live"]["left"] == {"rivya": {"amount": "9000", "unit": "credits"}}
    assert plain(b"12") == {"bytes": 2}

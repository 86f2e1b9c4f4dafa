"""One row for each answer of `why`."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from histories import LIFE, Story, claiming

from seedance_watch.core import waiting, why
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Archived,
    Cancelling,
    Deferred,
    Duplicate,
    Effect,
    Event,
    Failing,
    Held,
    Returned,
    Reused,
    Unsent,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.snapshot import LaneView
from seedance_watch.core.why import STEPS, Answer, Facts

NOW = 1000.0
RUNS = Facts(NOW, runs=True, video="outbox/harbour/shot.mp4")
PAUSED = LaneView("rivya", 3, 0, NOW + 60, "rivya: the key is not valid")
FULL = LaneView("rivya", 3, 3)


def job(*events: Event, upto: int = 0) -> Job:
    """Give a job that came so far on the usual way, and then saw these events."""
    story = Story.of("shot-1")
    story.next(claiming(), *LIFE[:upto], *events)
    return story.job


CLAIMED, PREPARED, STAGED, SUBMITTING, RUNNING = range(1, 6)
BUSY = Deferred(Effect.STAGE, FaultKind.BUSY, "rivya: too many requests", NOW + 5)
UNSENT = Unsent(FaultKind.UNREACHED, "rivya: no way there", NOW + 7)

# What happened to the job, what else is known, code and words of the answer, until when.
TABLE: tuple[tuple[str, Job, Facts, str, str, float | None], ...] = (
    (
        "done", job(upto=10), RUNS,
        "done", "it is done: the video is outbox/harbour/shot.mp4", None,
    ),
    (
        "taken away", job(upto=10), replace(RUNS, there=False),
        "done", "it is done; its video was outbox/harbour/shot.mp4 and was taken away since", None,
    ),
    (
        "reused", job(Reused("old-1", "studio", "old.mp4"), *LIFE[6:], upto=PREPARED), RUNS,
        "done", "taken once more from job old-1, nothing was paid", None,
    ),
    (
        "duplicate", job(Duplicate("old-1", "old.mp4"), upto=PREPARED),
        replace(RUNS, video="outbox/old.mp4"),
        "duplicate", "nothing was made and nothing paid: outbox/old.mp4 (job old-1)", None,
    ),
    (
        "duplicate at rest", job(Duplicate("old-1", "old.mp4"), Archived(), upto=PREPARED), RUNS,
        "duplicate", "the same video exists already", None,
    ),
    (
        "failed",
        job(Failing(Effect.PREPARE, FaultKind.REFUSED, "shot.toml:3: bad"), upto=1), RUNS,
        "failed", "no video was made: shot.toml:3: bad", None,
    ),
    (
        "cancelled", job(Cancelling("cancelled by a person (shell)"), Archived(), upto=1), RUNS,
        "cancelled", "it was given up: cancelled by a person (shell)", None,
    ),
    (
        "returned", job(Cancelling("somebody wrote on", Returned.INBOX)), RUNS,
        "returned", "its files went back to the inbox: somebody wrote on", None,
    ),
    (
        "held by a cap", job(Held("budget", "per_day allows 16 credits", NOW + 9), upto=3), RUNS,
        "budget", "it is held: per_day allows 16 credits", NOW + 9,
    ),
    (
        "held for a person", job(Held("in_doubt", "not known"), upto=SUBMITTING), Facts(NOW),
        "in_doubt", "it is held: not known", None,
    ),
    (
        "a hold that ran out", job(Held("budget", "full", NOW - 9), upto=3), RUNS,
        "soon", "it goes on in a moment", None,
    ),
    (
        "no daemon", job(upto=CLAIMED), Facts(NOW),
        "stopped", "no daemon runs; next is reading the wish", None,
    ),
    (
        "no daemon after a failed try", job(BUSY, upto=PREPARED), Facts(NOW),
        "stopped", "the last try failed: rivya: too many requests; next is uploading", None,
    ),
    (
        "no daemon and paid", job(upto=RUNNING), Facts(NOW),
        "stopped", "asking how the task stands. It is paid, and results perish", None,
    ),
    (
        "driven", job(BUSY, upto=PREPARED), replace(RUNS, doing="stage"),
        "doing", "right now: uploading the picture", None,
    ),
    (
        "twin", job(Deferred(Effect.STAGE, FaultKind.LOCAL, "twin", NOW + 3), upto=PREPARED),
        replace(RUNS, twin="old-1"),
        "twin", "job old-1 is making the same video; this one waits for it", NOW + 3,
    ),
    (
        "retry", job(BUSY, upto=PREPARED), RUNS,
        "retry", "uploading the picture failed: rivya: too many requests", NOW + 5,
    ),
    (
        "retry again", job(BUSY, BUSY, upto=PREPARED), replace(RUNS, lane=PAUSED),
        "retry", "uploading the picture failed 2 times: rivya", NOW + 5,
    ),
    (
        "unsent", job(UNSENT, upto=SUBMITTING), RUNS,
        "retry", "rivya: no way there", NOW + 7,
    ),
    (
        "turned away", job(Unsent(FaultKind.DENIED, "no credits", NOW + 7), upto=SUBMITTING), RUNS,
        "retry", "the paid call was turned away and nothing is paid: no credits", NOW + 7,
    ),
    (
        "folders away", job(upto=PREPARED), replace(RUNS, closed="the outbox is not there"),
        "folder", "its folders cannot be worked in: the outbox is not there", None,
    ),
    (
        "folders away, but it is paid", job(upto=RUNNING), replace(RUNS, closed="the outbox"),
        "making", "rivya is making it", None,
    ),
    (
        "lane paused", job(upto=PREPARED), replace(RUNS, lane=PAUSED),
        "lane", "rivya takes nothing for now: rivya: the key is not valid", NOW + 60,
    ),
    (
        "lane paused, but it is paid", job(upto=RUNNING), replace(RUNS, lane=PAUSED),
        "making", "rivya is making it (task task-1)", None,
    ),
    (
        "in doubt", job(upto=SUBMITTING), RUNS,
        "doubt", "nothing is paid again meanwhile", None,
    ),
    (
        "no seat", job(upto=PREPARED), replace(RUNS, lane=FULL),
        "turn", "it waits for its turn: rivya has 3 of 3 in work", None,
    ),
    (
        "others first", job(upto=PREPARED), replace(RUNS, lane=replace(FULL, in_work=2), ahead=4),
        "turn", "rivya has 2 of 3 in work, and 4 go first", None,
    ),
    (
        "just claimed", job(), replace(RUNS, lane=FULL),
        "soon", "next is taking its files out of the inbox", None,
    ),
)  # fmt: skip


@pytest.mark.parametrize(("of", "facts", "code", "said", "until"), [row[1:] for row in TABLE],
                         ids=[row[0] for row in TABLE])  # fmt: skip
def test_each_answer(of: Job, facts: Facts, code: str, said: str, until: float | None) -> None:
    """The first rule of the table that knows an answer gives it."""
    found = why.why(of, facts)

    assert (found.code, found.until) == (code, until)
    assert said in found.said


@pytest.mark.parametrize("upto", range(10))
def test_every_working_state_has_an_answer(upto: int) -> None:
    """Whatever else is known."""
    for facts in (RUNS, Facts(NOW), replace(RUNS, lane=PAUSED), replace(RUNS, doing="poll")):
        assert why.why(job(upto=upto), facts).said


@pytest.mark.parametrize(
    ("of", "facts", "cure"),
    [
        (TABLE[3], RUNS, "again = true"),
        (TABLE[5], RUNS, "move the files back to the inbox"),
        (TABLE[9], RUNS, "seedance-watch adopt shot-1 TASK_ID"),
        (TABLE[11], Facts(NOW), "seedance-watch run"),
        (TABLE[16], RUNS, "seedance-watch release shot-1"),
    ],
)
def test_an_answer_says_what_to_do(of: tuple[object, Job], facts: Facts, cure: str) -> None:
    """Where there is anything to do."""
    assert cure in why.why(of[1], facts).cure


def test_every_step_has_words() -> None:
    """No effect is shown by its name in the code."""
    assert set(Effect) == set(STEPS)


@pytest.mark.parametrize(
    ("waiting", "runs", "expected"),
    [
        (
            waiting.settling("a.png", NOW),
            True,
            Answer("settling", waiting.settling("", NOW).why, NOW),
        ),
        (
            waiting.partner("a.png", "its sidecar a.toml", None),
            True,
            Answer("partner", "it waits for its sidecar a.toml", None,
                   "put the missing file beside it"),
        ),
        (
            waiting.partner("a.png", "its end image b.png", NOW + 9),
            True,
            Answer("partner", "it waits for its end image b.png", NOW + 9,
                   "put the missing file beside it before that; then it is taken as it is"),
        ),
        (
            waiting.ignored("sub/a.toml.txt", "no image"),
            True,
            Answer("ignored", "it is ignored: no image", None,
                   "rename it to a.toml, if it is a sidecar"),
        ),
        (
            waiting.ignored("a.tmp", "*.tmp (unfinished transfer)"),
            False,
            Answer("ignored", "it is ignored: *.tmp (unfinished transfer)", None,
                   "rename it or move it, if it was meant to become a video"),
        ),
        (
            waiting.unreadable("a.png", "Permission denied"),
            True,
            Answer("unreadable", "it cannot be taken: Permission denied", None,
                   "let the daemon's user read it, and write in its folder"),
        ),
        (
            waiting.complete("a.png"),
            True,
            Answer("complete", "it has all it needs and is taken in a moment"),
        ),
        (
            waiting.complete("a.png"),
            False,
            Answer("complete", "it has all it needs, and no daemon runs that could take it", None,
                   "start the daemon: `seedance-watch run`"),
        ),
    ],
    ids=lambda each: getattr(each, "path", None),
)  # fmt: skip
def test_files_that_are_no_jobs(waiting: why.Waiting, runs: bool, expected: Answer) -> None:
    """What stands in the inbox's view, as an answer."""
    assert why.of_file(waiting, runs=runs) == expected


def test_a_file_that_waits_for_others_says_so() -> None:
    """Its own time is over, that of others is not."""
    assert "belong to it" in waiting.settling("a.png", None).why
    assert "it was just written" in waiting.settling("a.png", NOW).why
    assert "cut off" in waiting.settling("a.png", NOW, unfinished=True).why
    assert waiting.busy("a.png").code == "settling"


def test_an_unknown_name_is_told() -> None:
    """With the way to the known ones."""
    assert why.unknown("'nobody'").code == "unknown"
    assert "seedance-watch status" in why.unknown("'nobody'").cure


def test_every_code_is_documented() -> None:
    """docs/COMMANDS.md lists the answers; scripts rely on their codes."""
    root = Path(__file__).parents[2]
    parts = ("why.py", "waiting.py")
    source = "".join((root / "seedance_watch/core" / each).read_text() for each in parts)
    answers = set(re.findall(r'(?:Answer|Waiting)\((?:path, [^\n]*, )?"([a-z_]+)"', source))
    docs = (root / "docs/COMMANDS.md").read_text()

    assert {"lane", "settling", "partner", "watched"} <= answers
    assert [code for code in sorted(answers) if f"`{code}`" not in docs] == []

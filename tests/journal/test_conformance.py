"""What every journal promises; a new one joins with one factory in JOURNALS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from histories import COST, LIFE, Story, claiming

from seedance_watch.core import machine
from seedance_watch.core.errors import FaultKind, JournalError, Stale
from seedance_watch.core.events import (
    Accepted,
    Archived,
    Cancelling,
    Claimed,
    Deferred,
    Effect,
    Held,
    Released,
)
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import Row
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.ports import Journal

Open = Callable[[Path], Awaitable[Journal]]


async def sqlite(folder: Path) -> Journal:
    return await SqliteJournal.open(folder / "state" / "journal.db")


JOURNALS: list[Open] = [sqlite]


@pytest.fixture(params=JOURNALS, ids=lambda each: each.__name__)
async def journal(
    request: pytest.FixtureRequest, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[Journal]:
    journal: Journal = await request.param(tmp_path)
    yield journal
    await journal.close()


async def claimed(journal: Journal, job_id: str, drop: str = "drop", at: float = 1.0) -> Story:
    story = Story.of(job_id)
    await journal.append(*story.next(claiming(drop), at=at))
    return story


async def test_begins_empty(journal: Journal) -> None:
    """A new journal knows no job."""
    assert [] == await journal.working() == await journal.rows() == await journal.siblings("drop")
    assert await journal.history("nobody") == []


async def test_gives_back_what_was_appended(journal: Journal) -> None:
    """A history comes back as it was appended, in order, and folds to the same job."""
    story = Story.of("a")
    records = []
    for event in (claiming(), *LIFE[:-1]):
        added, jobs = story.next(event)
        await journal.append(added, jobs)
        records += added
    assert records == await journal.history("a")
    assert [story.job] == await journal.working()


async def test_records_several_events_of_several_jobs_at_once(journal: Journal) -> None:
    """One append may hold many jobs with many events each."""
    one, two = Story.of("one"), Story.of("two")
    a, b = one.next(claiming(), Claimed()), two.next(claiming(), Claimed(), LIFE[1])
    mixed = [b[0][0], a[0][0], b[0][1], a[0][1], b[0][2]]
    await journal.append(mixed, [*a[1], *b[1]])
    assert a[0] == await journal.history("one")
    assert b[0] == await journal.history("two")


async def test_an_append_of_nothing_is_fine(journal: Journal) -> None:
    """No record is no work."""
    await journal.append([], [])
    assert await journal.rows() == []


async def test_of_two_with_the_same_number_one_is_stale(journal: Journal) -> None:
    """The number is the fencing token: exactly one of two concurrent appends wins."""
    story = await claimed(journal, "a")
    rival = Story(story.job)
    async with asyncio.TaskGroup() as tasks:
        mine = tasks.create_task(outcome(journal, story, Claimed()))
        theirs = tasks.create_task(outcome(journal, rival, Cancelling("no")))
    assert sorted([mine.result(), theirs.result()]) == ["Stale", "recorded"]
    winner = story if mine.result() == "recorded" else rival
    assert [winner.job] == await journal.working()


async def outcome(journal: Journal, story: Story, *events: Claimed | Cancelling) -> str:
    try:
        await journal.append(*story.next(*events))
    except Stale:
        return "Stale"
    return "recorded"


async def test_a_second_claim_of_the_same_job_is_stale(journal: Journal) -> None:
    """The first event has a number too."""
    story = await claimed(journal, "a")
    with pytest.raises(Stale):
        await claimed(journal, "a", drop="other")
    assert [story.job] == await journal.working()


async def test_a_number_is_never_left_out(journal: Journal) -> None:
    """An append behind a gap is stale, because such a history could not be folded."""
    story = await claimed(journal, "a")
    story.next(Claimed())  # never appended
    with pytest.raises(Stale):
        await journal.append(*story.next(LIFE[1]))
    unknown = Story(replace(story.job, id="unknown"))
    with pytest.raises(Stale):
        await journal.append(*unknown.next(LIFE[2]))
    assert len(await journal.history("a")) == 1
    assert await journal.history("unknown") == []


async def test_a_stale_job_takes_its_whole_append_with_it(journal: Journal) -> None:
    """All or none: the other jobs of a stale append are left as they were."""
    old, other = await claimed(journal, "old"), await claimed(journal, "other")
    rival = Story(old.job)
    await journal.append(*rival.next(Claimed()))
    late, fresh, new = old.next(Claimed()), other.next(Claimed()), Story.of("new").next(claiming())
    with pytest.raises(Stale):
        await journal.append([*new[0], *fresh[0], *late[0]], [*new[1], *fresh[1], *late[1]])
    assert len(await journal.history("other")) == 1
    assert {"old", "other"} == {row.job_id for row in await journal.rows()}


async def test_a_stale_append_does_not_fail_its_neighbours(journal: Journal) -> None:
    """Appends that happen at the same time are each judged alone."""
    stories = [await claimed(journal, f"job{n}") for n in range(20)]
    rivals = [Story(story.job) for story in stories[::3]]
    async with asyncio.TaskGroup() as tasks:
        all_ = [tasks.create_task(outcome(journal, s, Claimed())) for s in [*stories, *rivals]]
    assert ["recorded"] * 20 + ["Stale"] * len(rivals) == [each.result() for each in all_]


async def test_records_that_do_not_fit_their_jobs_are_refused(journal: Journal) -> None:
    """A bug of ours is found before anything is recorded."""
    records, jobs = Story.of("a").next(claiming(), Claimed())
    for wrong in ((records[:1], jobs), (records[1:], []), (records, jobs * 2), ([], jobs)):
        with pytest.raises(ValueError, match=r"job|append"):
            await journal.append(*wrong)
    assert await journal.rows() == []


async def test_working_keeps_the_order_of_claims(journal: Journal) -> None:
    """Jobs come back in the order they were claimed, whatever their names and times."""
    stories = [Story.of(name) for name in ("z", "a", "m")]
    for story in stories:
        await journal.append(*story.next(claiming(), at=5.0))
    await journal.append(*stories[0].next(Claimed()))
    assert [job.id for job in await journal.working()] == ["z", "a", "m"]


async def test_working_leaves_out_what_rests(journal: Journal) -> None:
    """A job at rest costs a start nothing."""
    story = await claimed(journal, "done")
    await journal.append(*story.next(*LIFE))
    other = await claimed(journal, "open")
    assert [other.job] == await journal.working()
    assert [row.job_id for row in await journal.rows(at_rest=True)] == ["done"]
    assert [row.job_id for row in await journal.rows(at_rest=False)] == ["open"]


async def test_a_row_shows_its_job(journal: Journal) -> None:
    """The row is the fold in short."""
    story = await claimed(journal, "a", drop="d", at=7.0)
    assert [
        Row(
            "a", "d", "studio", "harbour/shot", State.CLAIMING, "", "", "", None, None, "", 7, 7, 1
        )
    ] == await journal.rows()
    await journal.append(*story.next(*LIFE[:2]))
    await journal.append(*story.next(Deferred(Effect.STAGE, FaultKind.BUSY, "later", 99.0)))
    (row,) = await journal.rows()
    shown = (
        row.state, row.provider, row.model, row.cost, row.wake_at, row.reason,
        row.created_at, row.changed_at, row.seq,
    )  # fmt: skip
    model = "seedance-1-0-lite"
    assert shown == (State.PREPARED, "rivya", model, COST, 99.0, "later", 7.0, 10.0, 4)


async def test_a_row_shows_a_hold_until_it_is_over(journal: Journal) -> None:
    """Code, reason and time of a hold stand in the row, and go with it."""
    story = await claimed(journal, "a")
    await journal.append(*story.next(Held("budget", "the month is spent", 500.0)))
    (row,) = await journal.rows()
    assert (row.held, row.reason, row.wake_at) == ("budget", "the month is spent", 500.0)
    await journal.append(*story.next(Released("person")))
    (row,) = await journal.rows()
    assert (row.held, row.reason, row.wake_at) == ("", "", None)


async def test_a_row_shows_why_a_job_ended(journal: Journal) -> None:
    """The reason stays when the job is at rest."""
    story = await claimed(journal, "a")
    await journal.append(*story.next(Cancelling("the files changed"), Archived()))
    (row,) = await journal.rows()
    assert (row.state, row.reason) == (State.CANCELLED, "the files changed")


async def test_a_row_shows_what_was_really_charged(journal: Journal) -> None:
    """The provider's word on the cost replaces the reservation."""
    story = await claimed(journal, "a")
    charged = Money(COST.amount * 2, "credits")
    await journal.append(*story.next(*LIFE[:5], replace(LIFE[5], cost=charged)))  # type: ignore[arg-type]
    (row,) = await journal.rows()
    assert charged == row.cost


async def test_rows_come_latest_first_and_no_more_than_asked(journal: Journal) -> None:
    """The last changed is first; of equal times the last claimed."""
    for n, at in enumerate((3.0, 9.0, 9.0, 1.0)):
        await claimed(journal, f"job{n}", at=at)
    assert [row.job_id for row in await journal.rows()] == ["job2", "job1", "job0", "job3"]
    assert [row.job_id for row in await journal.rows(limit=2)] == ["job2", "job1"]


async def test_siblings_share_a_drop(journal: Journal) -> None:
    """All takes of a drop are found, at rest or not, and nobody else."""
    stories = [Story.of(f"d.{take}") for take in (1, 2)]
    for take, story in enumerate(stories, 1):
        await journal.append(*story.next(claiming("d", take=take, takes=2)))
    await claimed(journal, "e", drop="e")
    await journal.append(*stories[0].next(Cancelling("no"), Archived()))
    assert [(row.job_id, row.state) for row in await journal.siblings("d")] == [
        ("d.1", State.CANCELLED),
        ("d.2", State.CLAIMING),
    ]


async def test_a_task_has_one_job(journal: Journal) -> None:
    """Whose task it is, is found however long ago; a part of a name is not the name."""
    story = await claimed(journal, "a")
    for event in LIFE:
        await journal.append(*story.next(event))
    task_id = next(each.task_id for each in LIFE if isinstance(each, Accepted))
    assert await journal.taker(task_id, "b") == "a"
    assert await journal.taker(task_id, "a") == ""
    assert await journal.taker(task_id[:-1], "b") == await journal.taker("%", "b") == ""


async def test_names_that_are_no_unicode_survive(journal: Journal) -> None:
    """Undecodable bytes of file names, NULs and the escape itself come back as they were."""
    odd = "a\udcff\ud800b\0\ufdd0dcff"
    story = Story.of(f"job-{odd}")
    claim = replace(claiming(odd), stem=odd, folder="")
    await journal.append(*story.next(claim, Held("x", odd)))
    assert [story.job] == await journal.working()
    assert claim == (await journal.history(story.job.id))[0].event
    (row,) = await journal.siblings(odd)
    assert (story.job.id, odd) == (row.job_id, row.drop_id)


async def test_a_row_can_be_shown_whatever_the_name(journal: Journal) -> None:
    """What a row says to people is text that every terminal takes."""
    story = Story.of("a")
    claim = replace(claiming(), stem="a\udcff\0b", folder="", watch="w\udcfe")
    await journal.append(*story.next(claim, Held("x", "why \udcfd")))
    (row,) = await journal.rows()
    assert (row.watch, row.label, row.reason) == ("w\\udcfe", "a\\udcff\\x00b", "why \\udcfd")


@pytest.mark.parametrize("opened", JOURNALS, ids=lambda each: each.__name__)
async def test_everything_is_there_after_opening_anew(opened: Open, tmp_path: Path) -> None:
    """Jobs, histories and rows outlive the process."""
    first = await opened(tmp_path)
    story, done = Story.of("a"), Story.of("b")
    records, jobs = story.next(claiming(), *LIFE[:4])
    await first.append(records, jobs)
    await first.append(*done.next(claiming(), *LIFE))
    rows = await first.rows()
    await first.close()
    second = await opened(tmp_path)
    assert [story.job] == await second.working()
    assert records == await second.history("a")
    assert rows == await second.rows()
    await second.close()


async def test_many_jobs_at_once_keep_their_own_histories(journal: Journal) -> None:
    """Concurrent jobs do not mix, and each one's events stay in order."""

    async def live(story: Story) -> None:
        for event in (claiming(), *LIFE):
            await journal.append(*story.next(event))

    stories = [Story.of(f"job{n}") for n in range(30)]
    async with asyncio.TaskGroup() as tasks:
        for story in stories:
            tasks.create_task(live(story))
    for story in stories:
        assert story.job == machine.fold(story.job.id, await journal.history(story.job.id))


async def test_nothing_is_recorded_after_close(journal: Journal) -> None:
    """A closed journal refuses; closing twice is fine."""
    story = await claimed(journal, "a")
    await journal.close()
    await journal.close()
    with pytest.raises(JournalError, match="closed"):
        await journal.append(*story.next(Claimed()))

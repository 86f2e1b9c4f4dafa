"""Who waits for another shot's video looks again whenever that could change the answer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from histories import CLIP, SPEC, Story
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedance_watch.core import chain
from seedance_watch.core.chain import Start, Waits
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Accepted,
    Archived,
    Cancelling,
    Claimed,
    Claiming,
    Effect,
    Event,
    Failing,
    Fetched,
    Held,
    Intended,
    Placed,
    Placing,
    Prepared,
    Ready,
    Record,
    Released,
    Returned,
    Staged,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.engine.chains import Chains, changed
from seedance_watch.journal.rows import row_of

NOW = 10_000.0
MADE = (
    *(Prepared(SPEC), Staged(), Intended(1, "k", "u", b"", "m", SPEC.cost, 1.0)),
    *(Accepted("t"), Ready("u"), Fetched(CLIP), Placing("a.mp4", "")),
)
WAYS: dict[str, tuple[tuple[Event, ...], ...]] = {
    "made": ((*MADE, Placed()), (Archived(),)),
    "failed": ((Failing(Effect.PREPARE, FaultKind.REFUSED, "no"),), (Archived(),)),
    "given up": ((Cancelling("no"),), (Archived(),)),
    "returned": ((Cancelling("late", Returned.INBOX),), (Archived(),)),
}


@dataclass
class World:
    """All jobs in memory, in the place of journal and folders, and those who listen."""

    stories: list[Story] = field(default_factory=list)
    records: dict[str, list[Record]] = field(default_factory=dict)
    chains: Chains = field(init=False)
    meanwhile: Callable[[], None] = field(default=lambda: None)

    def __post_init__(self) -> None:
        self.kept = _Kept(self)
        self.chains = Chains(self.kept, self.kept)  # type: ignore[arg-type]

    def add(self, story: Story, *events: Event) -> None:
        """Let something happen to a job."""
        for event in events:
            before = story.job
            records, _ = story.next(event)
            self.records.setdefault(before.id, []).extend(records)
            self.chains.heard(before, story.job)

    def drop(self, name: str, start: str) -> None:
        """Claim a new job."""
        story = Story.of(f"{name}-{len(self.stories)}")
        self.stories.append(story)
        claim = Claiming(story.job.id, 1, 1, "w", "", name, (), "k" * 32, start_from=start)
        self.add(story, claim, Claimed())

    def story(self, job_id: str) -> Story:
        return next(each for each in self.stories if each.job.id == job_id)

    @property
    def waiting(self) -> list[Job]:
        return [s.job for s in self.stories if _waits(s.job)]


class _Kept:
    """What is asked of a journal and of folders."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def named(self, _watch: str, labels: Sequence[str]) -> list[Row]:
        rows = [row_of(story.job) for story in reversed(self._world.stories)]
        return [row for row in rows if row.label in labels]

    async def history(self, job_id: str) -> list[Record]:
        return self._world.records[job_id]

    def lying(self, _job: Job) -> str:
        act, self._world.meanwhile = self._world.meanwhile, lambda: None
        act()
        return ""

    def video(self, *_: Any) -> Path:
        return Path("a.mp4")


def _waits(job: Job) -> bool:
    return job.state is State.CLAIMED and bool(job.claim.start_from)


# What is dropped, and from what it starts; or the number of an open job, and what becomes of it.
DROPS = st.tuples(st.sampled_from("abc"), st.sampled_from(["", "a", "b", "c"]))
ENDS = st.tuples(st.integers(0, 9), st.sampled_from(sorted(WAYS)))


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.one_of(DROPS, ENDS), max_size=25))
@example(steps=[("a", "b"), ("b", "c"), ("c", "a")])
def test_nobody_misses_what_he_waits_for(steps: list[tuple[str | int, str]]) -> None:
    """After each event: whoever was not stirred would see what he saw when he looked last."""
    asyncio.run(_lived(steps))


async def _lived(steps: list[tuple[str | int, str]]) -> None:
    world, seen = World(), dict[str, object]()
    for what, how in steps:
        world.drop(what, how) if isinstance(what, str) else _end(world, what, how)
        for job_id in world.chains.take(()):
            seen.pop(job_id, None)
        for job in world.waiting:
            found = await world.chains.look(job, NOW)
            assert seen.setdefault(job.id, found) == found, job.id
            if isinstance(found, Held) and job.hold != found:
                world.add(world.story(job.id), found)


def _end(world: World, number: int, way: str) -> None:
    """Let something become of an open job."""
    open_ones = [each for each in world.stories if each.job.state not in chain.ENDED]
    story = open_ones[number % len(open_ones)] if open_ones else None
    if story and (way != "made" or not _waits(story.job)):
        for events in WAYS[way]:
            world.add(story, *events)


def made(world: World, story: Story) -> None:
    for events in WAYS["made"]:
        world.add(story, *events)


async def test_a_shot_that_comes_while_another_looks_is_seen() -> None:
    """The video of the one before would be the wrong one, and be paid for."""
    world = World()
    world.drop("a", "")
    made(world, world.stories[0])
    world.drop("b", "a")
    world.meanwhile = partial(world.drop, "a", "")

    assert await world.chains.look(world.stories[1].job, NOW) == Waits(on="a-2")


async def test_an_older_shot_closes_no_ring() -> None:
    """After a start, too, the newest shot of a name counts, which may be over by then."""
    world = World()
    world.drop("a", "b")
    world.drop("b", "a")
    world.drop("b", "")
    made(world, world.stories[2])
    world.chains = Chains(world.kept, world.kept)  # type: ignore[arg-type]
    for story in world.stories[:2]:
        world.chains.loaded(story.job)

    assert await world.chains.look(world.stories[0].job, NOW) == Start("b-2", "a.mp4")


HELD = Held(chain.BROKEN, "it starts from a, and that has no video")


@pytest.mark.parametrize(
    ("found", "events"),
    [
        (HELD, ()),
        (Held(chain.MISSING, "other"), (Held(chain.MISSING, "other"),)),
        (Waits("a-1"), (Released("chain"),)),
        (Start("a-1", "a.mp4"), (Released("chain"),)),
        (None, (Released("chain"),)),
    ],
)
def test_a_hold_changes_where_the_answer_does(found: Any, events: tuple[Event, ...]) -> None:
    """Or every start would record something; one that cannot look will before it goes on."""
    job = Job("b-1", State.CLAIMED, hold=HELD)
    person = Job("b-1", State.CLAIMED, hold=Held("by_person", "no"))

    assert changed(job, job, found) == events
    assert changed(person, job, found) == ()

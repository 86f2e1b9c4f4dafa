"""A single run ends when only somebody's act can help, and not before."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import studios

from seedance_watch.app.build import build, make_folders
from seedance_watch.config.load import load
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import (
    Accepted,
    Claiming,
    Deferred,
    Effect,
    Held,
    Prepared,
    Record,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, State
from seedance_watch.engine.grounds import Grounds
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.standstill import Standstill
from seedance_watch.sandbox.server import Sandbox

K, S = FaultKind, State
NOW = 1000.0


def job(name: str, state: State = S.STAGED, *, wish: str = "") -> Job:
    claim = Claiming(name, 1, 1, "main", "", name, (), "0" * 32)
    spec = JobSpec("rivya", "model", "a cat", {}, {}, Money(Decimal(1), "credits"))
    return Job(name, state, claiming=claim, prepared=Prepared(spec, fingerprint=wish))


def deferred(found: Job, kind: FaultKind) -> Job:
    last = Deferred(Effect.STAGE, kind, f"it is {kind}", NOW + 5)
    return replace(found, deferred=last, wake_at=last.until)


def lanes(*kinds: FaultKind) -> Lanes:
    """Close a lane for one reason after the other."""
    made = Lanes({"rivya": 4}, lambda: 0.0)
    for number, kind in enumerate(kinds):
        fault = Fault(kind, f"why {number}")
        made.heard("rivya", Effect.SUBMIT, fault=fault, now=NOW + 1000 * number)
    return made


def reasons(made: Lanes, *jobs: Job) -> dict[str, str]:
    return dict(Standstill(made).reasons(jobs))


@pytest.mark.parametrize(
    ("kinds", "stuck"),
    [
        ((), False),
        ((K.DENIED,), False),
        ((K.DENIED, K.DENIED), True),
        ((K.RETURNED, K.RETURNED), True),
        ((K.BUSY, K.DENIED), False),
        ((K.BUSY, K.BUSY, K.BUSY), False),
        ((K.UNREACHED,) * 5, False),
        ((K.DENIED, K.UNREACHED), False),
    ],
)
def test_a_provider_that_turned_all_away_twice_is_waited_for_no_more(
    kinds: tuple[FaultKind, ...], stuck: bool
) -> None:
    """Once may pass, and so does being throttled or out of reach."""
    found = reasons(lanes(*kinds), job("a"), job("b", S.PREPARED))
    assert found == ({"a": f"why {len(kinds) - 1}", "b": f"why {len(kinds) - 1}"} if stuck else {})


def test_what_the_provider_has_in_work_is_waited_for() -> None:
    """That it takes nothing new says nothing about what it took."""
    made = lanes(K.DENIED, K.DENIED)
    for state in (S.SUBMITTING, S.RUNNING, S.READY, S.FETCHED, S.CLAIMED):
        assert reasons(made, job("a", state)) == {}


def test_a_task_that_may_not_be_asked_for_twice_is_waited_for_no_more() -> None:
    """Since this start: what was recorded before may have been mended."""
    made = Standstill(lanes())
    turned_away, busy = deferred(job("a", S.RUNNING), K.DENIED), deferred(job("a"), K.BUSY)
    for _ in range(2):
        assert made.reasons([turned_away]) == {}
        heard(made, turned_away)
    assert made.reasons([turned_away]) == {"a": "it is denied"}
    heard(made, busy)
    heard(made, turned_away)
    assert made.reasons([turned_away]) == {}


def heard(made: Standstill, found: Job) -> None:
    assert found.deferred
    made.heard(found, Record(found.id, 1, NOW, found.deferred))


def test_a_hold_says_why() -> None:
    """Whether it is a person or a time that lets it go."""
    assert reasons(lanes(), replace(job("a"), hold=Held("gone", "look"))) == {"a": "look"}


def test_a_folder_that_is_away_is_waited_for_by_what_is_paid() -> None:
    """Nothing else can be lost: it is there at the next run as well."""
    made = Standstill(lanes())
    made.grounds = Grounds({"main": Away()})
    assert made.reasons([job("a", S.CLAIMED), job("b"), job("c", S.READY)]) == {
        "a": "the outbox is away", "b": "the outbox is away",
    }  # fmt: skip


class Away:
    """Folders of which one is not there."""

    frozen = low = False
    closed = "the outbox is away"

    def open(self, *_needs: str) -> bool:
        return False

    def doubt(self) -> None: ...

    async def enter(self) -> None: ...

    async def run(self, changed: Callable[[], None]) -> None: ...

    async def leave(self) -> None: ...


def test_who_waits_for_an_equal_video_waits_as_long_as_that() -> None:
    """Only when the other one is stuck, and only for that one."""
    stuck = replace(job("a", S.SUBMITTING, wish="x"), hold=Held("in_doubt", "look"))
    waits = deferred(job("b", wish="x"), K.LOCAL)
    assert reasons(lanes(), stuck, waits) == {"a": "look", "b": "it is local"}
    assert reasons(lanes(), replace(stuck, hold=None), waits) == {}
    assert reasons(lanes(), stuck, deferred(job("b", wish="y"), K.LOCAL)) == {"a": "look"}
    assert reasons(lanes(), stuck, job("b", wish="x")) == {"a": "look"}


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


async def left(studio: studios.Studio, cut: Callable[[Record], bool] = lambda _: False) -> str:
    """Run once; give what is left and why, in one text.

    Args:
        studio: Where.
        cut: Whether to end in the middle after an event.
    """
    settings, stop = load(studio.config), asyncio.Event()
    make_folders(settings)

    def heard(_before: Job, _after: Job, record: Record) -> None:
        if cut(record):
            stop.set()

    built = await build(settings, stop=stop, listeners=(heard,), apart=False)
    try:
        async with asyncio.timeout(30):
            await built.daemon.run_once()
    finally:
        await built.close()
    return "\n".join(f"{job.claim.stem}: {why}" for job, why in built.daemon.waiting())


@pytest.mark.parametrize("sidecar", ["", 'text_only = true\nmodel = "seedance-1-5-pro"\n'])
async def test_without_a_key_a_single_run_ends_and_says_so(
    studio: studios.Studio, sandbox: Sandbox, sidecar: str
) -> None:
    """Nothing is sent, no intent is left behind; with the key the next run makes all."""
    key = (studio.folder / "rivya.key").read_text()
    (studio.folder / "rivya.key").unlink()
    for name in ("a", "b"):
        images = () if sidecar else ("{}.png",)
        studio.drop(f'prompt = "waves at {name}"\n{sidecar}', name=name, images=images)

    said = await left(studio)

    assert [line.split(":")[0] for line in said.splitlines()] == ["a", "b"]
    assert said.count("rivya.key") == 2
    assert sandbox.calls() == []
    (studio.folder / "rivya.key").write_text(key)
    assert await left(studio) == ""
    assert len(sandbox.ledger("charge")) == 2


@pytest.mark.parametrize("answer", ["refused", "task"])
async def test_without_credits_a_single_run_ends_and_says_so(
    studio: studios.Studio, sandbox: Sandbox, answer: str
) -> None:
    """Whether the service takes nothing, or takes it and gives it back unpaid."""
    more = {"rivya_no_credits": "task"} if answer == "task" else {}
    sandbox.turn(rivya_credits=0, **more)
    studio.drop('prompt = "waves"\n')

    assert "top up the account" in await left(studio)
    assert sandbox.ledger("charge") == []


async def test_a_moment_without_credits_is_survived(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The first probe goes through."""
    sandbox.fault("answer", "rivya.create", status=402)
    studio.drop('prompt = "waves"\n')
    assert await left(studio) == ""
    assert len(sandbox.ledger("charge")) == 1


@pytest.mark.parametrize("provider", ["rivya", "segmind"])
@pytest.mark.parametrize("lost", [True, False], ids=["doubt", "task"])
async def test_what_is_paid_and_cannot_be_asked_for_is_left_for_the_next_run(
    studio: studios.Studio, sandbox: Sandbox, provider: str, lost: bool
) -> None:
    """Without the key neither doubt nor task is settled; nothing of it is given up."""
    paid = {"rivya": "rivya.create", "segmind": "segmind.submit"}[provider]
    key = studio.folder / f"{provider}.key"
    text = key.read_text()
    if lost:
        sandbox.fault("reset_after", paid)
    else:
        sandbox.fault("slow_task", paid, seconds=1.0)
    studio.drop(f'prompt = "waves"\nprovider = "{provider}"\n')
    await left(studio, lambda record: isinstance(record.event, Accepted | Deferred))
    key.unlink()

    assert "key" in await left(studio)
    assert studio.rows()[0].state is (S.SUBMITTING if lost else S.RUNNING)

    key.write_text(text)
    assert await left(studio) == ""
    assert len(sandbox.ledger("charge")) == 1


async def test_an_equal_drop_does_not_keep_a_single_run_from_ending(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """It waits for the one in doubt, and that one for a person."""
    sandbox.turn(segmind_history_delay_s=1e6)
    sandbox.fault("reset_after", "segmind.submit")
    for name in ("a", "b"):
        studio.drop('prompt = "waves"\nprovider = "segmind"\nseed = 5\n', name=name)

    said = await left(studio)

    assert "it is not known whether" in said
    assert "making the same video" in said
    assert len(sandbox.ledger("charge")) == 1


def test_who_starts_from_one_that_does_not_go_on_does_not_either() -> None:
    """Along the whole chain; one whose start goes on is waited for."""
    held = replace(job("a"), hold=Held("by_person", "held by a person"))
    chain = [replace(job(name, S.CLAIMED), prepared=None) for name in "bcd"]
    links = {"b": "a", "c": "b", "d": "x", "e": "f"}
    made = Standstill(lanes(), links=lambda: links)

    found = made.reasons([held, *chain, job("e", S.CLAIMED), job("f", S.RUNNING)])

    assert found.keys() == {"a", "b", "c", "d"}
    assert found["c"].endswith("(job b), which does not go on")

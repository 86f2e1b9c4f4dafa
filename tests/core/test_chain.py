"""Chained shots: what their sidecars may say, and when they go on."""

import random
from dataclasses import replace

import pytest
from histories import CLIP
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core import chain
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.chain import Video
from seedance_watch.core.errors import FaultKind, SidecarError
from seedance_watch.core.events import (
    Cancelling,
    Claiming,
    Effect,
    Failing,
    Fetched,
    Held,
    Placing,
    Returned,
)
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, State
from seedance_watch.core.pairing import Glance
from seedance_watch.core.sidecar import Layer, glance, own_layer, parse, receipt_keys, wish
from seedance_watch.journal.rows import row_of

WATCH = Layer("configuration", "c.toml", {"provider": "rivya", "model": "seedance-1-0-lite"})
START = 'prompt = "p"\nstart_from = "shot01"'


def wished(text: str, *beneath: Layer, images: int = 0, stem: str = "shot02") -> JobSpec:
    own = own_layer(parse(text, file="shot02.toml"))
    layers = [own, *beneath, WATCH]
    return wish(layers, catalogue=CATALOGUE, key="k", images=images, has_end=True, stem=stem)


def test_a_shot_may_go_on_from_another_one() -> None:
    """It brings its own first image, whatever the folder's defaults say of drops without one."""
    calm = Layer("_defaults.toml", "_defaults.toml", {"text_only": True})
    spec = wished(f'{START}\nend_image = "e.png"', calm)

    assert (spec.start_from, spec.text_only) == ("shot01", False)
    assert receipt_keys(spec)["start_from"] == "shot01"


MISTAKES = {
    '"shot02"': "names the shot itself; name the shot that comes before it",
    '"shot02_take2"': "names the shot itself; name the shot that comes before it",
    '"shot01.png"': '"shot01.png" is the name of a file; write it without .png',
    '"../shot01"': (
        '"../shot01" is not the name of a shot; write the name of a shot of the same folder '
        'alone, such as "shot01"'
    ),
    '""': (
        '"" is not the name of a shot; write the name of a shot of the same folder '
        'alone, such as "shot01"'
    ),
    '"shot01"\ntext_only = true': "cannot be used with text_only = true; keep one of the two",
}


@pytest.mark.parametrize(("value", "message"), MISTAKES.items())
def test_a_mistaken_start_is_explained(value: str, message: str) -> None:
    """A shot is named by its plain name, which is neither its own nor a path nor a file's."""
    with pytest.raises(SidecarError) as error:
        wished(f'prompt = "p"\nstart_from = {value}')

    assert f"start_from: {message}" in str(error.value)


def test_an_image_beside_a_chained_shot_is_a_mistake() -> None:
    """Two first images would leave it open which one is meant."""
    with pytest.raises(SidecarError, match="brings the first image itself"):
        wished(START, images=1)


def test_defaults_cannot_chain() -> None:
    """What one shot goes on from is said in its own sidecar."""
    with pytest.raises(SidecarError, match="start_from: belongs to one shot"):
        wished('prompt = "p"', Layer("d", "_defaults.toml", {"start_from": "shot01"}))


@pytest.mark.parametrize("key", ["from", "continue_from", "chain", "start_shot"])
def test_near_misses_are_led_to_it(key: str) -> None:
    """Other words for it are understood, and answered."""
    with pytest.raises(SidecarError, match=r"did you mean start_from\?"):
        wished(f'prompt = "p"\n{key} = "shot01"', images=1)


def test_pairing_sees_a_sound_start_only() -> None:
    """What cannot be the name of a shot is nothing to wait for."""
    assert glance(START) == Glance(start_from="shot01")
    assert glance('start_from = "a/b"') == glance("start_from = 1") == Glance()
    assert glance("", defaults=[{"start_from": "shot01"}]) == Glance()


def test_a_name_may_mean_a_take() -> None:
    """A shot's name means its first take; the name of another take's video means that take."""
    assert chain.meanings("shot01") == (("shot01", 1),)
    assert chain.meanings("a_take2") == (("a_take2", 1), ("a", 2))
    assert chain.names_itself("e\u0301", "\u00e9")


# Judging

AT = 1_000.0
LATER = AT + 2 * chain.PATIENCE_S


def job(name: str, start: str = "", state: State = State.CLAIMED, at: float = AT) -> Job:
    """Give a job; one past FETCHED has its video."""
    claiming = Claiming(f"{name}-1", 1, 1, "studio", "", name, (), "k" * 32, start_from=start)
    made = {"placing": Placing(f"{name}.mp4", ""), "fetched": Fetched(CLIP)}
    more = made if state in {State.PLACED, State.DONE} else {}
    since = {State.CLAIMING: at, state: at}
    return Job(f"{name}-1", state, at=at, since=since, claiming=claiming, **more)


def verdict(start: Job | None, **more: object) -> object:
    given = {"now": LATER, **more}
    shot = chain.shot_of(start) if start else None
    return chain.judge(job("b", "a"), shot, **given)  # type: ignore[arg-type]


def test_a_video_that_is_placed_is_gone_on_from() -> None:
    """It need not be at rest, and its originals not be put away."""
    for state in (State.PLACED, State.DONE):
        assert verdict(job("a", state=state, at=AT + 1)) == Video("a-1", "studio", "a.mp4", CLIP)


@pytest.mark.parametrize("state", sorted(set(State) - chain.ENDED - {State.NEW}))
def test_a_shot_under_way_is_waited_for(state: State) -> None:
    """Without end, and without looking again and again."""
    assert verdict(job("a", state=state)) == chain.Waits(on="a-1")


def test_a_shot_without_a_video_breaks_the_chain() -> None:
    """Its reason is told, and how it is tried again."""
    failing = Failing(Effect.POLL, FaultKind.REFUSED, "no faces")
    failed = replace(job("a", state=State.FAILED, at=AT + 1), failing=failing)
    found = verdict(failed)

    assert isinstance(found, Held)
    assert found.code == chain.BROKEN
    assert "no faces" in found.reason
    assert "`seedance-watch retry a-1`" in found.reason


def test_a_shot_that_is_not_there_is_waited_for_a_minute() -> None:
    """Files of one storyboard come one after the other; then a person is told."""
    soon = AT + chain.PATIENCE_S
    returned = Cancelling("the files changed", Returned.INBOX)
    gone = replace(job("a", state=State.CANCELLED), cancelling=returned)

    assert verdict(None, now=AT) == verdict(gone, now=AT) == chain.Waits(until=soon)
    assert getattr(verdict(None, now=soon), "code", "") == chain.MISSING
    assert getattr(verdict(None, now=AT - 1), "code", "") == chain.MISSING, "the clock went back"


def test_an_older_video_is_taken_when_no_newer_shot_comes() -> None:
    """A storyboard may be dropped once more under the same names, in any order."""
    old = job("a", state=State.DONE, at=AT - 1)

    assert verdict(old, now=AT) == chain.Waits(until=AT + chain.SETTLING_S)
    assert isinstance(verdict(old, now=AT + chain.SETTLING_S), Video)
    assert getattr(verdict(old, lying="a.png"), "code", "") == chain.MISSING


def test_a_duplicates_video_is_the_one_that_it_points_to() -> None:
    """It has none of its own."""
    twin = job("x", state=State.DONE)
    found = chain.shot_of(replace(job("a", state=State.DONE), placing=None), twin)

    assert found
    assert found.video == Video("x-1", "studio", "x.mp4", CLIP)


@pytest.mark.parametrize("folder", ["", "scene 1", "e\u0301", "\udcff"])
@pytest.mark.parametrize("stem", ["\u00e9", "e\u0301"])
def test_a_shot_is_found_however_its_name_is_spelled(folder: str, stem: str) -> None:
    """Macs compose letters differently; folders may have any bytes for a name."""
    claim = replace(job("b", "\u00e9").claim, folder=folder)
    start = job(stem, state=State.RUNNING)
    row = row_of(replace(start, claiming=replace(start.claim, folder=folder)))

    assert row.label in chain.labels(claim)
    assert list(chain.meant(claim, [row])) == [row]
    assert not list(chain.meant(replace(claim, folder="other"), [row]))


SHOTS = "abcdef"
BOARDS = st.fixed_dictionaries({name: st.sampled_from(["", *SHOTS, "?"]) for name in SHOTS})


@given(board=BOARDS, order=st.permutations(SHOTS), looks=st.randoms(use_true_random=False))
def test_every_storyboard_ends(
    board: dict[str, str], order: list[str], looks: random.Random
) -> None:
    """Whatever comes first: a chain is made in its order, a loop held, and nothing else."""
    jobs: dict[str, Job] = {}
    made: list[str] = []
    for name in order:
        jobs[name] = job(name, board[name])
        for each in looks.sample(sorted(jobs), looks.randrange(len(jobs) + 1)):
            _look(each, jobs, made)
    while any(_look(each, jobs, made) for each in sorted(jobs, key=order.index)):
        pass

    ends = {name: _end(name, board) for name in SHOTS}
    found = {name: _code(name, jobs) for name in SHOTS}
    assert found == ends
    assert all(board[name] == "" or board[name] in made[: made.index(name)] for name in made)


def _judged(name: str, jobs: dict[str, Job]) -> object:
    """Judge a chained shot as the engine does."""
    known = {each.id: each for each in jobs.values()}

    def before(job_id: str) -> str:
        found = jobs.get(known[job_id].claim.start_from)
        return found.id if found and found.state is State.CLAIMED else ""

    ring = tuple(known[each].claim.stem for each in chain.ring(jobs[name].id, before))
    start = jobs.get(jobs[name].claim.start_from)
    shot = chain.shot_of(start) if start else None
    return chain.judge(jobs[name], shot, ring=ring, now=LATER)


def _look(name: str, jobs: dict[str, Job], made: list[str]) -> bool:
    """Make a shot where it may go on; whether anything changed."""
    if jobs[name].state is State.DONE:
        return False
    if jobs[name].claim.start_from and not isinstance(_judged(name, jobs), Video):
        return False
    jobs[name] = job(name, jobs[name].claim.start_from, State.DONE, LATER)
    made.append(name)
    return True


def _code(name: str, jobs: dict[str, Job]) -> str:
    if jobs[name].state is State.DONE:
        return "done"
    found = _judged(name, jobs)
    return found.code if isinstance(found, Held) else "waits"


def _end(name: str, board: dict[str, str]) -> str:
    """Say what must become of a shot, by walking along its chain."""
    path = [name]
    while (start := board[path[-1]]) and start != "?" and start not in path:
        path.append(start)
    if not start:
        return "done"
    if start == "?":
        return chain.MISSING if len(path) == 1 else "waits"
    return chain.LOOP if start == name else "waits"

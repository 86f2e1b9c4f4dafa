"""When a file counts as finished."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.settling import (
    Look,
    Pace,
    Proof,
    Watched,
    again,
    quiet_at,
    settled,
    touched,
)

PACE = Pace(proved_s=1.0, quiet_s=10.0, doubt_s=20.0)
LOOK = Look(5, 6, 7)


def seen(times: int = 2) -> Watched:
    """Give a file looked at so often, unchanged, since 100 s."""
    watched = again(None, LOOK, 100.0)
    for _ in range(times - 1):
        watched = again(watched, LOOK, 100.5)
    return watched


@pytest.mark.parametrize(
    ("proof", "doubtful", "at_s"),
    [
        (Proof.FREE, False, 101.0),
        (Proof.FREE, True, 121.0),
        (Proof.UNKNOWN, False, 110.0),
        (Proof.UNKNOWN, True, 130.0),
    ],
)
def test_waits(proof: Proof, doubtful: bool, at_s: float) -> None:
    """A proof shortens the wait, doubt about the content adds to it."""
    assert quiet_at(seen(), proof, PACE, doubtful=doubtful) == at_s
    assert settled(seen(), proof, PACE, at_s, doubtful=doubtful)
    assert not settled(seen(), proof, PACE, at_s - 0.01, doubtful=doubtful)


def test_busy_is_never_settled() -> None:
    """However long ago it changed, a file that is open for writing is not finished."""
    assert not settled(seen(9), Proof.BUSY, PACE, 1e9, doubtful=False)


def test_one_look_is_not_enough() -> None:
    """Two equal looks are needed at least."""
    assert not settled(seen(1), Proof.FREE, PACE, 1e9, doubtful=False)


@pytest.mark.parametrize("other", [Look(4, 6, 7), Look(5, 5, 7), Look(5, 6, 8)])
def test_any_difference_starts_anew(other: Look) -> None:
    """Size, time or another file in its place: each starts the wait anew."""
    watched = again(seen(), other, 200.0)
    assert (watched.since_s, watched.first_s, watched.looks) == (200.0, 100.0, 1)


def test_touched_starts_anew() -> None:
    """A writer that was seen starts the wait anew though the looks agree."""
    assert touched(seen(), 300.0).since_s == 300.0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 2)), min_size=1))
def test_never_settled_sooner_than_quiet(steps: list[tuple[float, int]]) -> None:
    """Whatever is seen in whatever order, what settles did not change for the whole wait."""
    now_s, changed_s, watched, last = 0.0, 0.0, None, -1
    for wait_s, size in steps:
        now_s += wait_s
        changed_s = now_s if size != last else changed_s
        last = size
        watched = again(watched, Look(size, 0, 0), now_s)
        if settled(watched, Proof.UNKNOWN, PACE, now_s, doubtful=False):
            assert now_s - changed_s >= PACE.quiet_s - 1e-6  # sums of fractions


@pytest.mark.parametrize(
    ("written_s", "wait_s"), [(0.0, 1.0), (4.0, 1.0), (6.0, 1.5), (8.0, 2.0), (1000.0, 2.0)]
)
def test_a_busy_file_is_asked_again_the_later_the_longer_it_is_written(
    written_s: float, wait_s: float
) -> None:
    """A quarter of the time that it has been written for, within bounds."""
    watched = touched(again(None, LOOK, 100.0), 100.0 + written_s)
    assert quiet_at(watched, Proof.BUSY, PACE, doubtful=False) == 100.0 + written_s + wait_s


def test_a_busy_file_is_never_asked_without_pause() -> None:
    """Whatever is configured."""
    pace = Pace(proved_s=0.0, quiet_s=0.0, doubt_s=0.0)
    assert quiet_at(again(None, LOOK, 5.0), Proof.BUSY, pace, doubtful=True) == 5.02


def test_each_look_is_kept_and_counted() -> None:
    """What is compared next is the last look, and when the first one was stays known."""
    other = Look(9, 9, 9)
    assert again(seen(), other, 200.0) == Watched(other, 200.0, 100.0, 1)
    assert again(seen(2), LOOK, 200.0) == Watched(LOOK, 100.0, 100.0, 3)
    assert touched(seen(3), 300.0) == Watched(LOOK, 300.0, 100.0, 1)

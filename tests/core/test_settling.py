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
            assert now_s - changed_s >= PACE.quiet_s

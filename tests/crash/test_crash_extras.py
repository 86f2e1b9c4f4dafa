"""Dying while a chain of shots is joined: no video is harmed, and the film is there or made."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import studios
from chains import board
from crash.lives import Life
from outcomes import Case

from seedance_watch.sandbox.server import Sandbox, threaded


@dataclass(frozen=True)
class Film(Case):
    """Two shots, the second going on from the first, joined to one."""

    takes: int = 2

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the originals."""
        return ("shot.png", "shot.toml", "next.toml")

    @property
    def joined(self) -> tuple[str, ...]:
        """The film."""
        return ("film.mp4",)

    def drop(self, studio: studios.Studio) -> None:
        """Drop both at once."""
        board.drop(studio, "shot")
        board.drop(studio, "next", "shot", more=f'{board.GOOD}sequence = "film"\n')


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(board.KNOBS, time_factor=0) as running:
        yield running


@pytest.mark.timeout(600)
def test_a_crash_while_shots_are_joined_costs_nothing(
    sandbox: Sandbox, tmp_path: Path, every: int
) -> None:
    """From the last download on, at some points by the dice, or at each of them."""
    life = Life(tmp_path / "undisturbed", sandbox, Film())
    total = life.start()
    assert total is not None
    life.end()
    last = range(total - 60, total)
    for die_at in sorted(random.Random(5).sample(last, len(last) // every)):
        life = Life(tmp_path / f"at{die_at}", sandbox, Film())
        life.start(die_at)
        life.end(die_at)

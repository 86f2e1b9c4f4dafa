"""What came of a siege."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import outcomes
import studios
from siege.people import Droppers, Onlooker

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row


@dataclass
class Figures:
    """What came of a siege.

    Attributes:
        kills: How often it was killed.
        drops: How many drops there were.
        takes: How many videos they wished for.
        placed: How many of them are in the outbox.
        held: How many are held in doubt.
        charges: How many were charged.
        wrong: What must not be.
    """

    kills: int = 0
    drops: int = 0
    takes: int = 0
    placed: int = 0
    held: int = 0
    charges: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Witness:
    """Everything that is known at the end.

    Attributes:
        studio: The studio, at rest.
        rows: Its journal's jobs.
        keyed: Whether the provider knows keys, so that no doubt remains.
        paid: How many tasks the provider took, by prompt.
        charges: How many charges its ledger has.
        droppers: What people dropped.
        onlooker: What somebody saw.
        exit_code: How the last run ended.
    """

    studio: studios.Studio
    rows: list[Row]
    keyed: bool
    paid: Counter[str]
    charges: int
    droppers: Droppers
    onlooker: Onlooker
    exit_code: int

    def figures(self, kills: int) -> Figures:
        """Give the figures and all that is wrong."""
        return Figures(
            kills=kills,
            drops=len(self.droppers.wishes),
            takes=sum(self.droppers.wishes.values()),
            placed=len(list(self.studio.outbox.glob("*.mp4"))),
            held=sum(bool(row.held) for row in self.rows),
            charges=self.charges,
            wrong=[*self.onlooker.wrong, *self._jobs(), *self._money(), *self._files()],
        )

    def _jobs(self) -> Iterator[str]:
        held = sum(bool(row.held) for row in self.rows)
        if self.exit_code != bool(held):
            yield f"exit code {self.exit_code} with {held} held"
        if held and self.keyed:
            yield f"{held} in doubt although the provider knows keys"
        for row in self.rows:
            if row.state is not State.DONE and row.held != "in_doubt":
                yield f"{row.label} is at rest as {row.state} {row.held}: {row.reason}"
        jobs = Counter(row.label for row in self.rows)
        for name, takes in self.droppers.wishes.items():
            if jobs[name] != takes:
                yield f"{jobs[name]} jobs for {takes} takes of {name}"

    def _money(self) -> Iterator[str]:
        held = Counter(row.label for row in self.rows if row.held)
        for name, takes in self.droppers.wishes.items():
            if not takes - held[name] <= self.paid[name] <= takes:
                yield f"{name} was paid {self.paid[name]} times for {takes} videos"
        if self.charges != sum(self.paid.values()):
            yield f"{self.charges} charges for {sum(self.paid.values())} tasks"

    def _files(self) -> Iterator[str]:
        yield from outcomes.partial(self.studio.outbox)
        everything = outcomes.digests(self.studio.folder)
        if missing := self.droppers.originals - {*everything.values()}:
            yield f"{len(missing)} originals are gone"
        videos = {row.video for row in self.rows if row.state is State.DONE}
        there = {path.name for path in self.studio.outbox.glob("*.mp4")}
        if there != videos:
            yield f"placed and not recorded, or the other way round: {sorted(there ^ videos)}"
        for name, digest in self.onlooker.seen.items():
            if everything.get(f"outbox/{name}") != digest:
                yield f"{name} changed after it had been seen"
        if self.studio.seen("inbox"):
            yield f"still in the inbox: {self.studio.seen('inbox')}"
        yield from self._leavings(everything)

    def _leavings(self, everything: Collection[str]) -> Iterator[str]:
        if not any(row.held for row in self.rows):
            yield from outcomes.leavings(everything)

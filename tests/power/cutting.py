"""One experiment: let the daemon live on a logged disk, cut the power anywhere, look what is left.

For each cut the disk's image is built as the cut may have left it, mounted, and looked at; the
journal and the sandbox are taken back to that moment; the daemon is started again and must come
to a good end.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import crashing
import outcomes
import studios
from outcomes import Case
from power import mounts, pasts, recording, rigs

CASES = {
    "rivya": Case(),
    "segmind": Case("segmind"),
    "segmind-v1": Case("segmind", api="v1"),
    "takes-and-end": Case(takes=2, end=True),
}
_LOOKS_S = (0.05, 0.1)
_LIMIT_S = 30.0  # a start takes half a second
_HASTE_S = 4.0  # for a mutant, which is allowed to look worse than it is
_CLAIMED = 2  # number of the event from which on the originals are ours to keep


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is tried.

    Attributes:
        kind: The file system.
        case: What is dropped.
        mutant: What is left out.
        journal: "beside" the disk or "on" it.
        drop: "synced" by whoever dropped it, or "loose": only copied, as most programs do.
        cuts: How many cuts at most.
        seconds: How long at most.
        seed: For the dice.
        first: Whether the first thing found ends it.
    """

    kind: str
    case: str
    mutant: str
    journal: str
    drop: str
    cuts: int
    seconds: float
    seed: int
    first: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """The journal at a time: its copy's folder, and the events that were told to be durable."""

    at_ns: int
    folder: Path | None
    told: dict[str, int]


class Bench:
    """Where one experiment takes place."""

    def __init__(self, work: Path, past: pasts.Past, experiment: Experiment) -> None:
        self.experiment = experiment
        self.case = CASES[experiment.case]
        self.dice = random.Random(experiment.seed)
        self._past = past
        self._work = work
        self._on_disk = experiment.journal == "on"
        studio = studios.lay_out(
            work, past.sandbox.url, provider=self.case.provider, api=self.case.api
        )
        pasts.place(studio.config, state="disk/state" if self._on_disk else "state")
        self._config = studio.config
        self._disk = work / "disk"
        self._state = (self._disk if self._on_disk else work) / "state"
        self._moments: list[Moment] = []
        self._originals: list[str] = []

    # Living

    def live(self) -> Sequence[recording.Op]:
        """Let the daemon make the video on the logged disk; give what reached the disk."""
        base, log, moments = (self._work / name for name in ("base.img", "disk.log", "moments"))
        moments.mkdir()
        mounts.make(base, self.experiment.kind)
        with mounts.mounted(base, self.experiment.kind, self._disk):
            (self._disk / "inbox").mkdir()
            if self.experiment.drop == "synced":
                self._drop()
        living = self._work / "living.img"
        recording.copy(base, living)
        with (
            mounts.logged(living, log, self._work / "logged") as disk,
            mounts.mounted(disk, self.experiment.kind, self._disk),
        ):
            if self.experiment.drop == "loose":
                self._drop()
            rig = partial(rigs.noted, self.experiment.mutant, self._state, moments)
            self._past.forget()
            crashing.run(self._config, rig=rig, looks_s=_LOOKS_S)
            ops = recording.read(log)  # not what unmounting writes
        self._past.keep()
        living.unlink()
        self._moments = [Moment(0, None, {}), *_moments(moments)]
        if len(self._moments) < 5:
            raise AssertionError("the undisturbed life ended badly")
        return ops

    def _drop(self) -> None:
        studio = studios.Studio(self._disk)
        self.case.drop(studio)
        self._originals = list(outcomes.digests(studio.inbox).values())

    # Cutting

    def cuts(self, ops: Sequence[recording.Op]) -> Iterator[recording.Left]:
        """Give states to try: at every moment at which something became durable anywhere."""
        times = {moment.at_ns for moment in self._moments[1:]}
        times |= {at_ns for at_ns, _ in self._past.moments}
        times |= {op.at_ns for op in ops if op.is_flush}
        per_time = [list(recording.states(ops, at_ns, self.dice)) for at_ns in sorted(times)]
        # The first state of each time is the hardest: all of these come first, then the others.
        for rank in range(max(map(len, per_time))):
            row = [states[rank] for states in per_time if rank < len(states)]
            self.dice.shuffle(row)
            yield from row

    def after(self, image: Path, left: recording.Left) -> list[str]:
        """Start again on what a cut left; give what is wrong."""
        moment = [each for each in self._moments if each.at_ns <= left.at_ns][-1]
        self._past.go_back(left.at_ns)
        charged = outcomes.charges_of(self._past.sandbox)
        if not self._on_disk:
            _restore(moment.folder, self._state)
        with mounts.mounted(image, self.experiment.kind, self._disk):
            wrong = [*outcomes.partial(self._disk / "outbox"), *self._forgotten(moment)]
            try:
                crashing.run(
                    self._config,
                    rig=partial(rigs.mutated, self.experiment.mutant),
                    looks_s=_LOOKS_S,
                    limit_s=_HASTE_S if self.experiment.first else _LIMIT_S,
                )
            except AssertionError as error:
                return [*wrong, f"the next start: {error}; {self._last_words()}"]
            wrong += self._outcome(moment)
        return [f"{each} [charged before: {charged}]" for each in wrong]

    def _last_words(self) -> str:
        """Give the end of the log."""
        return " ".join((self._work / "log.jsonl").read_text().splitlines()[-4:])

    def _forgotten(self, moment: Moment) -> Iterator[str]:
        """Name told events that a journal on the disk does not have."""
        if not self._on_disk or not moment.told:
            return
        try:
            known = {r.job_id: r.seq for r in outcomes.rows_of(self._state / "journal.db")}
        except Exception as error:  # noqa: BLE001 - whatever it is, the journal cannot be read
            yield f"the journal cannot be read: {error!r}"
            return
        for job_id, seq in moment.told.items():
            if known.get(job_id, 0) < seq:
                yield f"the journal forgot events {known.get(job_id, 0) + 1}..{seq} of {job_id}"

    def _outcome(self, moment: Moment) -> Iterator[str]:
        rows = outcomes.rows_of(self._state / "journal.db")
        if self.experiment.drop == "loose" and min(moment.told.values(), default=0) < _CLAIMED:
            return  # nobody synced it, and it was not taken yet: it may be anything
        charges = outcomes.charges_of(self._past.sandbox)
        yield from outcomes.faults(
            self._disk, rows, self.case, charges=charges, originals=self._originals
        )


def _moments(folder: Path) -> Iterator[Moment]:
    for number in range(len(list(folder.glob("*.json")))):
        said = json.loads((folder / f"{number}.json").read_text())
        yield Moment(said["at_ns"], folder / str(number), said["told"])


def _restore(kept: Path | None, state: Path) -> None:
    """Let the journal be as it was."""
    shutil.rmtree(state, ignore_errors=True)
    if kept is not None:
        shutil.copytree(kept, state)


def conduct(experiment: Experiment) -> Iterator[dict[str, object]]:
    """Do the experiment; give a line for each finding, and one with the figures at the end."""
    ends_at = time.monotonic() + experiment.seconds
    outside = Path(tempfile.mkdtemp(prefix="power-"))
    done, found = 0, 0
    try:
        with mounts.in_memory(outside) as work, pasts.remembering() as past:
            bench = Bench(work, past, experiment)
            ops = bench.live()
            platter = recording.Platter(work / "base.img", ops, work)
            for left in bench.cuts(ops):
                if done >= experiment.cuts or time.monotonic() > ends_at:
                    break
                wrong = bench.after(platter.image(left), left)
                done, found = done + 1, found + bool(wrong)
                if wrong:
                    yield {"cut": left.how, "durable": left.durable, "wrong": wrong}
                    if experiment.first:
                        break
            yield {
                "cuts": done,
                "bad": found,
                "writes": sum(not op.is_flush for op in ops),
                "flushes": sum(op.is_flush for op in ops),
                "moments": len(bench._moments) - 1,
            }
    finally:
        shutil.rmtree(outside, ignore_errors=True)


def main(arguments: Sequence[str]) -> None:
    """Conduct one experiment and print its lines as JSON."""
    parser = argparse.ArgumentParser(prog="python -m power")
    parser.add_argument("--kind", choices=mounts.FORMAT, default="ext4")
    parser.add_argument("--case", choices=CASES, default="rivya")
    parser.add_argument("--mutant", choices=rigs.MUTANTS, default="none")
    parser.add_argument("--journal", choices=("beside", "on"), default="beside")
    parser.add_argument("--drop", choices=("synced", "loose"), default="synced")
    parser.add_argument("--cuts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--first", action="store_true")
    for line in conduct(Experiment(**vars(parser.parse_args(arguments)))):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

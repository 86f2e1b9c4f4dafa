"""A studio on a logged disk: it lives once, then again on what each power cut left of that life.

For each cut the disk's image is built as the cut may have left it, mounted, and looked at; the
journal and the sandbox are taken back to that moment; the daemon is started again and must come
to a good end.
"""

import json
import random
import shutil
from collections import Counter
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
    "extras": Case(extras=True),
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
        drop: "synced" by whoever dropped it, or "loose": only copied, as most programs do; then
            the power is cut only after the claim, for until then it is not ours to keep.
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
    """Where one experiment takes place.

    Attributes:
        moments: When the journal told something to be durable.
        tally: Jobs, videos, held, charges and paid_twice after all cuts.
    """

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
        self.moments: list[Moment] = []
        self._originals: list[str] = []
        self.tally = Counter[str]()

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
        self.moments = [Moment(0, None, {}), *_moments(moments)]
        if len(self.moments) < 5:
            raise AssertionError("the undisturbed life ended badly")
        return ops

    def _drop(self) -> None:
        studio = studios.Studio(self._disk)
        self.case.drop(studio)
        self._originals = list(outcomes.digests(studio.inbox).values())

    # Cutting

    def cuts(self, ops: Sequence[recording.Op]) -> Iterator[recording.Left]:
        """Give states to try: at every moment at which something became durable anywhere."""
        times = {moment.at_ns for moment in self.moments[1:]}
        times |= {at_ns for at_ns, _ in self._past.moments}
        times |= {op.at_ns for op in ops if op.is_flush}
        times -= {at_ns for at_ns in times if at_ns < self._ours_ns()}
        per_time = [list(recording.states(ops, at_ns, self.dice)) for at_ns in sorted(times)]
        # The first state of each time is the hardest: all of these come first, then the others.
        for rank in range(max(map(len, per_time))):
            row = [states[rank] for states in per_time if rank < len(states)]
            self.dice.shuffle(row)
            yield from row

    def _ours_ns(self) -> int:
        """Give the time from which on the originals are ours to keep."""
        if self.experiment.drop == "synced":
            return 0
        return min(m.at_ns for m in self.moments if min(m.told.values(), default=0) >= _CLAIMED)

    def after(self, image: Path, left: recording.Left) -> list[str]:
        """Start again on what a cut left; give what is wrong."""
        moment = [each for each in self.moments if each.at_ns <= left.at_ns][-1]
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
            wrong += self._outcome()
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

    def _outcome(self) -> Iterator[str]:
        rows = outcomes.rows_of(self._state / "journal.db")
        charges = outcomes.charges_of(self._past.sandbox)
        self.tally["jobs"] += len(rows)
        self.tally["videos"] += len(list((self._disk / "outbox").glob("*.mp4")))
        self.tally["held"] += sum(bool(row.held) for row in rows)
        self.tally["charges"] += charges
        self.tally["paid_twice"] += max(0, charges - self.case.jobs)
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

"""One drop's life, which may end at any durable step, and the drops that are swept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import crashing
import outcomes
import studios
from outcomes import Case

from seedance_watch.sandbox.server import Sandbox

# Every way through the states, and every form of settling a doubt.
CASES = {
    "rivya": Case(),
    "segmind": Case("segmind"),
    "segmind-v1": Case("segmind", api="v1"),
    "takes-and-end": Case(takes=2, end=True),
    "extras": Case(extras=True),
    # The frame that the second one starts from must not be too small for the model.
    "chained": Case(chained=True, share=3, knobs={"tiny_videos": "no", "video_scale": 0.5}),
    "answer-lost": Case(fault=("reset_after", "rivya.create")),
    "key-in-flight": Case(
        fault=("slow_create", "rivya.create"),
        settings={"seconds": 0.4},
        knobs={"rivya_key_in_flight": "conflict"},
        looks_s=(0.05, 0.2, 0.6, 1.5),
    ),
    "history-late": Case(
        "segmind",
        fault=("reset_after", "segmind.submit"),
        knobs={"segmind_history_delay_s": 0.3},
        looks_s=(0.05, 0.2, 0.6, 1.5),
    ),
    "history-found": Case("segmind", fault=("reset_after", "segmind.submit")),
    "history-absent": Case(
        "segmind", fault=("reset_before", "segmind.submit"), looks_s=(0.02, 0.05), paid=False
    ),
    "v1-answer-lost": Case("segmind", api="v1", fault=("reset_after", "segmind.v1")),
    "v1-gateway": Case("segmind", api="v1", fault=("gateway_timeout", "segmind.v1")),
}


@dataclass(frozen=True)
class Outcome:
    """What came of a life.

    Attributes:
        videos: How many are in the outbox.
        held: How many jobs are held.
        charges: How many were charged.
        wrong: What must not be.
    """

    videos: int
    held: int
    charges: int
    wrong: tuple[str, ...]


class Life:
    """One drop, from its first start to its last."""

    def __init__(self, folder: Path, sandbox: Sandbox, case: Case) -> None:
        self.case = case
        self._sandbox = sandbox
        self._studio = studios.lay_out(folder, sandbox.url, provider=case.provider, api=case.api)
        self.folder = folder
        case.drop(self._studio)
        self._originals = outcomes.digests(self._studio.inbox).values()
        self._charges = outcomes.charges_of(sandbox)
        sandbox.clear_faults()
        if case.fault[0]:
            sandbox.fault(case.fault[0], case.fault[1], **case.settings)

    def start(self, die_at: int | None = None) -> int | None:
        """Run it once; give the points passed, None when it died."""
        return crashing.run(self._studio.config, die_at=die_at, looks_s=self.case.looks_s)

    def end(self, *died_at: int) -> None:
        """Start undisturbed, look what came of it all, and clear up when it is well."""
        self.start()
        wrong = self.outcome().wrong
        assert wrong == (), f"died at {died_at}: {wrong}; see {self.folder}"
        shutil.rmtree(self.folder)

    def outcome(self) -> Outcome:
        """Say what came of it all."""
        rows = outcomes.rows_of(self.folder / "state" / "journal.db")
        charges = outcomes.charges_of(self._sandbox) - self._charges
        wrong = outcomes.faults(
            self.folder, rows, self.case, charges=charges, originals=self._originals
        )
        return Outcome(
            videos=len(list((self.folder / "outbox").glob("*.mp4"))),
            held=sum(bool(row.held) for row in rows),
            charges=charges,
            wrong=tuple(wrong),
        )


@contextmanager
def tuned(sandbox: Sandbox, case: Case) -> Iterator[None]:
    """Turn the sandbox's knobs as a case asks, for the length of the block."""
    before = {name: getattr(sandbox.knobs, name) for name in case.knobs}
    sandbox.turn(**case.knobs)
    try:
        yield
    finally:
        sandbox.turn(**before)


def points_of(folder: Path, sandbox: Sandbox, case: Case) -> int:
    """Count the points of a run that nothing disturbs, and check its outcome."""
    life = Life(folder, sandbox, case)
    passed = life.start()
    assert passed is not None
    life.end()
    assert passed > 40
    return passed

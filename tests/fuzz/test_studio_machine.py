"""Everything at once, in any order: people, crashes, restarts, bad weather, clocks and disks.

Short in CI. For longer: `FUZZ_MINUTES=30 pytest tests/fuzz/test_studio_machine.py`.
"""

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import structlog
import studios
from fuzz.lives import Clock, Life, live, rigged
from fuzz.people import Findings, People, picture, read_jobs
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from seedance_watch.sandbox.server import Sandbox, threaded

MINUTES = float(os.environ.get("FUZZ_MINUTES", "0"))
_DAY_S = 86_400.0

NAMES = ("a", "b", "scene/c")
names = st.sampled_from(NAMES)
acts = st.sampled_from(("edit", "repaint", "delete image", "delete sidecar", "rename", "again"))
ends = st.none() | st.integers(0, 100)
Spoil = tuple[str, dict[str, Any]]
SPOILS: tuple[Spoil, ...] = (
    ("reset_before", {}), ("close_before", {}), ("error_before", {}), ("html_before", {}),
    ("throttled", {}), ("not_found", {}), ("garbage", {}), ("redirect", {}),
    ("answer", {"status": 400}), ("answer", {"status": 401}), ("answer", {"status": 402}),
    ("answer", {"status": 404}), ("answer", {"status": 409}), ("answer", {"status": 422}),
    ("reset_after", {}), ("close_after", {}), ("lost_in_body", {}), ("error_after", {}),
    ("html_after", {}), ("error_at_completion", {}), ("unknown_status", {}), ("extra_fields", {}),
    ("not_json", {}), ("json_shape", {}), ("truncated", {}), ("no_length", {}),
    ("wrong_length", {}), ("wrong_type", {}), ("html_body", {}), ("zip_body", {}),
    ("empty_body", {}), ("corrupt", {}), ("range_ignored", {}), ("range_wrong", {}),
    ("etag_changed", {}), ("task_failed", {}), ("failed_200", {}), ("late_history", {}),
)  # fmt: skip
ENDPOINTS = (
    "rivya.upload", "rivya.create", "rivya.status", "segmind.upload", "segmind.submit",
    "segmind.status", "segmind.result", "segmind.history", "segmind.history_row", "media.video",
    "*.create", "*.submit", "*",
)  # fmt: skip
JUMPS = (-3650 * _DAY_S, -_DAY_S, -3600.0, -60.0, -0.5, 60.0, 3600.0, _DAY_S, 400 * _DAY_S)


class StudioMachine(RuleBasedStateMachine):
    """One studio and those around it."""

    sandbox: ClassVar[Sandbox]
    lives: ClassVar[int] = 0
    kills: ClassVar[int] = 0
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="studio-"))
        self.away = self.root / "away"
        self.number = 0
        self.gone = False
        self.refuses = False
        self.sandbox.clear_faults()
        self.paid_before = len(self.sandbox.ledger())
        self.clock = Clock(self.sandbox._state.clock.now_at(), self.sandbox.advance)

    @initialize(provider=st.sampled_from(("rivya", "segmind")), api=st.sampled_from(("v2", "v1")))
    def lay_out(self, provider: str, api: str) -> None:
        self.studio = studios.lay_out(
            self.root / "studio", self.sandbox.url, provider=provider, api=api
        )
        self.people = People(self.studio.inbox)
        self.drop("first", 1, None)  # so that all folders have been worked in
        self.settle()

    # People

    def sidecar(self, takes: int, seed: int | None) -> bytes:
        self.number += 1
        said = f"seed = {seed}\n" if seed is not None else ""
        return f'prompt = "wave {self.number}"\ntakes = {takes}\n{said}'.encode()

    def image(self) -> bytes:
        self.number += 1
        return picture(self.number)

    @rule(name=names, takes=st.sampled_from((1, 1, 1, 2)), seed=st.sampled_from((None, 7)))
    def drop(self, name: str, takes: int, seed: int | None) -> None:
        """A pair arrives."""
        self.people.write(f"{name}.png", self.image())
        self.people.write(f"{name}.toml", self.sidecar(takes, seed), takes=takes)

    @rule(name=names, takes=st.sampled_from((1, 1, 2)), ends_at=ends)
    def drop_and_run(self, name: str, takes: int, ends_at: int | None) -> None:
        """A pair arrives, and the daemon lives until it is killed or comes to rest."""
        self.drop(name, takes, None)
        self._live(Life(ends_at))

    @rule(name=names, act=acts, other=names, pick=st.integers(0, 5))
    def touch(self, name: str, act: str, other: str, pick: int) -> None:
        """Somebody does something to files, whoever's they are by now."""
        self.act(act, name, other, pick)

    def act(self, act: str, name: str, other: str, pick: int) -> None:
        """Edit, repaint, delete, rename, or drop the same bytes again."""
        people, pair = self.people, (f"{name}.png", f"{name}.toml")
        match act:
            case "edit":
                people.write(pair[1], self.sidecar(1, None), takes=1)
            case "repaint":
                people.write(pair[0], self.image())
            case "delete image":
                people.delete(pair[0])
            case "delete sidecar":
                people.delete(pair[1])
            case "rename":
                people.rename(pair[0], f"{other}.png")
                people.rename(pair[1], f"{other}.toml")
            case _:
                self._again(name, pick)

    def _again(self, name: str, pick: int) -> None:
        for ending, is_one in ((".png", _is_png), (".toml", _is_text)):
            known = [each for each in self.people.contents.values() if is_one(each)]
            if known:
                content = known[pick % len(known)]
                takes = 0 if ending == ".png" else int(content.split(b"takes = ")[1][:1])
                self.people.write(f"{name}{ending}", content, takes=takes)

    # The outside

    @rule(
        spoil=st.sampled_from(SPOILS),
        endpoint=st.sampled_from(ENDPOINTS),
        nth=st.integers(1, 2),
        times=st.integers(1, 3),
    )
    def spoil(
        self, spoil: tuple[str, dict[str, Any]], endpoint: str, nth: int, times: int
    ) -> None:
        """The provider or the way to it will fail."""
        kind, args = spoil
        self.tally["faults"] += 1
        self.sandbox.fault(kind, endpoint, nth=nth, times=times, **args)

    @rule(
        what=st.sampled_from(("clock", "clock", "mount", "lock")), seconds=st.sampled_from(JUMPS)
    )
    def turn(self, what: str, seconds: float) -> None:
        """Somebody sets this machine's clock, unmounts the outbox or makes it read-only."""
        match what:
            case "clock":  # the provider's clock goes on
                self.clock.at = max(1e9, self.clock.at + seconds)
            case "mount" if self.gone:
                self.away.rename(self.studio.outbox)
                self.gone = False
            case "mount" if self.studio.outbox.is_dir():
                self.studio.outbox.rename(self.away)
                self.gone = True
            case _:
                self.refuses = not self.refuses

    # The daemon

    @rule(ends_at=ends, again_at=ends)
    def run(self, ends_at: int | None, again_at: int | None) -> None:
        """It lives until it is killed or comes to rest, and is started again at once."""
        self._live(Life(ends_at))
        if again_at is not None:
            self._live(Life(again_at))

    @rule(
        ends_at=ends,
        at=st.integers(0, 60),
        act=acts,
        name=names,
        other=names,
        pick=st.integers(0, 5),
    )
    def run_among_people(
        self, ends_at: int | None, at: int, act: str, name: str, other: str, pick: int
    ) -> None:
        """Somebody does something while it runs."""
        self._live(Life(ends_at, {at: lambda: self.act(act, name, other, pick)}))

    def _live(self, life: Life, *, mended: bool = False) -> bool:
        life.refuses = self.studio.outbox if self.refuses else None
        blocked = self.gone or self.refuses
        self.clock.until = self.clock.at + (900.0 if blocked else 60 * _DAY_S)
        StudioMachine.lives += 1
        rests = live(self.studio.config, self.clock, life)
        StudioMachine.kills += life.ends_at is not None and not rests
        found = self._findings()
        found.check()
        if rests and not blocked:  # a single run ends where only somebody's act helps
            found.check_rest(mended=mended)
        return rests

    def _findings(self) -> Findings:
        outbox = self.away if self.gone else self.studio.outbox
        jobs = read_jobs(self.studio.folder / "state" / "journal.db")
        lines = self.sandbox.ledger()[self.paid_before :]
        return Findings(self.studio, outbox, self.people, lines, jobs)

    def settle(self) -> None:
        """Everything is mended and the daemon comes to rest."""
        self.sandbox.clear_faults()
        self.refuses = False
        if self.gone:
            self.turn("mount", 0.0)
        assert self._live(Life(), mended=True), "does not come to rest"

    def teardown(self) -> None:
        if hasattr(self, "people"):
            self.settle()
            found = self._findings()
            self.tally["jobs"] += len(found.jobs)
            self.tally["videos"] += len(list(self.studio.outbox.rglob("*.mp4")))
            self.tally["charges"] += sum(line.entry == "charge" for line in found.lines)
        shutil.rmtree(self.root)


def _is_png(content: bytes) -> bool:
    return content.startswith(b"\x89PNG")


def _is_text(content: bytes) -> bool:
    return not _is_png(content)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    knobs = studios.KNOBS
    with threaded(knobs, time_factor=0) as running, rigged():
        running.turn(clock="manual", rivya_credits=10**9, segmind_credits=10**9)
        yield running


def _quick() -> settings:
    return settings(
        max_examples=20,
        stateful_step_count=10,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    )


@pytest.mark.timeout(300 + MINUTES * 90)
def test_no_order_of_events_loses_or_pays_twice(sandbox: Sandbox) -> None:
    """Promises 1 to 5 and 9: nothing lost, nothing paid twice, nothing half there."""
    StudioMachine.sandbox = sandbox
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    try:
        until_s = time.monotonic() + MINUTES * 60
        run_state_machine_as_test(StudioMachine, settings=_quick())
        while time.monotonic() < until_s:
            more = settings(_quick(), max_examples=50, stateful_step_count=25)
            run_state_machine_as_test(StudioMachine, settings=more)
    finally:
        structlog.reset_defaults()
    lived = {"starts": StudioMachine.lives, "crashes": StudioMachine.kills}
    print("tally", json.dumps(lived | StudioMachine.tally))

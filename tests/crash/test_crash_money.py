"""The sweep over what money decides: budgets, duplicates, routes; die anywhere, pay no more."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import crashing
import outcomes
import pytest
import studios

from seedance_watch.sandbox.server import Sandbox, threaded


@dataclass(frozen=True)
class Case:
    """What is dropped under which rules, and what may come of it.

    Attributes:
        prompts: One drop for each.
        videos: How many there are in the end.
        charges: How many were paid, refunds left out.
        watch: Lines for the watch entry.
        more: Lines for the configuration's end.
        held: The code of the hold of every job that is not done.
        fault: A fault that every call meets, "" for none: kind, endpoint.
    """

    prompts: tuple[str, ...]
    videos: int
    charges: int
    watch: str = ""
    more: str = ""
    held: str = ""
    fault: tuple[str, str] = ("", "")
    settings: dict[str, Any] = field(default_factory=dict)


CASES = {
    "duplicate": Case(("waves", "waves"), videos=1, charges=1),
    "placed-once-more": Case(("waves", "waves"), 2, 1, watch='duplicates = "place"'),
    "over-budget": Case(
        ("waves", "wind"), 1, 1, more="[providers.rivya.budget]\nper_month = 16", held="budget"
    ),
    "declined-here-made-there": Case(
        ("waves",),
        1,
        1,
        watch='route = ["rivya", "segmind"]',
        fault=("answer", "rivya.create"),
        settings={"status": 400},
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


def paid(sandbox: Sandbox) -> int:
    return len(sandbox.ledger("charge")) - len(sandbox.ledger("refund"))


def lived(folder: Path, sandbox: Sandbox, case: Case, die_at: int | None) -> int | None:
    """Drop, die, start again; give the points of the first start. Wrong outcomes fail."""
    studio = studios.lay_out(folder, sandbox.url)
    studio.configure(watch=case.watch, more=case.more)
    if "route" in case.watch:
        text = studio.config.read_text().replace('provider = "rivya"\n', "", 1)
        studio.config.write_text(text)
    for number, prompt in enumerate(case.prompts):
        studio.drop(f'prompt = "{prompt}"\n', name=f"shot{number}")
    originals = set(outcomes.digests(studio.inbox).values())
    sandbox.clear_faults()
    if case.fault[0]:
        sandbox.fault(*case.fault, times=0, **case.settings)
    before = paid(sandbox)

    passed = crashing.run(studio.config, die_at=die_at)
    if passed is None:
        crashing.run(studio.config)

    rows = studio.rows()
    everything = outcomes.digests(studio.folder)
    told = f"died at {die_at}: {[(row.job_id, row.state, row.held) for row in rows]}"
    assert paid(sandbox) - before == case.charges, told
    assert len(list(studio.outbox.glob("*.mp4"))) == case.videos, told
    assert list(outcomes.partial(studio.outbox)) == []
    assert {row.held for row in rows if row.state != "done"} == ({case.held} - {""}), told
    assert originals <= set(everything.values()), told
    assert studio.seen("inbox") == []
    shutil.rmtree(folder)
    return passed


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_promise_11_a_crash_anywhere_spends_no_more(
    case: Case, sandbox: Sandbox, tmp_path: Path, every: int
) -> None:
    """No cap is exceeded, no equal video bought, no second provider paid, wherever it dies."""
    total = lived(tmp_path / "undisturbed", sandbox, case, None)
    assert total
    step = 1 if every == 1 else every * 6  # fewer than in the other sweep: two drops take longer
    for die_at in range(0, total, step):
        lived(tmp_path / f"at{die_at}", sandbox, case, die_at)

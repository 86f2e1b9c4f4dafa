"""The sweep: die at every durable step, start again, and look what came of it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import crashing
import pytest
import studios

from seedance_watch.core.model import State
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.media import videos
from seedance_watch.sandbox.server import Sandbox, threaded


@dataclass(frozen=True)
class Case:
    """A drop and what may come of it."""

    provider: str
    sidecar: str
    videos: int
    end: bool = False
    api: str = "v2"


CASES = {
    "rivya": Case("rivya", 'prompt = "waves"\n', 1),
    "segmind": Case("segmind", 'prompt = "waves"\n', 1),
    "segmind-v1": Case("segmind", 'prompt = "waves"\n', 1, api="v1"),
    "takes-and-end": Case(
        "rivya", 'prompt = "waves"\ntakes = 2\nend_image = "last.png"\n', 2, end=True
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


def studio(folder: Path, sandbox: Sandbox, case: Case) -> Path:
    """Lay out a studio with one drop in its inbox; give the configuration."""
    made = studios.lay_out(folder, sandbox.url, provider=case.provider, api=case.api)
    made.drop(case.sidecar, images=("{}.png", "last.png") if case.end else ("{}.png",))
    return made.config


def check(folder: Path, sandbox: Sandbox, case: Case, *, charges_before: int) -> None:
    """I1 to I6: nothing lost, nothing paid twice, nothing half there."""
    charges = len(sandbox.ledger("charge")) - charges_before
    reader = SqliteReader(folder / "state" / "journal.db")
    rows = reader.rows()
    reader.close()
    placed = sorted((folder / "outbox").glob("*.mp4"))
    held = [row for row in rows if row.held]

    assert charges <= case.videos, "paid twice"
    assert case.videos == len(rows), "a take was lost"
    for path in placed:
        videos.verify(path, max_bytes=10**9)
        assert path.with_suffix(".toml").is_file(), "a video without its receipt"
    assert len(placed) + len(held) == case.videos
    assert charges >= len(placed)
    if case.provider == "rivya":
        assert not held, "a keyed provider leaves no doubt"
    assert all(row.held == "in_doubt" for row in held)
    originals = {path.name for path in (folder / "done").iterdir() if path.is_file()}
    kept = {path.name for path in (folder / "inbox" / ".seedance" / "work").rglob("*.*")}
    names = {"shot.png", "shot.toml"} | ({"last.png"} if case.end else set())
    if not held:
        assert originals == names
        assert all(row.state is State.DONE for row in rows)
        assert not list((folder / "outbox" / ".seedance").rglob("*.mp4"))
    else:
        assert names <= kept, "a held job keeps its files"
    assert not [path for path in (folder / "inbox").iterdir() if path.is_file()]


def points_of(folder: Path, sandbox: Sandbox, case: Case) -> int:
    """Count the points of a run that nothing disturbs, and check its outcome."""
    before = len(sandbox.ledger("charge"))
    passed = crashing.run(studio(folder, sandbox, case))
    assert passed is not None
    check(folder, sandbox, case, charges_before=before)
    return passed


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
def test_a_crash_at_any_durable_step_loses_nothing_and_pays_once(
    name: str, sandbox: Sandbox, tmp_path: Path, every: int
) -> None:
    """Promises 1 to 5: whatever step the process dies at, the next start finishes the job."""
    case = CASES[name]
    total = points_of(tmp_path / "undisturbed", sandbox, case)
    assert total > 40
    for die_at in range(0, total, every):
        folder = tmp_path / f"at{die_at}"
        before = len(sandbox.ledger("charge"))
        config = studio(folder, sandbox, case)
        died = crashing.run(config, die_at=die_at) is None
        crashing.run(config)
        try:
            check(folder, sandbox, case, charges_before=before)
        except AssertionError as error:
            raise AssertionError(f"{name}, died={died} at point {die_at}: {error}") from error
        shutil.rmtree(folder)

"""What the network and the services do wrong, and what comes of it: the ledger decides."""

from pathlib import Path

import pytest
import studios

from seedance_watch.core import reactions
from seedance_watch.core.model import State
from seedance_watch.sandbox.server import Sandbox

DONE, FAILED, HELD = "done", "failed", "held"

# provider, fault, endpoint, arguments, outcome, charges
SUBMIT = [
    ("rivya", "reset_before", "rivya.create", {}, DONE, 1),
    ("rivya", "close_before", "rivya.create", {}, DONE, 1),
    ("rivya", "error_before", "rivya.create", {}, DONE, 1),
    ("rivya", "html_before", "rivya.create", {}, DONE, 1),
    ("rivya", "garbage", "rivya.create", {}, DONE, 1),
    ("rivya", "throttled", "rivya.create", {}, DONE, 1),
    ("rivya", "redirect", "rivya.create", {}, DONE, 1),
    ("rivya", "reset_after", "rivya.create", {}, DONE, 1),
    ("rivya", "close_after", "rivya.create", {}, DONE, 1),
    ("rivya", "lost_in_body", "rivya.create", {}, DONE, 1),
    ("rivya", "error_after", "rivya.create", {}, DONE, 1),
    ("rivya", "html_after", "rivya.create", {}, DONE, 1),
    ("rivya", "not_json", "rivya.create", {}, DONE, 1),
    ("rivya", "json_shape", "rivya.create", {}, DONE, 1),
    ("rivya", "truncated", "rivya.create", {}, DONE, 1),
    ("rivya", "extra_fields", "rivya.create", {}, DONE, 1),
    ("rivya", "answer", "rivya.create", {"status": 400}, FAILED, 0),
    ("rivya", "answer", "rivya.create", {"status": 401}, DONE, 1),
    ("rivya", "task_failed", "rivya.create", {}, FAILED, 1),
    ("segmind", "reset_before", "segmind.submit", {}, HELD, 0),
    ("segmind", "error_before", "segmind.submit", {}, HELD, 0),
    ("segmind", "throttled", "segmind.submit", {"reset_s": 0.1}, DONE, 1),
    ("segmind", "reset_after", "segmind.submit", {}, DONE, 1),
    ("segmind", "close_after", "segmind.submit", {}, DONE, 1),
    ("segmind", "lost_in_body", "segmind.submit", {}, DONE, 1),
    ("segmind", "error_after", "segmind.submit", {}, DONE, 1),
    ("segmind", "html_after", "segmind.submit", {}, DONE, 1),
    ("segmind", "not_json", "segmind.submit", {}, DONE, 1),
    ("segmind", "json_shape", "segmind.submit", {}, DONE, 1),
    ("segmind", "answer", "segmind.submit", {"status": 400}, FAILED, 0),
    ("segmind", "answer", "segmind.submit", {"status": 410}, DONE, 1),
    ("segmind", "task_failed", "segmind.submit", {}, FAILED, 0),
]
LATER = [
    (provider, fault, endpoint, args)
    for provider in ("rivya", "segmind")
    for endpoint, faults in (
        (
            f"{provider}.status",
            (
                ("error_before", {"times": 3}),
                ("html_after", {}),
                ("not_json", {}),
                ("reset_before", {}),
                ("unknown_status", {"times": 2}),
                ("error_at_completion", {}),
                ("throttled", {}),
            ),
        ),
        (
            "media.video",
            (
                ("reset_before", {}),
                ("truncated", {}),
                ("no_length", {}),
                ("corrupt", {}),
                ("html_body", {}),
                ("zip_body", {}),
                ("empty_body", {}),
                ("lost_in_body", {"part": 0.5}),
                ("expired", {}),
                ("error_before", {"times": 2}),
                ("wrong_length", {}),
            ),
        ),
    )
    for fault, args in faults
]


@pytest.mark.parametrize(
    ("provider", "fault", "endpoint", "args", "outcome", "charges"),
    SUBMIT,
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
async def test_a_spoiled_paid_call_is_never_paid_twice(
    provider: str,
    fault: str,
    endpoint: str,
    args: dict[str, object],
    outcome: str,
    charges: int,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    """Promise 2: whatever happens to the paid call, its outcome is found out, not paid again."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url, provider=provider)
    studio.drop('prompt = "waves"\n')
    sandbox.fault(fault, endpoint, **args)

    await studios.once(studio)

    assert not sandbox._state.faults.pending(), "the fault did not strike"
    assert charges == len(sandbox.ledger("charge"))
    _looks_like(studio, outcome)


@pytest.mark.parametrize(("provider", "fault", "endpoint", "args"), LATER)
async def test_trouble_after_the_paid_call_never_fails_a_paid_job(
    provider: str,
    fault: str,
    endpoint: str,
    args: dict[str, object],
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    """A poll or a download that goes wrong is done again; nothing is paid again."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url, provider=provider)
    studio.drop('prompt = "waves"\n')
    sandbox.fault(fault, endpoint, **args)

    await studios.once(studio)

    assert not sandbox._state.faults.pending(), "the fault did not strike"
    assert len(sandbox.ledger("charge")) == 1
    _looks_like(studio, DONE)


def _looks_like(studio: studios.Studio, outcome: str) -> None:
    """Compare the folders with what should be in them."""
    pair = ["shot.png", "shot.toml"]
    seen = {name: studio.seen(name) for name in ("outbox", "done", "failed", "held", "inbox")}
    row = studio.rows()[0]
    wanted = {
        DONE: {"outbox": ["shot.mp4", "shot.toml"], "done": pair},
        FAILED: {"failed": ["shot.failed.txt", *pair]},
        HELD: {"held": ["shot.held.txt"]},
    }[outcome]

    assert {name: wanted.get(name, []) for name in seen} == seen, row.reason
    assert (row.held == "in_doubt") == (outcome == HELD)
    assert (row.state is State.DONE) == (outcome == DONE)


async def test_tasks_that_never_end_keep_nobody_from_starting(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After hours a person is told, the next one starts; the task is still asked about."""
    monkeypatch.setattr(reactions, "OVERDUE_S", 1.0)
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    text = studio.config.read_text()
    studio.config.write_text(
        text.replace("[providers.rivya]", "[providers.rivya]\nmax_in_flight = 1")
    )
    sandbox.fault("stuck", "rivya.create")
    for name in ("a", "b"):
        studio.drop(f'prompt = "waves {name}"\n', name=name)

    await studios.once(studio)

    states = sorted((row.held, str(row.state)) for row in studio.rows())
    assert states == [("", "done"), ("overdue", "running")]
    [note] = studio.seen("held")
    assert "asked again every hour" in (studio.held / note).read_text()
    asked = len(sandbox.calls("rivya.status"))
    await studios.once(studio, clock=studios.Shifted(3601.0))
    assert len(sandbox.calls("rivya.status")) > asked
    assert len(sandbox.ledger("charge")) == 2


async def test_a_lost_answer_is_not_taken_for_an_old_refusal(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each attempt that the provider answered has its image at an address of its own."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url, provider="segmind")
    studio.drop('prompt = "waves"\n')
    sandbox.fault("throttled", "segmind.submit", reset_s=0.05)

    await studios.once(studio)

    assert len(sandbox.calls("segmind.upload")) == 2
    assert len(sandbox.ledger("charge")) == 1
    _looks_like(studio, DONE)

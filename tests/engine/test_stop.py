"""Being stopped: in every effect, politely, impatiently, and as systemd does at last."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import crashing
import outcomes
import pytest
import studios
from outcomes import Case

from seedance_watch.core.events import Effect
from seedance_watch.core.model import State
from seedance_watch.sandbox.server import Sandbox, threaded

_TESTS = Path(__file__).parents[1]
_PATIENCE_S = 40.0  # far less than the 90 s that systemd grants
PAYS = {"rivya": "rivya.create", "segmind": "segmind.submit"}
_TALKS = (Effect.STAGE, Effect.SUBMIT, Effect.RECONCILE, Effect.POLL, Effect.DOWNLOAD)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running


class Stage:
    """A studio with one drop, and its daemon as a process."""

    def __init__(self, folder: Path, sandbox: Sandbox, case: Case) -> None:
        self.studio = studios.lay_out(folder, sandbox.url, provider=case.provider, api=case.api)
        self.log = folder / "daemon.log"
        self._case = case
        self._sandbox = sandbox
        case.drop(self.studio)
        self._originals = outcomes.digests(self.studio.inbox).values()
        if case.fault[0]:
            sandbox.fault(case.fault[0], case.fault[1], **case.settings)

    @contextmanager
    def started(self, *module: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run the command, by a module that changes something about it; kill it at the end."""
        paths = os.pathsep.join([str(_TESTS), *sys.path[1:]])
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", *module, "run", "--config", str(self.studio.config)],
                cwd=self.studio.folder,
                env=os.environ | {"PYTHONPATH": paths},
                stderr=log,
            )
        try:
            yield child
        finally:
            child.kill()
            child.wait()

    def stop_in(self, effect: Effect, *, times: int) -> int:
        """Start it, stop it in an effect; give the exit code."""
        with self.started("stopping", effect.value, str(times)) as child:
            return child.wait(_PATIENCE_S)

    def end(self) -> list[str]:
        """Start again, let all come to rest, and say what is wrong."""
        crashing.run(self.studio.config)
        return list(
            outcomes.faults(
                self.studio.folder,
                self.studio.rows(),
                self._case,
                charges=outcomes.charges_of(self._sandbox),
                originals=self._originals,
            )
        )

    def said(self, event: str) -> bool:
        """Whether the log has an event."""
        return event.encode() in self.log.read_bytes()


def case_of(effect: Effect, provider: str) -> Case:
    """Give a drop whose job comes to an effect: to reconcile, there must be a doubt."""
    doubtful, extras = effect is Effect.RECONCILE, effect is Effect.ADD
    fault = ("reset_after", PAYS[provider]) if doubtful else ("", "")
    return Case(provider, fault=fault, extras=extras)


@pytest.mark.parametrize(
    ("effect", "provider"),
    [*((effect, "rivya") for effect in Effect), *((effect, "segmind") for effect in _TALKS)],
)
def test_sigterm_in_any_effect_ends_it_well(
    effect: Effect, provider: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Promise 7: exit code 0 within systemd's patience; the next start finishes the job."""
    stage = Stage(tmp_path / "studio", sandbox, case_of(effect, provider))

    assert stage.stop_in(effect, times=1) == 0
    assert stage.said("daemon.stopped")
    assert not stage.said("daemon.stop_forced")
    assert stage.end() == []


@pytest.mark.parametrize("provider", PAYS)
def test_sigterm_in_the_paid_call_leaves_no_doubt(
    provider: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """It is finished and recorded before the daemon ends."""
    stage = Stage(tmp_path / "studio", sandbox, Case(provider))
    stage.stop_in(Effect.SUBMIT, times=1)

    assert [row.state for row in stage.studio.rows()] == [State.RUNNING]
    assert len(sandbox.tasks()) == 1


@pytest.mark.parametrize("effect", Effect)
def test_a_second_sigterm_ends_it_at_once_and_is_one_more_crash(
    effect: Effect, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Whoever cannot wait loses nothing: the next start finishes the job."""
    stage = Stage(tmp_path / "studio", sandbox, case_of(effect, "rivya"))
    stage.stop_in(effect, times=2)

    assert stage.said("daemon.stop_forced")
    assert stage.end() == []


@pytest.mark.parametrize(
    ("provider", "api", "endpoint"),
    [
        ("rivya", "v2", "rivya.create"),
        ("segmind", "v2", "segmind.submit"),
        ("segmind", "v1", "segmind.v1"),
    ],
)
def test_sigkill_after_systemds_patience_leaves_a_doubt_that_is_settled(
    provider: str, api: str, endpoint: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A paid call that hangs outlasts the stop; killed in it, the video is still paid once."""
    case = Case(provider, api=api, fault=("delay_after", endpoint), settings={"seconds": 60.0})
    stage = Stage(tmp_path / "studio", sandbox, case)
    with stage.started("impatient") as child:
        until(lambda: bool(sandbox.tasks()))
        child.terminate()
        until(lambda: stage.said("daemon.stopping"))
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(1.0)

    assert stage.end() == []
    assert outcomes.charges_of(sandbox) == 1


def until(fact: "object") -> None:
    """Wait for a fact, with a deadline."""
    end = time.monotonic() + _PATIENCE_S
    while not fact():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)

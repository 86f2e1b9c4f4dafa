"""The Snapshot: from the journal alone, and with what a running daemon says."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import studios

from seedance_watch.app.asking import live
from seedance_watch.app.picture import take
from seedance_watch.app.reading import JOURNAL
from seedance_watch.config.load import load
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Live, Snapshot
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.sandbox.server import threaded


@pytest.fixture
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[studios.Studio]:
    """A studio that may buy one video of two."""
    with threaded(studios.KNOBS, time_factor=0) as sandbox:
        made = studios.lay_out(tmp_path_factory.mktemp("picture") / "studio", sandbox.url)
        made.configure(more="[providers.rivya.budget]\nper_month = 16")
        for name in ("first", "second"):
            made.drop(f'prompt = "{name}"\n', name=name)
        yield made


def picture(studio: studios.Studio, said: Live | None) -> Snapshot:
    config = load(studio.config)
    with closing(SqliteReader(config.state_dir / JOURNAL)) as reader:
        return take(config, reader, said, now=time.time())


def test_a_snapshot_needs_no_daemon(studio: studios.Studio) -> None:
    """Jobs, holds and budgets stand in the journal."""
    asyncio.run(studios.once(studio))

    found = picture(studio, live(studio.folder / "state"))

    assert found.live is None
    assert found.states()[State.DONE] == 1
    assert found.held() == {"budget": 1}
    assert [row.held for row in found.open] == ["budget"]
    assert [row.state for row in found.ended] == [State.DONE]
    [budget] = found.budgets
    assert str(budget.spent) == str(budget.cap.most) == "16 credits"
    assert budget.until
    assert budget.until > found.at


def test_a_running_daemon_tells_the_rest(studio: studios.Studio) -> None:
    """Its process, its lanes, how its folders are watched."""
    command = [sys.executable, "-m", "seedance_watch", "run", "--config", str(studio.config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            assert any("job.held" in line for line in process.stderr)
            found = picture(studio, live(studio.folder / "state"))
        finally:
            process.terminate()
            process.communicate(timeout=20)

    assert found.live
    assert found.live.process == process.pid
    assert {lane.provider: lane.in_work for lane in found.live.lanes}["segmind"] == 0
    [inbox] = found.live.inboxes
    assert (inbox.folder, inbox.closed) == (str(studio.inbox), "")
    assert inbox.hearing in {"events", "scans"}

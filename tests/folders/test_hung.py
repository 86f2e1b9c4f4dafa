"""A drive whose server does not answer holds up nobody else."""

from collections.abc import Iterator
from pathlib import Path

import drive
import pytest
import studios
from living import living

from seedance_watch.core.events import Accepted, Claimed, Claiming, Event, Fetched, Prepared
from seedance_watch.sandbox.server import Sandbox

_OTHER = """
[[watch]]
name = "other"
inbox = "other/inbox"
provider = "rivya"
"""


@pytest.fixture
def server(studio: studios.Studio, request: pytest.FixtureRequest) -> Iterator[drive.Server]:
    """A drive in the place of one of the studio's folders."""
    role = getattr(request, "param", "inbox")
    try:
        with drive.drive(studio.folder / role, studio.folder / f"{role} served") as server:
            yield server
    except OSError as error:
        pytest.skip(f"no FUSE here: {error}")


@pytest.fixture
def two(studio: studios.Studio) -> studios.Studio:
    """A second watch entry beside the studio's own, on a disk that answers."""
    studio.configure(watch="quiet_s = 0.2", more=_OTHER)
    (studio.folder / "other" / "inbox").mkdir(parents=True)
    return studio


def drop_into(inbox: Path, name: str, studio: studios.Studio) -> None:
    """Drop a pair of its own into an inbox of the studio."""
    studio.drop(f'prompt = "{name}"\n', name=f"../{inbox.relative_to(studio.folder)}/{name}")


@pytest.mark.parametrize("server", ["inbox", "outbox", "done"], indirect=True)
@pytest.mark.parametrize("moment", [Claiming, Claimed, Prepared, Accepted, Fetched])
async def test_a_hung_drive_holds_up_nobody_else(
    moment: type[Event], server: drive.Server, two: studios.Studio, sandbox: Sandbox
) -> None:
    """The other entry makes its videos meanwhile; when the drive answers all goes on by itself."""
    async with living(two) as life:
        life.when(moment, server.hang)
        for number in range(6):  # more than any gate has seats
            two.drop(f'prompt = "{number}"\n', name=f"shot{number}")
        await life.until(lambda: life.said("spool.frozen"))
        for number in range(3):
            drop_into(two.folder / "other" / "inbox", f"far{number}", two)
        others = two.folder / "other" / "outbox"
        await life.until(lambda: len(list(others.glob("*.mp4"))) == 3)
        assert len(life.said("spool.frozen")) == 1

        server.go_on()
        await life.until(lambda: life.states() == ["done"] * 9)
        assert len(life.said("spool.frozen")) == len(life.said("spool.answered")) == 1
    assert len(sandbox.ledger("charge")) == 9
    assert len([name for name in two.seen("outbox") if name.endswith(".mp4")]) == 6
    assert not two.seen("failed")

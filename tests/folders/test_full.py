"""Disks that are full, read-only or short of room: nothing is lost or paid twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
import studios
from living import living
from small_disks import SmallDisk

from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import (
    Accepted,
    Claimed,
    Claiming,
    Deferred,
    Event,
    Fetched,
    Placed,
    Placing,
    Prepared,
    Ready,
)
from seedance_watch.media import videos
from seedance_watch.sandbox.server import Sandbox

Disks = Callable[[Path], SmallDisk]
PAIR = ["shot.bmp", "shot.toml"]


def drop(studio: studios.Studio) -> None:
    """Drop a pair whose picture has to be made anew for the model."""
    studio.drop('prompt = "waves"\n', images=("{}.bmp",))


def is_done(studio: studios.Studio, sandbox: Sandbox) -> None:
    """One charge, one whole video, the originals as they were, nothing else."""
    kinds = ("inbox", "outbox", "done", "failed", "held")
    seen = {kind: found for kind in kinds if (found := studio.seen(kind))}
    assert seen == {"outbox": ["shot.mp4", "shot.toml"], "done": PAIR}
    assert len(sandbox.ledger("charge")) == 1
    videos.verify(studio.outbox / "shot.mp4", max_bytes=10**9)
    assert (studio.done / "shot.toml").read_text() == 'prompt = "waves"\n'


FULL = [
    ("inbox", Claiming),  # before the claim
    ("inbox", Claimed),  # before the picture is written
    ("outbox", Accepted),  # before the download
    ("outbox", Ready),
    ("outbox", Fetched),  # before the name and the receipt
    ("outbox", Placing),  # before the placing
    ("done", Placed),  # before the archiving, which is a copy to another file system
]


@pytest.mark.parametrize(("role", "moment"), FULL)
async def test_a_full_disk_is_waited_for(
    role: str, moment: type[Event], studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """Told once when it begins and once when it is over; only steps under way fail meanwhile."""
    disk = disks(getattr(studio, role))
    async with living(studio) as life:
        life.when(moment, disk.fill)
        drop(studio)
        await life.until(lambda: life.said("spool.closed", folder=role))
        await life.pulses(4)
        failed = life.count(Deferred)
        await life.pulses(8)
        assert life.count(Deferred) == failed <= 1, (life.events, life.logs)
        assert "full" in life.said("spool.closed")[0]["cure"]

        disk.clear()
        await life.until(lambda: life.states() == ["done"])
        assert len(life.said("spool.closed")) == len(life.said("spool.opened")) == 1
    (studio.inbox / ".ballast").unlink(missing_ok=True)
    is_done(studio, sandbox)


READ_ONLY = [*FULL, ("outbox", Prepared)]


@pytest.mark.parametrize(("role", "moment"), READ_ONLY)
async def test_a_read_only_disk_is_waited_for(
    role: str, moment: type[Event], studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """The same; and nothing is paid while the outbox cannot take the video."""
    disk = disks(getattr(studio, role))
    async with living(studio) as life:
        life.when(moment, lambda: disk.remount("ro"))
        drop(studio)
        await life.until(lambda: life.said("spool.closed", folder=role))
        await life.pulses(6)
        assert life.count(Deferred) <= 1
        assert "read-only" in life.said("spool.closed")[0]["cure"]
        if moment is Prepared:
            assert sandbox.ledger("charge") == []

        disk.remount("rw")
        await life.until(lambda: life.states() == ["done"])
        assert len(life.said("spool.closed")) == len(life.said("spool.opened")) == 1
    is_done(studio, sandbox)


async def test_a_full_held_folder_gets_its_note_later(
    studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """The job is held all the same; the note is written when there is room."""
    disk = disks(studio.held)
    studio.configure(more="[providers.rivya.budget]\nper_day = 1")
    async with living(studio) as life:
        life.when(Prepared, disk.fill)
        drop(studio)
        await life.until(lambda: any(job.hold for job in life.jobs.values()))
        await life.until(lambda: life.said("spool.closed", folder="held"))
        assert not studio.seen("held") or studio.seen("held") == [".ballast"]

        disk.clear()
        await life.until(lambda: studio.seen("held") == ["shot.held.txt"])
    assert sandbox.ledger("charge") == []


async def _live_until_full(studio: studios.Studio, disk: SmallDisk, moment: type[Event]) -> None:
    async with living(studio) as life:
        life.when(moment, disk.fill)
        drop(studio)
        await life.until(lambda: False)


@pytest.mark.parametrize("moment", [Claiming, Prepared, Accepted, Placing])
async def test_a_full_disk_under_the_journal_ends_the_process_and_nothing_else(
    moment: type[Event], studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """What cannot be recorded is not done; the next start goes on where it was."""
    disk = disks(studio.folder / "state")
    with pytest.raises(ExceptionGroup) as failed:
        await _live_until_full(studio, disk, moment)
    assert failed.group_contains(JournalError)

    disk.clear()
    async with living(studio) as life:
        await life.until(lambda: studio.seen("done"))
        await life.until(lambda: {row.state for row in studio.rows()} == {"done"})
    is_done(studio, sandbox)


async def test_too_little_room_stops_what_is_not_paid_and_nothing_else(
    studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """Below min_free_bytes no intent is made; the video that is paid comes all the same."""
    disk = disks(studio.outbox)
    text = studio.config.read_text()
    studio.config.write_text(text.replace("min_free_bytes = 0", "min_free_bytes = 8000000"))
    heavy = studio.outbox / "heavy.bin"
    async with living(studio) as life:
        life.when(Accepted, lambda: heavy.write_bytes(bytes(10 << 20)) and None)
        drop(studio)
        await life.until(lambda: life.said("spool.low"))
        studio.drop('prompt = "later"\n', name="later")
        await life.until(lambda: life.states() == ["done", "prepared"])
        await life.pulses(6)
        assert len(sandbox.ledger("charge")) == 1
        assert life.count(Deferred) == 0

        heavy.unlink()
        await life.until(lambda: life.states() == ["done", "done"])
        assert len(life.said("spool.low")) == len(life.said("spool.roomy")) == 1
    assert disk.there
    assert len(sandbox.ledger("charge")) == 2

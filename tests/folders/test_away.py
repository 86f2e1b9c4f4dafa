"""Folders that are not there for a while: all waits, nothing is lost, nothing is made up."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import studios
from living import living
from PIL import Image
from small_disks import SmallDisk

from seedance_watch.core.events import Accepted, Claimed, Deferred, Event, Fetched, Prepared
from seedance_watch.sandbox.server import Sandbox

Disks = Callable[[Path], SmallDisk]
PAIR = ["shot.png", "shot.toml"]


def seen_all(studio: studios.Studio) -> dict[str, list[str]]:
    """Give what people see in the folders that are not empty."""
    kinds = ("inbox", "outbox", "done", "failed", "held")
    return {kind: studio.seen(kind) for kind in kinds if studio.seen(kind)}


def removed(folder: Path) -> None:
    """Remove a folder and all that is in it, at once."""
    shutil.rmtree(folder.rename(folder.with_name("going")))


DONE = {"outbox": ["shot.mp4", "shot.toml"], "done": PAIR}


@pytest.mark.parametrize("moment", [Claimed, Prepared, Accepted, Fetched])
@pytest.mark.parametrize("role", ["inbox", "outbox", "done"])
async def test_an_unmounted_share_is_waited_for(
    role: str, moment: type[Event], studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """Nothing fails, nothing is written below the mount point; it goes on by itself, said once."""
    disk = disks(getattr(studio, role))
    async with living(studio) as life:
        life.when(moment, disk.unmount)
        studio.drop('prompt = "waves"\n')
        await life.until(lambda: life.said("spool.closed", folder=role))
        await life.pulses(6)

        assert list(disk.point.iterdir()) == [], "something was written below the mount point"
        disk.mount()
        await life.until(lambda: life.states() == ["done"])
        await life.until(lambda: life.said("spool.opened"))

        assert len(life.said("spool.closed")) == len(life.said("spool.opened")) == 1
        assert life.count(Deferred) <= 1, "only the step that was under way may fail"
    assert len(sandbox.ledger("charge")) == 1
    assert seen_all(studio) == DONE


async def test_an_empty_mount_point_is_no_empty_inbox(
    studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """What waits in the inbox is not forgotten, and what lies below the mount is not taken."""
    disk = disks(studio.inbox)
    async with living(studio) as life:
        Image.new("RGB", (640, 360)).save(studio.inbox / "later.png")
        await life.until(lambda: life.said("inbox.scanned"))
        disk.unmount()
        await life.until(lambda: life.said("spool.closed"))
        studio.drop('prompt = "below the mount"\n', name="below")
        await life.pulses(6)
        assert life.events == []
        assert sorted(path.name for path in studio.inbox.iterdir()) == ["below.png", "below.toml"]

        disk.mount()
        (studio.inbox / "later.toml").write_text('prompt = "waves"\n')
        await life.until(lambda: life.states() == ["done"])
    assert studio.seen("outbox") == ["later.mp4", "later.toml"]
    assert len(sandbox.ledger("charge")) == 1


async def test_a_start_without_the_share_waits_for_it(
    studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """No folder is made in the bare mount point, and the claimed drop is not given up."""
    disk = disks(studio.inbox)
    async with living(studio) as life:
        life.when(Claimed, life.stop.set)
        studio.drop('prompt = "waves"\n')
        await life.until(life.stop.is_set)
    disk.unmount()

    async with living(studio) as life:
        await life.until(lambda: life.said("spool.closed", folder="inbox"))
        await life.pulses(6)
        assert list(disk.point.iterdir()) == []
        assert life.said("spool.stray") == []
        disk.mount()
        await life.until(lambda: life.states() == ["done"])
    assert seen_all(studio) == DONE


@pytest.mark.parametrize("role", ["outbox", "done", "failed", "held"])
async def test_a_folder_deleted_by_a_person_is_worked_in_again_when_it_is_made_anew(
    role: str, studio: studios.Studio, sandbox: Sandbox
) -> None:
    """It is not made up; an empty new one in its place is taken for what it is."""
    async with living(studio) as life:
        folder = getattr(studio, role)
        life.when(Accepted, lambda: removed(folder))
        studio.drop('prompt = "waves"\n')
        await life.until(lambda: life.said("spool.closed", folder=role))
        assert not folder.exists()

        folder.mkdir()
        await life.until(lambda: life.said("spool.renewed", folder=role))
        await life.until(lambda: life.states() == ["done"])
    assert seen_all(studio) == DONE
    assert len(sandbox.ledger("charge")) == 1


async def test_an_inbox_deleted_while_a_paid_job_runs_loses_no_video(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The claimed originals are gone with it, which is said; the video is placed all the same."""
    async with living(studio) as life:
        life.when(Accepted, lambda: removed(studio.inbox))
        studio.drop('prompt = "waves"\n')
        await life.until(lambda: studio.seen("outbox"))
        assert not studio.inbox.exists()

        studio.inbox.mkdir()
        await life.until(lambda: life.states() == ["done"])
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert len(sandbox.ledger("charge")) == 1


async def test_another_share_in_its_place_is_refused(
    studio: studios.Studio, sandbox: Sandbox, disks: Disks
) -> None:
    """A folder with another mark is not worked in, and the cure names the right one."""
    disk = disks(studio.outbox)
    async with living(studio) as life:
        await life.until(lambda: life.said("inbox.scanned"))
        disk.unmount()
        other = disks(studio.outbox)
        studio.drop('prompt = "waves"\n')
        await life.until(lambda: life.said("spool.closed", folder="outbox"))
        await life.pulses(6)

        assert [path.name for path in other.point.iterdir()] == []
        assert "write" in life.said("spool.closed")[0]["cure"]
        assert sandbox.ledger("charge") == [], "paid for a video that has no place"
        other.unmount()
        disk.mount()
        await life.until(lambda: life.states() == ["done"])
    assert seen_all(studio) == DONE

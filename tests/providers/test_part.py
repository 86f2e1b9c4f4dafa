"""A paid video that arrived survives a power cut: its bytes and its name are synced."""

import os
import stat
from pathlib import Path

import pytest

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.part import (
    Begun,
    PartFile,
    begin,
    begun,
    etag_file,
    finish,
    make_folders,
)

LINK = "https://x.example/1.mp4"


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what was synced: the names of folders, "bytes" for a file."""
    seen, real = list[str](), os.fsync

    def fsync(fd: int) -> None:
        is_dir = stat.S_ISDIR(os.fstat(fd).st_mode)
        seen.append(Path(f"/proc/self/fd/{fd}").readlink().name if is_dir else "bytes")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    return seen


async def test_before_a_paid_call_the_way_to_its_answer_is_durable(
    tmp_path: Path, synced: list[str]
) -> None:
    """New folders are synced in their parents, the bytes are, and the name behind them."""
    outbox = tmp_path / "outbox"
    outbox.mkdir()
    part = await PartFile.open(outbox / ".seedance" / "part" / "a.mp4")
    await part.add(b"paid")
    await part.sync()
    await part.close()

    assert synced == ["outbox", ".seedance", "bytes", "part"]


def test_a_whole_part_file_loses_its_companion_for_good(tmp_path: Path, synced: list[str]) -> None:
    """Or a power cut brings it back when nobody looks for it any more."""
    part = tmp_path / "outbox" / "part" / "a.mp4"
    (tmp_path / "outbox").mkdir()
    make_folders(part)
    os.close(begin(part, '"v1"', LINK))
    assert etag_file(part).exists()
    synced.clear()
    finish(part)

    assert not etag_file(part).exists()
    assert synced == ["part"]


async def test_a_video_is_durable_before_it_is_told_of(tmp_path: Path, synced: list[str]) -> None:
    """Its bytes first, then its name and that it has no companion any more."""
    part = tmp_path / "part" / "a.mp4"
    make_folders(part)
    os.close(begin(part, '"v1"', LINK))
    synced.clear()
    file = PartFile.anew(part, '"v2"', LINK)
    await file.add(b"whole")
    assert begun(part, LINK).etag == ""
    await file.finish()
    await file.close()

    assert part.read_bytes() == b"whole"
    assert not etag_file(part).exists()
    assert synced == ["bytes", "part"]


@pytest.mark.parametrize("size_bytes", [3, 1_500_000])
async def test_what_broke_off_can_be_gone_on_from(tmp_path: Path, size_bytes: int) -> None:
    """What is there and what it is the beginning of stay together."""
    part = tmp_path / "part" / "a.mp4"
    make_folders(part)
    file = PartFile.anew(part, '"v1"', LINK)
    await file.add(b"x" * size_bytes)
    await file.add(b"y")
    await file.close()

    assert begun(part, LINK) == Begun(size_bytes + 1, '"v1"')


async def test_a_broken_off_answer_without_a_byte_changes_nothing(tmp_path: Path) -> None:
    """What was begun before is still good."""
    part = tmp_path / "part" / "a.mp4"
    make_folders(part)
    os.close(begin(part, '"v1"', LINK))
    part.write_bytes(b"begun")
    await PartFile.anew(part, '"v2"', LINK).close()

    assert begun(part, LINK) == Begun(5, '"v1"')


async def test_a_folder_that_went_meanwhile_is_not_made_up(tmp_path: Path) -> None:
    """A share that was unmounted while the video came: nothing is written where it was."""
    part = tmp_path / "outbox" / ".seedance" / "part" / "a.mp4"
    part.parent.parent.parent.mkdir()
    make_folders(part)
    file = PartFile.anew(part, '"v1"', LINK)
    await file.add(b"whole")
    part.parent.rmdir()
    part.parent.parent.rmdir()
    with pytest.raises(Fault) as raised:
        await file.finish()
    await file.close()

    assert raised.value.kind is FaultKind.LOCAL
    assert list((tmp_path / "outbox").iterdir()) == []

"""A paid video that arrived survives a power cut: its bytes and its name are synced."""

import os
import stat
from pathlib import Path

import pytest

from seedance_watch.providers.part import PartFile, begin, etag_file, finish


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
    begin(part, '"v1"', "https://x.example/1.mp4")
    assert etag_file(part).exists()
    synced.clear()
    finish(part)

    assert not etag_file(part).exists()
    assert synced == ["part"]

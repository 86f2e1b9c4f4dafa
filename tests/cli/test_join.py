"""`join`, typed by a person."""

from collections.abc import Iterator
from pathlib import Path

import pictures
import pytest
import structlog

from seedance_watch.cli.exits import Exit
from seedance_watch.cli.join import join
from seedance_watch.media import videos


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Let other tests of this process hear what they heard before."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def lay(folder: Path, *names: str) -> list[Path]:
    """Write a video under each name."""
    content = pictures.video(pictures.moving(12))
    for name in names:
        (folder / name).write_bytes(content)
    return [folder / name for name in names]


def test_videos_are_joined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ending may be left out; nothing else is left there."""
    join_of = lay(tmp_path, "a.mp4", "b.mp4", "c.mp4")

    assert join(tmp_path / "film", *join_of) is Exit.OK

    assert videos.verify(tmp_path / "film.mp4", max_bytes=10**9).frames == 36
    assert "3 videos, 1.5 s, pictures as they were" in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 4


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is taken, be it by one of the videos, is refused at once."""
    one, other = lay(tmp_path, "a.mp4", "b.mp4")
    before = one.read_bytes()

    assert join(one, one, other) is Exit.CANNOT_CREATE

    assert one.read_bytes() == before
    assert "there already" in capsys.readouterr().err


def test_what_cannot_be_joined_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason, and nothing is left there."""
    [one] = lay(tmp_path, "a.mp4")
    (tmp_path / "b.mp4").write_bytes(b"no video")

    assert join(tmp_path / "film.mp4", one, tmp_path / "b.mp4") is Exit.SOME_FAILED

    assert "b.mp4" in capsys.readouterr().err
    assert len(list(tmp_path.iterdir())) == 2

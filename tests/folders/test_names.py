"""Folders that are choosy about names: short ones, no colons, no capitals of their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import drive
import pytest
import studios
from living import living
from PIL import Image

from seedance_watch.core.events import Failing
from seedance_watch.sandbox.server import Sandbox


@pytest.fixture
def mounts(studio: studios.Studio) -> Iterator["Mounts"]:
    """Put drives with rules of their own in the place of folders."""
    with ExitStack() as stack:
        yield Mounts(studio.folder, stack)


class Mounts:
    """Mounts drives; they are gone after the test."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack

    def __call__(self, *rules: str, roles: str = "inbox outbox done failed held") -> None:
        for role in roles.split():
            served = self._folder / f"{role} served"
            try:
                self._stack.enter_context(drive.drive(self._folder / role, served, *rules))
            except OSError as error:
                pytest.skip(f"no FUSE here: {error}")


async def test_names_that_just_fit_an_encrypted_share(
    studio: studios.Studio, sandbox: Sandbox, mounts: Mounts
) -> None:
    """At most 143 bytes: what is added to a name makes none too long, in any folder."""
    mounts("143")
    studio.configure(watch="quiet_s = 0.2")
    good, bad = "g" * 138, "b" * 138
    studio.drop('prompt = "waves"\ntakes = 2\n', name=good)
    studio.drop('prompt = "waves"\nduration = "long"\n', name=bad)
    async with living(studio) as life:
        await life.until(lambda: life.states() == ["done", "done", "failed"])
        assert life.count(Failing) == 1
    assert studio.seen("done") == [f"{good}.png", f"{good}.toml"]
    assert len([name for name in studio.seen("outbox") if name.endswith(".mp4")]) == 2
    assert len([name for name in studio.seen("failed") if name.endswith(".failed.txt")]) == 1
    assert f"{bad}.png" in studio.seen("failed")


async def test_an_outbox_that_knows_no_colon(
    studio: studios.Studio, sandbox: Sandbox, mounts: Mounts
) -> None:
    """Where a name is refused the video gets a plain one; it is not paid again."""
    mounts("255", "strict", roles="outbox")
    studio.drop('prompt = "waves"\n', name='take 5: "the sea"?')
    studio.drop('prompt = "rain"\n', name="a:b/rain")
    async with living(studio) as life:
        await life.until(lambda: life.states() == ["done", "done"])
    videos = [name for name in studio.seen("outbox") if name.endswith(".mp4")]
    assert len(videos) == 2
    assert any(name.startswith("take-5-the-sea-") for name in videos), videos
    assert any(name.startswith("a-b/rain") for name in videos), videos
    assert len(sandbox.ledger("charge")) == 2


async def test_names_that_differ_in_capitals_only(
    studio: studios.Studio, sandbox: Sandbox, mounts: Mounts
) -> None:
    """Two videos, two pairs of originals: none replaces the other."""
    mounts("255", "fold", roles="outbox done")
    studio.drop('prompt = "waves"\n', name="Shot")
    studio.drop('prompt = "rain"\n', name="shot")
    Image.new("RGB", (640, 360), "red").save(studio.inbox / "Shot.png")
    async with living(studio) as life:
        await life.until(lambda: life.states() == ["done", "done"])
    for kind in ("outbox", "done"):
        assert len({name.lower() for name in studio.seen(kind)}) == 4, studio.seen(kind)
    texts = {path.read_text() for path in studio.done.glob("*.toml")}
    assert texts == {'prompt = "waves"\n', 'prompt = "rain"\n'}


async def test_every_folder_on_a_file_system_of_its_own(
    studio: studios.Studio, sandbox: Sandbox, mounts: Mounts
) -> None:
    """Where nothing can be renamed across, it is copied, compared and only then removed."""
    mounts("255", roles="outbox done failed held")
    studio.drop('prompt = "waves"\n')
    studio.drop("prompt = 5\n", name="bad")
    async with living(studio) as life:
        await life.until(lambda: life.states() == ["done", "failed"])
    assert studio.seen("outbox") == ["shot.mp4", "shot.toml"]
    assert studio.seen("done") == ["shot.png", "shot.toml"]
    assert studio.seen("failed") == ["bad.failed.txt", "bad.png", "bad.toml"]
    assert studio.seen("inbox") == []

"""A chain of shots becomes one video as well, or it is said why not."""

import shutil
from itertools import pairwise
from pathlib import Path

import av
import pytest
import studios
import tomli
from chains.board import GOOD, drop
from PIL import Image, ImageChops, ImageStat

from seedance_watch.app.verified import GOOD as GOOD_VIDEO
from seedance_watch.app.verified import placed, verified
from seedance_watch.core import reactions
from seedance_watch.core.events import Deferred, Effect, Placed, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import State
from seedance_watch.media import videos

SHOTS = 3
FILM = f"shot{SHOTS}"


pytestmark = pytest.mark.usefixtures("hurried")


def storyboard(studio: studios.Studio) -> None:
    """Drop a chain of shots at once, the last one first."""
    for number in range(SHOTS, 1, -1):
        more = 'sequence = "film"\n' if number == SHOTS else ""
        drop(studio, f"shot{number}", f"shot{number - 1}", more=GOOD + more)
    drop(studio, "shot1")


def looks(path: Path) -> tuple[list[float], list[Image.Image]]:
    """Give the moments and the pictures of a video."""
    with av.open(path) as container:
        found = [(frame.time, frame.to_image()) for frame in container.decode(video=0)]
    return [at for at, _ in found], [image for _, image in found]


def unlike(one: Image.Image, other: Image.Image) -> float:
    """Give how far two pictures differ, from 0 to 255."""
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


async def test_a_storyboard_becomes_one_video(studio: studios.Studio) -> None:
    """Every picture of every shot, as it was, in order and in time; the receipt says of what."""
    storyboard(studio)

    assert (await studios.once(studio))[State.DONE] == SHOTS

    shots = [looks(studio.outbox / f"shot{number}.mp4")[1] for number in range(1, SHOTS + 1)]
    at, seen = looks(studio.outbox / "film.mp4")
    assert len(seen) == sum(map(len, shots))
    assert all(before < after for before, after in pairwise(at))
    assert max(after - before for before, after in pairwise(at)) < 1.5 / 3
    wanted = [image for images in shots for image in images]
    assert max(unlike(one, other) for one, other in zip(seen, wanted, strict=True)) == 0
    receipt = tomli.loads((studio.outbox / "film.toml").read_text())["receipt"]
    clip = videos.verify(studio.outbox / "film.mp4", max_bytes=10**9)
    assert (receipt["video"]["sha256"], receipt["video"]["frames"]) == (clip.sha256, clip.frames)
    assert receipt["sequence"]["pictures"] == "as they were"
    assert [each["file"] for each in receipt["sequence"]["shots"]] == [
        f"shot{number}.mp4" for number in range(1, SHOTS + 1)
    ]
    assert receipt["sequence"]["shots"][1]["first_frame"] == len(shots[0])
    found = [verified(each, None).code for each in placed(studio.outbox)]
    assert found == [GOOD_VIDEO] * (SHOTS + 1)


async def test_a_shot_of_another_size_is_encoded_again(studio: studios.Studio) -> None:
    """It is said in the receipt, and no picture is lost."""
    drop(studio, "shot1")
    drop(studio, "shot2", "shot1", more='resolution = "720p"\nsequence = "film"\n')

    assert (await studios.once(studio))[State.DONE] == 2

    receipt = tomli.loads((studio.outbox / "film.toml").read_text())["receipt"]
    frames = [tomli.loads((studio.outbox / f"shot{n}.toml").read_text()) for n in (1, 2)]
    assert "another size" in receipt["sequence"]["pictures"]
    assert receipt["video"]["frames"] == sum(each["receipt"]["video"]["frames"] for each in frames)


async def test_a_shot_that_was_taken_away_is_not_joined_over(studio: studios.Studio) -> None:
    """Nothing is joined, a text says why, and the job is done all the same."""
    storyboard(studio)

    def take(_before: Job, after: Job, record: Record) -> None:
        if isinstance(record.event, Placed) and after.claim.stem == FILM:
            (studio.outbox / "shot1.mp4").write_bytes(b"cut by somebody")

    assert (await studios.once(studio, take))[State.DONE] == SHOTS

    assert not (studio.outbox / "film.mp4").exists()
    said = (studio.outbox / "film.not-joined.txt").read_text()
    assert "shot1.mp4 is not in the outbox any more as it was placed" in said


async def test_too_little_room_is_left_to_paid_videos(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is joined that would take the last room; after some tries the job is done."""
    pace = reactions.Pace(0.02, 0.1)
    monkeypatch.setattr(reactions, "BACKOFF", dict.fromkeys(Effect, pace))
    storyboard(studio)
    tries: list[str] = []

    def fill(_before: Job, after: Job, record: Record) -> None:
        if isinstance(record.event, Placed) and after.claim.stem == FILM:
            full = shutil.disk_usage(studio.folder)._replace(free=1_000)
            monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
        if isinstance(record.event, Deferred) and record.event.effect is Effect.ADD:
            tries.append(record.event.reason)

    assert (await studios.once(studio, fill))[State.DONE] == SHOTS

    assert len(tries) == reactions.ADD_TRIES
    assert "only 1000 bytes are free" in tries[0]
    assert "only 1000 bytes are free" in (studio.outbox / "film.not-joined.txt").read_text()


async def test_shots_that_were_made_before_are_joined_from_where_they_are(
    studio: studios.Studio,
) -> None:
    """A second storyboard that differs in its last shot pays for that one alone."""
    storyboard(studio)
    assert (await studios.once(studio))[State.DONE] == SHOTS
    for number in (1, 2):
        wish = (studio.done / f"shot{number}.toml").read_text()
        studio.drop(wish, name=f"again/shot{number}", images=("{}.png",) if number == 1 else ())
    drop(studio, "again/shot3", "shot2", more=f'{GOOD}camera_fixed = true\nsequence = "film"\n')

    assert (await studios.once(studio))[State.DONE] == SHOTS

    assert studio.seen("outbox")[:4] == [
        "again/film.mp4", "again/film.toml", "again/shot3.mp4", "again/shot3.toml",
    ]  # fmt: skip
    receipt = tomli.loads((studio.outbox / "again/film.toml").read_text())["receipt"]
    shown = [each["file"] for each in receipt["sequence"]["shots"]]
    assert shown == ["shot1.mp4", "shot2.mp4", "again/shot3.mp4"]

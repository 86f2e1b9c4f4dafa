"""What is made beside a video: there or said why not, and never a danger to the video."""

from collections.abc import Callable
from pathlib import Path

import pytest
import studios
import tomli
from PIL import Image

from seedance_watch.core.events import Added, Event, Placed, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.model import ExtraKind, State
from seedance_watch.sandbox.server import Sandbox

WISH = 'prompt = "waves"\nposter = true\npreview = "webp"\n'
ALL = ["shot.mp4", "shot.poster.jpg", "shot.preview.webp", "shot.toml"]


@pytest.fixture
def studio(tmp_path: Path, sandbox: Sandbox) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


class When:
    """Does something the moment that an event is durable, and keeps what was added."""

    def __init__(self, kind: type[Event], act: Callable[[], object]) -> None:
        self._kind, self._act = kind, act
        self.lacking: dict[ExtraKind, str] = {}

    def __call__(self, _before: Job, _after: Job, record: Record) -> None:
        if isinstance(record.event, self._kind):
            self._act()
        if isinstance(record.event, Added):
            self.lacking = {each.kind: each.lacking for each in record.event.extras}


def left_over(studio: studios.Studio) -> list[str]:
    """Name the files that are still on their way."""
    part = studio.outbox / ".seedance" / "part"
    return [path.name for path in part.rglob("*") if path.is_file()]


async def test_a_still_and_an_animation_lie_beside_the_video(studio: studios.Studio) -> None:
    """Both show the video, the receipt names them, and nothing else is left behind."""
    studio.drop(WISH)

    assert (await studios.once(studio))[State.DONE] == 1

    assert studio.seen("outbox") == ALL
    assert left_over(studio) == []
    with Image.open(studio.outbox / "shot.poster.jpg") as still:
        assert still.format == "JPEG"
    with Image.open(studio.outbox / "shot.preview.webp") as moving:
        assert moving.n_frames > 1  # type: ignore[attr-defined]
    told = tomli.loads((studio.outbox / "shot.toml").read_text())
    assert told["receipt"]["extras"] == {"poster": ALL[1], "preview": ALL[2]}
    assert (told["poster"], told["preview"]) == (True, "webp")


async def test_nobody_who_wishes_for_nothing_gets_more(studio: studios.Studio) -> None:
    """A folder's defaults may ask for them, a sidecar may decline."""
    (studio.folder / "inbox" / "_defaults.toml").write_text('poster = true\npreview = "gif"\n')
    studio.drop('prompt = "waves"\nposter = false\npreview = "none"\n')
    studio.drop('prompt = "rain"\n', name="other")

    await studios.once(studio)

    beside = ["other.poster.jpg", "other.preview.gif"]
    assert ["other.mp4", *beside, "other.toml", "shot.mp4", "shot.toml"] == studio.seen("outbox")


async def test_a_name_that_is_taken_is_another_one_for_all(studio: studios.Studio) -> None:
    """A file that lies where a still would go: the video gets another name, with its still."""
    studio.drop(WISH)
    studio.outbox.mkdir()
    (studio.outbox / "shot.poster.jpg").write_bytes(b"mine")

    await studios.once(studio)

    assert (studio.outbox / "shot.poster.jpg").read_bytes() == b"mine"
    assert {"shot-2.mp4", "shot-2.poster.jpg"} < set(studio.seen("outbox"))


async def test_a_name_that_is_taken_meanwhile_stays_with_its_owner(
    studio: studios.Studio,
) -> None:
    """Nothing is overwritten; what cannot be placed is left out, and the job is done."""
    studio.drop(WISH)
    taken = studio.outbox / "shot.poster.jpg"
    when = When(Placed, lambda: taken.write_bytes(b"mine"))

    assert (await studios.once(studio, when))[State.DONE] == 1

    assert taken.read_bytes() == b"mine"
    assert (studio.outbox / "shot.preview.webp").exists()
    assert "belongs to somebody else" in when.lacking[ExtraKind.POSTER]
    assert when.lacking[ExtraKind.PREVIEW] == ""
    assert left_over(studio) == []


async def test_a_video_that_was_taken_away_at_once_is_no_trouble(studio: studios.Studio) -> None:
    """Somebody may move a video the moment it appears: the job is done, without extras."""
    studio.drop(WISH)
    video = studio.outbox / "shot.mp4"
    when = When(Placed, lambda: video.rename(studio.folder / "mine.mp4"))

    assert (await studios.once(studio, when))[State.DONE] == 1

    assert all("not in the outbox any more" in said for said in when.lacking.values())
    assert studio.seen("outbox") == ["shot.toml"]


async def test_a_disk_that_never_takes_an_extra_costs_the_extra_only(
    studio: studios.Studio,
) -> None:
    """It is tried a few times, then left out; the job is done and paid once."""
    studio.drop(WISH)
    part = studio.outbox / ".seedance" / "part"

    def block() -> None:
        [row] = studio.rows()
        (part / f"{row.job_id}.poster").mkdir()

    when = When(Placed, block)
    assert (await studios.once(studio, when))[State.DONE] == 1

    assert "poster" in when.lacking[ExtraKind.POSTER]
    assert when.lacking[ExtraKind.PREVIEW] == ""
    assert studio.seen("outbox") == ["shot.mp4", "shot.preview.webp", "shot.toml"]

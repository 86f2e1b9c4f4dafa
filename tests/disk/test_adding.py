"""What is made beside a video overwrites nothing, and leaves nothing behind."""

import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from disk.test_spool import World, job
from histories import SPEC
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault
from seedance_watch.core.events import Placing, Prepared
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, ExtraKind, State
from seedance_watch.disk import adding, files
from seedance_watch.ports import Putting

WISH = replace(SPEC, poster=True, preview="webp", sequence="film", start_from="shot00")
FILM = Extra(ExtraKind.SEQUENCE, "film.mp4")
NOTE = b"[receipt]\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give empty folders."""
    return World.make(tmp_path)


def placed(world: World, **wish: object) -> Job:
    """Give a placed job that wishes for everything."""
    one = job(world.drop(), State.PLACED, prepared=Prepared(replace(WISH, **wish)))
    return replace(
        one, placing=Placing("shot01.mp4", "", adding.wished(one, world.places, "shot01"))
    )


def made(world: World, one: Job, content: bytes = b"film") -> None:
    """Lay what was made into the part folder, and what is left of making it."""
    part = world.spool.extra_part(one, ExtraKind.SEQUENCE)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(content)
    (part.parent / f"{part.name}.0").write_bytes(b"a shot")


def test_all_have_names_beside_the_video(world: World) -> None:
    """The still and the animation are called like it, the joined video as was wished."""
    names = [each.name for each in adding.wished(placed(world), world.places, "scenes/shot01")]

    assert names == ["scenes/shot01.poster.jpg", "scenes/shot01.preview.webp", "film.mp4"]


def test_a_video_gets_a_name_that_is_free_with_all_that_goes_beside_it(world: World) -> None:
    """A still that lies there takes the name, for those who wish for a still."""
    (world.places.outbox / "shot01.poster.jpg").write_bytes(b"mine")
    one = replace(placed(world), state=State.FETCHED)

    assert world.spool.named(one)[0] == "shot01-2"
    assert world.spool.named(replace(one, prepared=Prepared(SPEC)))[0] == "shot01"


@pytest.mark.parametrize("taken", ["film.mp4", "film.toml"])
def test_a_joined_video_gets_another_name_where_it_is_taken(world: World, taken: str) -> None:
    """Also where only its receipt would be in the way, or where the shot is called like it."""
    (world.places.outbox / taken).write_bytes(b"mine")

    assert adding.wished(placed(world), world.places, "x")[-1].name == "film-2.mp4"
    for name in ("shot01", "SHOT01"):  # many drives know no difference
        [*_, film] = adding.wished(placed(world, sequence=name), world.places, "shot01")
        assert film.name == f"{name}-2.mp4"


def test_a_joined_video_is_placed_behind_its_receipt(world: World) -> None:
    """Repeating it, whole or from its part file again, changes nothing."""
    one = placed(world)
    for _ in range(3):
        made(world, one)
        assert world.spool.add(one, FILM, NOTE) is Putting.PLACED
    assert world.seen("outbox") == {"film.mp4": b"film", "film.toml": NOTE}


@pytest.mark.parametrize("taken", ["film.mp4", "film.toml"])
def test_what_somebody_else_has_stays(world: World, taken: str) -> None:
    """Neither is overwritten, and no receipt of ours is left without its video."""
    one = placed(world)
    made(world, one)
    (world.places.outbox / taken).write_bytes(b"mine")

    assert world.spool.add(one, FILM, NOTE) is Putting.TAKEN
    assert world.seen("outbox") == {taken: b"mine"}


def test_a_still_has_no_receipt_to_take_back(world: World) -> None:
    """An empty file of somebody else beside a name that is taken stays."""
    one, still = placed(world), Extra(ExtraKind.POSTER, "shot01.poster.jpg")
    part = world.spool.extra_part(one, ExtraKind.POSTER)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"jpeg")
    for name in ("shot01.poster.jpg", "shot01.poster.toml"):
        (world.places.outbox / name).write_bytes(b"")

    assert world.spool.add(one, still) is Putting.TAKEN
    assert world.seen("outbox") == {"shot01.poster.jpg": b"", "shot01.poster.toml": b""}


def test_no_receipt_lies_alone_where_a_disk_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be placed now may be left out in the end."""
    one = placed(world)
    made(world, one)
    move = files.move

    def fails(source: Path, target: Path, *, scratch: Path) -> None:
        if target.suffix == ".mp4":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        move(source, target, scratch=scratch)

    monkeypatch.setattr(files, "move", fails)
    with pytest.raises(Fault):
        world.spool.add(one, FILM, NOTE)

    assert world.seen("outbox") == {}


def test_what_is_not_made_is_not_placed(world: World) -> None:
    """Nothing at all is there then."""
    assert world.spool.add(placed(world), FILM, NOTE) is Putting.MISSING
    assert world.seen("outbox") == {}


def test_nothing_is_left_when_the_job_ends(world: World) -> None:
    """Whatever a crash left half made goes with the job folder; other jobs' stays."""
    one = placed(world)
    world.spool.claim(one.claim)
    made(world, one)
    other = world.places.outbox / ".seedance" / "part" / f"{one.id}0.sequence"
    other.write_bytes(b"another job's")

    world.spool.clear(one)

    assert [path for path in other.parent.iterdir() if path.is_file()] == [other]


def test_why_there_is_no_joined_video_lies_where_it_would_be(world: World) -> None:
    """Once; a text that is there is not touched."""
    one = placed(world)
    for reason in ("shot00.mp4 is gone", "another reason"):
        world.spool.say_unjoined(one, replace(FILM, lacking=reason))

    [(name, text)] = world.seen("outbox").items()
    assert name == "film.not-joined.txt"
    assert b"shot00.mp4 is gone" in text
    assert b"another" not in text


def test_a_video_is_found_only_as_it_was_placed(world: World) -> None:
    """Another file of its name, or a link, is not it."""
    path = world.places.outbox / "shot01.mp4"
    clip = _clip(b"video")
    assert world.spool.video("main", "shot01.mp4", clip) is None
    path.write_bytes(b"other")
    assert world.spool.video("main", "shot01.mp4", clip) is None
    path.write_bytes(b"video")
    assert world.spool.video("main", "shot01.mp4", clip) == path
    path.rename(world.root / "elsewhere.mp4")
    path.symlink_to(world.root / "elsewhere.mp4")
    assert world.spool.video("main", "shot01.mp4", clip) is None
    assert world.spool.video("gone", "shot01.mp4", clip) is None


def _clip(content: bytes) -> Clip:
    return Clip(
        len(content), hashlib.sha256(content).hexdigest(), 5.0, 64, 36, 9, 24.0, "h264",
        has_audio=False,
    )  # fmt: skip


@settings(deadline=None)
@given(
    name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(
        lambda each: "/" not in each
    ),
    stem=st.text(min_size=1, max_size=300),
)
def test_every_name_fits_its_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str, stem: str
) -> None:
    """However long or strange: no part of a path has more bytes than a name may have."""
    world = World.make(tmp_path_factory.mktemp("names"))
    one = placed(world, sequence=name)
    one = replace(one, claiming=replace(one.claim, stem=stem.replace("/", "").replace("\0", "")))
    found = world.spool.named(one)[0]

    for each in adding.wished(one, world.places, found):
        own = os.fsencode(Path(each.name).name)
        assert len(own) <= files.longest_name(world.places.outbox) - 20
        assert not files.exists(world.places.outbox / each.name)

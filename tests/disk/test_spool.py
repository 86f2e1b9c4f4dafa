"""What people dropped is moved and never lost; what they get is whole and overwrites nothing."""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from seedance_watch.core import reasons
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Claiming, Effect, Failing, Held, Placing, Returned
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Part, Role, State
from seedance_watch.disk import files, originals
from seedance_watch.disk.spool import Places, Spool
from seedance_watch.ports import Claim, Putting

IMAGE, WISH, VIDEO = b"\x89PNG" + bytes(range(256)) * 40, b'prompt = "a cat"\n', b"mp4" * 5000
RECEIPT = b'job = "shot01-1"\n'


def digest(content: bytes) -> str:
    """Give a hex digest."""
    return hashlib.sha256(content).hexdigest()


CLIP = Clip(len(VIDEO), digest(VIDEO), 5.0, 640, 360, 120, 24.0, "h264", has_audio=False)


@dataclass(frozen=True)
class World:
    """The folders of one watch entry, its spool, and what lies there."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "World":
        """Create the folders, as the start of the daemon does."""
        for name in ("inbox", "outbox", "done", "failed", "held"):
            (root / name).mkdir(parents=True, exist_ok=True)
        return cls(root)

    @property
    def places(self) -> Places:
        """Give the folders."""
        names = ("inbox", "outbox", "done", "failed", "held")
        return Places(*(self.root / name for name in names))

    @property
    def spool(self) -> Spool:
        """Give the spool over them; it keeps nothing in memory."""
        return Spool({"main": self.places})

    def drop(self, **sources: bytes) -> Claiming:
        """Lay an image and its sidecar into the inbox, settled."""
        return self.dropped(
            "shot01", [("shot01.png", IMAGE), ("shot01.toml", sources.get("wish", WISH))]
        )

    def dropped(self, stem: str, contents: list[tuple[str, bytes]], *, key: str = "1") -> Claiming:
        """Lay files into the inbox; give the claim of them."""
        parts = []
        for source, content in contents:
            path = self.places.inbox / source
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            role = Role.SIDECAR if source.endswith(".toml") else Role.IMAGE
            parts.append(Part(role, source, path.name, len(content), digest(content)))
        folder = contents[-1][0].rpartition("/")[0]
        return Claiming(f"drop-{key}", 1, 1, "main", folder, stem, tuple(parts), key * 32)

    def files(self, name: str = "") -> dict[str, bytes]:
        """Give every regular file below a folder, with its bytes."""
        top = self.root / name if name else self.root
        found = (path for path in sorted(top.rglob("*")) if path.is_file())
        return {str(path.relative_to(top)): path.read_bytes() for path in found}

    def seen(self, name: str) -> dict[str, bytes]:
        """Give what a person sees in a folder: all but what is private."""
        return {k: v for k, v in self.files(name).items() if not k.startswith(".seedance/")}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give empty folders."""
    return World.make(tmp_path)


def job(claim: Claiming, state: State = State.PLACING, **fields: Any) -> Job:
    """Give a job of a claim."""
    return Job("shot01-1", state, claiming=claim, **fields)


def claimed(world: World, claim: Claiming) -> Claiming:
    """Claim a drop."""
    assert world.spool.claim(claim) is Claim.CLAIMED
    return claim


def fetched(world: World, claim: Claiming, content: bytes = VIDEO) -> Job:
    """Give a job whose video lies in the part folder."""
    one = job(claim)
    world.spool.part(one).parent.mkdir(parents=True, exist_ok=True)
    world.spool.part(one).write_bytes(content)
    return one


# Claiming


def test_a_claim_takes_all_files_out_of_the_inbox(world: World) -> None:
    """They are in the job folder, byte for byte, and repeating it changes nothing."""
    claim = world.drop()
    for _ in range(2):
        assert world.spool.claim(claim) is Claim.CLAIMED
        assert world.seen("inbox") == {}
        assert (world.spool.folder(claim) / "shot01.png").read_bytes() == IMAGE
        assert (world.spool.folder(claim) / "shot01.toml").read_bytes() == WISH


@pytest.mark.parametrize(
    "stem",
    [
        "two words",
        'it\'s "quoted"',
        "caf\u00e9",
        "cafe\u0301",
        "UPPER",
        "x" * 250,
        os.fsdecode(b"latin-1 \xe9\xff"),
        "-rf",
        "a.b.c",
    ],
)
@pytest.mark.parametrize("folder", ["", "scenes/\u00e9t\u00e9 1/"])
def test_any_name_goes_all_the_way(world: World, stem: str, folder: str) -> None:
    """Claimed, placed and archived twice under names of every kind; nothing is renamed twice."""
    for turn, key in enumerate("12"):
        contents = [(f"{folder}{stem}.PNG", IMAGE), (f"{folder}{stem}.toml", key.encode())]
        one = fetched(world, claimed(world, world.dropped(stem, contents, key=key)))
        name = world.spool.named(one)[0] + ".mp4"
        assert world.spool.place(one, name, CLIP, key.encode()) is Putting.PLACED
        assert world.spool.archive(one, None) == []
        assert len(world.seen("done")) == 2 * (turn + 1)
        assert len(world.seen("outbox")) == 2 * (turn + 1)
    assert f"{folder}{stem}.PNG" in world.seen("done")
    assert sorted(world.seen("done").values()) == sorted([IMAGE, IMAGE, b"1", b"2"])
    assert world.files("inbox") == {}


def test_a_late_writer_is_found_out(world: World) -> None:
    """A file that is not what was settled is no claim; it is all there for the way back."""
    claim = world.drop()
    (world.places.inbox / "shot01.png").write_bytes(IMAGE + b"more")
    for _ in range(2):
        assert world.spool.claim(claim) is Claim.CHANGED
    assert world.spool.archive(job(claim), Returned.INBOX) == []
    assert world.files() == {"inbox/shot01.png": IMAGE + b"more", "inbox/shot01.toml": WISH}


def test_a_file_taken_away_gives_the_other_back(world: World) -> None:
    """What a person took back before the claim is theirs; its partner returns to the inbox."""
    claim = world.drop()
    (world.places.inbox / "shot01.png").unlink()
    (world.places.inbox / ".seedance").mkdir()
    for _ in range(2):
        assert world.spool.claim(claim) is Claim.GONE
    assert world.spool.archive(job(claim), Returned.INBOX) == ["shot01.png"]
    assert world.files() == {"inbox/shot01.toml": WISH}


def test_what_was_only_copied_is_durable_once_claimed(
    world: World, told: list[tuple[str, str]]
) -> None:
    """Promise 5: whoever dropped it did not sync it, and a power cut would leave it empty."""
    claim = claimed(world, world.drop())

    for part in claim.parts:
        assert ("sync", str(world.spool.folder(claim) / part.name)) in told


def test_a_second_drop_of_the_same_name_is_left_for_its_own_claim(world: World) -> None:
    """Dropped again during a cut claim, other bytes stay where they are."""
    claim = claimed(world, world.drop())
    (world.places.inbox / "shot01.png").write_bytes(b"another picture")
    assert world.spool.claim(claim) is Claim.CLAIMED
    assert world.seen("inbox") == {"shot01.png": b"another picture"}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "fifo"])
def test_promise_12_what_was_swapped_in_is_neither_taken_nor_followed(
    world: World, kind: str
) -> None:
    """A link, folder or pipe in the place of a settled file stays there; the claim is off."""
    claim, path = world.drop(), world.places.inbox / "shot01.png"
    secret = world.root / "secret"
    secret.write_bytes(IMAGE)
    path.unlink()
    if kind == "folder":
        path.mkdir()
        (path / "kept").write_bytes(b"kept")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(secret if kind == "link" else "nowhere")
    assert world.spool.claim(claim) is Claim.GONE
    assert world.spool.archive(job(claim), Returned.INBOX) == ["shot01.png"]
    assert files.exists(path)
    assert not files.plain(path)
    assert secret.read_bytes() == IMAGE
    assert world.seen("inbox")["shot01.toml"] == WISH
    assert kind != "folder" or (path / "kept").read_bytes() == b"kept"


def test_promise_12_a_link_that_slips_in_is_not_followed(world: World) -> None:
    """Even moved in by a race it is no claim, and it goes back as the link it is."""
    claim, secret = world.drop(), world.root / "secret"
    secret.write_bytes(IMAGE)
    folder = world.spool.folder(claim)
    folder.mkdir(parents=True)
    (world.places.inbox / "shot01.png").unlink()
    (folder / "shot01.png").symlink_to(secret)
    assert world.spool.claim(claim) is Claim.CHANGED
    assert world.spool.archive(job(claim), Returned.INBOX) == []
    assert (world.places.inbox / "shot01.png").readlink() == secret
    assert secret.read_bytes() == IMAGE


def test_promise_12_a_folder_swapped_for_a_link_is_not_entered(world: World) -> None:
    """Files outside are not moved in, although they have the very bytes that settled."""
    claim = world.dropped("a", [("scene/a.png", IMAGE), ("scene/a.toml", WISH)])
    (world.places.inbox / "scene").rename(world.root / "outside")
    (world.places.inbox / "scene").symlink_to(world.root / "outside")
    assert world.spool.claim(claim) is Claim.GONE
    assert world.files("outside") == {"a.png": IMAGE, "a.toml": WISH}


@pytest.mark.parametrize("act", ["claim", "place", "archive", "note"])
def test_promise_12_no_link_leads_what_we_write_outside(world: World, act: str) -> None:
    """A link planted in a folder that is written to is refused with a reason."""
    outside = world.root / "outside"
    outside.mkdir()
    claim = world.dropped("a", [("scene/a.png", IMAGE), ("scene/a.toml", WISH)])
    if act == "claim":
        (world.places.inbox / ".seedance").symlink_to(outside)
    else:
        claimed(world, claim)
    for root in (world.places.outbox, world.places.done, world.places.failed):
        (root / "scene").symlink_to(outside)
    one = fetched(world, claim)
    acts: dict[str, Callable[[], object]] = {
        "claim": lambda: world.spool.claim(claim),
        "place": lambda: world.spool.place(one, "scene/a.mp4", CLIP, RECEIPT),
        "archive": lambda: world.spool.archive(one, None),
        "note": lambda: world.spool.write_note(one, "failed", "no"),
    }
    with pytest.raises(Fault, match="a real folder") as told:
        acts[act]()
    assert told.value.kind is FaultKind.LOCAL
    assert world.files("outside") == {}


@pytest.mark.parametrize("name", ["../a.mp4", "/tmp/a.mp4", "a/../../b.mp4"])
def test_promise_12_no_name_leads_out_of_the_outbox(world: World, name: str) -> None:
    """Whatever a name says, it is below the outbox or nowhere."""
    one = fetched(world, claimed(world, world.drop()))
    before = world.files()
    with pytest.raises(Fault, match="leads out of its folder"):
        world.spool.place(one, name, CLIP, RECEIPT)
    assert world.files() == before


def test_a_copied_end_image_is_taken_from_where_it_was_copied(world: World) -> None:
    """A picture that others need too is claimed as a copy, and comes to done/ by its name."""
    contents = [(".seedance/ends/u1/end.png", b"end"), ("s/a.png", IMAGE), ("s/a.toml", WISH)]
    claim = claimed(world, world.dropped("a", contents))
    (world.places.inbox / "s" / "end.png").write_bytes(b"end")
    assert world.spool.archive(job(claim), None) == []
    assert world.seen("done") == {"s/end.png": b"end", "s/a.png": IMAGE, "s/a.toml": WISH}
    assert world.files("inbox") == {"s/end.png": b"end"}


@pytest.mark.parametrize(("theirs", "number"), [(b"end", ""), (b"changed", "-2")])
def test_a_copied_end_image_returns_beside_its_sidecar(
    world: World, theirs: bytes, number: str
) -> None:
    """Given back it is the original again; where that was changed, both are kept."""
    contents = [(".seedance/ends/u1/end.png", b"end"), ("s/a.png", IMAGE), ("s/a.toml", WISH)]
    claim = claimed(world, world.dropped("a", contents))
    (world.places.inbox / "s" / "end.png").write_bytes(theirs)
    assert world.spool.archive(job(claim), Returned.INBOX) == []
    back = {f"s/end{number}.png": b"end", f"s/a{number}.png": IMAGE, f"s/a{number}.toml": WISH}
    assert world.seen("inbox") == {"s/end.png": theirs} | back


def test_a_claim_from_another_mount_is_a_move_too(world: World, mount: Any) -> None:
    """A folder mounted inside the inbox: copied, compared, and gone from there."""
    mount(world.places.inbox / "card", "-t", "tmpfs", "none")
    claim = world.dropped("a", [("card/a.png", IMAGE), ("card/a.toml", WISH)])
    assert world.spool.claim(claim) is Claim.CLAIMED
    assert world.seen("inbox") == {}
    assert sorted(p.name for p in world.spool.folder(claim).iterdir()) == ["a.png", "a.toml"]


def test_a_cut_claim_from_another_mount_leaves_no_second_drop(world: World, mount: Any) -> None:
    """Promise 5 and money: the copied source is removed, or it would be paid for again."""
    mount(world.places.inbox / "card", "-t", "tmpfs", "none")
    claim = claimed(world, world.dropped("a", [("card/a.png", IMAGE), ("card/a.toml", WISH)]))
    shutil.copy(world.spool.folder(claim) / "a.png", world.places.inbox / "card")
    assert world.spool.claim(claim) is Claim.CLAIMED
    assert world.seen("inbox") == {}


# Placing


def test_a_video_is_placed_with_its_receipt(world: World) -> None:
    """Both are in the outbox, the part folder is empty, and repeating it changes nothing."""
    one = fetched(world, claimed(world, world.drop()))
    assert files.holds(world.spool.part(one), CLIP.sha256)
    for _ in range(2):
        assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.PLACED
        assert world.files("outbox") == {"shot01.mp4": VIDEO, "shot01.toml": RECEIPT}
    assert not files.holds(world.spool.part(one), CLIP.sha256)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("taken", ["shot01.mp4", "shot01.toml"])
@pytest.mark.parametrize("kind", ["file", "folder", "fifo", "link", "dangling"])
def test_promise_4_nothing_in_the_outbox_is_overwritten(
    world: World, taken: str, kind: str
) -> None:
    """A taken name stays theirs, nothing of ours stays beside it, and another is found."""
    one, path = fetched(world, claimed(world, world.drop())), world.places.outbox / taken
    (world.root / "theirs").write_bytes(b"theirs")
    makers: dict[str, Callable[[], object]] = {
        "file": lambda: path.write_bytes(b"theirs"),
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(world.root / "theirs"),
        "dangling": lambda: path.symlink_to("nowhere"),
    }
    makers[kind]()
    before = path.lstat()
    for _ in range(2):
        assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.TAKEN
    assert [p.name for p in world.places.outbox.iterdir() if p.name != ".seedance"] == [taken]
    assert path.lstat().st_mode == before.st_mode
    assert world.spool.named(one)[0] == "shot01-2"
    assert world.spool.place(one, "shot01-2.mp4", CLIP, RECEIPT) is Putting.PLACED
    assert (world.root / "theirs").read_bytes() == b"theirs"


def test_a_receipt_is_taken_back_where_the_video_came_too_late(world: World) -> None:
    """Killed between receipt and video, overtaken by somebody: no receipt for their video."""
    one = fetched(world, claimed(world, world.drop()))
    (world.places.outbox / "shot01.toml").write_bytes(RECEIPT)
    (world.places.outbox / "shot01.mp4").write_bytes(b"theirs")
    assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.TAKEN
    assert world.seen("outbox") == {"shot01.mp4": b"theirs"}


def test_no_receipt_of_ours_ever_stands_beside_another_video(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for a moment: where the video's name is taken the receipt is not written."""
    one = fetched(world, claimed(world, world.drop()))
    (world.places.outbox / "shot01.mp4").write_bytes(b"theirs")
    monkeypatch.setattr(files, "write_new", lambda *_, **__: pytest.fail("wrote a receipt"))
    assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.TAKEN


def test_an_equal_video_of_another_job_is_not_taken_for_ours(world: World) -> None:
    """Two jobs with the same bytes get two names: the receipts tell them apart."""
    one = fetched(world, claimed(world, world.drop()))
    (world.places.outbox / "shot01.toml").write_bytes(b"theirs")
    (world.places.outbox / "shot01.mp4").write_bytes(VIDEO)
    assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.TAKEN
    assert files.holds(world.spool.part(one), CLIP.sha256)


@pytest.mark.parametrize("part", ["gone", "rotten", "link"])
def test_a_video_that_is_not_there_any_more_is_fetched_again(world: World, part: str) -> None:
    """Nothing but the verified bytes is placed; what rotted is removed, its receipt too."""
    one = fetched(world, claimed(world, world.drop()))
    path = world.spool.part(one)
    path.unlink()
    if part == "rotten":
        path.write_bytes(VIDEO[:-1] + b"x")
    elif part == "link":
        (world.root / "video").write_bytes(VIDEO)
        path.symlink_to(world.root / "video")
    (world.places.outbox / "shot01.toml").write_bytes(RECEIPT)
    for _ in range(2):
        assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.MISSING
        assert world.files("outbox") == {}
        assert not files.exists(path)


def test_a_part_that_vanishes_between_look_and_move_is_fetched_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last moment counts too."""
    one, real = fetched(world, claimed(world, world.drop())), files.write_new

    def slow(path: Path, content: bytes, *, scratch: Path) -> None:
        real(path, content, scratch=scratch)
        world.spool.part(one).unlink()

    monkeypatch.setattr(files, "write_new", slow)
    assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.MISSING
    assert world.files("outbox") == {}


def test_a_free_name_is_free_of_video_and_receipt(world: World) -> None:
    """Both names of a choice must be free; gaps are used; folders are separate."""
    one = job(world.drop(), State.FETCHED)
    assert world.spool.named(one)[0] == "shot01"
    (world.places.outbox / "shot01.toml").write_bytes(b"theirs")
    (world.places.outbox / "shot01-2.mp4").symlink_to("nowhere")
    (world.places.outbox / "shot01-4.mp4").write_bytes(b"theirs")
    assert world.spool.named(one)[0] == "shot01-3"


def test_a_name_that_was_refused_is_not_chosen_again(world: World) -> None:
    """Where a name looks free but was taken, the next one is tried; a new video starts anew."""
    claim = world.drop()
    one = job(claim, placing=Placing("shot01.mp4", ""))
    assert world.spool.named(one)[0] == "shot01-2"
    assert world.spool.named(replace(one, state=State.FETCHED))[0] == "shot01"


def test_a_rejected_video_is_thrown_away(world: World) -> None:
    """Twice is fine."""
    one = fetched(world, claimed(world, world.drop()))
    for _ in range(2):
        world.spool.discard(one)
        assert not world.spool.part(one).exists()


# Archiving


@pytest.mark.parametrize(
    ("to", "root"), [(None, "done"), (Returned.FAILED, "failed"), (Returned.INBOX, "inbox")]
)
def test_originals_go_where_they_belong(world: World, to: Returned | None, root: str) -> None:
    """All of them, once; the job folder is gone; repeating it changes nothing."""
    one = fetched(world, claimed(world, world.drop()))
    for _ in range(2):
        world.spool.clear(one)
        assert world.spool.archive(one, to) == []
        assert world.files() == {f"{root}/shot01.png": IMAGE, f"{root}/shot01.toml": WISH}
    assert not world.spool.folder(one.claim).exists()


def test_a_pair_keeps_one_number(world: World) -> None:
    """A taken name of either moves both to the same number, and nothing is overwritten."""
    (world.places.done / "shot01.png").write_bytes(b"older")
    (world.places.done / "shot01-2.toml").write_bytes(b"older too")
    one = job(claimed(world, world.drop()))
    for _ in range(2):
        assert world.spool.archive(one, None) == []
    assert world.seen("done") == {
        "shot01.png": b"older",
        "shot01-2.toml": b"older too",
        "shot01-3.png": IMAGE,
        "shot01-3.toml": WISH,
    }


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling"])
def test_whatever_lies_in_done_is_left_alone(world: World, kind: str) -> None:
    """A folder, a pipe or a link to nowhere has the name as a file would."""
    path = world.places.done / "shot01.png"
    makers: dict[str, Callable[[], object]] = {
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "dangling": lambda: path.symlink_to("nowhere"),
    }
    makers[kind]()
    assert world.spool.archive(job(claimed(world, world.drop())), None) == []
    assert world.seen("done") == {"shot01-2.png": IMAGE, "shot01-2.toml": WISH}


def test_the_same_drop_again_is_one_copy_of_it(world: World) -> None:
    """Equal bytes under the same name are the same original."""
    for _ in range(2):
        assert world.spool.archive(job(claimed(world, world.drop())), None) == []
    assert world.seen("done") == {"shot01.png": IMAGE, "shot01.toml": WISH}


def test_the_same_picture_with_another_wish_is_a_pair_of_its_own(world: World) -> None:
    """The sidecar's number is the picture's, although the picture alone would fit."""
    world.spool.archive(job(claimed(world, world.drop())), None)
    world.spool.archive(job(claimed(world, world.drop(wish=b"other"))), None)
    assert world.seen("done") == {
        "shot01.png": IMAGE,
        "shot01.toml": WISH,
        "shot01-2.png": IMAGE,
        "shot01-2.toml": b"other",
    }


def test_a_name_taken_while_a_crash_lasts_moves_what_is_left(world: World) -> None:
    """What was moved before it is known again without a plan, and is not said to be lost."""
    claim = claimed(world, world.drop())
    (world.spool.folder(claim) / "shot01.png").rename(world.places.done / "shot01.png")
    (world.places.done / "shot01.toml").write_bytes(b"theirs")
    assert world.spool.archive(job(claim), None) == []
    assert world.seen("done") == {
        "shot01.png": IMAGE,
        "shot01.toml": b"theirs",
        "shot01-2.toml": WISH,
    }


def test_an_original_that_is_nowhere_is_named(world: World) -> None:
    """Loss is said, not passed over, and the other one is archived."""
    claim = claimed(world, world.drop())
    (world.spool.folder(claim) / "shot01.png").unlink()
    assert world.spool.archive(job(claim), None) == ["shot01.png"]
    assert world.seen("done") == {"shot01.toml": WISH}


def test_a_name_taken_in_the_last_moment_moves_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody laid there between the plan and the move stays theirs; nothing is lost."""
    claim, real = claimed(world, world.drop()), files.rename_new

    def raced(source: Path, target: Path) -> None:
        if target == world.places.done / "shot01.toml":
            target.write_bytes(b"theirs")
        real(source, target)

    monkeypatch.setattr(files, "rename_new", raced)
    assert world.spool.archive(job(claim), None) == []
    assert world.seen("done") == {
        "shot01.png": IMAGE,
        "shot01.toml": b"theirs",
        "shot01-2.toml": WISH,
    }


def test_a_second_take_finds_the_work_done(world: World) -> None:
    """Takes share the originals: whoever comes later has nothing to move and lost nothing."""
    (world.places.done / "shot01.png").write_bytes(b"older")
    claim = claimed(world, world.drop())
    for take in (1, 2):
        one = replace(job(replace(claim, take=take, takes=2)), id=f"shot01-1.{take}")
        assert world.spool.archive(one, None) == []
    assert sorted(world.seen("done")) == ["shot01-2.png", "shot01-2.toml", "shot01.png"]


def test_a_second_take_loses_nothing_that_was_taken_again(world: World) -> None:
    """Given back by the first take and claimed anew, the files are not missed by the second."""
    claim = claimed(world, world.drop())
    assert world.spool.archive(job(claim), Returned.INBOX) == []
    claimed(world, replace(claim, drop_id="drop-2"))
    assert world.spool.archive(job(replace(claim, take=2)), Returned.INBOX) == []


def test_takes_that_archive_at_once_lose_nothing(world: World) -> None:
    """Without any lock between them the originals are there once each, at most numbered."""
    for turn in range(20):
        name = f"shot{turn}"
        contents = [(f"{name}.png", IMAGE), (f"{name}.toml", WISH)]
        claim = claimed(world, world.dropped(name, contents, key=f"{turn}"))
        threads = [Thread(target=lambda c=claim: suppressed(world, c)) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert suppressed(world, claim) == []
        assert sorted(
            content for key, content in world.seen("done").items() if key.startswith(f"{name}.")
        ) == sorted([IMAGE, WISH])
    assert len(world.files()) == 40


def suppressed(world: World, claim: Claiming) -> list[str]:
    """Archive as the daemon does: a fault of the disk is tried again later."""
    try:
        return world.spool.archive(job(claim), None)
    except Fault:
        return []


def test_jobs_that_archive_one_name_at_once_overwrite_nothing(world: World) -> None:
    """Ten drops of one name end in done/ with ten numbers, each pair together."""
    claims = []
    for turn in range(10):
        contents = [("a.png", IMAGE + bytes([turn])), ("a.toml", WISH + bytes([48 + turn]))]
        claims.append(claimed(world, world.dropped("a", contents, key=f"{turn}")))
    jobs = [replace(job(claim), id=f"job-{turn}") for turn, claim in enumerate(claims)]
    threads = [Thread(target=world.spool.archive, args=(each, None)) for each in jobs]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    kept = sorted(world.seen("done").values())
    assert kept == sorted(
        [IMAGE + bytes([n]) for n in range(10)] + [WISH + bytes([48 + n]) for n in range(10)]
    )
    assert world.files("inbox") == {}


# A disk that does not do what it should


@pytest.mark.parametrize("root", ["inbox", "outbox", "done", "failed", "held"])
def test_promise_10_a_missing_folder_is_waited_for_and_never_made(world: World, root: str) -> None:
    """A share that is not mounted is no empty folder: nothing is made, nothing given up."""
    one = fetched(world, claimed(world, world.drop()))
    one = replace(one, failing=Failing(Effect.PREPARE, FaultKind.REFUSED, "no"))
    (world.root / root).rename(world.root / "unmounted")
    acts: dict[str, Callable[[], object]] = {
        "inbox": lambda: world.spool.claim(one.claim),
        "outbox": lambda: world.spool.place(one, "shot01.mp4", CLIP, RECEIPT),
        "done": lambda: world.spool.archive(one, None),
        "failed": lambda: world.spool.write_note(one, "failed", "no"),
        "held": lambda: world.spool.write_note(one, "held", "no"),
    }
    with pytest.raises(Fault, match="its share is mounted") as told:
        acts[root]()
    assert (told.value.kind, told.value.code) == (FaultKind.LOCAL, "ENOENT")
    assert not (world.root / root).exists()
    (world.root / "unmounted").rename(world.root / root)
    acts[root]()


def test_promise_10_a_bare_mount_point_is_not_taken_for_the_share(world: World) -> None:
    """Empty inbox and outbox where files of ours should be: wait, neither gone nor missing."""
    one = fetched(world, claimed(world, world.drop()))
    for root in ("inbox", "outbox"):
        (world.root / root).rename(world.root / f"real-{root}")
        (world.root / root).mkdir()
    acts: list[Callable[[], object]] = [
        lambda: world.spool.claim(one.claim),
        lambda: world.spool.place(one, "shot01.mp4", CLIP, RECEIPT),
        lambda: world.spool.archive(one, None),
    ]
    for act in acts:
        with pytest.raises(Fault, match="its share is mounted"):
            act()
    assert world.files("inbox") == world.files("outbox") == world.files("done") == {}


def test_promise_10_a_read_only_outbox_keeps_the_video(world: World, mount: Any) -> None:
    """The reason names the folder, the trouble and what to do; afterwards it goes on."""
    mount(world.places.outbox, "-t", "tmpfs", "none")
    one = fetched(world, claimed(world, world.drop()))
    mount(world.places.outbox, "-o", "remount,ro")
    with pytest.raises(Fault, match=r"Read-only file system; .*mount it writable") as told:
        world.spool.place(one, "shot01.mp4", CLIP, RECEIPT)
    assert (told.value.kind, told.value.code) == (FaultKind.LOCAL, "EROFS")
    assert str(world.places.outbox) in told.value.reason
    assert files.holds(world.spool.part(one), CLIP.sha256)


def test_promise_10_a_full_archive_keeps_the_originals(world: World, mount: Any) -> None:
    """ENOSPC loses nothing, and with room again the same call finishes."""
    mount(world.places.done, "-t", "tmpfs", "-o", "size=64k", "none")
    big = os.urandom(50_000)
    claim = claimed(world, world.dropped("a", [("a.png", big), ("a.toml", WISH)]))
    (world.places.done / "ballast").write_bytes(bytes(40_000))
    with pytest.raises(Fault, match="No space left on device; the disk is full") as told:
        world.spool.archive(job(claim), None)
    assert (told.value.kind, told.value.code) == (FaultKind.LOCAL, "ENOSPC")
    assert world.seen("done") == {"ballast": bytes(40_000)}
    (world.places.done / "ballast").unlink()
    assert world.spool.archive(job(claim), None) == []
    assert world.files() == {"done/a.png": big, "done/a.toml": WISH}


def test_an_archive_on_another_mount_is_a_move_too(world: World, mount: Any) -> None:
    """Bind mounts refuse the rename; the originals arrive all the same."""
    (world.root / "real").mkdir()
    mount(world.places.done, "--bind", str(world.root / "real"))
    one = job(claimed(world, world.drop()))
    for _ in range(2):
        assert world.spool.archive(one, None) == []
        assert world.seen("done") == {"shot01.png": IMAGE, "shot01.toml": WISH}
    assert world.files("inbox") == {}


def test_a_disk_error_without_a_known_remedy_still_says_what_failed(world: World) -> None:
    """The words of the system are passed on."""
    one = fetched(world, claimed(world, world.drop()))
    world.spool.part(one).unlink()
    world.spool.part(one).mkdir()
    with pytest.raises(Fault, match=r"removing .*shot01-1.mp4.*; check the disk"):
        world.spool.discard(one)


# Notes


def failing(world: World, claim: Claiming, name: str) -> Job:
    """Give a job that failed."""
    assert world.spool.serves(claim.watch)
    failed = Failing(Effect.PREPARE, FaultKind.REFUSED, "no")
    return replace(job(claim, State.FAILING, failing=failed), id=name)


def test_a_failed_note_stands_beside_its_originals(world: World) -> None:
    """Two drops of one name have two notes, numbered as their files are."""
    for key, name in (("1", "shot01"), ("2", "shot01-2")):
        contents = [("shot01.png", IMAGE), ("shot01.toml", key.encode())]
        claim = claimed(world, world.dropped("shot01", contents, key=key))
        one = failing(world, claim, f"job-{key}")
        for _ in range(2):
            world.spool.write_note(one, "failed", reasons.ended(one))
            assert world.spool.archive(one, Returned.FAILED) == []
        seen = world.seen("failed")
        assert {f"{name}.png", f"{name}.toml", f"{name}.failed.txt"} <= set(seen)
        assert reasons.mark(one).encode() in seen[f"{name}.failed.txt"]
    assert len(world.seen("failed")) == 6


def test_a_note_left_over_from_the_last_try_is_replaced(world: World) -> None:
    """Files dragged back and failed again: one note, the newest."""
    for key in "12":
        claim = claimed(world, world.dropped("shot01", [("shot01.png", IMAGE)], key=key))
        one = failing(world, claim, f"job-{key}")
        world.spool.write_note(one, "failed", reasons.ended(one))
        world.spool.archive(one, Returned.FAILED)
        (world.places.failed / "shot01.png").rename(world.places.inbox / "shot01.png")
    assert list(world.seen("failed")) == ["shot01.failed.txt"]
    assert b'job = "job-2"' in world.seen("failed")["shot01.failed.txt"]


@pytest.mark.parametrize("kind", ["failed", "held"])
def test_promise_5_somebodys_own_text_is_not_taken_for_a_note(world: World, kind: str) -> None:
    """A file that happens to have a note's name stays; the note has the job's."""
    theirs = world.root / kind / f"shot01.{kind}.txt"
    theirs.write_bytes(b"my own words")
    one = replace(job(claimed(world, world.drop())), hold=Held("gone", "look"))
    one = replace(one, failing=Failing(Effect.POLL, FaultKind.REFUSED, "no"))
    for _ in range(2):
        world.spool.write_note(one, kind, reasons.held(one))
    assert theirs.read_bytes() == b"my own words"
    assert b"look" in world.seen(kind)[f"shot01-1.{kind}.txt"]
    world.spool.remove_note(one, kind)
    assert list(world.seen(kind)) == [theirs.name]


def test_held_notes_of_one_name_do_not_touch_each_other(world: World) -> None:
    """Letting one job go takes its own note away, never the other's."""
    jobs = [
        replace(job(world.drop()), id=f"job-{key}", hold=Held("gone", f"reason {key}"))
        for key in "12"
    ]
    for one in jobs:
        world.spool.write_note(one, "held", reasons.held(one))
    assert sorted(world.seen("held")) == ["job-2.held.txt", "shot01.held.txt"]
    for _ in range(2):
        world.spool.remove_note(jobs[0], "held")
        assert list(world.seen("held")) == ["job-2.held.txt"]
    world.spool.remove_note(jobs[1], "held")
    assert world.files("held") == {}


def test_a_note_takes_any_text(world: World) -> None:
    """Undecodable names in a reason do not stop it from being written."""
    one = replace(job(world.drop()), hold=Held("gone", "file \udcff"))
    world.spool.write_note(one, "held", reasons.held(one))
    assert b"file ?" in world.seen("held")["shot01.held.txt"]


def test_job_folders_that_nobody_knows_are_found(world: World) -> None:
    """They are named, never touched; plans of archives are no folders."""
    claim = claimed(world, world.drop())
    folder = world.spool.folder(claim)
    originals._plan_file(folder).write_bytes(b"{}")
    assert world.spool.strays(lambda name: name == "drop-1") == []
    assert world.spool.strays(lambda _name: False) == [folder]


# Power cuts


def test_a_claim_is_durable_on_both_sides(world: World, told: list[tuple[str, str]]) -> None:
    """The job folder's name before the moves; then what is in it, and the folder that was left."""
    claim = world.dropped("a", [("s/a.png", IMAGE), ("s/a.toml", WISH)])
    assert world.spool.claim(claim) is Claim.CLAIMED
    folder = world.spool.folder(claim)
    moves = [n for n, (what, _) in enumerate(told) if what == "to"]
    assert ("sync", str(folder.parent)) in told[: moves[0]]
    synced = {path for what, path in told[moves[-1] :] if what == "sync"}
    assert synced >= {str(folder), str(world.places.inbox / "s")}


def test_a_placed_video_is_durable(world: World, told: list[tuple[str, str]]) -> None:
    """Receipt first, then the video, then the directory of both."""
    one = fetched(world, claimed(world, world.drop()))
    told.clear()
    assert world.spool.place(one, "s/a.mp4", CLIP, RECEIPT) is Putting.PLACED
    outbox = world.places.outbox / "s"
    steps = [("to", f"{outbox}/a.toml"), ("to", f"{outbox}/a.mp4"), ("sync", str(outbox))]
    places = [told.index(step) for step in steps]
    assert places == sorted(places)


def test_an_archive_is_planned_durably_and_ends_durably(
    world: World, told: list[tuple[str, str]]
) -> None:
    """The plan's name before the first move, the archive's directory before the folder goes."""
    claim = claimed(world, world.drop())
    (world.places.done / "shot01.png").write_bytes(b"older")
    folder = world.spool.folder(claim)
    told.clear()
    assert world.spool.archive(job(claim), None) == []
    moves = [n for n, (what, _) in enumerate(told) if what == "to"]
    assert ("sync", str(folder.parent)) in told[: moves[0]]
    after = told[moves[-1] :]
    end = after.index(("unlink", str(originals._plan_file(folder))))
    assert ("sync", str(world.places.done)) in after[:end]
    assert ("sync", str(folder.parent)) in after[end:]


def test_an_archive_without_a_plan_ends_durably(
    world: World, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its directory is durable before the job folder goes, and that is before it has ended."""
    claim, real = claimed(world, world.drop()), os.rmdir
    folder = world.spool.folder(claim)
    told.clear()

    def gone(path: Path, **how: Any) -> None:
        real(path, **how)
        told.append(("gone", str(path)))

    monkeypatch.setattr(os, "rmdir", gone)
    assert world.spool.archive(job(claim), None) == []
    moves = [n for n, (what, _) in enumerate(told) if what == "to"]
    end = told.index(("gone", str(folder)))
    assert ("sync", str(world.places.done)) in told[moves[-1] : end]
    assert ("sync", str(folder.parent)) in told[end:]
    assert not any(path.endswith(".plan") for _, path in told)


# Crashes


def test_promise_5_a_claim_survives_being_cut_at_any_call(sweep: Any) -> None:
    """Every byte is in the inbox or in the job folder; repeated, all are in the folder, once."""

    def make(root: Path) -> Callable[[], object]:
        world = World.make(root)
        claim = world.dropped("a", [("s/a.png", IMAGE), ("s/a.toml", WISH)])
        return lambda: world.spool.claim(claim)

    def after(root: Path) -> None:
        world = World(root)
        left = world.files("inbox")
        assert sorted(left.values()) == sorted([IMAGE, WISH])
        claim = Claiming("drop-1", 1, 1, "main", "s", "a", PARTS, "1" * 32)
        for _ in range(2):
            assert world.spool.claim(claim) is Claim.CLAIMED
            here = {".seedance/work/drop-1/a.png": IMAGE, ".seedance/work/drop-1/a.toml": WISH}
            assert world.files("inbox") == here

    assert sweep(make, after) > 10


PARTS = (
    Part(Role.IMAGE, "s/a.png", "a.png", len(IMAGE), digest(IMAGE)),
    Part(Role.SIDECAR, "s/a.toml", "a.toml", len(WISH), digest(WISH)),
)


@pytest.mark.parametrize("mounted", [False, True])
@pytest.mark.parametrize("older", [False, True])
def test_promise_5_an_archive_survives_being_cut_at_any_call(
    sweep: Any, mount: Any, tmp_path: Path, mounted: bool, older: bool
) -> None:
    """Every byte stays findable; repeated, the pair is together, once, nothing else is left."""
    if mounted:
        mount(tmp_path / "disk", "-t", "tmpfs", "none")

    def opened(root: Path) -> World:
        if mounted:
            done = tmp_path / "disk" / root.name
            done.mkdir(exist_ok=True)
            return Mounted(root, done)
        return World(root)

    def make(root: Path) -> Callable[[], object]:
        World.make(root)
        world = opened(root)
        one = job(claimed(world, world.dropped("a", [("s/a.png", IMAGE), ("s/a.toml", WISH)])))
        if older:
            (world.places.done / "s").mkdir()
            (world.places.done / "s" / "a.toml").write_bytes(b"older")
        return lambda: world.spool.archive(one, None)

    def after(root: Path) -> None:
        world = opened(root)
        claim = Claiming("drop-1", 1, 1, "main", "s", "a", PARTS, "1" * 32)
        left = [*world.files("inbox").values(), *seen(world.places.done).values()]
        assert {IMAGE, WISH} <= set(left)
        names = ("s/a-2.png", "s/a-2.toml") if older else ("s/a.png", "s/a.toml")
        then = dict(zip(names, (IMAGE, WISH), strict=True))
        for _ in range(2):
            assert world.spool.archive(job(claim), None) == []
            assert world.files("inbox") == {}
            assert seen(world.places.done) == then | ({"s/a.toml": b"older"} if older else {})

    assert sweep(make, after) > (15 if older else 9)


@dataclass(frozen=True)
class Mounted(World):
    """A world whose done/ is on another mount."""

    done: Path

    @property
    def places(self) -> Places:
        """Give the folders."""
        return replace(super().places, done=self.done)


def seen(root: Path) -> dict[str, bytes]:
    """Give every file below a folder, private ones too."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def test_promise_5_a_changed_pair_is_given_back_through_any_cut(sweep: Any) -> None:
    """Bytes that nobody hashed before come back together under their own names."""
    late = IMAGE + b"late"

    def make(root: Path) -> Callable[[], object]:
        world = World.make(root)
        claim = world.dropped("a", [("s/a.png", IMAGE), ("s/a.toml", WISH)])
        (root / "inbox/s/a.png").write_bytes(late)
        assert world.spool.claim(claim) is Claim.CHANGED
        return lambda: world.spool.archive(job(claim), Returned.INBOX)

    def after(root: Path) -> None:
        world = World(root)
        claim = Claiming("drop-1", 1, 1, "main", "s", "a", PARTS, "1" * 32)
        for _ in range(2):
            assert world.spool.archive(job(claim), Returned.INBOX) == []
            assert world.files("inbox") == {"s/a.png": late, "s/a.toml": WISH}

    assert sweep(make, after) > 15


@pytest.mark.parametrize("theirs", [False, True])
def test_promise_4_placing_survives_being_cut_at_any_call(sweep: Any, theirs: bool) -> None:
    """The outbox holds the whole video or none of it; theirs is never touched; once is enough."""

    def make(root: Path) -> Callable[[], object]:
        world = World.make(root)
        one = fetched(world, world.dropped("a", [("s/a.png", IMAGE)]))
        if theirs:
            (root / "outbox/s").mkdir()
            (root / "outbox/s/a.mp4").write_bytes(b"theirs")
        return lambda: world.spool.place(one, "s/a.mp4", CLIP, RECEIPT)

    def after(root: Path) -> None:
        world = World(root)
        assert world.seen("outbox").get("s/a.mp4", VIDEO) == (b"theirs" if theirs else VIDEO)
        assert world.seen("outbox").get("s/a.toml", RECEIPT) == RECEIPT
        assert VIDEO in world.files("outbox").values()
        claim = Claiming("drop-1", 1, 1, "main", "s", "a", PARTS[:1], "1" * 32)
        for _ in range(2):
            put = world.spool.place(job(claim), "s/a.mp4", CLIP, RECEIPT)
            if theirs:
                assert put is Putting.TAKEN
                assert world.seen("outbox") == {"s/a.mp4": b"theirs"}
                assert files.holds(world.spool.part(job(claim)), CLIP.sha256)
            else:
                assert put is Putting.PLACED
                assert world.files("outbox") == {"s/a.mp4": VIDEO, "s/a.toml": RECEIPT}

    assert sweep(make, after) > (0 if theirs else 6)


def test_both_names_as_a_power_cut_leaves_them_are_one_file_again(world: World) -> None:
    """Claim, placing and archive each finish a move that left the old name too."""
    claim = world.drop()
    folder = world.spool.folder(claim)
    folder.mkdir(parents=True)
    (folder / "shot01.png").hardlink_to(world.places.inbox / "shot01.png")
    shutil.copy(world.places.inbox / "shot01.toml", folder)
    one = fetched(world, claimed(world, claim))
    assert world.seen("inbox") == {}
    (world.places.outbox / "shot01.mp4").hardlink_to(world.spool.part(one))
    assert world.spool.place(one, "shot01.mp4", CLIP, RECEIPT) is Putting.PLACED
    assert world.files("outbox") == {"shot01.mp4": VIDEO, "shot01.toml": RECEIPT}
    (world.places.done / "shot01.png").hardlink_to(folder / "shot01.png")
    assert world.spool.archive(one, None) == []
    assert world.files("done") == {"shot01.png": IMAGE, "shot01.toml": WISH}


@pytest.mark.parametrize("second", range(1, 40, 3))
def test_a_second_kill_during_the_repetition_changes_nothing(
    tmp_path: Path, struck: Any, second: int
) -> None:
    """Killed, started, killed again: the third start finds everything once."""
    for first in range(2, 40, 5):
        world = World.make(tmp_path / f"{first}")
        one = job(claimed(world, world.dropped("a", [("a.png", IMAGE), ("a.toml", WISH)])))
        for nth in (first, second):
            struck(lambda w=world, j=one: w.spool.archive(j, None), nth, "after")
        assert world.spool.archive(one, None) == []
        assert world.files() == {"done/a.png": IMAGE, "done/a.toml": WISH}

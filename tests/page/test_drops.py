"""A form becomes a pair in the inbox, whole or not at all."""

import asyncio
import tomllib
from pathlib import Path

import pytest
import studios
from visiting import JSON, Visit, png, visiting

from seedance_watch.disk import arriving
from seedance_watch.disk.arriving import Arrival
from seedance_watch.sandbox.server import Sandbox


def image(name: str = "shot.png", data: bytes = b"") -> dict[str, tuple[str, bytes]]:
    return {"image": (name, data or png())}


def arriving_now(studio: studios.Studio) -> list[str]:
    folder = studio.inbox / ".seedance/arriving"
    return [path.name for path in folder.rglob("*")] if folder.exists() else []


async def test_a_drop_becomes_a_video(studio: studios.Studio) -> None:
    """With what was chosen, under the name that the picture had, as a name for everybody."""
    async with visiting(studio) as visit:
        await visit.come()
        answer = await visit.drop(
            files=image("Ünsere Szene/..\\My Shot 01!.PNG"),
            prompt="waves & 'wind' \"x\"\r\nagain",
            duration="10",
            camera_fixed="on",
            resolution="",
            seed="7",
        )
        assert (answer.status_code, answer.json()["said"]) == (200, "my-shot-01 was dropped")
        await visit.done("my-shot-01")
        receipt = tomllib.loads((studio.outbox / "my-shot-01.toml").read_text())
        assert receipt["prompt"] == "waves & 'wind' \"x\"\nagain"
        assert (receipt["duration"], receipt["camera_fixed"], receipt["seed"]) == (10, True, 7)
        assert studio.seen("done") == ["my-shot-01.png", "my-shot-01.toml"]
        assert [line["label"] for line in visit.daemon.said("page.dropped")] == ["my-shot-01"]
        assert arriving_now(studio) == []


async def test_nobody_s_name_is_taken(studio: studios.Studio) -> None:
    """What lies there has it; whatever its ending and its case."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    (studio.inbox / "SHOT.txt").write_text("mine")
    async with visiting(studio) as visit:
        await visit.come()
        said = [
            (await visit.drop(files=image(data=png(n)), prompt=f"{n}")).json()["said"]
            for n in range(2)
        ]
        await visit.daemon.until(lambda: len(studio.rows()) == 2)
    assert said[0] == "shot-2 was dropped"
    assert (studio.inbox / "SHOT.txt").read_text() == "mine"
    assert {row.label for row in studio.rows()} in ({"shot-2"}, {"shot-2", "shot-3"})


async def test_two_pictures(studio: studios.Studio) -> None:
    """The second one ends the video; into a subfolder that is there."""
    (studio.inbox / "scenes").mkdir()
    (studio.inbox / "scenes/_defaults.toml").write_text('prompt = "from the folder"\n')
    async with visiting(studio) as visit:
        await visit.come()
        files = {"image": ("a.png", png()), "end_image": ("b.png", png(40))}
        answer = await visit.drop(files=files, folder="scenes", prompt="to the end")
        assert answer.status_code == 200, answer.text
        await visit.done("scenes/a")
        receipt = tomllib.loads((studio.outbox / "scenes/a.toml").read_text())
    assert receipt["prompt"] == "to the end"
    assert receipt["end_image"] == "a-end.png"
    assert studio.seen("done") == ["scenes/a-end.png", "scenes/a.png", "scenes/a.toml"]


async def test_a_shot_goes_on_where_another_ended(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Its first picture is the last frame of that one, so none is dropped."""
    sandbox.turn(tiny_videos="no", video_scale=0.5)
    async with visiting(studio) as visit:
        await visit.come()
        assert (await visit.drop(files=image(), prompt="waves")).status_code == 200
        files = {"image": ("", b"")}
        answer = await visit.drop(files=files, prompt="And then, calm.", start_from="shot")
        assert answer.json()["said"] == "and-then-calm was dropped"
        await visit.done("shot", "and-then-calm")


WRONG = [
    ({"duration": "99"}, image(), "duration"),
    ({"duration": "five"}, image(), "duration"),
    ({"prompt": ""}, image(), "prompt"),
    ({"outbox": "/etc"}, image(), "outbox"),
    ({"start_from": "x"}, image(), "start_from"),
    ({"folder": "../done"}, image(), "folder"),
    ({"folder": ".seedance"}, image(), "folder"),
    ({"folder": "none"}, image(), "folder"),
    ({}, image("x.png", b"no picture"), "image"),
    ({}, image("x.png", png()[:300]), "image"),
    ({}, image("x.svg", b"<svg/>"), "image"),
    ({}, image("x.png", png(size=(20, 20))), "image"),
    ({}, {"end_image": ("x.png", png())}, "image"),
    ({}, {"image": ("", b"")}, "image"),
]


async def test_what_is_wrong_is_said_before_anything_is_dropped(studio: studios.Studio) -> None:
    """Beside the field that it is about, to a script and to people; nothing is left of it."""
    async with visiting(studio) as visit:
        await visit.come()
        for fields, files, field in WRONG:
            values = {"prompt": "waves", **fields}
            answer = await visit.drop(files=files, **values)
            assert answer.status_code == 422, (fields, answer.text)
            said = answer.json()
            assert not field or field in said["fields"], (fields, said)
        page = await visit.drop(files=image(), script=False, prompt="<b>bold", duration="99")
        assert page.status_code == 422
        assert page.headers["content-type"].startswith("text/html")
        assert "99 is not possible" in page.text
        assert "<b>bold" not in page.text
        assert studio.seen("inbox") == []
        assert arriving_now(studio) == []
        assert not studio.rows()


async def test_a_drop_is_bounded(studio: studios.Studio) -> None:
    """In its size as told and as it comes, in its fields, and in what it is."""
    async with visiting(studio, "max_upload_bytes = 100_000") as visit:
        await visit.come()
        big = image(data=b"x" * 150_000)
        assert (await visit.drop(files=big, prompt="p")).status_code == 413

        async def endless() -> object:
            head = f'--b\r\ncontent-disposition: form-data; name="token"\r\n\r\n{visit.token}\r\n'
            head += '--b\r\ncontent-disposition: form-data; name="watch"\r\n\r\nstudio\r\n'
            head += '--b\r\ncontent-disposition: form-data; name="image"; filename="x.png"\r\n\r\n'
            yield head.encode()
            for _ in range(100):
                yield b"x" * 10_000

        kind = {"content-type": "multipart/form-data; boundary=b", **JSON}
        answer = await visit.client.post("/drop", content=endless(), headers=kind)
        assert answer.status_code == 413
        long = await visit.drop(files=image(), prompt="p" * 70_000)
        assert long.status_code == 413
        for content in (b"", b"--b", b"nonsense", b"--b\r\nx: y\r\n\r\nz\r\n"):
            answer = await visit.client.post("/drop", content=content, headers=kind)
            assert answer.status_code == 400, content
        plain = await visit.client.post("/drop", data={"token": visit.token, "watch": "studio"})
        assert plain.status_code == 415
        other = {"picture": ("x.png", png())}
        assert (await visit.drop(files=other, prompt="p")).status_code == 400
        elsewhere = await visit.drop(files=image(), prompt="p", watch="none")
        assert elsewhere.status_code == 400
        await visit.daemon.until(lambda: not arriving_now(studio))
        assert studio.seen("inbox") == []


async def half(visit: Visit) -> asyncio.StreamWriter:
    """Send the first half of a drop."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(visit.base.rpartition(":")[2]))
    cookies = "; ".join(f"{each.name}={each.value}" for each in visit.client.cookies.jar)
    body = "".join(
        f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"token": visit.token, "watch": "studio", "prompt": "p"}.items()
    )
    body += '--b\r\ncontent-disposition: form-data; name="image"; filename="x.png"\r\n\r\nabc'
    head = (
        f"POST /drop HTTP/1.1\r\nhost: 127.0.0.1\r\norigin: http://127.0.0.1\r\n"
        f"cookie: {cookies}\r\ncontent-type: multipart/form-data; boundary=b\r\n"
        f"content-length: {len(body) + 5000}\r\n\r\n"
    )
    writer.write((head + body).encode())
    await writer.drain()
    return writer


async def test_a_drop_that_breaks_off_leaves_nothing(studio: studios.Studio) -> None:
    """The browser is gone, or the daemon stops: nothing in the inbox, nothing on its way."""
    async with visiting(studio) as visit:
        await visit.come()
        writer = await half(visit)
        await visit.daemon.until(lambda: "image.png" in arriving_now(studio))
        assert studio.seen("inbox") == []
        writer.close()
        await visit.daemon.until(lambda: not arriving_now(studio))
        writer = await half(visit)
        await visit.daemon.until(lambda: "image.png" in arriving_now(studio))
    writer.close()
    assert studio.seen("inbox") == []


async def test_an_inbox_that_is_away_is_not_made(studio: studios.Studio) -> None:
    """It is said, the page lives on, and what comes back is dropped into again."""
    async with visiting(studio) as visit:
        await visit.come()
        studio.inbox.rename(studio.folder / "away")
        answer = await visit.drop(files=image(), prompt="p")
        assert answer.status_code == 422
        assert "watch" in answer.json()["fields"]
        assert not studio.inbox.exists()
        assert (await visit.get("/")).status_code == 200
        (studio.folder / "away").rename(studio.inbox)
        assert (await visit.drop(files=image(), prompt="p")).status_code == 200


def test_the_picture_goes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash in between leaves a sidecar that waits, never a picture for folder defaults."""
    (tmp_path / ".seedance").mkdir()
    seen: list[str] = []
    move = arriving.files.move_new

    def watched(source: Path, target: Path, *, scratch: Path) -> None:
        move(source, target, scratch=scratch)
        seen.append(target.name)

    monkeypatch.setattr(arriving.files, "move_new", watched)
    arrival = Arrival(tmp_path, "key")
    parts = {}
    for mark, name in (("-end.png", "end.png"), (".png", "image.png")):
        parts[mark] = arrival.begin(name)
        arrival.write(name.encode())
    arrival.end()

    assert arrival.place("", "shot", parts, lambda stem: stem.encode()) == "shot"
    assert seen == ["shot.toml", "shot-end.png", "shot.png"]
    assert (tmp_path / "shot.toml").read_text() == "shot"


def test_what_cannot_be_placed_whole_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When somebody takes the picture's name meanwhile, all of it gets another one."""
    (tmp_path / ".seedance").mkdir()
    monkeypatch.setattr(
        arriving, "_taken", lambda folder, stem: (folder / f"{stem}.toml").exists()
    )
    (tmp_path / "shot.png").write_text("theirs")
    arrival = Arrival(tmp_path, "key")
    part = arrival.begin("image.png")
    arrival.write(b"ours")

    assert arrival.place("", "shot", {".png": part}, lambda stem: stem.encode()) == "shot-2"
    names = sorted(path.name for path in tmp_path.glob("*.*") if path.is_file())
    assert names == ["shot-2.png", "shot-2.toml", "shot.png"]
    assert (tmp_path / "shot.png").read_text() == "theirs"


def test_what_lies_there_for_a_day_is_swept(tmp_path: Path) -> None:
    """A crash may leave a drop on its way; what is younger stays."""
    (tmp_path / ".seedance").mkdir()
    Arrival(tmp_path, "old").begin("image.png")
    at = (tmp_path / ".seedance/arriving/old").stat().st_mtime
    arriving.sweep(tmp_path, at + 80_000)
    assert (tmp_path / ".seedance/arriving/old").exists()
    arriving.sweep(tmp_path, at + 90_000)
    assert not (tmp_path / ".seedance/arriving/old").exists()

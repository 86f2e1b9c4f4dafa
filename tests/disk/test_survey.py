"""An inbox looked at by somebody who takes nothing."""

from functools import partial
from pathlib import Path

import pytest
from inboxes import FAST, PNG, PROMPT

from seedance_watch.app import defaults
from seedance_watch.disk import quiet
from seedance_watch.disk.survey import Survey


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty inbox."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def put(root: Path, name: str, data: bytes = PNG) -> Path:
    """Write a file in one go."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def survey(root: Path) -> Survey:
    """Look with the real rules."""
    prompted = partial(defaults.have_prompt, root, beneath=())
    return Survey(root, FAST, partial(defaults.seen, root, ()), prompted)


def listed(root: Path) -> list[tuple[str, int]]:
    """Give every path with its time of change."""
    return [(str(path), path.lstat().st_mtime_ns) for path in sorted(root.rglob("*"))]


def test_drops_come_in_natural_order_and_nothing_is_touched(root: Path) -> None:
    """As the daemon would take them, subfolders after what lies above."""
    for name in ("shot10", "shot2", "scenes/a"):
        put(root, f"{name}.png")
        put(root, f"{name}.toml", PROMPT + b"takes = 3\n")
    before = listed(root)
    coming, waiting = survey(root).look()

    assert [(each.folder, each.bundle.image, each.glance.takes) for each in coming] == [
        ("", "shot2.png", 3),
        ("", "shot10.png", 3),
        ("scenes", "a.png", 3),
    ]
    assert sorted({each.code for each in waiting}) == ["complete", "watched"]
    assert len(waiting) == 7
    assert listed(root) == before


def test_what_lacks_something_does_not_come(root: Path) -> None:
    """And is told what it waits for, as by the daemon."""
    put(root, "a.png")
    put(root, "b.toml", PROMPT)
    put(root, "c.png")
    put(root, "c.toml", PROMPT + b'end_image = "z.png"\n')
    put(root, "d.tmp")
    (root / "l.png").symlink_to(root / "a.png")
    coming, waiting = survey(root).look()

    assert coming == []
    assert {each.path: each.why for each in waiting} == {
        "a.png": "it waits for its sidecar a.toml or a.png.toml",
        "b.toml": "it waits for an image b.png (or .jpg, .webp, ...), or text_only = true in it",
        "c.png": "it waits for its end image z.png",
        "c.toml": "it waits for its end image z.png",
        "d.tmp": "it is ignored: *.tmp (unfinished transfer)",
        "l.png": "it is ignored: a link, never followed",
    }


def test_defaults_with_a_prompt_make_drops_of_images(root: Path) -> None:
    """The file of defaults itself stays."""
    put(root, "_defaults.toml", PROMPT)
    put(root, "a.png")
    coming, waiting = survey(root).look()

    assert [each.bundle.names for each in coming] == [("a.png",)]
    assert {each.path: each.code for each in waiting} == {
        "_defaults.toml": "defaults",
        "a.png": "complete",
    }


def test_a_file_open_for_writing_is_told(root: Path) -> None:
    """It comes, but not yet."""
    put(root, "a.toml", PROMPT)
    with (root / "a.png").open("wb") as file:
        file.write(PNG)
        file.flush()
        coming, waiting = survey(root).look()

    assert [each.busy for each in coming] == [True]
    assert {each.code for each in waiting} == {"settling"}


def test_what_cannot_be_read_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file stops nobody else."""
    put(root, "a.toml", PROMPT)
    put(root, "b.png")
    put(root, "b.toml", PROMPT)
    read = quiet.read_text

    def denied(path: Path, look: quiet.Look) -> str | None:
        if path.name == "a.toml":
            raise PermissionError(13, "Permission denied")
        return read(path, look)

    monkeypatch.setattr(quiet, "read_text", denied)
    coming, waiting = survey(root).look()

    assert [each.bundle.image for each in coming] == ["b.png"]
    told = {each.path: each.why for each in waiting}
    assert told["a.toml"] == "it cannot be taken: Permission denied"


def test_an_inbox_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Nobody takes it for an empty one."""
    with pytest.raises(FileNotFoundError):
        survey(tmp_path / "nowhere").look()

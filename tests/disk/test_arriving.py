"""Drops of the page on their way into the inbox."""

from pathlib import Path

from seedance_watch.disk.arriving import Arrival


def arrival(inbox: Path, key: str, picture: bytes) -> tuple[Arrival, dict[str, Path]]:
    """Begin a drop, and let its picture come."""
    found = Arrival(inbox, key)
    path = found.begin("image.png")
    found.write(picture)
    found.end()
    return found, {".png": path}


def test_two_equal_wishes_of_one_name_at_the_same_time_are_both_whole(tmp_path: Path) -> None:
    """The later one takes nothing of the other back when it sees that the name is taken."""
    (tmp_path / ".seedance").mkdir()
    one, ones = arrival(tmp_path, "a", b"one")
    other, others = arrival(tmp_path, "b", b"other")

    def overtaken(stem: str) -> bytes:
        if not (tmp_path / "shot.toml").exists():
            assert one.place("", "shot", ones, lambda _: b"prompt") == "shot"
        return b"prompt"

    assert other.place("", "shot", others, overtaken) == "shot-2"

    found = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert found == {
        "shot.png": b"one",
        "shot.toml": b"prompt",
        "shot-2.png": b"other",
        "shot-2.toml": b"prompt",
    }

"""Sample pictures, painted by paint.py and shipped with the program."""

from importlib import resources
from pathlib import Path

_NAMES = ("mountains.jpg", "lighthouse.jpg", "boat.jpg", "forest.jpg", "city.png")


def names() -> tuple[str, ...]:
    """Give the pictures' file names."""
    return _NAMES


def copy(name: str, target: Path) -> None:
    """Write a sample picture to a path.

    Raises:
        OSError: It cannot be written.
    """
    target.write_bytes((resources.files(__package__) / name).read_bytes())

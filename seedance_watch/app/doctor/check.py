"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How bad it is."""

    GOOD = "good"
    NOTE = "note"  # worth knowing; nothing is wrong
    WARNING = "warning"  # it works, and not as well as it could
    BROKEN = "broken"  # jobs will wait or fail until somebody acts


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        about: What was looked at ("inbox of studio").
        grade: How it is.
        said: What is so; a sentence.
        cure: What to do, "" for nothing.
    """

    about: str
    grade: Grade
    said: str
    cure: str = ""


def good(about: str, said: str) -> Check:
    """Tell of something that is as it should be."""
    return Check(about, Grade.GOOD, said)


def note(about: str, said: str, cure: str = "") -> Check:
    """Tell of something worth knowing."""
    return Check(about, Grade.NOTE, said, cure)


def warning(about: str, said: str, cure: str) -> Check:
    """Tell of something that could be better."""
    return Check(about, Grade.WARNING, said, cure)


def broken(about: str, said: str, cure: str) -> Check:
    """Tell of something that jobs wait or fail for."""
    return Check(about, Grade.BROKEN, said, cure)

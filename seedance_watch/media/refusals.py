"""Why a picture cannot be used; images.py puts the file's name in front."""

from seedance_watch.core.words import printable

_SAID_CHARACTERS = 200  # of what a decoder says: it may quote the file


class Unusable(Exception):
    """The picture cannot be used.

    Attributes:
        words: What is wrong, what was measured, what is allowed, what to do.
        code: A stable word for machines.
    """

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.words = words
        self.code = code


class Unfinished(Unusable):
    """The data ends before the picture does."""

    def __init__(self) -> None:
        super().__init__("ends before the picture does; copy or export it again", "truncated")


class Damaged(Unusable):
    """The data is all there, but it is not what the format says."""

    def __init__(self, what: str) -> None:
        said = printable(" ".join(what.split()))[:_SAID_CHARACTERS]
        super().__init__(f"is damaged ({said}); copy or export it again", "damaged")

"""Why a picture cannot be used; images.py puts the file's name in front."""


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
        super().__init__(f"is damaged ({what}); copy or export it again", "damaged")

"""Why a file in an inbox is no job yet: one sentence each."""

from seedance_watch.core.snapshot import Waiting


def settling(path: str, until: float | None, *, unfinished: bool = False) -> Waiting:
    """Tell of a file that may still be written.

    Args:
        path: The file.
        until: How long it must stay as it is, UTC seconds; None: only others must.
        unfinished: Its content looks as if more were to come.
    """
    said = "it was just written, or still is; it is taken when it stays as it is"
    if until is None:
        said = "it is looked at again with the files that belong to it"
    elif unfinished:
        said = "its content looks cut off; it is taken all the same when it stays as it is"
    return Waiting(path, said, "settling", until)


def busy(path: str) -> Waiting:
    """Tell of a file that somebody has open for writing."""
    return Waiting(path, "somebody is writing it: it is open for writing", "settling")


def partner(path: str, words: str, until: float | None = None) -> Waiting:
    """Tell of a file that waits for another; when it is taken without it, None: never."""
    return Waiting(path, f"it waits for {words}", "partner", until)


def ignored(path: str, rule: str) -> Waiting:
    """Tell of a name that is passed over by a rule."""
    return Waiting(path, f"it is ignored: {rule}", "ignored")


def unreadable(path: str, reason: str) -> Waiting:
    """Tell of a file or folder that cannot be read, or not be taken."""
    return Waiting(path, f"it cannot be taken: {reason}", "unreadable")


def complete(path: str) -> Waiting:
    """Tell of a file that has all it needs."""
    return Waiting(path, "it has all it needs", "complete")


def defaults(path: str) -> Waiting:
    """Tell of a file of defaults."""
    return Waiting(path, "it stays here: it holds for this folder and those below", "defaults")


def watched(path: str) -> Waiting:
    """Tell of a folder that is looked into."""
    return Waiting(path, "it is a folder that is looked into", "watched")

"""Walks the blocks of a GIF to its end (GIF89a specification, appendix A)."""

from seedance_watch.media.refusals import Damaged, Unfinished

_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_SCREEN_BYTES, _FRAME_BYTES = 13, 10  # before the colour table, where there is one


def check_end(content: bytes) -> None:
    """Look whether the last picture is there, not only the first one.

    Raises:
        Unfinished: The data ends before the end mark.
        Damaged: There is something that is no block.
    """
    try:
        at = _SCREEN_BYTES + _colours(content[10])
        while content[at] != _END:
            at = _after(content, at)
    except IndexError as error:
        raise Unfinished from error


def _after(content: bytes, at: int) -> int:
    """Give where the block ends that starts here."""
    if content[at] == _EXTENSION:
        at += 2
    elif content[at] == _IMAGE:
        at += _FRAME_BYTES + _colours(content[at + 9]) + 1
    else:
        raise Damaged(f"there is no block at byte {at}")
    while content[at]:
        at += 1 + content[at]
    return at + 1


def _colours(flags: int) -> int:
    """Give the size of the colour table that flags announce, in bytes."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0

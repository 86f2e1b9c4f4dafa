"""A text in the outbox that is written anew again and again; nobody else's file is touched."""

from pathlib import Path

from seedance_watch.disk import files
from seedance_watch.disk.places import mounted, scratch


class NotOurs(Exception):
    """Somebody else has a file, a folder or a link of this name; nothing was changed."""


def write(outbox: Path, name: str, content: bytes, *, sign: bytes) -> None:
    """Replace the text; it is whole at any time.

    Args:
        outbox: The folder; it must have been worked in before.
        name: The text's name in it.
        content: What it says now.
        sign: What every text of ours begins with.

    Raises:
        NotOurs: The name is taken.
        OSError: It is as it was.
    """
    mounted(outbox)
    path = outbox / name
    if files.exists(path) and not (files.plain(path) and path.read_bytes().startswith(sign)):
        raise NotOurs(str(path))
    files.replace_note(path, content, scratch=scratch(outbox))

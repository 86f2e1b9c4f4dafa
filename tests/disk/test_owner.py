"""Who works in an inbox, as its note tells."""

import json
import os
import time
from dataclasses import asdict
from pathlib import Path

from seedance_watch.disk.owner import Hold, Note, Owner, new_note


def note_of(process: int) -> Note:
    """Give the note that a process of this machine would have left."""
    stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    mine = asdict(new_note())
    return Note(**{**mine, "token": "another", "process": process, "begun": stat[19]})


def left(inbox: Path, note: Note) -> None:
    private = inbox / ".seedance"
    private.mkdir()
    (private / "owner").write_text(json.dumps(asdict(note)))


def test_who_lives_keeps_the_inbox(tmp_path: Path) -> None:
    """A process that runs is believed."""
    left(tmp_path, note_of(os.getppid()))

    assert Owner(tmp_path).look() is Hold.THEIRS


def test_who_was_killed_keeps_nobody_out_although_nobody_noticed(tmp_path: Path) -> None:
    """A process that ended stands in the table until its parent asks; it owns nothing."""
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        time.sleep(60)
        os._exit(0)
    try:
        left(tmp_path, note_of(child))
        assert Owner(tmp_path).look() is Hold.THEIRS
        os.kill(child, 9)
        while ") Z " not in Path(f"/proc/{child}/stat").read_text():
            time.sleep(0.001)

        assert Owner(tmp_path).look() is Hold.OURS
    finally:
        os.waitpid(child, 0)

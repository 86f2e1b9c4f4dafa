"""Names of strangers on a terminal, in a pipe and in the log."""

import io
import json
from dataclasses import replace

import pytest
import structlog
from rich.console import Console

from seedance_watch.core.errors import Complaint
from seedance_watch.core.model import State
from seedance_watch.faces import log
from seedance_watch.faces.table import print_rows
from seedance_watch.ports import Row

FORGED = "shot\n2026-01-01T00:00:00Z [info     ] job.done \x1b[2J\x9b31m\u202e\r\udcff"
MARKUP = "[/b][red]shot[link=https://example.com]"
ROW = Row("shot-1", "shot-1", "w", FORGED, State.DONE, "", "", "", None, None, "", 0.0, 0.0, 1)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_name_begins_a_log_line_or_steers_the_terminal(form: str) -> None:
    """Line ends, escape sequences and direction marks of a name are written out."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    before = structlog.get_config()
    try:
        log.configure(level="debug", form=form, stream=stream)
        structlog.get_logger().warning("inbox.ignored", path=FORGED, rule=FORGED.replace(" ", ""))
    finally:
        structlog.configure(**before)
    stream.flush()
    (line,) = stream.buffer.getvalue().decode().splitlines()

    assert line.isprintable()
    assert form == "text" or json.loads(line)["path"] == FORGED


def test_no_name_begins_a_line_of_the_table() -> None:
    """In a pipe each job is one line of as many cells as there are columns."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    print_rows([ROW], Console(file=stream))
    stream.flush()
    lines = stream.buffer.getvalue().decode().split("\n")

    assert [line.count("\t") for line in lines] == [6, 6, 0]
    assert lines[1].replace("\t", "").isprintable()


def test_no_name_is_taken_for_markup() -> None:
    """Brackets in a name are shown as they are, whatever they look like."""
    stream = io.StringIO()
    print_rows([replace(ROW, label=MARKUP)], Console(file=stream, force_terminal=True, width=300))

    assert MARKUP in stream.getvalue()


def test_a_complaint_is_one_line() -> None:
    """The name of a sidecar cannot begin a line of a note."""
    assert str(Complaint(FORGED, 1, FORGED, "is wrong", FORGED)).isprintable()

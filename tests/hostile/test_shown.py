"""Names of strangers on a terminal, in a pipe and in the log."""

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
import studios
from rich.console import Console

from seedance_watch.cli import exits
from seedance_watch.core.errors import Complaint
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.faces import log
from seedance_watch.faces.table import print_rows

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


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_message_of_an_error_passes_for_a_line(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trace is marked on every line; values of variables, which may be keys, are not in it."""
    key = "rvya_sk_" + "only_in_a_variable"
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with logging_to(stream, form, monkeypatch):
        try:
            int(key[:0] + FORGED)
        except ValueError:
            logging.getLogger("library").exception(FORGED)
            structlog.get_logger().exception("job.bug", job=FORGED)
        warnings.warn(FORGED, stacklevel=1)
    stream.flush()
    said = stream.buffer.getvalue().decode()
    lines = said.rstrip("\n").split("\n")

    assert all(line.isprintable() for line in lines)
    assert key not in said
    if form == "json":
        assert len([json.loads(line) for line in lines]) == 3
    else:
        assert len([line for line in lines if not line.startswith("  | ")]) == 3


@contextmanager
def logging_to(
    stream: io.TextIOWrapper, form: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Log as the daemon does, into this stream, and leave nothing of it behind."""
    root, before = logging.getLogger(), structlog.get_config()
    monkeypatch.setattr(root, "handlers", [])
    try:
        log.configure(level="debug", form=form, stream=stream)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=False)
            logging.captureWarnings(capture=True)
            yield
    finally:
        logging.captureWarnings(capture=False)
        structlog.configure(**before)


def test_no_name_steers_a_terminal_through_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a command tells: line ends and tabs are the program's own."""
    exits.say(f"a\tb\n{FORGED[4:]}")
    exits.show(FORGED)
    seen = capsys.readouterr()

    for text in (seen.err, seen.out):
        assert text.replace("\n", "").replace("\t", "").isprintable()
    assert seen.err.startswith("a\tb\n")


def test_check_says_the_name_of_a_sidecar_on_one_line(tmp_path: Path) -> None:
    """A file whose name has a line end forges no line of another."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    name = "a\n/etc/passwd: 1 video(s)\x1b[2J\udcff"
    studio.drop('prompt = "waves"\n', name="good")
    (studio.inbox / "good.png").rename(studio.inbox / "odd.png")
    good = (studio.inbox / "good.toml").rename(studio.inbox / f"{name.replace('/', '_')}.toml")
    command = [
        sys.executable,
        "-m",
        "seedance_watch",
        "check",
        "-c",
        str(studio.config),
        str(good),
    ]
    found = subprocess.run(command, capture_output=True, timeout=60, check=False)
    lines = (found.stdout + found.stderr).decode().split("\n")

    assert found.returncode in {0, 65}
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("_etc_passwd") for line in lines)


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
    print_rows([ROW._replace(label=MARKUP)], Console(file=stream, force_terminal=True, width=300))

    assert MARKUP in stream.getvalue()


def test_a_complaint_is_one_line() -> None:
    """The name of a sidecar cannot begin a line of a note."""
    assert str(Complaint(FORGED, 1, FORGED, "is wrong", FORGED)).isprintable()

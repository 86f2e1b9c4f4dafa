"""What the docs promise is what the code does."""

import ast
import re
from pathlib import Path

from seedance_watch.core.machine import AT_REST, MOVES
from seedance_watch.core.model import State
from seedance_watch.core.policy import NEXT
from seedance_watch.faces.log import LINES

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "seedance_watch").rglob("*.py"))
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
_LOGGED = re.compile(
    r"""(?:\.(?:debug|info|warning|error|exception|critical)\(\s*|name = |PAUSED = |, |: """
    r"""|else )"((?:job|inbox|account|watcher|lane|library|provider|journal|daemon|spool"""
    r"""|config|control|metrics|extra|outlet|hook|notice|webhook|page)"""
    r"""\.(?!html")[a-z_]+)\""""
)


def logged() -> set[str]:
    """Collect the event names in the code."""
    found = {name for name, _level, _facts in LINES.values()}
    for path in SOURCES:
        if "sandbox" not in path.parts:
            found.update(_LOGGED.findall(path.read_text()))
    return found


def test_every_log_event_is_in_the_table() -> None:
    """docs/LOG.md lists the events of the code, no more and no less."""
    table = set(
        re.findall(r"^\| `([a-z_.]+)` \|", (ROOT / "docs/LOG.md").read_text(), re.MULTILINE)
    )

    assert table == logged()


def said() -> set[str]:
    """Collect every text that is the first word of a call such as `log.info(...)`."""
    calls = [
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
    ]
    words = [ast.walk(call.args[0]) for call in calls if call.func.attr in _LEVELS]
    texts = [each.value for word in words for each in word if isinstance(each, ast.Constant)]
    return {text for text in texts if isinstance(text, str)}


def test_no_noun_is_overlooked() -> None:
    """An event with a new noun is found too; the test above knows the nouns only."""
    assert said() - logged() == set()
    assert len(said()) > 30


def diagram() -> str:
    """Draw the states from the tables, as docs/INTERNALS.md shows them."""
    lines = ["| state | next effect | moves |", "|---|---|---|"]
    for state in State:
        moves = sorted((e.__name__, str(to)) for e, to in MOVES[state].items() if to is not state)
        told = ", ".join(f"{event} → {to}" for event, to in moves)
        stays = sorted(e.__name__ for e, to in MOVES[state].items() if to is state)
        told += f"; stays on {', '.join(stays)}" if stays else ""
        effect = str(NEXT[state] or ("at rest" if state in AT_REST else "-"))
        lines.append(f"| {state} | {effect} | {told} |")
    return "\n".join(lines)


def test_the_state_table_in_the_docs_is_drawn_from_the_code() -> None:
    """docs/INTERNALS.md cannot show another machine than the one that runs."""
    text = (ROOT / "docs/INTERNALS.md").read_text()

    assert diagram() in text


def test_every_cut_is_enumerated() -> None:
    """docs/INTERNALS.md says for each working state what a start does with it."""
    text = (ROOT / "docs/INTERNALS.md").read_text()

    for state in State:
        assert re.search(rf"^\| {state} \|", text, re.MULTILINE), state


def test_every_test_that_the_failure_matrix_names_exists() -> None:
    """docs/RELIABILITY.md promises nothing that no test proves."""
    named = re.findall(r"`([a-z_/]+\.py)::(test_\w+)`", (ROOT / "docs/RELIABILITY.md").read_text())

    assert len(named) > 100
    for file, name in named:
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(), f"{file}::{name}"

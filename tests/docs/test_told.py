"""Everything that the program has for people stands in the documents, as its own tables say it.

What is checked beside the code that it is about: log events and states (test_docs.py), metrics
(faces), answers of `why` (core), variables of hooks and the webhook's body (telling), knobs and
faults of the sandbox (sandbox), rules of safety (config).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import manual
import pytest

from seedance_watch.app.doctor import check as doctor
from seedance_watch.app.verified import BARE
from seedance_watch.cli.exits import Exit
from seedance_watch.cli.parser import app
from seedance_watch.config.watches import ROLES
from seedance_watch.core.news import Kind

DOCS = manual.ROOT / "docs"
_FILES = re.compile(r"`((?:seedance_watch|tests|docs)/[\w/.-]+\.\w+)`")


@pytest.mark.parametrize("page", manual.PAGES, ids=manual.name_of)
def test_the_tables_tell_what_the_program_does(page: Path) -> None:
    """Commands, options, keys, models and prices: `python tests/manual.py` writes them anew."""
    assert manual.read(page) == manual.renewed(manual.read(page))


def test_every_table_has_its_place() -> None:
    """No table is made for nobody, and none stands in two documents."""
    places = [
        name for page in manual.PAGES for _, name, _ in manual.PLACE.findall(page.read_text())
    ]

    assert sorted(places) == sorted(manual.TABLES)


def test_the_example_is_what_init_writes() -> None:
    """There is one short configuration to begin with; `python tests/manual.py` writes it anew."""
    assert (manual.ROOT / "config.example.toml").read_text() == manual.example()


def test_every_option_explains_itself() -> None:
    """The table of commands is drawn from the helps, so each has one."""
    for name in app:
        if not name.startswith("-"):
            assert [each.names for each in manual.arguments(name) if not each.parameter.help] == []


def test_every_command_has_its_use() -> None:
    """The table at the head of docs/COMMANDS.md says what each command is wanted for."""
    head = manual.read(DOCS / "COMMANDS.md").split("\n## ")[0]
    named = {word for code in re.findall(r"`([^`]+)`", head) for word in code.split()}

    assert [name for name in app if not name.startswith("-") and name not in named] == []


def first_column(page: str, heading: str) -> set[str]:
    """Give the words in code that the first column of a section's first table has."""
    section = manual.read(DOCS / page).split(f"\n## {heading}\n")[1]
    rows = re.findall(r"^\| (.*?) \|", section.split("\n## ")[0], re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


def test_every_exit_code_is_told() -> None:
    """docs/COMMANDS.md has the exit codes of the code, no more and no less."""
    assert first_column("COMMANDS.md", "Exit codes") == {str(int(code)) for code in Exit}


def test_every_kind_of_news_is_told() -> None:
    """docs/NOTIFY.md has each event that channels and webhooks can be told of."""
    assert {str(kind) for kind in Kind} <= first_column("NOTIFY.md", "Channels")


def checked() -> Iterator[str]:
    """Give what each check of `doctor` is about, names of providers and watch entries cut off."""
    made = {doctor.good.__name__, doctor.note.__name__, doctor.warning.__name__, "_patiently"}
    for path in sorted((manual.ROOT / "seedance_watch/app/doctor").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {*made, "broken"}:
                yield from _heads(node.args[0])
            elif isinstance(node, ast.Assign) and "about" in ast.unparse(node.targets[0]):
                yield from _heads(getattr(node.value, "elts", [node.value])[0])


def _heads(node: ast.expr) -> Iterator[str]:
    """Give the words that a text begins with, where it begins with words."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) else node
    if isinstance(first, ast.Constant):
        yield re.sub(r" (of|at) ?$", "", str(first.value))


def test_every_check_of_doctor_is_told() -> None:
    """docs/COMMANDS.md has what `doctor` looks at."""
    told = " ".join(first_column("COMMANDS.md", "Doctor"))
    found = set(checked())

    assert {"clock", "inotify", "journal", "credits", "state directory"} <= found
    assert [each for each in sorted(found | set(ROLES)) if each not in told] == []


def test_every_finding_of_verify_is_told() -> None:
    """docs/COMMANDS.md has the codes that `verify` answers with, no more and no less."""
    source = (manual.ROOT / "seedance_watch/app/verified.py").read_text()
    codes = set(re.findall(r'(?:return|code, said =|_finding\(video,) "(\w+)"', source))

    assert first_column("COMMANDS.md", "Verifying videos") == codes | {BARE}


def test_every_test_or_file_that_is_named_is_there() -> None:
    """Paths of the program's own files in the documents exist."""
    named = {
        (manual.name_of(page), path)
        for page in manual.PAGES
        for path in _FILES.findall(manual.read(page))
        if "NAME" not in path
    }

    assert [each for each in sorted(named) if not (manual.ROOT / each[1]).exists()] == []

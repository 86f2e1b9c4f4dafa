"""What the documents let people type is what the program takes."""

import re
import subprocess
from pathlib import Path

import manual
import pytest
import tomli
from cyclopts import CycloptsError

from seedance_watch.app.preview import preview
from seedance_watch.cli.parser import app
from seedance_watch.config.load import load
from seedance_watch.config.schema import ConfigKeys
from seedance_watch.core.errors import ConfigError, SidecarError

_BEGINS = re.compile(r"\s*(?:#[^\n]*\n|\s)*(?:\[\[?[a-z_.0-9]+\]\]?|[a-z_]+ = )")


def tomls(page: Path) -> list[manual.Block]:
    """Give the blocks of a page that are TOML, by their fence or by their look."""
    return [
        block
        for block in manual.blocks(page)
        if block.language == "toml" or (not block.language and _BEGINS.match(block.text))
    ]


@pytest.mark.parametrize("page", manual.PAGES, ids=manual.name_of)
def test_every_command_line_is_one(page: Path) -> None:
    """Each `seedance-watch ...` in the documents parses as the program parses it."""
    wrong = []
    for line, words in manual.typed(page):
        try:
            app.parse_args(words, exit_on_error=False, print_error=False)
        except CycloptsError as error:
            wrong.append((line, words, str(error)))

    assert wrong == []


@pytest.mark.parametrize("page", manual.PAGES, ids=manual.name_of)
def test_every_block_of_toml_is_taken(page: Path, tmp_path: Path) -> None:
    """What can be copied from the documents works; what is wrong on purpose is refused."""
    wrong = []
    for block in tomls(page):
        (folder := tmp_path / str(block.line)).mkdir()
        try:
            taken(block.text, folder)
            refused = ""
        except (ConfigError, SidecarError, tomli.TOMLDecodeError) as error:
            refused = str(error)
        if bool(refused) != block.wrong:
            wrong.append((block.line, refused or "it is good"))

    assert wrong == []


def test_every_script_is_one() -> None:
    """Scripts in Python and for the shell parse, so that a copied one runs."""
    scripts = [block for page in manual.PAGES for block in manual.blocks(page)]
    wrong = []
    for block in scripts:
        if block.language == "python":
            try:
                compile(block.text, str(block), "exec")
            except SyntaxError as error:
                wrong.append((str(block), str(error)))
        elif block.language == "sh":
            read = subprocess.run(
                ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
            )
            wrong += [(str(block), read.stderr)] if read.returncode else []

    assert wrong == []
    assert {"python", "sh"} <= {block.language for block in scripts}


def test_the_checks_are_about_something() -> None:
    """Documents whose lines and blocks nobody finds would always be right."""
    assert sum(1 for page in manual.PAGES for _ in manual.typed(page)) > 40
    assert sum(len(tomls(page)) for page in manual.PAGES) > 10


def taken(text: str, folder: Path) -> None:
    """Read a block as what it is: a configuration, or a sidecar.

    Keys of one `[[watch]]` entry may stand alone, and a sidecar may leave its prompt to defaults.
    """
    within = "[watch." in text and "[[watch]]" not in text
    whole = f"{_WATCH}{text}" if within else text
    table = tomli.loads(whole)
    if table.keys() <= ConfigKeys.model_fields.keys():
        load(_file(folder, whole if "watch" in table else f"{whole}\n{_WATCH}"), environ={})
    else:
        _wished(text, table, folder)


_WATCH = '[[watch]]\ninbox = "inbox"\n'


def _file(folder: Path, text: str) -> Path:
    file = folder / "seedance-watch.toml"
    file.write_text(text)
    return file


def _wished(text: str, table: dict[str, object], folder: Path) -> None:
    """Check a sidecar as `check` does, beside the images that it needs."""
    config = load(_file(folder, f'{_WATCH}[watch.defaults]\nprompt = "p"\n'), environ={})
    (folder / "inbox").mkdir()
    images = [] if table.keys() & {"text_only", "start_from"} else ["wish.png"]
    images += [str(table["end_image"])] if "end_image" in table else []
    for name in images:
        (folder / "inbox" / name).touch()
    sidecar = folder / "inbox/wish.toml"
    sidecar.write_text(text)
    preview(sidecar, config)

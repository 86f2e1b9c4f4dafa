"""The documents as data: their links, headings, blocks and command lines.

Besides, the tables in them that are drawn from the program: `python tests/manual.py` writes them.
"""

import inspect
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from cyclopts.argument import Argument

from seedance_watch.cli.parser import app
from seedance_watch.config import reference
from seedance_watch.config.starter import starter
from seedance_watch.core.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
PROVIDERS = sorted({provider for provider, _model in CATALOGUE})
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WRONG = "<!-- wrong on purpose -->"

_FENCE = re.compile(r"^( *)```(\w*)\s*$")
_LINK = re.compile(r"(!?)\[(?:[^\]]|\](?!\())*?\]\(([^)\s]+)\)")
_TAG = re.compile(r"<(img|a)\b[^>]*?(?:src|href)=\"([^\"]+)\"")
_CODE = re.compile(r"(`+)(.+?)\1")
_HEADING = re.compile(r"^(#{1,6}) (.+?)\s*$")
_RUNS = re.compile(
    r"^(?:(?:sudo(?: -u \S+)?|[A-Z_]+=\S*|docker compose exec(?: -T)? \S+|uvx(?: --from \S+)?"
    r"|pipx run(?: --spec \S+)?|exec|timeout \S+|while|until|if|do|then|!) +)*"
    r"(?:\S*/)?seedance-watch(?: +(.*))?$"
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code.

    Attributes:
        page: The document.
        line: Where it begins, from 1.
        language: What the fence says, "" for none.
        text: What stands in it, without its indent.
        wrong: Whether it is marked as wrong on purpose.
    """

    page: Path
    line: int
    language: str
    text: str
    wrong: bool

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def name_of(page: Path) -> str:
    """Give a document's path, as people know it."""
    return str(page.relative_to(ROOT))


@cache
def read(page: Path) -> str:
    """Give a document's text."""
    return page.read_text(encoding="utf-8")


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """Give the blocks of code in a document, fenced ones and indented ones."""
    return tuple(_blocks(page))


def _blocks(page: Path) -> Iterator[Block]:
    lines, number, last = read(page).splitlines(), 0, ""
    while number < len(lines):
        line, begin = lines[number], number
        if fence := _FENCE.match(line):
            number += 1
            while number < len(lines) and lines[number].strip() != "```":
                number += 1
            inner = [each.removeprefix(fence[1]) for each in lines[begin + 1 : number]]
            yield Block(page, begin + 2, fence[2], "\n".join(inner), last == WRONG)
        elif line.startswith("    ") and not lines[begin - 1].strip():
            while number < len(lines) and (not lines[number] or lines[number].startswith("    ")):
                number += 1
            inner = [each.removeprefix("    ") for each in lines[begin:number]]
            yield Block(page, begin + 1, "", "\n".join(inner).strip("\n"), last == WRONG)
            number -= 1
        if line.strip():
            last = line.strip()
        number += 1


def prose(page: Path) -> str:
    """Give a document without its blocks of code; their lines are empty."""
    lines = read(page).splitlines()
    for block in blocks(page):
        for number in range(block.text.count("\n") + 1):
            lines[block.line - 1 + number] = ""
    return "\n".join(lines)


def links(page: Path) -> Iterator[tuple[str, bool]]:
    """Give the targets of a document's links, and whether each is a picture."""
    text = _CODE.sub("``", prose(page))
    yield from ((target, bool(image)) for image, target in _LINK.findall(text))
    yield from ((target, tag == "img") for tag, target in _TAG.findall(text))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Give the anchors of a document's headings, as the hosts of repositories make them."""
    found: list[str] = []
    for line in prose(page).splitlines():
        if heading := _HEADING.match(line):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[2]).replace("`", "").lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            again = sum(each == slug or each.startswith(f"{slug}-") for each in found)
            found.append(f"{slug}-{again}" if slug in found else slug)
    return frozenset(found)


def typed(page: Path) -> Iterator[tuple[int, list[str]]]:
    """Give what a document lets people type: the line, and the words after the program's name."""
    found = [each for block in blocks(page) for each in _lines(block)]
    yield from ((line, shlex.split(told)) for line, text in found for told in _told(text))
    for number, line in enumerate(prose(page).splitlines(), 1):
        spans = [span for _, span in _CODE.findall(line)]
        yield from ((number, _synopsis(told)) for span in spans for told in _told(span))


def _told(line: str) -> Iterator[str]:
    """Give what a line of shell tells the program, for each time that it runs it."""
    for part in _parts(line):
        if runs := _RUNS.match(part):
            yield runs[1] or ""


def _lines(block: Block) -> Iterator[tuple[int, str]]:
    """Give the lines that are typed: where there are prompts, only those behind one."""
    lines = block.text.replace("\\\n", "\\\\n").splitlines()
    asked = [each for each in lines if each.startswith(("$ ", "# $ "))]
    number = block.line
    for line in lines:
        if not asked or line in asked:
            yield number, re.sub(r"^(?:# )?\$ ", "", line).replace("\\\\n", " ")
        number += 1 + line.count("\\\\n")


def _parts(line: str) -> Iterator[str]:
    """Give the simple commands of a line of shell, without what is sent where."""
    lexer = shlex.shlex(line, posix=False, punctuation_chars="|&;<>()")
    lexer.whitespace_split, lexer.commenters = True, ""
    part: list[str] = []
    skip = False
    try:
        words = list(lexer)
    except ValueError:  # a quote that the next line closes
        return
    for word in words:
        if word.startswith("#"):
            break
        if set(word) <= set("<>"):
            skip = True
        elif set(word) <= set("|&;()"):
            yield " ".join(part)
            part = []
        elif not skip:
            part.append(word)
        else:
            skip = False
    yield " ".join(part)


def _synopsis(text: str) -> list[str]:
    """Read words such as `[JOB...] [--json]` as an example of themselves."""
    words = shlex.split(re.sub(r"[\[\]]|\.\.\.|…", "", text))
    return [word.split("|")[0] for word in words]


def renewed(text: str) -> str:
    """Give a document with its tables as the program has them now."""
    tables = {name: draw() for name, draw in TABLES.items() if f"<!-- table: {name} -->" in text}
    return PLACE.sub(lambda place: f"{place[1]}\n{tables[place[2]]}\n\n{place[3]}", text)


def commands() -> str:
    """Draw every command with its options, as docs/COMMANDS.md shows them."""
    return "\n\n".join(_command(name) for name in app if not name.startswith("-"))


def arguments(name: str) -> list[Argument]:
    """Give a command's arguments and options."""
    return list(app[name].assemble_argument_collection(parse_docstring=True))


def _about(name: str) -> str:
    """Give what a command says of itself, a line for each paragraph; its parameters are drawn."""
    said = inspect.cleandoc(app[name].help).partition("\n\nParameters\n")[0]
    return "\n\n".join(" ".join(part.split()) for part in said.split("\n\n"))


def _command(name: str) -> str:
    rows = [
        f"| {_names(each)} | {_meaning(each)} |"
        for each in arguments(name)
        if each.parameter.show is not False
    ]
    table = "\n".join(["| option | what it does |", "|---|---|", *rows])
    head = f"### {name}\n\n{_about(name)}"
    return f"{head}\n\n{table}" if rows else head


def _names(argument: Argument) -> str:
    kind = argument.field_info.kind
    if kind is inspect.Parameter.VAR_POSITIONAL:
        return f"`{argument.names[0]}...`"
    return ", ".join(f"`{each}`" for each in argument.names)


def _meaning(argument: Argument) -> str:
    help_ = " ".join((argument.parameter.help or "").split()).replace("|", "\\|")
    default = argument.field_info.default
    plain = isinstance(default, str | int | float) and not isinstance(default, bool) and default
    shown = f" Default: {default}." if plain else ""
    return f"{help_}{shown}"


PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
TABLES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "config": reference.config_keys,
    "models": partial(reference.overview, CATALOGUE),
    "sidecar": partial(reference.sidecar_keys, CATALOGUE),
    **{f"{each}_models": partial(reference.models, CATALOGUE, each) for each in PROVIDERS},
    **{f"{each}_prices": partial(reference.prices, CATALOGUE, each) for each in PROVIDERS},
}


def example() -> str:
    """Give the text of config.example.toml: what `init` writes."""
    return starter(ROOT, state_dir=Path("/var/lib/seedance-watch"))


if __name__ == "__main__":
    (ROOT / "config.example.toml").write_text(example(), encoding="utf-8")
    for document in PAGES:
        document.write_text(renewed(read(document)), encoding="utf-8")

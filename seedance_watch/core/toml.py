"""TOML text to values with the line of every key, and complaints that help.

tomli reads; this module adds bounds (size, depth, numbers) and the lines of keys, so that a
complaint about a value that is valid TOML can say where it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import tomli

from seedance_watch.core.errors import Complaint, ConfigError, SidecarError
from seedance_watch.core.toml_hints import explain
from seedance_watch.core.toml_lines import Path, key_lines
from seedance_watch.core.words import path_text

MAX_CHARACTERS = 1 << 20  # a sidecar is a few hundred; beyond this it is not one
MAX_DEPTH = 32  # deeper text breaks whoever writes it out again recursively
_INT64 = range(-(1 << 63), 1 << 63)  # what TOML promises every reader can hold

Blame = type[ConfigError] | type[SidecarError]


@dataclass(frozen=True, slots=True)
class Table:
    """What a TOML file says and where.

    Attributes:
        file: Its name, as people know it.
        values: The parsed text.
        lines: Line from 1 of each key path; list items count from 0.
    """

    file: str
    values: Mapping[str, object]
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """Give the line of a key, or of the nearest table around it; None: not known."""
        return line_of(self.lines, path)


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Give the line of a key, or of the nearest table around it; None: not known."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def decode(data: bytes, *, file: str, blame: Blame = SidecarError) -> str:
    """Turn a file's bytes into text: UTF-8, or UTF-16 where the file says so.

    Raises:
        SidecarError: (or the error given as blame) The bytes are neither.
    """
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        said = Complaint(file, line, "", "is not UTF-8 text", "save the file as UTF-8")
        raise blame((said,)) from error


def parse(text: str, *, file: str, blame: Blame = SidecarError) -> Table:
    """Parse TOML text.

    Args:
        text: The text; a byte order mark at its start is ignored.
        file: The file's name for complaints.
        blame: The error to raise.

    Raises:
        SidecarError: (or the error given as blame) It is not TOML, or beyond the bounds.
    """
    if len(text) > MAX_CHARACTERS:
        problem = f"has {len(text)} characters, at most {MAX_CHARACTERS} are read"
        raise blame((Complaint(file, None, "", problem, "is it really a TOML file?"),))
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        text.encode()
        values = tomli.loads(text)
        leaves = _leaves(values)
    except (ValueError, RecursionError) as error:
        raise blame((_complaint(error, text, file),)) from error
    table = Table(file, values, key_lines(text))
    if complaints := tuple(
        Complaint(file, table.line(path), path_text(path), problem)
        for path, value in leaves
        if (problem := _unsound(value))
    ):
        raise blame(complaints)
    return table


def _complaint(error: Exception, text: str, file: str) -> Complaint:
    match error:
        case tomli.TOMLDecodeError():
            line, problem, hint = explain(error, text)
            return Complaint(file, line, "", problem, hint)
        case UnicodeEncodeError():
            return Complaint(file, None, "", "is not UTF-8 text", "save the file as UTF-8")
        case RecursionError():
            problem = f"tables are nested deeper than {MAX_DEPTH} levels"
            return Complaint(file, None, "", problem)
        case _:  # the parser's own ValueError for thousands of digits
            return Complaint(file, None, "", "contains a number that is too large")


def _leaves(values: Mapping[str, object]) -> list[tuple[Path, object]]:
    """Give every plain value, and names with NUL; RecursionError when one lies too deep."""
    found: list[tuple[Path, object]] = []
    todo: list[tuple[Path, object]] = [((), values)]
    while todo:
        path, value = todo.pop()
        if len(path) > MAX_DEPTH:
            raise RecursionError
        if isinstance(value, dict):
            todo += [((*path, name), below) for name, below in value.items()]
            found += [(path, name) for name in value if "\0" in name]
        elif isinstance(value, list):
            todo += [((*path, place), below) for place, below in enumerate(value)]
        else:
            found.append((path, value))
    return found[::-1]


def _unsound(value: object) -> str:
    """Find what TOML allows and nobody can keep: endless numbers, NUL."""
    if isinstance(value, int) and value not in _INT64:
        return "the number is too large"
    if isinstance(value, str) and "\0" in value:
        return "the text contains the character U+0000"
    return ""

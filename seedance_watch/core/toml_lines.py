"""The line of every key in text that a TOML parser has accepted.

No parser with positions is light and alive, and complaints without a line number cost people
minutes. Because the text is known to be valid, seventy lines of walking are enough: keys and table
headers are read, values only skipped. Keys inside inline tables count as their table's line.
"""

import re
from collections.abc import Iterator

import tomli

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_PART = re.compile(r"""[ \t]*("(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_SKIP = re.compile(
    r'"""(?:\\[\s\S]|[^"\\]|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[^\"'#\[\]{}\n]+"
)


def key_lines(text: str) -> dict[Path, int]:
    """Give the line, from 1, of each key and table.

    Args:
        text: Valid TOML with "\\n" line ends; of other text the readable beginning counts.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    line, seen = 1, 0
    for at, keys, brackets in _statements(text):
        line += text.count("\n", seen, at)
        seen = at
        if brackets:
            table = path = _header(keys, counts, repeated=brackets == 2)
        else:
            path = (*table, *keys)
        for length in range(1, len(path) + 1):
            lines.setdefault(path[:length], line)
    return lines


def _statements(text: str) -> Iterator[tuple[int, list[str], int]]:
    """Give each statement's position, its key's parts, and its number of brackets."""
    at = _blank_end(text, 0)
    while at < len(text):
        brackets = 2 if text.startswith("[[", at) else int(text[at] == "[")
        keys, end = _keys(text, at + brackets)
        if not keys:
            return
        yield at, keys, brackets
        end = end + brackets if brackets else _value_end(text, end + 1)
        at = _blank_end(text, end)


def _keys(text: str, at: int) -> tuple[list[str], int]:
    keys: list[str] = []
    while part := _PART.match(text, at):
        keys.append(_name(part[1]))
        at = part.end()
        if not part[2]:
            break
    return keys, at


def _name(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    try:
        return next(iter(tomli.loads(f"{part}=0"))) if part.startswith('"') else part
    except tomli.TOMLDecodeError:
        return part


def _value_end(text: str, at: int) -> int:
    """Skip a value: strings hide brackets, brackets hide line ends."""
    depth = 0
    while at < len(text):
        if text[at] == "\n" and depth <= 0:
            return at
        skipped = _SKIP.match(text, at)
        depth += 0 if skipped else (text[at] in "[{") - (text[at] in "]}")
        at = skipped.end() if skipped else at + 1
    return at


def _blank_end(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _header(keys: list[str], counts: dict[Path, int], *, repeated: bool) -> Path:
    """Resolve a table header: names of lists of tables mean their last member."""
    path: Path = ()
    for place, key in enumerate(keys):
        path = (*path, key)
        if repeated and place == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path

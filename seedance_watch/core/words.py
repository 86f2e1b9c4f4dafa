"""How values, lists and near misses are shown to the people who wrote them.

Values are shown as TOML would write them, because that is what stands in the file.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence

_SHOWN_CHARACTERS = 60  # a longer value is cut: the line number leads to the rest


def show(value: object, *, most: int = _SHOWN_CHARACTERS) -> str:
    """Write a value as it stands in a TOML file, on one line.

    Args:
        value: What to show.
        most: Longest text to show, in characters; the rest is cut.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return printable(json.dumps(_cut(value, most), ensure_ascii=False))
        case int() | float():
            return str(value)
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list"
        case _:
            return printable(_cut(str(value), most))


def kind_of(value: object) -> str:
    """Say what sort of TOML value this is, with its article."""
    fits = (words for types, words in _KINDS if isinstance(value, types))
    return next(fits, "a date or time")


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),  # before int, which it also is
    (str, "text"),
    (int, "a whole number"),
    (float, "a number with a fraction"),
    (Mapping, "a table"),
    ((list, tuple), "a list"),
)


def printable(text: str) -> str:
    """Write text so that it stays on its line and cannot steer a terminal.

    Names come from strangers: a line end, an escape sequence or a right-to-left mark in one
    becomes what Python would write for it.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def printable_lines(text: str) -> str:
    """Do the same to a text whose own line ends and tabs are meant."""
    return re.sub(r"[^\n\t]+", lambda found: printable(found[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def show_path(path: object) -> str:
    """Write a path in quotes and never cut: people copy it."""
    return show(str(path), most=5_000)


def listing(values: Iterable[object], *, last: str = "or", plain: bool = False) -> str:
    """Join values as a person would: `5, 8 or 10`.

    Args:
        values: What to list, in this order.
        last: The word before the last one.
        plain: Write names without quotes.
    """
    shown = [str(value) if plain else show(value) for value in values]
    return f" {last} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the known word that was most likely meant, "" when none is near."""
    by_plain = {_plain(each): each for each in known}
    found = difflib.get_close_matches(_plain(word[:100]), by_plain, n=1, cutoff=0.65)
    return by_plain[found[0]] if found else ""


def meant(word: str, known: Sequence[str]) -> str:
    """Suggest the nearest known word, or list them all."""
    near = nearest(word, known)
    return (
        f"did you mean {near}?" if near else f"known are {listing(known, last='and', plain=True)}"
    )


def path_text(path: Sequence[str | int]) -> str:
    """Write a key path for people, counting from 1: ("watch", 1, "inbox") is `watch[2].inbox`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{_key(part)}" if text else _key(part)
    return text


def _key(part: str) -> str:
    bare = part.replace("-", "").replace("_", "")
    return _cut(part, _SHOWN_CHARACTERS) if bare.isascii() and bare.isalnum() else show(part)


def _plain(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."

"""What to do about text that is not TOML: a hint for each mistake of a first file."""

import re

import tomli

_CURLY = "\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"  # quotes of word processors and phones

# First that fits both the parser's words and the line; for people who never wrote TOML before.
_HINTS = (
    ("", rf"=\s*[{_CURLY}]", 'use straight quotes ("), not curly ones'),
    ("Invalid value", r"=\s*(True|yes|Yes|on|On|TRUE)\s*$", "write true, in lower case"),
    ("Invalid value", r"=\s*(False|no|No|off|Off|FALSE)\s*$", "write false, in lower case"),
    ("Invalid value", r"=\s*(#|$)", "a value is missing after ="),
    ("Invalid value", r"=\s*[^\W\d]", 'put text in quotes: name = "text"'),
    ("Expected newline", r"=\s*\d+\s*[a-z]+\s*$", "write the number alone, without a unit"),
    ("Expected newline", r"=\s*0\d", "write numbers without leading zeros"),
    ("Expected newline", r'".*".*"', 'write a quote inside text as \\"'),
    ("Expected newline", r"", "write one key = value per line"),
    ("Expected '='", r"^\s*[\w-]+\s*:", "write key = value, with = instead of :"),
    ("Expected '='", r"^\s*[\w-]+\s+[\w-]+\s*=", "a key is one word; write _ instead of a space"),
    ("Expected '='", r"", 'every line is key = value, such as prompt = "waves roll in"'),
    ("Illegal character '\\n'", r"", 'close the text with ", or use """ for several lines'),
    ("Unterminated string", r"", "a closing quote is missing"),
    ('Expected "\'"', r"", "a closing quote is missing"),
    ("Unescaped '\\'", r"", r"write \\ for one backslash, or use single quotes"),
    ("Invalid hex value", r"", r"write \\ for one backslash, or use single quotes"),
    ("Unclosed array", r"", "a closing ] is missing"),
    ("Cannot overwrite", r"", "this key is there twice; keep one of them"),
    ("Cannot declare", r"", "this table is there twice; keep one of them"),
)


def explain(error: tomli.TOMLDecodeError, text: str) -> tuple[int, str, str]:
    """Say where the text stops being TOML, why, and what to write instead.

    Returns:
        The line from 1, the problem, and a hint or "".
    """
    lines = text.split("\n")
    number = min(error.lineno, len(lines))
    line = lines[number - 1][:1000]  # bounds the search below
    said = error.msg[:1].lower() + error.msg[1:120]
    hint = next((say for words, looks, say in _HINTS if _fits(error, line, words, looks)), "")
    return number, f"is not valid TOML here: {said}", hint


def _fits(error: tomli.TOMLDecodeError, line: str, words: str, looks: str) -> bool:
    return words in error.msg and re.search(looks, line) is not None

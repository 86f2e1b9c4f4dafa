"""Rows of text: a table on a terminal, tab-separated lines otherwise."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_grid(
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    console: Console,
    *,
    right: frozenset[str] = frozenset(),
) -> None:
    """Print rows of texts that may hold names of strangers, already printable.

    Args:
        names: What the columns are called.
        rows: One text per column.
        console: Where to.
        right: Columns of numbers.
    """
    if not console.is_terminal:
        for row in (names, *rows):
            console.file.write("\t".join(row) + "\n")
        return
    found = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        found.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        found.add_row(*map(Text, row))
    console.print(found)

"""Jobs as a table: live on a terminal, plain lines in a pipe."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import compress
from typing import IO, TYPE_CHECKING

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.core.words import printable

if TYPE_CHECKING:  # rich takes long to load, and in a pipe nobody needs it
    from rich.console import Console
    from rich.table import Table

_COLOURS = {State.DONE: "green", State.FAILED: "red", State.CANCELLED: "dim"}
_WIDE = 130  # columns of a terminal; on a narrower one the reason gets the room of two others
_LEFT_OUT = frozenset({"provider", "cost"})
_COLUMNS = ("job", "drop", "state", "provider", "cost", "changed", "why")


def cells(row: Row, zone: tzinfo | None = None) -> tuple[str, ...]:
    """Give a job's line, one text for each column; times in a zone, None: the machine's."""
    state = f"held ({row.held})" if row.held else str(row.state)
    changed = datetime.fromtimestamp(row.changed_at, zone).strftime("%m-%d %H:%M:%S")
    cost = str(row.cost) if row.cost else ""
    why = " ".join(row.reason.split())
    line = (row.job_id, row.label, state, row.provider, cost, changed, why)
    return tuple(map(printable, line))


def print_rows(rows: Iterable[Row], console: "Console", *, zone: tzinfo | None = None) -> None:
    """Print jobs: a table on a terminal, tab-separated lines otherwise."""
    if not console.is_terminal:
        write_rows(rows, console.file, zone=zone)
        return
    console.print(table(rows, zone=zone, width=console.width))


def write_rows(rows: Iterable[Row], file: IO[str], *, zone: tzinfo | None = None) -> None:
    """Write jobs as tab-separated lines."""
    file.writelines(
        "\t".join(line) + "\n" for line in (_COLUMNS, *(cells(row, zone) for row in rows))
    )


def table(rows: Iterable[Row], *, zone: tzinfo | None = None, width: int = _WIDE) -> "Table":
    """Lay jobs out for a terminal of a width."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = [name not in _LEFT_OUT or width >= _WIDE for name in _COLUMNS]
    found = Table(box=None, header_style="bold", pad_edge=False)
    for name in compress(_COLUMNS, shown):
        found.add_column(name, overflow="ellipsis", no_wrap=name != "why", max_width=60)
    for row in rows:
        style = "yellow" if row.held else _COLOURS.get(row.state, "")
        texts = compress(cells(row, zone), shown)
        found.add_row(*map(Text, texts), style=style)  # a name may look like markup
    return found

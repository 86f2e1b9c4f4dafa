"""Reproduce all figures: `PYTHONPATH=tests python -m torture --minutes 10`.

Runs in turn: the crash sweep, kill -9, power cuts on each file system, fuzzing. Ends with a table
and exit code 1 if any promise was broken.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator

from torture import parts
from torture.crashes import crash
from torture.figures import Figures, table

# Each part and its share of the time.
PARTS: dict[str, tuple[float, Callable[[float, int], Iterator[Figures]]]] = {
    "crash": (0.36, crash),
    "kills": (0.24, parts.kills),
    "ext4": (0.08, parts.ext4),
    "xfs": (0.08, parts.xfs),
    "btrfs": (0.08, parts.btrfs),
    "fuzz": (0.16, parts.fuzz),
}
_BACK = "\r\x1b[K"  # to the line's beginning, and nothing in it


def main() -> int:
    """Torture the program; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long in all, about")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the dice")
    parser.add_argument("--parts", default=",".join(PARTS), help="which, separated by commas")
    wish = parser.parse_args()
    chosen = {name: PARTS[name] for name in wish.parts.split(",")}
    whole = sum(share for share, _ in chosen.values())
    print(f"seed {wish.seed}, {wish.minutes:g} minutes", flush=True)
    came = {}
    for name, (share, part) in chosen.items():
        seconds = wish.minutes * 60 * share / whole
        came[name] = _run(name, part(time.monotonic() + seconds, wish.seed))
    print(f"\n{table(came)}")
    return int(any(each.violated for each in came.values()))


def _run(name: str, part: Iterator[Figures]) -> Figures:
    """Run a part; on a terminal its progress is one line that changes."""
    began_s, figures = time.monotonic(), Figures()
    for each in part:
        figures += each
        for wrong in each.wrong:
            print(f"\nVIOLATION in {name}: {wrong}", flush=True)
        if sys.stdout.isatty():
            print(f"{_BACK}{_line(name, began_s, figures)}", end="", flush=True)
    back = _BACK if sys.stdout.isatty() else ""
    print(f"{back}{_line(name, began_s, figures)}", flush=True)
    return figures


def _line(name: str, began_s: float, figures: Figures) -> str:
    return f"{name:6} {time.monotonic() - began_s:5.0f} s: {figures.short()}"


if __name__ == "__main__":
    sys.exit(main())

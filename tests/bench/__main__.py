"""`PYTHONPATH=tests python -m bench [NAME ...] [--quick] [--write FILE]`."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.figures import Figure, measures

_HEAD = """# Performance

Every figure was measured beside its reference in the same run, on one machine, by

    PYTHONPATH=tests .venv/bin/python -m bench --write docs/PERFORMANCE.md

which takes about half an hour; `--quick` takes some minutes, and names of groups ({names}) choose
some of them. The providers are played by the sandbox, whose own processor time is in the rates.

"""
_TABLE = "| figure | measured | reference | goal | met |\n|---|---|---|---|---|\n"


def main(arguments: Sequence[str]) -> int:
    """Measure, show, and write if asked to; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", help="groups of figures; all without any")
    parser.add_argument("--quick", action="store_true", help="fewer jobs")
    parser.add_argument("--write", type=Path, help="a file for the table")
    given = parser.parse_args(arguments)
    known = measures(quick=given.quick)
    if unknown := set(given.names) - set(known):
        parser.error(f"unknown {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    found: list[Figure] = []
    for name in given.names or known:
        begun_s = time.monotonic()
        for figure in known[name]():
            found.append(figure)
            print(_row(figure), flush=True)
        print(f"{name}: {time.monotonic() - begun_s:.0f} s", file=sys.stderr, flush=True)
    if given.write:
        given.write.write_text(_page(known, found))
    return int(not all(figure.met for figure in found))


def _row(figure: Figure) -> str:
    met = "yes" if figure.met else "**no**"
    return f"| {figure.what} | {figure.ours} | {figure.reference} | {figure.goal} | {met} |"


def _page(names: Iterable[str], found: Iterable[Figure]) -> str:
    rows = "\n".join(map(_row, found))
    return f"{_HEAD.format(names=', '.join(names))}Machine: {_machine()}.\n\n{_TABLE}{rows}\n"


def _machine() -> str:
    """Describe the machine in a line."""
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    chip = next((f.partition(":")[2].strip() for f in facts if f.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"Linux {platform.release().partition('-')[0]}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({chip}), {memory:.0f} GiB, {system}, ext4 on a virtual disk"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

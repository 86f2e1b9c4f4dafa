"""`PYTHONPATH=tests python -m bench [NAME ...] [--quick] [--write FILE]`."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench import starting
from bench.figures import FULL, QUICK, Figure, Measure, measures
from bench.stage import stage, until

_HEAD = """# Performance

Every figure was measured beside its reference in the same run, on one machine at rest, by

    PYTHONPATH=tests .venv/bin/python -m bench --write docs/PERFORMANCE.md

which takes about half an hour. Names of groups ({names}) choose some of them; `--quick`
takes a minute and only tries whether everything can be measured. The providers are played by the
sandbox, whose own processor time is in the rates. `BENCH_DIR` names a folder on another disk.

"""
_TABLE = "| figure | measured | reference | goal | met |\n|---|---|---|---|---|\n"
_BYTECODE = Path(__file__).parents[2] / ".cache" / "bench"


def main(arguments: Sequence[str]) -> int:
    """Measure, show, and write if asked to; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", help="groups of figures; all without any")
    parser.add_argument("--quick", action="store_true", help="try it: few jobs, no goals")
    parser.add_argument("--write", type=Path, help="a file for the table")
    given = parser.parse_args(arguments)
    known = measures(QUICK if given.quick else FULL)
    if unknown := set(given.names) - set(known):
        parser.error(f"unknown {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    print(f"{_machine()}, load {os.getloadavg()[0]:.1f}\n\n{_TABLE}", end="", flush=True)
    _compile()
    found = list(_measured({name: known[name] for name in given.names or known}))
    if given.write:
        given.write.write_text(_page(known, found))
    return int(not given.quick and not all(figure.met for figure in found))


def _measured(chosen: Mapping[str, Measure]) -> Iterator[Figure]:
    """Measure group by group and show each figure at once."""
    for name, measure in chosen.items():
        begun_s = time.monotonic()
        for figure in measure():
            print(_row(figure), flush=True)
            yield figure
        print(f"{name}: {time.monotonic() - begun_s:.0f} s", file=sys.stderr, flush=True)


def _compile() -> None:
    """Let all processes find bytecode, as those of an installed program do; make it now."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(_BYTECODE)
    with stage() as scene:
        scene.drop(scene.pairs(1)[0])
        with scene.daemon():
            until(lambda: scene.placed() == 1)
        starting.command(*starting.main_of("status", "--config", str(scene.studio.config)))


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

"""Mutation testing of the core: how many small mistakes in it do its own tests notice?

    pip install mutmut
    python tests/fuzz/mutants.py                     # all of the core; about half an hour
    python tests/fuzz/mutants.py naming ratio        # some modules
    python tests/fuzz/mutants.py --show naming       # the mistakes that nobody noticed, as diffs

Works in a copy of the tree (MUTANTS_DIR, else a folder beside the system's temporary files), on
one core, with tests/core alone. Mistakes are made in functions, not in tables.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPY = Path(os.environ.get("MUTANTS_DIR", Path(tempfile.gettempdir()) / "seedance-watch-mutants"))
KEPT = ("seedance_watch", "tests", "docs", "pyproject.toml", "README.md", "config.example.toml")
CONFIG = """
[tool.mutmut]
source_paths = ["seedance_watch"]
only_mutate = ["seedance_watch/core/*.py"]
do_not_mutate = ["seedance_watch/core/catalogue_*.py"]
also_copy = ["tests", "docs", "README.md", "config.example.toml"]
pytest_add_cli_args_test_selection = ["tests/core"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
use_git_change_detection = false
"""
# Its answers to one mutant: noticed, not noticed, or not reached by any test.
NOTICED = {"killed", "timeout", "suspicious", "segfault"}
_LINE = re.compile(r"^\s*seedance_watch\.core\.(\w+)\.(\S+): (.+)$")


def copy() -> None:
    """Copy what is needed, without what an earlier run left."""
    shutil.rmtree(COPY, ignore_errors=True)
    (COPY / "mutants").mkdir(parents=True)  # PYTHONPATH forgets a folder that comes later
    for name in KEPT:
        source, target = ROOT / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            junk = shutil.ignore_patterns("__pycache__", "fuzz")
            shutil.copytree(source, target, ignore=junk)
        else:
            shutil.copy(source, target)
    with (COPY / "pyproject.toml").open("a") as file:
        file.write(CONFIG)


def mutmut(arguments: Sequence[str]) -> None:
    """Be mutmut, but choose tests by function: names of single cases cannot all be typed."""
    from mutmut.__main__ import cli
    from mutmut.runners.harness import PytestRunner

    whole = PytestRunner.run_tests

    def run_tests(self: PytestRunner, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        functions = sorted({each.partition("[")[0] for each in tests})
        return whole(self, mutant_name=mutant_name, tests=functions)

    PytestRunner.run_tests = run_tests
    cli(list(arguments))


def called(*arguments: str) -> str:
    """Call ourselves as mutmut in the copy; derandomised, so that the score means something."""
    command = [sys.executable, str(Path(__file__).absolute()), "--mutmut", *arguments]
    environ = {**os.environ, "CI": "1", "PYTHONHASHSEED": "0", "PYTHONPATH": "mutants"}
    done = subprocess.run(
        command, cwd=COPY, env=environ, text=True, stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        sys.exit(f"{done.stdout[-3000:]}\nmutmut {arguments[0]}: exit status {done.returncode}")
    return done.stdout


def results() -> Iterator[tuple[str, str, str]]:
    """Give module, mutant and what came of it, for those that were tried."""
    for line in called("results", "--all", "true").splitlines():
        found = _LINE.match(line)
        if found and found[3] != "not checked":
            yield found[1], found[2], found[3]


def report() -> None:
    """Print the score by module."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for module, _, outcome in results():
        counts[module]["noticed" if outcome in NOTICED else outcome] += 1
    for module, count in sorted(counts.items()):
        print(f"{module:20} {count['noticed']:5} of {count.total():5}  {dict(count)}")
    total = sum(counts.values(), Counter())
    print(f"{'all':20} {total['noticed']:5} of {total.total():5}  {dict(total)}")


def show(modules: Sequence[str]) -> None:
    """Print the mutants that nobody noticed."""
    for module, mutant, outcome in results():
        if outcome == "survived" and (not modules or module in modules):
            print(called("show", f"seedance_watch.core.{module}.{mutant}"))


def main() -> None:
    """Run, or show what an earlier run found."""
    if sys.argv[1:2] == ["--mutmut"]:
        mutmut(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("modules", nargs="*", help="modules of the core; none: all")
    parser.add_argument("--show", action="store_true", help="show survivors of the last run")
    given = parser.parse_args()
    if given.show:
        show(given.modules)
        return
    copy()
    called("run", "--max-children", "1", *(f"seedance_watch.core.{m}.*" for m in given.modules))
    report()


if __name__ == "__main__":
    main()

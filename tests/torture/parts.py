"""The parts beside the crash sweep: kill -9, power cuts, fuzzing."""

import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from power import mounts
from power.bench import CASES
from siege.killing import besiege
from torture.figures import Figures

_TESTS = Path(__file__).parents[1]
_PROVIDERS = (("rivya", "v2"), ("segmind", "v2"), ("segmind", "v1"))
_KILLS = 12  # of one studio; then a new one
_EXPERIMENT_S = 25.0  # of one life on a logged disk; then a new one
_EXAMPLES_PER_MINUTE = 40


def kills(ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Kill the real daemon until the time is used up."""
    for number, (provider, api) in enumerate(itertools.cycle(_PROVIDERS)):
        with tempfile.TemporaryDirectory(prefix="torture-") as root:
            came = besiege(
                Path(root) / "studio",
                provider=provider,
                api=api,
                kills=_KILLS,
                seed=seed + number,
                until_s=ends_at_s,
            )
        yield Figures(
            starts=came.kills + 1,
            kills=came.kills,
            jobs=came.takes,
            videos=came.placed,
            held=came.held,
            charges=came.charges,
            lost=max(0, came.takes - came.placed - came.held),
            paid_twice=max(0, came.charges - came.takes),
            wrong=[f"{provider} {api}, seed {seed + number}: {each}" for each in came.wrong],
        )
        if time.monotonic() > ends_at_s:
            return


def ext4(ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Cut the power of an ext4 disk."""
    return _power("ext4", ends_at_s, seed)


def xfs(ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Cut the power of an XFS disk."""
    return _power("xfs", ends_at_s, seed)


def btrfs(ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Cut the power of a btrfs disk."""
    return _power("btrfs", ends_at_s, seed)


def _power(kind: str, ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Cut the power until the time is used up: all cases, journals and drops in any order."""
    if why := mounts.missing(kind):
        yield Figures(note=f"skipped: {why}")
        return
    kinds = list(itertools.product(CASES, ("beside", "on"), ("synced", "loose")))
    random.Random(seed).shuffle(kinds)
    for number, (case, journal, drop) in enumerate(itertools.cycle(kinds)):
        left_s = min(_EXPERIMENT_S, max(5.0, ends_at_s - time.monotonic()))
        wish = ["--case", case, "--journal", journal, "--drop", drop, "--seed", f"{seed + number}"]
        yield _experiment(["--kind", kind, *wish, "--seconds", f"{left_s}"], left_s)
        if time.monotonic() > ends_at_s:
            return


def _experiment(wish: list[str], seconds: float) -> Figures:
    """Conduct one."""
    done = mounts.inside(wish, limit_s=seconds + 180)
    if done.returncode != 0:
        return Figures(wrong=[f"{' '.join(wish)}: {done.stderr}"])
    *found, figures = map(json.loads, done.stdout.splitlines())
    counts = {name: figures.get(name, 0) for name in ("jobs", "videos", "held", "charges")}
    return Figures(
        **counts,
        starts=figures["cuts"] + 1,
        cuts=figures["cuts"],
        lost=max(0, counts["jobs"] - counts["videos"] - counts["held"]),
        paid_twice=figures.get("paid_twice", 0),
        wrong=[f"{' '.join(wish)}: {each}" for each in found],
    )


def fuzz(ends_at_s: float, seed: int) -> Iterator[Figures]:
    """Fuzz: half of the time the whole studio, then answers, sidecars and budgets."""
    minutes = max(0.0, ends_at_s - time.monotonic()) / 60
    examples = max(20, math.ceil(minutes * _EXAMPLES_PER_MINUTE))
    more = {"FUZZ_MINUTES": f"{minutes / 2}", "FUZZ_EXAMPLES": f"{examples}"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "tests/fuzz",
        "--timeout=3600",
    ]
    done = subprocess.run(
        [*command, f"--hypothesis-seed={seed}"],
        cwd=_TESTS.parent,
        env=os.environ | more,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    tallies = [line.partition("tally ")[2] for line in lines if "tally {" in line]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        failed = failed or [f"pytest ended with {done.returncode}"]
    counts = json.loads(tallies[-1]) if tallies else {}
    yield Figures(**counts, wrong=failed, note=f"{examples} examples of each property")
